"""An ordinary day: sales, points, a pull and every scheduled action, on a server."""

import cluster
import pytest

from tests.lives.shop import WAITING, Shop, arrived, requests_of
from tests.support.odoo_server import wait_until

SALES, CUSTOMERS = 100, 40
#: Of a day before: known to InBoost and not here.
CLIENTS = 60
POINTS = """
backend = env["inboost.backend"].search([])
program = env["loyalty.program"].create({
    "name": "Bonuses", "program_type": "loyalty", "applies_on": "both",
    "trigger": "auto", "inboost_validity_days": 30})
backend.program_ids = program
customers = env["res.partner"].concat(*map(customer, range(CUSTOMERS)))
cards = env["loyalty.card"].create([
    {"program_id": program.id, "partner_id": one.id, "points": 50}
    for one in customers])
"""
#: Half of them by customers who win 10 points by it, or spend 5.
SELL = """
customers = env["res.partner"].search(
    [("phone_sanitized", "=like", "+38067%")], order="id", limit=CUSTOMERS)
cards = env["loyalty.card"].search([("partner_id", "in", customers.ids)])
for number in range(SALES):
    partner = customers[number % CUSTOMERS]
    print("said", sell(partner, price=number + 1.0).uuid)
    if number % 2:
        card = cards.filtered(lambda one: one.partner_id == partner)
        card.points += 10 if number % 3 else -5
    env.cr.commit()
"""
NUMBERS = f"CUSTOMERS, SALES = {CUSTOMERS}, {SALES}\n"
OURS = """
  FROM ir_model_data d JOIN ir_cron c ON c.id = d.res_id
 WHERE d.module = 'inboost_connector' AND d.model = 'ir.cron' AND c.active
"""


@pytest.fixture(scope="module")
def shop(inboost):
    inboost.control("POST", "reset")
    inboost.control("POST", "customers", {"count": CLIENTS})
    shop = Shop("lives_day", inboost)
    shop.connect()
    shop.do(NUMBERS + POINTS)
    shop.start()
    yield shop
    shop.rest()
    shop.stop()
    cluster.drop(shop.database)


@pytest.fixture(scope="module")
def day(shop):
    """:return: uuids of the orders, when all has come to rest"""
    # The first synchronisation is an administrator's.
    shop.do('env["inboost.backend"].search([]).action_synchronise()')
    uuids = shop.do(NUMBERS + SELL)
    run_all_jobs(shop)
    return uuids


def run_all_jobs(shop):
    jobs = shop.sql(f"SELECT d.name {OURS}")
    shop.sql(f"UPDATE ir_cron SET lastcall = NULL WHERE id IN (SELECT c.id {OURS})")
    for [name] in jobs:
        shop.wake(name)
    waiting = f"SELECT 1 {OURS} AND c.lastcall IS NULL"
    wait_until(lambda: not shop.sql(waiting), 120, "a run of every job")
    open_runs = "SELECT 1 FROM inboost_sync_run WHERE state IN ('queued', 'running')"
    wait_until(lambda: not shop.sql(open_runs), 120, "the end of the pull")
    unsettled = f"SELECT 1 FROM inboost_event WHERE {WAITING}"
    wait_until(lambda: not shop.sql(unsettled), 120, "an empty outbox")


def test_each_fact_arrives_once(shop, inboost, day):
    assert len(day) == SALES
    assert {len(ids) for ids in arrived(inboost, day).values()} == {1}
    assert len(arrived(inboost, day)) == 2 * SALES
    counts = inboost.counts()
    assert counts["doubled"] == []
    done = "SELECT event_id FROM inboost_event WHERE state = 'done'"
    assert set(counts["by_event_id"]) == {row[0] for row in shop.sql(done)}
    assert counts["arrivals"] == counts["distinct"]


def test_inboost_knows_the_points_that_the_cards_have(shop, inboost, day):
    balances = {
        row["phone"]: row["amount"] for row in inboost.control("GET", "balances")
    }
    cards = shop.sql(
        "SELECT substr(p.phone_sanitized, 2), c.points FROM loyalty_card c"
        " JOIN res_partner p ON p.id = c.partner_id"
        " WHERE p.phone_sanitized LIKE '+38067%'"
    )
    assert len(cards) == CUSTOMERS
    assert {phone: balances[phone] for phone, _points in cards} == {
        phone: float(points) for phone, points in cards
    }


def test_all_jobs_once_more_send_nothing(shop, inboost, day):
    before = requests_of(inboost)
    run_all_jobs(shop)
    assert requests_of(inboost) == before
    assert shop.activities() == []


def test_nothing_of_ours_is_warned_of(shop, day):
    lines = [line for line in shop.logged().splitlines() if "inboost" in line]
    assert lines, "the server says what it does"
    assert [line for line in lines if " WARNING " in line or " ERROR " in line] == []
