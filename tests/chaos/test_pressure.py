"""Four pressures that queues in PostgreSQL are known to break under, with their curves:
``make pressure``, ``make pressure SECONDS=120 ONLY=bursts``. What is committed is what
sales leave in the outbox, since Odoo itself could not sell so fast."""

import os
import threading
import time

import cluster
import pytest

from tests.chaos.curve import Curve
from tests.chaos.order import out_of_order
from tests.support.odoo_server import OdooServer, wait_until
from tests.support.outbox import Till, open_report

#: Of the pressure itself; it is quiet for a fifth of it before and after.
SECONDS = float(os.environ.get("PRESSURE_SECONDS") or 600)
#: Sales a second, of two events each, where the load is not the pressure.
SALES = 10
OPERATIONS = ("purchase", "bonus_accrual")
CUSTOMERS = 1000
#: Sales that are timed to see what the system bears, and those of one burst.
MANY = 1000
OVERLOAD = 1.5
#: Seconds between two bursts, and for which a report reads.
TURN = 60


class Load(threading.Thread):
    """Commits what sales capture, so many a second.

    :ivar begun: {uuid of an order: unix time of the commit}
    :ivar ids: of the events"""

    def __init__(self, odoo, rate=SALES):
        super().__init__(daemon=True)
        self.till, self.rate = Till(odoo), rate
        self.begun, self.ids, self.count = {}, set(), 0
        self.closing, self.lock = threading.Event(), threading.Lock()

    def run(self):
        due = 0.0
        last = time.monotonic()
        while not self.closing.wait(0.1):
            now = time.monotonic()
            due += (now - last) * self.rate
            last = now
            if due >= 1:
                self.sell(int(due))
                due -= int(due)

    def sell(self, count):
        with self.lock:
            numbers = range(self.count, self.count + count)
            orders = [f"fill-{number}" for number in numbers]
            # What arrives before the commit is known here counts from now.
            self.begun |= dict.fromkeys(orders, time.time())
            ids, moment = self.till.sell(count, self.count, OPERATIONS, CUSTOMERS)
            self.begun |= dict.fromkeys(orders, moment)
            self.ids.update(ids)
            self.count += count

    def take_sales(self):
        """They are no sales of Odoo's."""
        return []

    def close(self):
        self.closing.set()
        self.join(60)
        self.till.close()


@pytest.fixture
def odoo(inboost):
    inboost.control("POST", "reset")
    server = OdooServer("pressure")
    server.connect_to(inboost)
    server.start()
    server.settle()
    yield server
    server.stop()
    cluster.drop(server.database)


@pytest.fixture
def load(odoo):
    load = Load(odoo)
    yield load
    load.close()


@pytest.fixture
def curve(odoo, inboost, load):
    curve = Curve(odoo, inboost, load, SECONDS)
    curve.start()
    yield curve
    curve.close()


def is_delivered(odoo):
    return set(odoo.states()) <= {"done"}


def press(curve, load, trouble):
    """Sales all the time; ``trouble(end)`` meanwhile, until ``time.monotonic()`` is
    ``end``."""
    load.start()
    time.sleep(SECONDS / 5)
    curve.mark()
    trouble(time.monotonic() + SECONDS)
    curve.mark()
    load.rate = SALES
    time.sleep(SECONDS / 5)


def check(name, odoo, inboost, load, curve):
    """All of it arrived, once and in order."""
    assert load.is_alive(), "nobody sold any more"
    load.closing.set()
    load.join(60)
    begin = time.monotonic()
    wait_until(lambda: is_delivered(odoo), SECONDS + 300, "the end of it")
    print(f"{name}: the last arrived {time.monotonic() - begin:.0f} s after the load")
    curve.close()
    curve.keep(name)
    most = max(row["waiting"] for row in curve.rows)
    print(f"{load.count} sales, {len(load.ids)} events, at most {most} waited")
    counts = inboost.counts()
    assert counts["doubled"] == []
    assert set(counts["by_event_id"]) == load.ids
    rows = odoo.sql("SELECT id, event_id, operation, phone, state FROM inboost_event")
    assert out_of_order(inboost, rows) == []


def test_pressure_of_a_session_idle_in_transaction(odoo, inboost, load, curve):
    def leave_open(end):
        connection = open_report(odoo.database)
        time.sleep(end - time.monotonic())
        connection.close()

    press(curve, load, leave_open)
    check("idle_in_transaction", odoo, inboost, load, curve)


def test_pressure_of_overlapping_readers(odoo, inboost, load, curve):
    """Four at any time, so that there is always one that began a while ago."""

    def overlap(end):
        readers = []
        while time.monotonic() < end:
            readers.append(open_report(odoo.database))
            if len(readers) > 4:
                readers.pop(0).close()
            time.sleep(min(TURN, SECONDS / 5) / 4)
        for connection in readers:
            connection.close()

    press(curve, load, overlap)
    check("overlapping_readers", odoo, inboost, load, curve)


def measure(odoo, load):
    """:return: sales a second that are delivered"""
    begin = time.monotonic()
    load.sell(MANY)
    wait_until(lambda: is_delivered(odoo), 300, "what it bears")
    return MANY / (time.monotonic() - begin)


def test_pressure_of_half_as_much_again_as_it_bears(odoo, inboost, load, curve):
    # The better of two: other work may have slowed one.
    bears = max(measure(odoo, load) for _round in range(2))

    def overload(end):
        load.rate = OVERLOAD * bears
        time.sleep(end - time.monotonic())

    print(f"it bears {bears:.0f} sales a second, of two events each")
    press(curve, load, overload)
    check("overload", odoo, inboost, load, curve)


def test_pressure_of_bursts(odoo, inboost, load, curve):
    def burst(end):
        while time.monotonic() < end:
            load.sell(MANY)
            time.sleep(min(TURN, SECONDS / 5))

    press(curve, load, burst)
    check("burst", odoo, inboost, load, curve)
