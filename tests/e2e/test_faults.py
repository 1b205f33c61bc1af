"""InBoost in trouble: the sale succeeds all the same, and everything arrives, once."""

import pytest

from tests.support.odoo_server import wait_until
from tests.support.orders import PRELUDE

DETAILS = "api/Purchases/AddPurchase"
WEBHOOK = "webhook/purchase-token"
FAULTS = {
    # name: fault, then state of the webhook's event and of the details' event
    "500": ({"status": 500, "times": 1}, "pending", "pending"),
    "503": ({"status": 503, "times": 1}, "pending", "pending"),
    "429": ({"status": 429, "retry_after": "2", "times": 1}, "pending", "pending"),
    "before": ({"close": "before", "times": 1}, "held", "pending"),
    "after": ({"close": "after", "times": 1}, "held", "pending"),
    "silence": ({"silence": 6, "times": 1}, "held", "pending"),
    "504": ({"status": 504, "times": 1}, "held", "pending"),
    "422": ({"status": 422, "times": 1}, "failed", "failed"),
    "redirect": (
        {"redirect": "http://127.0.0.1:9/", "times": 1},
        "failed",
        "failed",
    ),
    "slow": ({"latency": 1.0, "times": 1}, "done", "done"),
    "broken": ({"broken": True, "times": 1}, "done", "done"),
    "huge": ({"huge": 3_000_000, "times": 1}, "done", "done"),
}


def sell(odoo, number):
    """One sale to a new customer.

    :return: the order's uuid
    """
    done = odoo.shell(
        PRELUDE
        + f"order = sell(customer({number}))\nenv.cr.commit()\n"
        + 'print("uuid=" + order.uuid)\n'
    )
    return done.stdout.rpartition("uuid=")[2].strip()


def states_of(odoo, uuid):
    """States of the order's events once none is on its way for the first time."""
    rows = odoo.sql(
        "SELECT operation, state FROM inboost_event"
        f" WHERE key = 'pos:{uuid}' AND attempts > 0 AND state <> 'sending'"
    )
    return dict(rows) if len(rows) == 2 else None


@pytest.mark.parametrize("name", FAULTS)
def test_outcome(odoo, inboost, name):
    fault, webhook, details = FAULTS[name]
    inboost.control("DELETE", "faults")
    odoo.sql("UPDATE inboost_endpoint SET rest_until = NULL, failures = 0")
    inboost.fault(WEBHOOK, **fault)
    inboost.fault(DETAILS, **fault)
    uuid = sell(odoo, 1000 + list(FAULTS).index(name))
    if webhook == "pending":
        # The details wait for the purchase, which goes first.
        wait_until(
            lambda: odoo.sql(
                "SELECT 1 FROM inboost_event WHERE operation = 'purchase'"
                f" AND key = 'pos:{uuid}' AND attempts > 0 AND state = 'pending'"
            ),
            90,
            "the first try",
        )
        odoo.deliver_now()
    states = wait_until(lambda: states_of(odoo, uuid), 90, "both tries")
    assert states["purchase"] in ("done", webhook)
    assert states["purchase_details"] in ("done", details)
    first = odoo.sql(
        "SELECT l.operation, l.verdict FROM inboost_request_log l"
        f" JOIN inboost_event e ON e.id = l.event_id WHERE e.key = 'pos:{uuid}'"
        " AND l.attempt = 1"
    )
    verdict = {"pending": "retry", "held": "unknown"}
    assert dict(first) == {
        "purchase": verdict.get(webhook, webhook),
        # At least once: what is not known is sent again.
        "purchase_details": verdict.get(webhook, webhook),
    }
    inboost.control("DELETE", "faults")
    odoo.deliver_now()
    expected = {
        "purchase": "done" if webhook == "pending" else webhook,
        "purchase_details": "done" if details == "pending" else details,
    }
    wait_until(lambda: states_of(odoo, uuid) == expected, 90, f"{expected}")
    ids = dict(
        odoo.sql(
            f"SELECT operation, event_id FROM inboost_event WHERE key = 'pos:{uuid}'"
        )
    )
    arrivals = inboost.counts()["by_event_id"]
    assert arrivals.get(ids["purchase"], 0) <= 1, "at most once"
    if expected["purchase_details"] == "done":
        # A repeat is possible only where the first had been processed unknown to us.
        most = 2 if name in ("after", "silence", "504") else 1
        assert 1 <= arrivals.get(ids["purchase_details"], 0) <= most


def test_down_and_up_again(odoo, inboost):
    inboost.stop()
    uuid = sell(odoo, 2000)
    wait_until(
        lambda: odoo.sql(
            "SELECT 1 FROM inboost_event WHERE reason_code = 'no_connection'"
            f" AND key = 'pos:{uuid}'"
        ),
        90,
        "the first try",
    )
    inboost.options = ("--port", inboost.url.rpartition(":")[2], *inboost.options)
    inboost.start()
    odoo.deliver_now()
    wait_until(
        lambda: (
            states_of(odoo, uuid) == {"purchase": "done", "purchase_details": "done"}
        ),
        90,
        "the delivery",
    )
    ids = [
        row[0]
        for row in odoo.sql(
            f"SELECT event_id FROM inboost_event WHERE key = 'pos:{uuid}'"
        )
    ]
    arrivals = inboost.counts()["by_event_id"]
    assert [arrivals[event_id] for event_id in ids] == [1, 1]


def test_sale_takes_as_long_as_without_us(odoo, inboost):
    """Medians of one run, alternating; InBoost is silent all the while."""
    inboost.fault("*", silence=30)
    done = odoo.shell(
        PRELUDE
        + """
import statistics, time
backend = env["inboost.backend"].search([], limit=1)
buyer = customer(3000)
sell(buyer)
times = {"draft": [], "connected": []}
for number in range(40):
    state = "draft" if number % 2 else "connected"
    backend.state = state
    env.flush_all()
    begin = time.perf_counter()
    sell(buyer)
    env.flush_all()
    times[state].append(time.perf_counter() - begin)
env.cr.rollback()
with_us = statistics.median(times["connected"])
print("ratio=%.3f" % (with_us / statistics.median(times["draft"])))
"""
    )
    inboost.control("DELETE", "faults")
    ratio = float(done.stdout.rpartition("ratio=")[2])
    print(f"a sale with us takes {ratio:.2f} times as long as without")
    assert ratio < 1.5
