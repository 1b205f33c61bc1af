"""What an upgrade from 19.0.1.0.0 changes on purpose. All else stays as it was."""


def worded(reason, code, arguments):
    """What was a text is a code with arguments now; old texts stay as they were."""

    def convert(row):
        text = row[reason]
        return {code: text and "text", arguments: text and {"text": text}}

    return convert


def balance_sent(row):
    if row["operation"] == "balance_set" and row["state"] == "done":
        return {"sent": {"amount": row["amount_sent"]}}
    return {"sent": None}


def guarantee(row):
    """The task says once, and nobody attests that InBoost drops repeats."""
    at_most_once = row["operation"] == "purchase_details"
    return {"guarantee": "at_most_once" if at_most_once else row["guarantee"]}


def verdict(row):
    renamed = {"pause_backend": "credentials", "pause_endpoint": "address"}
    return {"verdict": renamed.get(row["verdict"], row["verdict"])}


def job_interval(row):
    """The notice has an hour of its own; its job only looks whether it is due."""
    hourly = row["cron_name"] == "InBoost: tell of points about to expire"
    return {"interval_type": "hours" if hourly else row["interval_type"]}


#: {table in 19.0.1.0.0: table now}
RENAMED_TABLES = {"inboost_event_told_rel": "inboost_event_notified_rel"}
#: {(table in 19.0.1.0.0, column): row of then -> {column: value now}}
CONVERTED = {
    ("inboost_event", "reason"): worded("reason", "reason_code", "reason_args"),
    ("inboost_event", "amount_sent"): balance_sent,
    ("inboost_endpoint", "pause_reason"): worded(
        "pause_reason", "pause_code", "pause_args"
    ),
    ("inboost_endpoint", "guarantee"): guarantee,
    # A longer one would not fit into Odoo's limits.
    ("inboost_endpoint", "timeout"): lambda row: {"timeout": min(row["timeout"], 30)},
    ("inboost_backend", "pause_reason"): worded(
        "pause_reason", "pause_code", "pause_args"
    ),
    ("inboost_request_log", "verdict"): verdict,
    ("jobs", "interval_type"): job_interval,
    ("inboost_customer", "reason"): worded("reason", "reason_code", "reason_args"),
    ("inboost_sync_run", "reason"): worded("reason", "reason_code", "reason_args"),
    ("inboost_sync_line", "text"): lambda row: {
        "notes": row["text"] and [["text", {"text": row["text"]}]]
    },
}
#: {(table in 19.0.1.0.0, column): why it is gone}
GONE_COLUMNS = {
    ("inboost_bonus_move", "untold"): "missed captures have a table of their own",
}
#: {(table in 19.0.1.0.0, column): why its values are others now}
CHANGED_VALUES = {
    ("inboost_backend", "fingerprint"): "it tells more; see the tests",
    ("inboost_backend", "write_date"): "its fingerprint was renewed",
    ("inboost_backend", "write_uid"): "its fingerprint was renewed",
    ("inboost_endpoint", "write_date"): "it got the rules of answers",
    ("inboost_endpoint", "write_uid"): "it got the rules of answers",
}
#: {table or place now: why the upgrade adds rows to it}
NEW_ROWS = {
    "inboost_endpoint": "a backend may ask whether an event was received",
    "jobs": "balances that a program changed are sent by a job of their own",
    "messages": "the chatter says of which endpoints the guarantee changed",
    "tracked values": "the chatter says of which endpoints the guarantee changed",
}
#: {table or place in 19.0.1.0.0: (column, value) of rows that moved or are forgotten}
MOVED_ROWS = {
    # To inboost.event.decision.
    "messages": ("model", "inboost.event"),
    "followers": ("res_model", "inboost.event"),
    # The address of a webhook is a secret, and was tracked.
    "tracked values": ("field", "inboost.endpoint.address"),
}
_RENAMED = {
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
#: {"module.name" in 19.0.1.0.0: "module.name" now}
RENAMED_XML_IDS = {
    f"inboost_connector.{old}": f"inboost_connector.{new}"
    for old, new in _RENAMED.items()
}
#: {"module.name" in 19.0.1.0.0: why it is gone}
GONE_XML_IDS = {}
