"""Bonuses of a million customers: a balance, all lots of a program, burning, the notice
of points about to expire; and a notice to a hundred thousand phones."""

import time
from datetime import date
from statistics import median

import cluster

from . import product, shop
from .databases import clone, copy_of, drop_indexes, next_ids, prepared, run_sql
from .measure import Figure
from .worker import Worker

#: Cards, and phones of a notice, in a full and in a quick run.
CARDS = (1_000_000, 1000)
PHONES = (100_000, 500)
#: Rows of the ledger that a card has, so many days apart, each of ten points.
ROWS = 20
DAYS_APART = 15
POINTS = 10
#: Points are valid for a year, and the notice comes a week before.
VALIDITY = 365
#: Days by which the rows of a card are older: none of it expires; the oldest row did;
#: the oldest row will within the week.
FRESH, EXPIRED, EXPIRING = 0, 85, 77
#: Days from now to the end of points about to expire.
SOON = 3
#: Of so many cards, one has expired points and one has points about to expire.
EVERY = 100
BALANCES = 200


def run(bench):
    cards = bench.scale(*CARDS)
    with (
        copy_of(prepare(bench), "bench_ledger") as database,
        Worker(database) as worker,
    ):
        worker(product.connect, url=bench.receiver.url)
        worker(balances, count=1, cards=cards)
        worker.meter.mark()
        clock = worker.meter.clock()
        each = worker(balances, count=BALANCES, cards=cards)
        bench.say(f"all lots of {cards} cards")
        found = worker(all_lots)
        assert found["lots"] == cards * ROWS, f"{found['lots']} lots were found"
        bench.say("burn, and notice")
        burn = worker(burn_all, cards=cards // EVERY)
        notice = worker(notice_all, phones=cards // EVERY)
        growth = worker.meter.note()
        bench.note_memory(worker.meter)
        limited = worker.meter.limited(clock, "waiting for the database")
    total = median(each) + found["seconds"] + burn + notice
    yield Figure("ledger_1m_balance_ms", median(each) * 1000, "ms")
    yield Figure("ledger_1m_lots_s", found["seconds"], "s")
    yield Figure("ledger_1m_burn_s", burn, "s", f"{cards // EVERY} cards burned")
    yield Figure("ledger_1m_notice_s", notice, "s", f"{cards // EVERY} phones")
    yield Figure("ledger_1m_s", total, "s", limited)
    yield Figure("ledger_1m_memory_mb", growth, "MB")


def run_notice(bench):
    """One list of phones, from the ledger to the receiver."""
    phones = bench.scale(*PHONES)
    seconds, growth = [], []
    for number in range(bench.rounds):
        bench.say(f"round {number + 1} of {bench.rounds}: {phones} phones")
        template = prepare_notice(bench)
        with copy_of(template, "bench_notice") as database, Worker(database) as worker:
            worker(product.connect, url=bench.receiver.url)
            bench.receiver.plan()
            worker.meter.mark()
            clock = worker.meter.clock()
            took = worker(notice_all, phones=phones)
            seconds.append(took + worker(deliver_notice))
            bench.receiver.wait_for(1, 5)
            growth.append(worker.meter.note())
            bench.note_memory(worker.meter)
            limited = worker.meter.limited(clock, "waiting for the database")
    yield Figure("notice_100k_s", median(seconds), "s", limited)
    yield Figure("notice_100k_memory_mb", median(growth), "MB")


def prepare(bench):
    ages = f"CASE n % {EVERY} WHEN 0 THEN {EXPIRED} WHEN 1 THEN {EXPIRING} ELSE {FRESH}"
    return bonuses("ledger", bench.scale(*CARDS), ROWS, f"{ages} END")


def prepare_notice(bench):
    return bonuses("notice", bench.scale(*PHONES), 1, str(VALIDITY - SOON))


def bonuses(name, cards, rows, ages):
    """:return: a database whose points expire as said, counted from today"""
    today = date.today().isoformat()
    return prepared(f"{name}_{cards}", make, cards, rows, ages, today)


def make(database, cards, rows, ages, _today):
    """Customers with a card each, and its rows of the ledger.

    :param str ages: SQL over the card's number ``n``: days since its newest row
    """
    cluster.copy(shop.connected(), database)
    fetch = run_sql(database)
    fetch(
        "UPDATE loyalty_program"
        f" SET inboost_validity_days = {VALIDITY}, inboost_burn_expired = TRUE"
        " WHERE name->>'en_US' = 'Bonuses'"
    )
    ours = "program_id = (SELECT id FROM loyalty_program WHERE inboost_burn_expired)"
    fetch(f"CREATE TABLE bench_card AS SELECT * FROM loyalty_card WHERE {ours}")
    fetch(f"CREATE TABLE bench_move AS SELECT * FROM inboost_bonus_move WHERE {ours}")
    # The samples themselves would count.
    fetch(f"DELETE FROM inboost_bonus_move WHERE {ours}")
    fetch(f"UPDATE loyalty_card SET points = 0 WHERE {ours}")
    first = shop.clone_customers(fetch, cards, "+38063")
    last = next_ids(fetch, "loyalty_card", cards)
    clone(
        fetch,
        "bench_card",
        "loyalty_card",
        cards,
        id=f"{last} + n",
        partner_id=f"{first} + n",
        code="'BENCH' || n",
        points=str(rows * POINTS),
    )
    clone_moves(fetch, cards, rows, ages, first, last)


def clone_moves(fetch, cards, rows, ages, first_partner, first_card):
    """The rows in the order in which a shop writes them, which is not card by card."""
    restore = drop_indexes(fetch, "inboost_bonus_move")
    for row in range(rows):
        days = f"({ages}) + {(rows - 1 - row) * DAYS_APART}"
        clone(
            fetch,
            "bench_move",
            "inboost_bonus_move",
            cards,
            f"make_interval(days => {days})",
            uuid="gen_random_uuid()",
            card_id=f"{first_card} + n",
            card_code="'BENCH' || n",
            partner_id=f"{first_partner} + n",
            kind="'accrual'",
            change=POINTS,
            won=POINTS,
            balance_after=(row + 1) * POINTS,
        )
    restore()


# -- inside a worker -----------------------------------------------------------------


def balances(env, count, cards):
    """:return: seconds that each balance of ``count`` customers took"""
    seconds = []
    for number in range(1, count + 1):
        phone = f"+38063{number * 7919 % cards + 1:07d}"
        begin = time.perf_counter()
        amount = product.balance(env, phone)
        seconds.append(time.perf_counter() - begin)
        if not amount:
            raise RuntimeError(f"{phone} has no balance")
    return seconds


def all_lots(env):
    begin = time.perf_counter()
    return {"lots": product.lots(env), "seconds": time.perf_counter() - begin}


def burn_all(env, cards):
    """:return: seconds until the expired points of so many cards are burned"""
    begin = time.perf_counter()
    burned = "SELECT %s - count(*) FROM inboost_bonus_move WHERE kind = 'expiry'"
    product.run_cron_until(env, "ir_cron_bonus_burn", burned % cards)
    return time.perf_counter() - begin


def notice_all(env, phones):
    """:return: seconds until so many phones are on notices"""
    begin = time.perf_counter()
    noticed = (
        "SELECT %s - COALESCE(sum(jsonb_array_length(fact->'phones')), 0)"
        " FROM inboost_event WHERE operation = 'bonuses_expiring'"
    )
    product.run_cron_until(env, "ir_cron_bonus_notice", noticed % phones)
    return time.perf_counter() - begin


def deliver_notice(env):
    begin = time.perf_counter()
    product.deliver(env)
    return time.perf_counter() - begin
