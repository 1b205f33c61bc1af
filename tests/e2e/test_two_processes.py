"""Two delivery processes on one database."""

import cluster
import pytest

from tests.support.odoo_server import OdooServer
from tests.support.outbox import fill

EVENTS = 2000
#: As many runs as it takes: each ends by itself within Odoo's limits.
DELIVER = """
while env["inboost.event"].search_count([("state", "=", "pending")], limit=1):
    env["inboost.delivery"]._cron_deliver()
    env.cr.commit()
print("delivered-ok")
"""
#: A customer whose balance waits in the lane of history.
PREPARE = """
from odoo.addons.inboost_connector.lib.priority import HISTORY
program = env["loyalty.program"].create(
    {"name": "Points", "program_type": "loyalty", "applies_on": "both",
     "trigger": "auto"})
backend = env["inboost.backend"].search([], limit=1)
backend.program_ids = program
partner = env["res.partner"].create({"name": "Olena", "phone": "+380501234567"})
env["loyalty.card"].create(
    {"program_id": program.id, "partner_id": partner.id, "points": 10})
env.flush_all()
env.cr.execute("DELETE FROM inboost_event")
env["inboost.bonus.balance"]._capture(backend, [(partner, None)], priority=HISTORY)
env.cr.commit()
"""
#: Claims it, and stands still before that is committed, until there is FILE.
HESITATE = """
import os, time
from odoo.addons.inboost_connector.models.outbox import inboost_delivery_claim
of_model = inboost_delivery_claim.InboostDeliveryClaim
claim = of_model._claim

def hesitate(self, *args):
    tasks = claim(self, *args)
    if tasks:
        print("claimed-ok", flush=True)
        end = time.monotonic() + 120
        while not os.path.exists("FILE") and time.monotonic() < end:
            time.sleep(0.05)
    return tasks

of_model._claim = hesitate
env["inboost.delivery"]._cron_deliver()
env.cr.commit()
"""
#: The balance changes, and that is sent.
OVERTAKE = """
card = env["loyalty.card"].search([("partner_id.phone", "=", "+380501234567")])
card.points += 5
env.cr.commit()
env["inboost.delivery"]._cron_deliver()
env.cr.commit()
"""


@pytest.fixture
def database(inboost):
    """A database without a server: only the two processes deliver."""
    server = OdooServer("e2e_two_processes")
    server.connect_to(inboost)
    yield server
    cluster.drop(server.database)


def test_two_thousand_events_arrive_once(database, inboost):
    fill(database, EVENTS)
    for process in [database.begin_shell(DELIVER) for _n in range(2)]:
        output = process.stdout.read()
        assert process.wait() == 0, output
        assert "delivered-ok" in output, output
    counts = inboost.counts()
    assert counts["doubled"] == []
    assert counts["arrivals"] == counts["distinct"] == EVENTS
    assert database.states() == {"done": EVENTS}
    leases = database.value(
        "SELECT count(*) FROM inboost_request_log WHERE attempt <> 1"
    )
    assert leases == "0"


def test_one_that_claimed_long_ago_sends_no_older_balance(database, inboost, tmp_path):
    inboost.control("POST", "reset")
    database.shell(PREPARE)
    slow = database.begin_shell(HESITATE.replace("FILE", str(tmp_path / "go on")))
    lines = iter(slow.stdout.readline, "")
    assert any("claimed-ok" in line for line in lines), "it claimed nothing"
    database.shell(OVERTAKE)
    assert balances(inboost) == {"380501234567": 15}
    (tmp_path / "go on").touch()
    output = slow.stdout.read()
    assert slow.wait() == 0, output
    assert set(database.states()) == {"done"}
    assert balances(inboost) == {"380501234567": 15}


def balances(inboost):
    found = inboost.control("GET", "balances")
    return {row["phone"].lstrip("+"): row["amount"] for row in found}
