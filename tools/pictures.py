"""Which pictures the documentation has, and how to come to what they show."""

from dataclasses import dataclass


@dataclass
class Screen:
    """:ivar action: XML id of the action that opens it
    :ivar record: SQL that finds the record whose form it is; empty for a list
    :ivar press: selectors that are pressed then, one after the other"""

    name: str
    action: str
    record: str = ""
    press: tuple[str, ...] = ()


def ours(name, action, record="", *press):
    return Screen(name, f"inboost_connector.inboost_{action}_action", record, press)


def newest(table, condition, column="id"):
    return f"SELECT {column} FROM {table} WHERE {condition} ORDER BY id DESC LIMIT 1"


def demo_record(name):
    return newest("ir_model_data", f"name = '{name}'", "res_id")


def tab(name):
    return f".o_notebook .nav-link[name={name}]"


def newest_first(column):
    """By when it happened, not by when it was recorded."""
    return [f"th[data-name={column}]"] * 2


def event(state):
    return newest("inboost_event", f"state = '{state}' AND operation LIKE 'purchase%'")


BACKEND, PROGRAM = demo_record("demo_backend"), demo_record("demo_program")
CONFLICTS = newest("inboost_sync_run", "state = 'done' AND conflict_count > 0")
LINES = "button[name=action_view_lines]"
PROGRAMS = "loyalty.loyalty_program_discount_loyalty_action"
SCREENS = [
    ours("health", "health"),
    ours("events", "event", "", *newest_first("occurred_at")),
    *(
        ours(f"event-{state}", "event", event(state))
        for state in ("held", "failed", "parked", "expired", "done")
    ),
    ours("event-content", "event", event("done"), tab("content")),
    ours(
        "event-mark-delivered",
        "event",
        event("held"),
        "button[name=action_mark_delivered]:visible",
    ),
    ours(
        "event-send-again",
        "event",
        event("failed"),
        "button[name=action_send_again]:visible",
    ),
    ours(
        "events-send-again",
        "event",
        "",
        "thead .o_list_record_selector input",
        ".o_control_panel button[name=action_decide]",
    ),
    ours("request-log", "request_log", "", *newest_first("create_date")),
    ours("request", "request_log", newest("inboost_request_log", "verdict = 'failed'")),
    ours("customers", "customer"),
    ours("customer", "customer", newest("inboost_customer", "state = 'linked'")),
    ours(
        "customer-conflict",
        "customer",
        newest("inboost_customer", "state = 'conflict' AND reason_code = 'contacts'"),
    ),
    ours("not-sent", "unsent"),
    ours("synchronisations", "sync_run"),
    ours(
        "synchronisation",
        "sync_run",
        CONFLICTS,
    ),
    ours("synchronisation-lines", "sync_run", CONFLICTS, LINES),
    ours(
        "synchronisation-line",
        "sync_run",
        CONFLICTS,
        LINES,
        ".o_data_row td[name=text]",
    ),
    ours("ledger", "bonus_move"),
    ours("ledger-row", "bonus_move", newest("inboost_bonus_move", "spent > 0")),
    ours(
        "ledger-by-hand",
        "bonus_move",
        newest("inboost_bonus_move", "reason <> ''"),
    ),
    ours("ledger-months", "bonus_move", "", ".o_switch_view.o_pivot"),
    ours("points-that-never-came", "bonus_missing"),
    ours("missed-captures", "capture_failure"),
    ours("backends", "backend"),
    ours("backend", "backend", BACKEND),
    ours("backend-endpoints", "backend", BACKEND, tab("endpoints")),
    ours("backend-bonuses", "backend", BACKEND, tab("bonuses")),
    ours("endpoints", "endpoint"),
    ours("endpoint", "endpoint", newest("inboost_endpoint", "operation = 'purchase'")),
    ours(
        "endpoint-answer",
        "endpoint",
        newest("inboost_endpoint", "operation = 'purchase'"),
        tab("answer"),
    ),
    ours("specialties", "specialty"),
    Screen(
        "contact",
        "contacts.action_contacts",
        demo_record("demo_customer_7"),
        (tab("inboost"),),
    ),
    Screen(
        "find-in-inboost",
        "contacts.action_contacts",
        press=(
            "button:has-text('Find in InBoost'), button:has-text('Знайти в InBoost')",
        ),
    ),
    Screen("program", PROGRAMS, PROGRAM),
    Screen(
        "expiring-points", PROGRAMS, PROGRAM, ("button[name=action_inboost_expiring]",)
    ),
    Screen(
        "register-order",
        "point_of_sale.action_pos_pos_form",
        newest(
            "inboost_event", "state = 'failed' AND res_model = 'pos.order'", "res_id"
        ),
        (tab("inboost_events"),),
    ),
    Screen(
        "sale-order",
        "sale.action_orders",
        newest("inboost_event", "res_model = 'sale.order'", "res_id"),
        (tab("inboost_events"),),
    ),
    Screen(
        "dashboard",
        "spreadsheet_dashboard.ir_actions_dashboard_action",
        press=(".o_spreadsheet_dashboard_search_panel li:has-text('InBoost')",),
    ),
    Screen(
        "settings",
        "base_setup.action_general_configuration",
        press=("[data-key=inboost_connector]",),
    ),
]
#: Lists that are cards on a phone.
CARDS = [ours("events-phone", "event"), ours("synchronisations-phone", "sync_run")]
#: What goes wrong then: a customer's event waits and keeps the next one, an address is
#: wrong, a sale was not recorded.
TROUBLE = """
    WITH two AS (
         SELECT min(id) AS ahead, max(id) AS behind FROM (
                SELECT id, phone, count(*) OVER (PARTITION BY phone) AS count
                  FROM inboost_event
                 WHERE operation = 'purchase_details' AND state = 'done') known
          WHERE count = 2 GROUP BY phone ORDER BY 2 DESC LIMIT 1)
    UPDATE inboost_event e
       SET state = 'pending', done_at = NULL, attempts = 3, reason_code = CASE
           WHEN e.id = two.ahead THEN 'busy' END, reason_args = '{"status": 503}',
           queued_at = now() AT TIME ZONE 'UTC',
           next_try = now() AT TIME ZONE 'UTC' + interval '9 minutes'
      FROM two WHERE e.id IN (two.ahead, two.behind);
    UPDATE inboost_endpoint
       SET paused = TRUE, pause_code = 'no_such_address',
           pause_args = '{"status": 404}'
     WHERE operation = 'bonus_accrual';
    INSERT INTO inboost_capture_failure (
           what, res_model, res_ids, method, attempts, error, trace, create_date)
    VALUES ('a purchase at the register', 'pos.order', '[1]', '_inboost_capture', 2,
            'KeyError: price', 'Traceback (most recent call last): KeyError: price',
            now() AT TIME ZONE 'UTC');
"""
#: And then InBoost refuses the secret, in the middle of a synchronisation.
REFUSED = """
    UPDATE inboost_backend
       SET state = 'paused', pause_code = 'wrong_credentials',
           pause_args = '{"status": 401}';
    UPDATE inboost_sync_run SET state = 'running', finished_at = NULL
     WHERE id = (SELECT max(id) FROM inboost_sync_run);
"""
AHEAD = "SELECT min(id) FROM inboost_event WHERE state = 'pending'"
BEHIND = newest("inboost_event", "state = 'pending'")
#: What is seen then.
TROUBLES = {
    TROUBLE: [
        ours("event-ahead", "event", AHEAD),
        ours("event-behind", "event", BEHIND),
        ours("endpoint-paused", "endpoint", newest("inboost_endpoint", "paused")),
        ours("backend-troubled", "backend", BACKEND),
        ours(
            "missed-capture",
            "capture_failure",
            newest("inboost_capture_failure", "solved_at IS NULL"),
        ),
    ],
    REFUSED: [
        ours("health-paused", "health"),
        ours("backend-paused", "backend", BACKEND),
        ours("synchronisation-waits", "sync_run", newest("inboost_sync_run", "TRUE")),
    ],
}
#: The steps of the setup.
SETUP = ["portal", "bonuses", "webhooks", "sending", "customers", "history", "live"]
#: What the register shows, each on a screen and on a phone.
REGISTER = ["register", "register-customers", "register-ask", "register-payment"]


def names():
    """:return: list of the names of all pictures"""
    phone = [f"{name}-phone" for name in REGISTER]
    setup = [f"setup-{number}-{step}" for number, step in enumerate(SETUP, 1)]
    screens = [*SCREENS, *CARDS, *(one for some in TROUBLES.values() for one in some)]
    return [screen.name for screen in screens] + setup + REGISTER + phone
