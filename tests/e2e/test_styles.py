"""Three platforms that speak otherwise than InBoost: each is set up from its shipped
profile, then a customer buys and wins points, 250 customers come in, one is found by
phone and the notice leaves. All of it arrives in that platform's own shape; what does
not fit its contract, its stand-in refuses."""

import re

import cluster
import pytest

from tests.simulator.conftest import OTHER_STYLES, SECRET, Running
from tests.support.odoo_server import OdooServer, wait_until
from tests.support.orders import PRELUDE

CUSTOMERS = 250
PHONE = "380671234567"
#: Form webhooks are the only ones whose addresses are pasted.
CONNECT = """
env = env(user=env.ref("base.user_admin").id)
env.company.country_id = env.ref("base.ua")
backend = env["inboost.backend"].create(
    {{"name": "{style}", "address": "{url}", "secret": "{secret}"}})
profiles = env["inboost.profile"]
profiles._apply(backend, profiles._load("{profile}"))
if backend.auth_kind != "header":
    backend.auth_user = "shop"
for endpoint in backend.endpoint_ids.filtered(lambda e: e.kind == "webhook"):
    endpoint.address = "{url}/hooks/" + endpoint.operation.replace("_", "-")
backend.endpoint_ids.enabled = True
backend._endpoint("customers_list").page_size = 100
if not backend._endpoint("event_check").address:
    backend._endpoint("event_check").enabled = False
program = env["loyalty.program"].create({{
    "name": "Bonuses", "program_type": "loyalty", "applies_on": "both",
    "trigger": "auto", "pos_ok": True, "inboost_validity_days": 5}})
backend.program_ids = program
env.cr.commit()
backend.action_connect()
env.cr.commit()
print("connected-ok")
"""
SELL = (
    PRELUDE
    + """
olena = customer(1234567)
backend = env["inboost.backend"].search([])
order = sell(olena, price=180.0)
card = env["loyalty.card"].create({
    "program_id": backend.program_ids.id, "partner_id": olena.id, "points": 12.5})
env.cr.commit()
card.points -= 2.5
env.cr.commit()
print("uuid", order.uuid)
"""
)
NOTICE = """
backend = env["inboost.backend"].search([])
assert env["inboost.bonus.notice"]._capture(backend)
env.cr.commit()
print("notified")
"""
FIND = """
backend = env["inboost.backend"].search([])
phone = "+{phone}"
found = env["inboost.customer.lookup"]._find_now(backend, phone)
env.cr.commit()
print("found", found.firstname, found.phone_sanitized)
nobody = env["inboost.customer.lookup"]._find_now(backend, "+380509999999")
print("nobody", len(nobody))
"""


@pytest.fixture(scope="module", params=OTHER_STYLES)
def platform(request, tmp_path_factory):
    running = Running(
        tmp_path_factory.mktemp("platform") / "db",
        "--secret",
        SECRET,
        "--customers",
        str(CUSTOMERS),
        style=request.param,
    )
    yield running
    running.stop()


@pytest.fixture(scope="module")
def shop(platform, template):
    name = f"e2e_style_{platform.style.replace('-', '_')}"
    server = OdooServer(name, template)
    script = CONNECT.format(
        style=platform.style,
        url=platform.url,
        secret=SECRET,
        profile=platform.style.replace("-", "_"),
    )
    done = server.shell(script)
    assert "connected-ok" in done.stdout, done.stdout + done.stderr[-2000:]
    server.start()
    yield server
    server.stop()
    cluster.drop(name)


@pytest.fixture(scope="module")
def sold(shop, platform):
    """:return: uuid of the order"""
    done = shop.shell(SELL)
    shop.wake()
    settled = {"done", "superseded"}
    wait_until(lambda: set(shop.states()) <= settled, 60, "the delivery of all")
    return re.search("uuid (.*)", done.stdout)[1]


def arrived(platform, operation):
    return [
        event
        for event in platform.control("GET", "events")
        if event["operation"] == operation and event["processed"]
    ]


def test_a_sale_and_its_points_arrive_in_the_platforms_shape(shop, platform, sold):
    [purchase] = arrived(platform, "purchase")
    assert (purchase["phone"], purchase["amount"]) == (PHONE, 180.0)
    assert sold in str(purchase["body"])
    [details] = arrived(platform, "purchase_details")
    assert (details["phone"], details["amount"]) == (PHONE, 180.0)
    [accrual] = arrived(platform, "bonus_accrual")
    [redemption] = arrived(platform, "bonus_redemption")
    assert (accrual["amount"], redemption["amount"]) == (12.5, 2.5)
    assert accrual["event_id"] != redemption["event_id"]
    assert arrived(platform, "balance_set")[-1]["amount"] == 10.0
    counts = platform.counts()
    assert counts["refused"] == 0
    assert counts["doubled"] == counts["doubled_keys"] == []


def test_all_customers_come_in_page_by_page(shop, platform):
    backends = shop.execute("inboost.backend", "search", [])
    run = shop.execute("inboost.backend", "action_synchronise", backends)["res_id"]
    shop.wake("ir_cron_pull")
    state = f"SELECT state FROM inboost_sync_run WHERE id = {run}"
    wait_until(lambda: shop.value(state) not in ("queued", "running"), 120, "the run")
    counts = ["read_count", "page_count", "created_count", "linked_count"]
    names = ["state", "reason", *counts]
    [found] = shop.execute("inboost.sync.run", "read", [run], names)
    assert found["state"] == "done", found["reason"]
    assert (found["read_count"], found["page_count"]) == (CUSTOMERS, 3)
    assert found["created_count"] + found["linked_count"] == CUSTOMERS


def test_one_is_found_by_phone_and_nobody_is_nobody(shop, platform):
    platform.control(
        "POST", "clients", [{"userPhoneNumber": "380675550001", "userName": "Sofiia"}]
    )
    done = shop.shell(FIND.format(phone="380675550001"))
    assert "found Sofiia +380675550001" in done.stdout, done.stdout
    assert "nobody 0" in done.stdout


def test_the_notice_of_expiring_points_arrives(shop, platform, sold):
    assert "notified" in shop.shell(NOTICE).stdout
    shop.wake()
    wait_until(lambda: arrived(platform, "bonuses_expiring"), 60, "the notice")
    [notice] = arrived(platform, "bonuses_expiring")
    assert PHONE in str(notice["body"])
