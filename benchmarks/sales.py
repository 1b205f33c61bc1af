"""What a sale at the register costs with the connector, against a shop without it."""

from statistics import median

from . import product, shop
from .databases import copy_of
from .measure import Figure, interleave
from .worker import Worker


def run(bench):
    with (
        copy_of(shop.connected(), "bench_sales_with") as connected,
        copy_of(shop.absent(), "bench_sales_without") as absent,
        Worker(connected) as ours,
        Worker(absent) as others,
    ):
        ours(product.connect, url=bench.receiver.url)
        for function, name in (
            (shop.sell, "pos"),
            (shop.sell_and_confirm, "points"),
        ):
            yield from compare(bench, ours, others, function, name)


def compare(bench, ours, others, function, name):
    """Alternate single requests; each round has a ratio of medians of its own."""
    interleave(bench.scale(10, 2), lambda: others(function), lambda: ours(function))
    ours.meter.mark()
    ratios, more, cost, base = [], [], [], []
    for number in range(bench.rounds):
        bench.say(f"{name}: round {number + 1} of {bench.rounds}")
        without, with_us = interleave(
            bench.scale(30, 4), lambda: others(function), lambda: ours(function)
        )
        base.append(middle(without, "ms"))
        cost.append(middle(with_us, "ms") - middle(without, "ms"))
        ratios.append(middle(with_us, "ms") / middle(without, "ms"))
        more.append(middle(with_us, "statements") - middle(without, "statements"))
    bench.note_memory(ours.meter)
    limited = f"{median(cost):.1f} ms more than {median(base):.0f} ms without"
    yield Figure(f"{name}_overhead_ratio", median(ratios), limited=limited)
    yield Figure(f"{name}_statements_more", median(more), "statements")


def middle(results, key):
    return median(result[key] for result in results)
