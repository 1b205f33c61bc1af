"""A shop that sold for years: delivered events and their log rows by the million."""

import cluster

from . import shop
from .databases import clone, drop_indexes, next_ids, prepared, run_sql
from .server import fill

#: So far apart are two delivered sales.
APART = "n * interval '25 s'"
TABLES = ("inboost_event", "inboost_request_log")
EVENTS = "(SELECT e.*, row_number() OVER (ORDER BY id) AS nth FROM bench_delivered e)"
LOGS = (
    "(SELECT l.*, row_number() OVER (ORDER BY event_id) AS nth FROM bench_log l"
    " WHERE event_id IS NOT NULL)"
)


def prepare(bench):
    """:return: the database of a shop with a million delivered events and log rows"""
    count = bench.scale(1_000_000, 10_000)
    return prepared(f"delivered_{count}", make, count)


def make(database, count):
    cluster.copy(shop.connected(), database)
    fetch = run_sql(database)
    restore = [drop_indexes(fetch, name) for name in TABLES]
    last = next_ids(fetch, "inboost_event", count)
    event = f"{last} + 2 * (n - 1) + s.nth"
    fill(fetch, count // 2, EVENTS, "million", APART, id=event)
    clone(
        fetch,
        LOGS,
        "inboost_request_log",
        count // 2,
        APART,
        event_id=event,
        event_uuid="md5('million' || n || s.operation)::uuid::text",
    )
    for each in restore:
        each()
