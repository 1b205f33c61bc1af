"""All that a database holds of ours, as plain values that can be compared."""

import json

import cluster

OURS = r"inboost\_%"
#: What others' tables hold of ours: {name: query of rows with a column "id"}.
ELSEWHERE = {
    "contacts": "SELECT id, inboost_source_id, inboost_specialty_id FROM res_partner"
    " WHERE inboost_source_id IS NOT NULL OR inboost_specialty_id IS NOT NULL",
    "programs": "SELECT id, inboost_validity_days, inboost_burn_expired"
    " FROM loyalty_program",
    "sale orders": "SELECT id, inboost_uuid FROM sale_order",
    "messages": "SELECT id, model, res_id, body, author_id, create_uid, date"
    " FROM mail_message WHERE model LIKE 'inboost.%'",
    "tracked values": "SELECT v.id, v.old_value_char, v.new_value_char,"
    " m.model || '.' || f.name AS field"
    " FROM mail_tracking_value v JOIN mail_message m ON m.id = v.mail_message_id"
    " LEFT JOIN ir_model_fields f ON f.id = v.field_id"
    " WHERE m.model LIKE 'inboost.%'",
    "activities": "SELECT id, res_model, res_id, summary, user_id FROM mail_activity"
    " WHERE res_model LIKE 'inboost.%'",
    "followers": "SELECT id, res_model, res_id, partner_id FROM mail_followers"
    " WHERE res_model LIKE 'inboost.%'",
    "filters": "SELECT id, name, model_id, domain, action_id, is_default"
    " FROM ir_filters WHERE model_id LIKE 'inboost.%'",
    "members of groups": "SELECT g.res_id || ':' || r.uid AS id"
    " FROM res_groups_users_rel r JOIN ir_model_data g"
    " ON g.model = 'res.groups' AND g.res_id = r.gid"
    " WHERE g.module LIKE 'inboost%'",
    "jobs": "SELECT c.id, c.active, c.interval_number, c.interval_type, c.nextcall,"
    " c.cron_name FROM ir_cron c JOIN ir_act_server a ON a.id = c.ir_actions_server_id"
    " JOIN ir_model m ON m.id = a.model_id WHERE m.model LIKE 'inboost.%'",
}
#: What must not be there twice: {what: query of names}.
NAMES = {
    "menus": "SELECT COALESCE(parent_id, 0) || ' ' || (name->>'en_US') FROM ir_ui_menu"
    " WHERE name->>'en_US' LIKE '%InBoost%' OR id IN (SELECT res_id FROM ir_model_data"
    " WHERE model = 'ir.ui.menu' AND module LIKE 'inboost%')",
    "actions": "SELECT res_model || ' ' || (name->>'en_US') FROM ir_act_window"
    " WHERE res_model LIKE 'inboost.%'",
    "server actions": "SELECT model_id || ' ' || (name->>'en_US') FROM ir_act_server"
    " WHERE code LIKE '%inboost%'",
    "jobs": "SELECT cron_name FROM ir_cron WHERE cron_name LIKE 'InBoost%'",
    "what jobs do": "SELECT model_id || ' ' || code FROM ir_act_server"
    " WHERE usage = 'ir_cron' AND code IS NOT NULL",
    "groups": "SELECT p.name->>'en_US' || ' ' || (g.name->>'en_US') FROM res_groups g"
    " JOIN res_groups_privilege p ON p.id = g.privilege_id",
    "privileges": "SELECT name->>'en_US' FROM res_groups_privilege",
    "rules": "SELECT m.model || ' ' || r.name FROM ir_rule r"
    " JOIN ir_model m ON m.id = r.model_id WHERE m.model LIKE 'inboost.%'",
    "rights": "SELECT m.model || ' ' || COALESCE(a.group_id, 0) FROM ir_model_access a"
    " JOIN ir_model m ON m.id = a.model_id WHERE m.model LIKE 'inboost.%'",
    "views": "SELECT model || ' ' || type || ' ' || name || ' '"
    " || COALESCE(inherit_id, 0) FROM ir_ui_view"
    " WHERE model LIKE 'inboost.%' OR arch_fs LIKE 'inboost%'",
}
XML_IDS = (
    "SELECT module || '.' || name AS id, model, res_id, noupdate FROM ir_model_data"
    " WHERE module LIKE 'inboost%' AND model NOT IN ('ir.model', 'ir.model.fields',"
    " 'ir.model.fields.selection', 'ir.model.constraint', 'ir.model.relation',"
    " 'ir.model.inherit', 'ir.module.module')"
)


class Snapshot:
    """:ivar tables: {table or place: {key of a row: {column: value}}}
    :ivar xml_ids: {"module.name": {"model": …, "res_id": …, "noupdate": …}}
    :ivar names: {what: [name, …]}, a name as often as it is there"""

    def __init__(self, database):
        self.database = database
        self.tables = {table: self._table(table) for table in self._our_tables()}
        for place, query in ELSEWHERE.items():
            self.tables[place] = self._keyed(query)
        self.xml_ids = self._keyed(XML_IDS)
        self.names = {
            what: cluster.query(database, query).splitlines()
            for what, query in NAMES.items()
        }

    def _our_tables(self):
        return cluster.query(
            self.database,
            "SELECT t.table_name FROM information_schema.tables t"
            " LEFT JOIN ir_model m ON replace(m.model, '.', '_') = t.table_name"
            f" WHERE t.table_name LIKE '{OURS}' AND t.table_schema = 'public'"
            " AND m.transient IS NOT TRUE ORDER BY 1",
        ).splitlines()

    def _table(self, table):
        return self._keyed(f"SELECT * FROM {table}")

    def _keyed(self, query):
        text = cluster.query(self.database, f"SELECT json_agg(q) FROM ({query}) q")
        rows = json.loads(text or "[]")
        return {row.get("id") or tuple(row.values()): row for row in rows}


def doubled(names):
    return {name for name in names if names.count(name) > 1}
