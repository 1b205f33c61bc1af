"""How fast the purchases of linked customers get into the outbox as history."""

import time
from statistics import median

import cluster

from . import product, shop
from .databases import clone, copy_of, next_ids, prepared, run_sql
from .measure import Figure
from .receiver import Receiver
from .worker import Worker

#: In a full and in a quick run.
CUSTOMERS = (20_000, 200)
ORDERS_EACH = 5
#: The customers are worked on in so many parts, each a round.
PARTS = 5
#: So far apart are two orders of the past; all are younger than the history's limit.
APART = "n * interval '50 s'"
WAITING = "SELECT count(*) FROM inboost_customer WHERE history_state = 'waiting'"


def run(bench):
    customers = bench.scale(*CUSTOMERS)
    with (
        copy_of(prepare(bench), "bench_history") as database,
        Worker(database) as worker,
    ):
        worker(product.connect, url=bench.receiver.url)
        speeds, orders = [], 0
        clock = None
        for part in range(PARTS):
            bench.say(f"part {part + 1} of {PARTS}: {customers // PARTS} customers")
            result = worker(queue_history, part=part, parts=PARTS)
            orders += result["orders"]
            speeds.append(result["orders"] / result["seconds"])
            if not clock:
                # The first part warmed it up.
                worker.meter.mark()
                clock = worker.meter.clock()
        bench.note_memory(worker.meter)
        limited = worker.meter.limited(clock, "waiting for the database")
    assert orders == customers * ORDERS_EACH, f"{orders} orders were queued"
    yield Figure("history_queue_per_s", median(speeds), "orders/s", limited)


def prepare(bench):
    customers = bench.scale(*CUSTOMERS)
    return prepared(f"history_{customers}", make, customers)


def make(database, customers):
    """Orders of five lines, paid, of customers who are linked."""
    cluster.copy(shop.connected(), database)
    receiver = Receiver()
    try:
        with Worker(database) as worker:
            worker(product.connect, url=receiver.url)
            worker(shop.sell)
            worker(link)
    finally:
        receiver.stop()
    fetch = run_sql(database)
    first = shop.clone_customers(fetch, customers, "+38063")
    clone_orders(fetch, customers * ORDERS_EACH, first, customers)
    fetch("CREATE TABLE bench_link AS SELECT * FROM inboost_customer")
    fetch("DELETE FROM inboost_customer")
    phone = "'+38063' || lpad(n::text, 7, '0')"
    clone(
        fetch,
        "bench_link",
        "inboost_customer",
        customers,
        partner_id=f"{first} + n",
        inboost_id="1000000 + n",
        phone=phone,
        history_state="'none'",
    )


def clone_orders(fetch, count, first, customers):
    [[sample]] = fetch("SELECT max(id) FROM pos_order")
    last = next_ids(fetch, "pos_order", count)
    order = f"{last} + n"
    clone(
        fetch,
        f"(SELECT * FROM pos_order WHERE id = {sample})",
        "pos_order",
        count,
        APART,
        id=order,
        uuid="md5('order' || n)::uuid::text",
        name="'Order ' || n",
        pos_reference="'Order ' || n",
        partner_id=f"{first} + 1 + (n - 1) % {customers}",
    )
    for table, column in (
        ("pos_order_line", "order_id"),
        ("pos_payment", "pos_order_id"),
    ):
        clone(
            fetch,
            f"(SELECT * FROM {table} WHERE {column} = {sample})",
            table,
            count,
            APART,
            **{column: order, "uuid": f"md5('{table}' || n || s.id)::uuid::text"},
        )


# -- inside a worker -----------------------------------------------------------------


def link(env):
    """The register's customer is one of InBoost."""
    env["inboost.customer"].sudo().create(
        {
            "backend_id": env["inboost.backend"].search([], limit=1).id,
            "partner_id": shop.customer_of(env).id,
            "inboost_id": "1",
            "phone": shop.customer_of(env).phone_sanitized,
        }
    )


def queue_history(env, part, parts):
    """The history of one part of the customers.

    :return: dict with orders and seconds
    """
    before = captured(env)
    env.cr.execute(
        "UPDATE inboost_customer SET history_state = 'waiting' WHERE id %% %s = %s",
        (parts, part),
    )
    env.cr.commit()
    begin = time.perf_counter()
    product.run_cron_until(env, "ir_cron_history", WAITING)
    seconds = time.perf_counter() - begin
    return {"orders": captured(env) - before, "seconds": seconds}


def captured(env):
    env.cr.execute(
        "SELECT count(*) FROM inboost_event WHERE operation = 'purchase_details'"
    )
    return env.cr.fetchone()[0]
