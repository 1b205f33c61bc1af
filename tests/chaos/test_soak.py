"""A shop that sells for an hour (``make soak``), or for six (``make soak
SECONDS=21600``): what should be flat is."""

import os
import time

import cluster
import pytest

from tests.chaos.curve import Curve
from tests.chaos.register import count_sales, open_register, open_tills
from tests.chaos.test_chaos import ENDED, check_delivery, check_points, check_sales
from tests.support.odoo_server import OdooServer, wait_until

SECONDS = float(os.environ.get("SOAK_SECONDS") or 3600)
SEED = 19
#: Seconds between two sales of a till, at most.
PAUSE = 1.0
#: In less, autovacuum has not found its pace, and nothing can be said of what is flat.
LONG_ENOUGH = 1800
#: How much more than in the second quarter it may be in the last one: the machine may
#: have other work meanwhile.
MORE = 1.5
#: So few dead rows are tidied up by nobody.
FEW = 500
FLAT = ("arrival_in_sales", "memory_mb", "bytes_of_an_event")


class Sales:
    """What the tills sell, as a load."""

    def __init__(self, tills):
        self.tills = tills

    @property
    def begun(self):
        return {uuid: at for till in self.tills for uuid, at in {**till.begun}.items()}

    def take_sales(self):
        return [till.took.pop() for till in self.tills for _n in range(len(till.took))]


@pytest.fixture
def odoo(inboost):
    inboost.control("POST", "reset")
    server = OdooServer("soak")
    server.connect_to(inboost)
    server.register = open_register(server)
    server.start()
    server.settle()
    yield server
    server.stop()
    cluster.drop(server.database)


def test_soak(odoo, inboost):
    tills = open_tills(odoo, SEED, PAUSE)
    curve = Curve(odoo, inboost, Sales(tills), SECONDS)
    for thread in (*tills, curve):
        thread.start()
    time.sleep(SECONDS)
    for till in tills:
        till.close()
    curve.close()
    curve.keep("soak")
    print(f"{SECONDS:.0f} s, {count_sales(tills) / SECONDS:.1f} sales a second")
    wait_until(lambda: set(odoo.states()) <= ENDED, 120, "the end of it")
    check_sales(odoo, inboost, tills)
    check_delivery(odoo, inboost)
    check_points(odoo, inboost, tills)
    if SECONDS >= LONG_ENOUGH:
        check_flatness(curve)


def check_flatness(curve):
    for row in curve.rows:
        # A busy machine slows Odoo's own part of it as much.
        if row["arrival_p50"] and row["sale_p50"]:
            row["arrival_in_sales"] = row["arrival_p50"] / row["sale_p50"]
    names = (*FLAT, "arrival_p50", "sale_p50", "dead_events", "dead_log")
    before, after = (
        {name: curve.middle(name, part) for name in names} for part in (1, 3)
    )
    print(f"second quarter: {before}")
    print(f"last quarter: {after}")
    assert {name: after[name] <= MORE * before[name] for name in FLAT} == dict.fromkeys(
        FLAT, True
    )
    for name in ("dead_events", "dead_log"):
        assert after[name] <= MORE * before[name] + FEW, name
