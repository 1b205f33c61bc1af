"""What a sale at the register costs with the connector, against a shop without it."""

from statistics import median
from typing import NamedTuple

from . import product, shop
from .databases import copy_of
from .measure import Figure, interleave
from .worker import Worker

#: What is asked of the register, one request after the other.
KINDS = {"pos": shop.sell, "points": shop.sell_and_confirm}


class Round(NamedTuple):
    """Medians: milliseconds without and with the connector, and its statements."""

    without: float
    with_us: float
    statements: float


def run(bench):
    with (
        copy_of(shop.connected(), "bench_sales_with") as connected,
        copy_of(shop.absent(), "bench_sales_without") as absent,
    ):
        rounds = [
            measure(bench, connected, absent, number) for number in range(bench.rounds)
        ]
    for name in KINDS:
        yield from conclude(name, [results[name] for results in rounds])


def measure(bench, connected, absent, number):
    """One round, by processes of its own: one process sells some milliseconds faster
    than another of the same kind, for as long as it lives.

    :return: {name: Round}
    """
    results = {}
    with Worker(connected) as ours, Worker(absent) as others:
        ours(product.connect, url=bench.receiver.url)
        for name, function in KINDS.items():
            bench.say(f"{name}: round {number + 1} of {bench.rounds}")
            pair = (lambda f=function: others(f), lambda f=function: ours(f))
            interleave(bench.scale(10, 2), *pair)
            ours.meter.mark()
            without, with_us = interleave(bench.scale(30, 4), *pair)
            bench.note_memory(ours.meter)
            results[name] = Round(
                middle(without, "ms"),
                middle(with_us, "ms"),
                middle(with_us, "statements") - middle(without, "statements"),
            )
    return results


def conclude(name, rounds):
    cost = median(one.with_us - one.without for one in rounds)
    base = median(one.without for one in rounds)
    yield Figure(
        f"{name}_overhead_ratio",
        median(one.with_us / one.without for one in rounds),
        limited=f"{cost:.1f} ms more than {base:.0f} ms without",
    )
    yield Figure(
        f"{name}_statements_more",
        median(one.statements for one in rounds),
        "statements",
    )


def middle(results, key):
    return median(result[key] for result in results)
