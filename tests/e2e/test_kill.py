"""The server is killed while events flow, as by a power cut."""

import random
import time

import cluster
import pytest

from tests.support.odoo_server import OdooServer, wait_until
from tests.support.outbox import fill

EVENTS = 2000
KILLS = 10
#: As many as may be leased at one moment: in flight, and as much to feed the threads.
IN_FLIGHT = 64


@pytest.fixture
def odoo(inboost):
    server = OdooServer("e2e_kill")
    server.connect_to(inboost)
    yield server
    server.stop()
    cluster.drop(server.database)


def test_killed_ten_times(odoo, inboost):
    fill(odoo, EVENTS)
    # Slow enough that ten kills fall into the flow.
    inboost.fault("*", latency=0.15)
    rng = random.Random(19)
    in_flight = 0
    for _kill in range(KILLS):
        before = inboost.counts()["arrivals"]
        odoo.start()
        odoo.wake()
        wait_until(
            lambda before=before: inboost.counts()["arrivals"] > before,
            90,
            "the flow of events",
        )
        time.sleep(rng.uniform(0.1, 0.8))
        odoo.kill()
        in_flight += odoo.states().get("sending", 0)
        # What ran out in the meantime is no longer counted as in flight.
        odoo.sql(
            "UPDATE inboost_event"
            " SET lease_until = now() AT TIME ZONE 'UTC' - interval '1 s'"
            " WHERE state = 'sending'"
        )
    assert odoo.states().get("pending", 0) > 0, "the kills came too late to matter"
    inboost.control("DELETE", "faults")
    odoo.start()
    odoo.wake()
    wait_until(
        lambda: set(odoo.states()) <= {"done", "held"}, 180, "the end of the delivery"
    )
    states, counts = odoo.states(), inboost.counts()
    assert counts["doubled"] == []
    assert sum(states.values()) == EVENTS
    held = states.get("held", 0)
    assert held <= min(in_flight, KILLS * IN_FLIGHT)
    # Each event arrived, or is shown to a person: what was sent and not known.
    assert states["done"] + held == EVENTS
    assert counts["distinct"] >= states["done"]
    lost = set(
        row[0]
        for row in odoo.sql("SELECT event_id FROM inboost_event WHERE state = 'done'")
    ) - set(counts["by_event_id"])
    assert not lost
