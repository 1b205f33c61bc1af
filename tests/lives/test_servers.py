"""Servers that are upgraded while they sell, that are two, or that have no jobs."""

import time

import cluster
import pytest

from tests.lives.shop import WAITING, Shop, arrived
from tests.support.dumps import ServerOf
from tests.support.odoo_server import wait_until
from tests.support.orders import PRELUDE
from tests.support.outbox import fill

SELL_ON = (
    PRELUDE
    + """
import os, time
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
number = 0
while not os.path.exists(STOP):
    try:
        uuid = sell(customer(number)).uuid
        env.cr.commit()
        print("sold", uuid, flush=True)
        number += 1
    except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
        # As Odoo's server replays a request.
        env.cr.rollback()
    time.sleep(0.05)
"""
)
#: Settled long ago.
MANY = """
INSERT INTO inboost_event (
    backend_id, company_id, endpoint_id, operation, key, event_id, fact, phone,
    occurred_at, priority, state, queued_at, attempts, duplicate, create_date,
    write_date)
SELECT p.backend_id, b.company_id, p.id, p.operation, 'many:' || n,
       md5('many' || n)::uuid::text, jsonb_build_object('uuid', 'many-' || n),
       '+38050' || lpad(n::text, 7, '0'), t.then, 0, 'cancelled', t.then, 1, false,
       t.then, t.then
  FROM inboost_endpoint p
  JOIN inboost_backend b ON b.id = p.backend_id,
       generate_series(1, {count}) n,
       (SELECT now() AT TIME ZONE 'UTC' - interval '90 days' AS then) t
 WHERE p.operation = 'purchase'
"""
MANY_EVENTS = 200_000


class Unaccented(ServerOf):
    options = ("--unaccent",)


@pytest.fixture(scope="module")
def shop(inboost):
    inboost.control("POST", "reset")
    shop = Shop("lives_servers", inboost)
    shop.connect()
    shop.start()
    yield shop
    shop.stop()
    shop.drop()


def settings(shop):
    return shop.sql(
        "SELECT b.name, b.state, b.secret, p.operation, p.address, p.timeout, p.body"
        " FROM inboost_backend b JOIN inboost_endpoint p ON p.backend_id = b.id"
        " ORDER BY p.id"
    )


def test_an_upgrade_of_the_addon_while_a_register_sells(shop, inboost, tmp_path):
    before, stop = settings(shop), tmp_path / "stop"
    register = shop.begin_shell(f"STOP = {str(stop)!r}\n{SELL_ON}")
    lines = [next(line for line in register.stdout if line.startswith("sold"))]
    cluster.odoo(shop.database, "-u", "inboost_connector", log="while_selling.log")
    stop.touch()
    lines += register.stdout.readlines()
    assert register.wait(60) == 0, lines[-20:]
    sold = {line.split()[1] for line in lines if line.startswith("sold")}
    assert len(sold) > 3
    shop.wake()
    wait_until(lambda: shop.states_of(sold) == {"done": 2 * len(sold)}, 60, "all of it")
    assert {len(ids) for ids in arrived(inboost, sold).values()} == {1}
    assert len(arrived(inboost, sold)) == 2 * len(sold)
    assert settings(shop) == before


def test_an_upgrade_takes_no_longer_beside_many_events(shop):
    """Of a shop of some years: nothing reads or writes them all."""
    shop.rest()

    def upgrade():
        begin = time.monotonic()
        cluster.odoo(shop.database, "-u", "inboost_connector", log="many_events.log")
        return time.monotonic() - begin

    empty = upgrade()
    shop.sql(MANY.format(count=MANY_EVENTS))
    full = upgrade()
    print(f"upgrade: {empty:.1f} s, beside {MANY_EVENTS} events {full:.1f} s")
    assert full < 2 * empty
    assert shop.states()["cancelled"] == MANY_EVENTS
    shop.sql("DELETE FROM inboost_event WHERE state = 'cancelled'")


def find_customer(server):
    """As staff type a phone or a name."""
    contact = server.execute(
        "res.partner", "create", {"name": "Zoé", "phone": "+380671112233"}
    )
    for name, typed in (("phone_mobile_search", "067 111 22 33"), ("name", "zoe")):
        found = server.execute("res.partner", "search", [(name, "ilike", typed)])
        assert found == [contact], typed


def test_two_servers_of_different_zones_on_one_database(shop, inboost, monkeypatch):
    """The second one optimised, too: no promise hangs on an assert. And it searches
    without accents."""
    inboost.control("POST", "reset")
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    monkeypatch.setenv("PYTHONOPTIMIZE", "1")
    shop.sql("CREATE EXTENSION IF NOT EXISTS unaccent")
    second = Unaccented(shop.database)
    second.start()
    try:
        find_customer(second)
        shop.sql("DELETE FROM inboost_request_log")
        shop.sql("DELETE FROM inboost_event")
        fill(shop, 200)
        shop.wake()
        wait_until(
            lambda: not shop.sql(f"SELECT 1 FROM inboost_event WHERE {WAITING}"), 120
        )
    finally:
        second.stop()
    counts = inboost.counts()
    assert counts["doubled"] == []
    assert counts["distinct"] == 200


@pytest.fixture(scope="module")
def without_jobs(inboost):
    shop = Shop("lives_without_jobs", inboost)
    shop.connect()
    shop.start(cron_threads=0)
    yield shop
    shop.stop()
    shop.drop()


def test_a_server_without_jobs_is_noticed_by_a_sale(without_jobs):
    """What waits for minutes is told to a person."""
    without_jobs.sell(1, first=100)
    without_jobs.sql(
        "UPDATE inboost_event SET queued_at = queued_at - interval '20 minutes',"
        " next_try = next_try - interval '20 minutes',"
        " create_date = create_date - interval '20 minutes'"
    )
    # One process looks once a minute.
    without_jobs.rest()
    without_jobs.sell(1, first=101)
    assert len(without_jobs.activities()) == 1


def test_a_server_starts_without_a_warning_of_ours(without_jobs):
    log = without_jobs.log.name
    with open(log) as stream:
        lines = [
            line
            for line in stream
            if "inboost" in line and (" WARNING " in line or " ERROR " in line)
        ]
    assert lines == []
