"""A shop that sold for years: delivered events and their log rows by the million."""

import cluster

from . import shop
from .databases import clone, next_ids, prepared, run_sql
from .server import fill

#: So far apart are two delivered sales.
APART = "n * interval '25 s'"
EVENTS = "(SELECT e.*, row_number() OVER (ORDER BY id) AS nth FROM bench_delivered e)"
LOGS = (
    "(SELECT l.*, row_number() OVER (ORDER BY event_id) AS nth FROM bench_log l"
    " WHERE event_id IS NOT NULL)"
)


def delivered(count):
    """:param int count: of delivered events, and of log rows
    :return: the database of such a shop"""
    return prepared(f"delivered_{count}", make, count)


def make(database, count):
    cluster.copy(shop.connected(), database)
    fetch = run_sql(database)
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
