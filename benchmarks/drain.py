"""How fast the outbox empties, against threads that do nothing but send."""

import json
import subprocess
from statistics import median

from workspace import PYTHON, ROOT

from . import million, shop
from .measure import Figure, interleave, ratio
from .server import Server

CONNECTIONS = 32
#: About as long as the body of a purchase of five lines.
BODY = json.dumps({"eventId": "EVENT-ID", "lines": ["x" * 80] * 10})


def bare(receiver, count, delay):
    """:return: requests a second of bare threads"""
    receiver.plan(delay=delay)
    done = subprocess.run(
        [
            *(str(PYTHON), "-m", "benchmarks.bare"),
            *(f"{receiver.url}/bare", str(count), str(CONNECTIONS)),
        ],
        input=BODY,
        text=True,
        stdout=subprocess.PIPE,
        cwd=ROOT,
        check=True,
    )
    receiver.wait_for(count, 5)
    return count / float(done.stdout)


def run(bench):
    sales = bench.scale(2000, 100)
    with Server("bench_drain", bench.receiver, shop.connected()) as server:
        server.drain(sales // 10, 0)
        for delay in (50, 3):
            bench.say(f"{bench.rounds} rounds of {2 * sales} events at {delay} ms")
            server.meter.mark()
            ours, limit = interleave(
                bench.rounds,
                lambda delay=delay: measured(server, sales, delay),
                lambda delay=delay: bare(bench.receiver, 2 * sales, delay),
            )
            bench.note_memory(server.meter)
            speeds = [speed for speed, _limited in ours]
            limited = ours[-1][1]
            name = f"drain_{delay}ms"
            yield Figure(f"{name}_vs_limit", ratio(speeds, limit), limited=limited)
            yield Figure(f"{name}_per_s", median(speeds), "events/s", limited)
            yield Figure(f"bare_{delay}ms_per_s", median(limit), "requests/s")


def measured(server, sales, delay):
    """:return: (events a second, what limited them)"""
    clock = server.meter.clock()
    speed = server.drain(sales, delay)
    return speed, server.meter.limited(clock)


def run_beside_a_million(bench):
    sales = bench.scale(2000, 100)
    with (
        Server("bench_drain_0", bench.receiver, shop.connected()) as empty,
        Server("bench_drain_1m", bench.receiver, million.prepare(bench)) as full,
    ):
        for server in (empty, full):
            server.drain(sales // 10, 0)
            server.meter.mark()
        bench.say(f"{bench.rounds} rounds beside the delivered events")
        alone, beside = interleave(
            bench.rounds,
            lambda: empty.drain(sales, 3),
            lambda: measured(full, sales, 3),
        )
        bench.note_memory(full.meter)
    speeds = [speed for speed, _limited in beside]
    limited = beside[-1][1]
    yield Figure("drain_1m_ratio", ratio(speeds, alone), limited=limited)
    yield Figure("drain_1m_per_s", median(speeds), "events/s", limited)
