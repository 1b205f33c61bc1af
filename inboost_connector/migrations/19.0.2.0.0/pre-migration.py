"""XML ids after Odoo's guidelines, and a table with a better name."""

from odoo.tools import SQL

XML_IDS = {
    "action_inboost_event": "inboost_event_action",
    "action_inboost_request_log": "inboost_request_log_action",
    "action_inboost_customer": "inboost_customer_action",
    "action_inboost_sync_run": "inboost_sync_run_action",
    "action_inboost_sync_line": "inboost_sync_line_action",
    "action_inboost_backend": "inboost_backend_action",
    "action_inboost_endpoint": "inboost_endpoint_action",
    "action_inboost_specialty": "inboost_specialty_action",
    "action_inboost_bonus_move": "inboost_bonus_move_action",
    "action_inboost_customer_find": "inboost_customer_find_action",
    "action_inboost_synchronise_contacts": "res_partner_action_inboost_synchronise",
    "menu_inboost_event": "inboost_event_menu",
    "menu_inboost_request_log": "inboost_request_log_menu",
    "menu_inboost_customer": "inboost_customer_menu",
    "menu_inboost_sync_run": "inboost_sync_run_menu",
    "menu_inboost_backend": "inboost_backend_menu",
    "menu_inboost_endpoint": "inboost_endpoint_menu",
    "menu_inboost_specialty": "inboost_specialty_menu",
    "menu_inboost_bonus_move": "inboost_bonus_move_menu",
    "menu_inboost_configuration": "inboost_configuration_menu",
    "menu_inboost": "inboost_menu_root",
    "rule_inboost_backend_company": "inboost_backend_rule_company",
    "rule_inboost_endpoint_company": "inboost_endpoint_rule_company",
    "rule_inboost_event_company": "inboost_event_rule_company",
    "rule_inboost_request_log_company": "inboost_request_log_rule_company",
    "rule_inboost_bonus_move_company": "inboost_bonus_move_rule_company",
    "rule_inboost_customer_company": "inboost_customer_rule_company",
    "rule_inboost_sync_run_company": "inboost_sync_run_rule_company",
    "rule_inboost_sync_line_company": "inboost_sync_line_rule_company",
    "res_partner_view_search_inboost": "res_partner_view_search",
    "res_partner_view_list_inboost": "res_partner_view_list",
    "res_partner_view_kanban_inboost": "res_partner_view_kanban",
    "res_partner_view_form_inboost": "res_partner_view_form",
}
TABLES = {"inboost_event_told_rel": "inboost_event_notified_rel"}


#: Reasons that were stored in the language of whoever wrote them stay as they were:
#: {table: (column of the text, of the code, of the arguments)}
REASONS = {
    "inboost_event": ("reason", "reason_code", "reason_args"),
    "inboost_endpoint": ("pause_reason", "pause_code", "pause_args"),
    "inboost_backend": ("pause_reason", "pause_code", "pause_args"),
}
#: Longest timeout that fits into Odoo's limits, in seconds.
MAX_TIMEOUT = 30


def migrate(cr, version):
    _rename(cr)
    _keep_reasons(cr)
    _keep_balances(cr)
    _hash_phones(cr)
    cr.execute(
        "UPDATE inboost_endpoint SET timeout = LEAST(timeout, %s)", (MAX_TIMEOUT,)
    )
    cr.execute(
        "UPDATE inboost_request_log SET verdict = CASE verdict"
        " WHEN 'pause_backend' THEN 'credentials' ELSE 'address' END"
        " WHERE verdict IN ('pause_backend', 'pause_endpoint')"
    )


def _keep_reasons(cr):
    for table, (text, code, arguments) in REASONS.items():
        cr.execute(
            SQL(
                "ALTER TABLE %s ADD COLUMN IF NOT EXISTS %s varchar,"
                " ADD COLUMN IF NOT EXISTS %s jsonb",
                SQL.identifier(table),
                SQL.identifier(code),
                SQL.identifier(arguments),
            )
        )
        cr.execute(
            SQL(
                "UPDATE %s SET %s = 'text', %s = jsonb_build_object('text', %s)"
                " WHERE %s IS NOT NULL",
                SQL.identifier(table),
                SQL.identifier(code),
                SQL.identifier(arguments),
                SQL.identifier(text),
                SQL.identifier(text),
            )
        )
        _drop(cr, table, text)


def _hash_phones(cr):
    """The key of a customer was their phone, which a key must not tell."""
    cr.execute(
        "UPDATE inboost_event"
        " SET key = 'customer:' || encode(sha256(substr(key, 10)::bytea), 'hex')"
        " WHERE key LIKE 'customer:+%%'"
    )


def _keep_balances(cr):
    """What was read when a balance left is one of several things that may be."""
    cr.execute("ALTER TABLE inboost_event ADD COLUMN IF NOT EXISTS sent jsonb")
    cr.execute(
        "UPDATE inboost_event SET sent = jsonb_build_object('amount', amount_sent)"
        " WHERE operation = 'balance_set' AND state = 'done'"
    )
    _drop(cr, "inboost_event", "amount_sent")


def _drop(cr, table, column):
    """Odoo leaves the columns of what is computed now."""
    cr.execute(
        SQL("ALTER TABLE %s DROP COLUMN %s", *map(SQL.identifier, (table, column)))
    )


def _rename(cr):
    for old, new in XML_IDS.items():
        cr.execute(
            "UPDATE ir_model_data SET name = %s"
            " WHERE module = 'inboost_connector' AND name = %s",
            (new, old),
        )
    for old, new in TABLES.items():
        cr.execute("SELECT to_regclass(%s)", (old,))
        if cr.fetchone()[0]:
            cr.execute(
                SQL(
                    "ALTER TABLE %s RENAME TO %s",
                    SQL.identifier(old),
                    SQL.identifier(new),
                )
            )
            cr.execute(
                "UPDATE ir_model_relation SET name = %s WHERE name = %s", (new, old)
            )
