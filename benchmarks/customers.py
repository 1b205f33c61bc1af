"""Pulling customers: new ones against Odoo's own batched ``create`` of the same
contacts, and a list in which nothing changed."""

import time
from functools import partial
from statistics import median

from . import product, shop
from .databases import copy_of
from .measure import Figure, interleave, ratio
from .sink import customer
from .worker import Worker

#: Contacts that Odoo creates at once: as many as a page has.
BATCH = 500


def run(bench):
    with (
        copy_of(shop.connected(), "bench_pull") as connected,
        copy_of(shop.absent(), "bench_create") as absent,
        Worker(connected) as ours,
        Worker(absent) as odoo,
    ):
        ours(product.connect, url=bench.receiver.url)
        yield from created(bench, ours, odoo)
        yield from unchanged(bench, ours)


def created(bench, ours, odoo):
    count = bench.scale(1000, 100)
    firsts = iter(range(0, 1_000_000, count))

    def pull():
        first = next(firsts)
        bench.say(f"pull of {count} new customers")
        bench.receiver.plan(first=first, customers=count)
        clock = ours.meter.clock()
        speed = count / ours(pull_all)["seconds"]
        return speed, ours.meter.limited(clock, "waiting for the database")

    def create(noted=False):
        first = 1_000_000 + next(firsts)
        return count / odoo(create_contacts, first=first, count=count, noted=noted)

    create_noted = partial(create, noted=True)

    pull()
    create()
    create_noted()
    ours.meter.mark()
    pulled, others, noted = interleave(bench.rounds, pull, create, create_noted)
    bench.note_memory(ours.meter)
    speeds = [speed for speed, _limited in pulled]
    limited = pulled[-1][1]
    yield Figure("pull_create_vs_orm", ratio(speeds, others), limited=limited)
    yield Figure("pull_create_vs_orm_noted", ratio(speeds, noted), limited=limited)
    yield Figure("pull_create_per_s", median(speeds), "customers/s", limited)
    yield Figure("orm_create_per_s", median(others), "contacts/s")
    yield Figure("orm_create_noted_per_s", median(noted), "contacts/s")


def unchanged(bench, ours):
    """A list that was read before, again; the first reading is not measured."""
    count = bench.scale(10_000, 200)
    bench.receiver.plan(first=0, customers=count)
    bench.say(f"pull of {count} customers, to be read again")
    ours(pull_all)
    ours.meter.mark()
    clock = ours.meter.clock()
    speeds = []
    for _round in range(bench.rounds):
        result = ours(pull_all)
        assert result["unchanged"] == count, f"not all unchanged: {result}"
        speeds.append(count / result["seconds"])
    bench.note_memory(ours.meter)
    limited = ours.meter.limited(clock, "waiting for the list and the database")
    yield Figure("pull_unchanged_per_s", median(speeds), "customers/s", limited)


# -- inside a worker -----------------------------------------------------------------


def pull_all(env):
    """One synchronisation from its start to its end.

    :return: dict with seconds, and counts of what became of the rows
    """
    run_id = product.queue_pull(env)
    env.cr.commit()
    begin = time.perf_counter()
    product.run_cron_until(
        env,
        "ir_cron_pull",
        # Fewer after each page, none after the last.
        "SELECT 1000000000 - COALESCE(read_count, 0) FROM inboost_sync_run"
        f" WHERE id = {run_id} AND state IN ('queued', 'running')",
    )
    seconds = time.perf_counter() - begin
    env.invalidate_all()
    run = env["inboost.sync.run"].browse(run_id)
    if run.state != "done":
        raise RuntimeError(f"the synchronisation is {run.state}: {run.reason}")
    return {
        "seconds": seconds,
        "created": run.created_count,
        "unchanged": run.unchanged_count,
        "read": run.read_count,
    }


def create_contacts(env, first, count, noted):
    """The same contacts by Odoo alone, a batch a transaction.

    :param bool noted: whether Odoo writes into their chatter that it created them, as
        it does by itself
    :return: seconds
    """
    begin = time.perf_counter()
    for start in range(first, first + count, BATCH):
        rows = map(customer, range(start, min(start + BATCH, first + count)))
        env["res.partner"].with_context(tracking_disable=not noted).create(
            [contact(row) for row in rows]
        )
        env.cr.commit()
        env.invalidate_all()
    return time.perf_counter() - begin


def contact(row):
    return {
        "firstname": row["userName"],
        "lastname": row["lastName"],
        "phone": f"+{row['userPhoneNumber']}",
        "email": row["email"],
        "birthdate_date": row["birth"],
    }
