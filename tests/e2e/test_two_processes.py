"""Two delivery processes on one database."""

import subprocess

import cluster
import pytest
from workspace import STATE

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


@pytest.fixture
def database(inboost):
    """A database without a server: only the two processes deliver."""
    server = OdooServer("e2e_two_processes")
    server.connect_to(inboost)
    yield server
    cluster.drop(server.database)


def test_two_thousand_events_arrive_once(database, inboost):
    fill(database, EVENTS)
    processes = [
        subprocess.Popen(
            database.shell_command(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=STATE,
        )
        for _n in range(2)
    ]
    for process in processes:
        process.stdin.write(DELIVER)
        process.stdin.close()
    for process in processes:
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
