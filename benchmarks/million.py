"""A shop that has sold for years: delivered events and their log rows by the million."""

import cluster

from . import shop
from .databases import clone, next_ids, prepared, run_sql
from .server import fill

#: So far apart are two delivered sales.
APART = "n * interval '25 s'"


def delivered(count):
    """:param int count: of delivered events, and of log rows
    :return: the database of such a shop"""
    return prepared(f"delivered_{count}", make, count)


def make(database, count):
    cluster.copy(shop.connected(), database)
    fetch = run_sql(database)
    sales = count // 2
    fill_delivered(fetch, sales)
    [[first]] = fetch("SELECT min(id) FROM inboost_event")
    clone(
        fetch,
        "(SELECT l.*, row_number() OVER (ORDER BY event_id) AS nth FROM bench_log l"
        " WHERE event_id IS NOT NULL)",
        "inboost_request_log",
        sales,
        APART,
        event_id=f"{first} + 2 * (n - 1) + s.nth - 1",
        event_uuid="md5('million' || n || s.operation)::uuid::text",
    )


def fill_delivered(fetch, sales):
    last = next_ids(fetch, "inboost_event", 2 * sales)
    fill(
        fetch,
        sales,
        "(SELECT e.*, row_number() OVER (ORDER BY id) AS nth FROM bench_delivered e)",
        tag="million",
        age=APART,
        id=f"{last} + 2 * (n - 1) + s.nth",
    )
