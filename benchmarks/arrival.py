"""How long after the commit of a sale its webhook arrives: idle and at twenty sales a
second, threaded and prefork, in a fresh shop and beside a million delivered events.

Idle: real sales, one at a time, from a process beside the server. Busy: what a sale
leaves in the outbox, by SQL, since two cores cannot sell that fast.
"""

import time
import uuid

from . import million, product, shop
from .measure import Figure, percentile
from .server import Server, fill, order_uuid
from .worker import Worker

SALES_A_SECOND = 20
#: Seconds that a webhook may take before it counts as lost.
PATIENCE = 60


def run(bench, mode):
    """:param str mode: threaded or prefork"""
    with (
        Shop("bench_arrival_0", bench.receiver, shop.connected(), mode) as empty,
        Shop("bench_arrival_1m", bench.receiver, million.prepare(bench), mode) as full,
    ):
        yield from measure(bench, mode, {"": empty, "_1m": full})


def measure(bench, mode, shops):
    waits = {(load, size): [] for load in ("idle", "busy") for size in shops}
    for some in shops.values():
        some.idle(2)
        some.server.meter.mark()
    clocks = {size: some.server.meter.clock() for size, some in shops.items()}
    for number in range(bench.rounds):
        bench.say(f"{mode}: round {number + 1} of {bench.rounds}")
        for size, some in shops.items():
            waits["idle", size] += some.idle(bench.scale(10, 3))
            waits["busy", size] += some.busy(bench.scale(5, 2))
    for (load, size), found in waits.items():
        meter = shops[size].server.meter
        bench.note_memory(meter)
        limited = f"{len(found)} sales; " + meter.limited(clocks[size], "waiting")
        for share in (50, 99):
            name = f"arrival_{mode}_{load}{size}_p{share}_ms"
            yield Figure(name, percentile(found, share / 100), "ms", limited)


class Shop:
    """A server, and beside it a process that sells."""

    def __init__(self, database, receiver, template, mode):
        self.receiver = receiver
        self.server = Server(database, receiver, template)
        self.mode = mode

    def __enter__(self):
        self.server.start(self.mode)
        self.worker = Worker(self.server.database)
        return self

    def __exit__(self, *exc_info):
        self.worker.__exit__()
        self.server.__exit__()

    def idle(self, sales):
        """:return: milliseconds of each of ``sales`` real sales"""
        self.receiver.plan()
        sold = []
        for _number in range(sales):
            sale = self.worker(shop.sell)
            sold.append((sale["uuid"], sale["committed"]))
            # Both of its requests are over before the next begins.
            self.receiver.wait_for(2 * len(sold), PATIENCE)
        return self.waits(sold)

    def busy(self, seconds):
        """:return: milliseconds of each sale in so many seconds"""
        self.receiver.plan()
        sold = self.worker(capture_steadily, seconds=seconds)
        self.receiver.wait_for(2 * len(sold), PATIENCE)
        return self.waits(sold)

    def waits(self, sold):
        """:param sold: list of (order uuid, unix time of the commit)"""
        arrived = {
            order: moment
            for moment, path, _event, order in self.receiver.arrivals()
            if path == "/hook/purchase"
        }
        return [(arrived[order] - committed) * 1000 for order, committed in sold]


# -- inside a worker -----------------------------------------------------------------


def capture_steadily(env, seconds):
    """Commit what a sale captures, again and again at the same pace.

    :return: list of [order uuid, unix time of the commit]
    """

    def fetch(sql):
        # Past Odoo, to whom a percent sign without arguments is a placeholder.
        env.cr._obj.execute(sql)
        return env.cr.fetchall() if env.cr._obj.description else []

    sold = []
    begin = time.monotonic()
    for number in range(seconds * SALES_A_SECOND):
        time.sleep(max(0, begin + number / SALES_A_SECOND - time.monotonic()))
        tag = str(uuid.uuid4())
        fill(fetch, 1, tag=tag, first=number)
        product.trigger_delivery(env)
        env.cr.commit()
        sold.append([order_uuid(tag, 1), time.time()])
    return sold
