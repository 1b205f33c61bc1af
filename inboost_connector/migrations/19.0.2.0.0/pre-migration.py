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


def migrate(cr, version):
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
