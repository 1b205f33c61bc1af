"""How soon the server answers the first screens of a shop that sold for years."""

import time
from statistics import median

from lxml import etree

from . import million, product
from .databases import copy_of
from .measure import Figure
from .worker import Worker

LISTS = {"events": "inboost.event", "log": "inboost.request.log"}


def run(bench):
    with (
        copy_of(million.prepare(bench), "bench_screens") as database,
        Worker(database) as worker,
    ):
        worker(product.connect, url=bench.receiver.url)
        # Health has its sums of hours from a job.
        worker(sum_up)
        for name, show, values in (
            ("health", show_health, {}),
            *((name, show_list, {"model": model}) for name, model in LISTS.items()),
        ):
            bench.say(f"{bench.rounds} times {name}")
            worker(show, **values)
            times = [worker(show, **values) for _round in range(bench.rounds)]
            yield Figure(f"screen_{name}_1m_ms", median(times) * 1000, "ms")


# -- inside a worker -----------------------------------------------------------------


def sum_up(env):
    env["inboost.traffic"].sudo()._sum_up()
    env.cr.commit()


def show_health(env):
    """:return: seconds"""
    return measure(env, env["inboost.health"].get_report)


def show_list(env, model):
    """The first page of a list, with all columns it may show.

    :return: seconds
    """
    records = env[model]
    arch = etree.fromstring(records.get_view(view_type="list")["arch"])
    names = {node.get("name") for node in arch.iter("field")}
    title = {"fields": {"display_name": {}}}
    columns = {
        name: title if records._fields[name].type == "many2one" else {}
        for name in names
    }
    return measure(
        env,
        lambda: records.web_search_read([], columns, limit=80, count_limit=10001),
    )


def measure(env, show):
    env.invalidate_all()
    begin = time.perf_counter()
    if not show():
        raise RuntimeError("the screen is empty")
    return time.perf_counter() - begin
