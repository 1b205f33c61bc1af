"""Sales, and everything that can break while they are sent: each kind of accident
once. ``make chaos SEED=7 SECONDS=600`` goes on for longer, which is too long for every
commit, ``ONLY=kill_server`` with one kind of accident; a seed plays the same sales and
accidents again."""

import os
import time

from tests.chaos.accidents import WEATHER, Accidents
from tests.chaos.order import check_order
from tests.chaos.register import (
    CUSTOMERS,
    Announcer,
    Puller,
    count_sales,
    open_tills,
)
from tests.support.odoo_server import wait_until

SEED = int(os.environ.get("CHAOS_SEED") or 19)
SECONDS = float(os.environ.get("CHAOS_SECONDS") or 0)
ONLY = (os.environ.get("CHAOS_ONLY") or "").split()
#: What an outcome that nobody can know is called.
UNKNOWN = {"http_status", "timeout", "connection_lost", "killed"}
ENDED = {"done", "held", "superseded"}


def test_chaos(odoo, inboost, clock, mode):
    print(f"seed {SEED}, at least {SECONDS:.0f} s")
    live_through(Accidents(odoo, inboost, clock, mode, SEED, ONLY), SEED, SECONDS)


def live_through(accidents, seed, seconds):
    """Sell meanwhile, and see that all is as it should be."""
    odoo, inboost = accidents.odoo, accidents.inboost
    inboost.control("PUT", "faults/*", WEATHER)
    tills, announcer = open_tills(odoo, seed), Announcer(odoo, odoo.register, seed)
    puller = Puller(odoo, odoo.register, inboost.control("GET", "clients"), seed)
    threads = (*tills, announcer, puller)
    for thread in threads:
        thread.start()
    begin = time.monotonic()
    accidents.happen(seconds, lambda: count_sales(tills))
    close(threads, accidents)
    print(f"{time.monotonic() - begin:.0f} s")
    inboost.control("DELETE", "faults")
    # PostgreSQL's restart may have ended the threads that run jobs, for which Odoo has
    # no remedy but this.
    accidents.stop_server()
    odoo.deliver_now()
    wait_until(lambda: set(odoo.states()) <= ENDED, 120, "the end of it")
    print(f"accidents: {accidents.counts}")
    check_sales(odoo, inboost, tills)
    check_delivery(odoo, inboost, accidents.cut, accidents.lapsed)
    check_points(odoo, inboost, tills)
    check_announcements(odoo, announcer.taken)
    check_pull(odoo, puller)


def close(threads, accidents):
    """What each is about is confirmed first."""
    for thread in threads:
        thread.closing.set()
    accidents.keep_up_until(
        lambda: not any(thread.is_alive() for thread in threads), "the last orders"
    )


def check_sales(odoo, inboost, tills):
    """Each sale is recorded once, and nothing else is."""
    sold = {uuid: refund for till in tills for uuid, refund in till.sold.items()}
    print(f"{len(sold)} sales, {sum(sold.values())} of them refunds")
    wanted = {
        "purchase": sorted(uuid for uuid, refund in sold.items() if not refund),
        "purchase_details": sorted(sold),
    }
    for operation, uuids in wanted.items():
        rows = odoo.sql(
            "SELECT fact->>'uuid' FROM inboost_event"
            f" WHERE operation = '{operation}' ORDER BY 1"
        )
        assert [row[0] for row in rows] == uuids, operation


def check_delivery(odoo, inboost, cut=frozenset(), lapsed=frozenset()):
    """
    :param cut: ids of events that were on their way when a process was killed
    :param lapsed: those of them whose leases a set clock may have ended
    """
    events = odoo.sql(
        "SELECT id, event_id, operation, phone, state, reason_code"
        " FROM inboost_event ORDER BY id"
    )
    held = [event for event in events if event[4] == "held"]
    killed = {event[0] for event in held if event[5] == "killed"}
    counts = inboost.counts()
    arrived = counts["by_event_id"]
    known = sum(event[1] not in arrived for event in held)
    print(f"{len(events)} events, met {counts['by_fault']}")
    print(
        f"{len(held)} held: {len(killed)} in flight when a process died; {known} of all"
        " had not arrived, which only InBoost can know"
    )
    balances = {event[1] for event in events if event[2] == "balance_set"}
    assert set(counts["doubled"]) - balances == set(), "doubled"
    done = {event[1] for event in events if event[4] == "done"}
    assert done - set(arrived) == set(), "lost"
    assert {event[5] for event in held} <= UNKNOWN
    assert killed <= cut, "held although the process lived"
    check_order(odoo, inboost, events, lapsed & killed)


def check_points(odoo, inboost, tills):
    """The ledger is what is on the cards, a card has all that was confirmed, and what
    InBoost was sent last is what there is."""
    cards = odoo.sql(
        "SELECT c.id, COALESCE(c.points, 0), p.phone_sanitized, (SELECT sum(m.change)"
        " FROM inboost_bonus_move m WHERE m.card_id = c.id)"
        " FROM loyalty_card c JOIN loyalty_program g ON g.id = c.program_id"
        " JOIN res_partner p ON p.id = c.partner_id"
        f" WHERE g.id = {odoo.register['program']}"
    )
    sure = {}
    for till in tills:
        for card, points in till.points.items():
            sure[str(card)] = points
    unsure = {str(card) for till in tills for card in till.unsure}
    sent = {
        row["phone"].lstrip("+"): row["amount"]
        for row in inboost.control("GET", "balances")
    }
    assert len(cards) == CUSTOMERS
    for card, points, phone, ledger in cards:
        assert float(ledger or 0) == float(points), "ledger"
        if card in unsure:
            assert float(points) >= sure.get(card, 0)
        else:
            assert float(points) == sure.get(card, 0), "points"
        assert float(sent.get(phone.lstrip("+"), 0)) == float(points), "last balance"
    print(f"{sum(float(card[1]) for card in cards):.0f} points on {len(cards)} cards")


def check_announcements(odoo, taken):
    """Each that was taken is kept once, and is a contact."""
    waiting = "SELECT count(*) FROM inboost_announcement WHERE state = 'waiting'"
    odoo.wake("ir_cron_announcement")
    while (left := odoo.value(waiting)) != "0":
        # On a busy machine there may be many.
        wait_until(lambda: odoo.value(waiting) != left, 120, "progress")  # noqa: B023
    rows = odoo.sql(
        "SELECT a.message_id, a.state, count(p.id) FROM inboost_announcement a"
        " LEFT JOIN res_partner p ON p.id = a.partner_id"
        " GROUP BY 1, 2"
    )
    wanted = {f"chaos-{number}": ("done", "1") for number in taken}
    assert {row[0]: (row[1], row[2]) for row in rows} == wanted
    print(f"{len(taken)} customers announced")


def check_pull(odoo, puller):
    """Each customer of InBoost's list is one contact, however often a pull broke."""
    run = puller.press()
    state = f"SELECT state FROM inboost_sync_run WHERE id = {run}"
    wait_until(lambda: odoo.value(state) not in ("queued", "running"), 240, "a pull")
    assert odoo.value(state) == "done"
    numbers = dict(
        odoo.sql(
            "SELECT phone_sanitized, count(*) FROM res_partner"
            " WHERE phone_sanitized IS NOT NULL GROUP BY 1"
        )
    )
    listed = [f"+{row['userPhoneNumber']}" for row in puller.listed]
    assert {numbers.get(phone) for phone in listed} == {"1"}
    runs = "SELECT state, count(*) FROM inboost_sync_run GROUP BY 1"
    print(f"{len(listed)} customers pulled, runs: {dict(odoo.sql(runs))}")
