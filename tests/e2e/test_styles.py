"""Three platforms that speak otherwise than InBoost. An administrator sets each up by
typing and clicking, from an empty backend; then a cashier finds a customer at the till,
sells to her, and she wins and spends points; 250 customers come in and the notice
leaves. All of it arrives in that platform's own shape; what does not fit its contract,
its stand-in refuses."""

import json
import os
import re
from pathlib import Path

import cluster
import pytest

from tests.simulator.conftest import OTHER_STYLES, SECRET, Running
from tests.support.odoo_server import OdooServer, wait_until
from tests.support.register import (
    add_product,
    choose_customer,
    open_register,
    pay,
    sign_in,
)
from tests.support.typist import Typist

CUSTOMERS = 250
#: Milliseconds: the first screen of a new database makes all of Odoo's scripts.
PATIENCE = 120_000
PHONE = "380675550001"
ROOT = Path(__file__).parents[2]
OPENING = ("kind", "body_format", "batch_size", "paging")
#: What a shop has before it hears of InBoost.
SHOP = """
env = env(user=env.ref("base.user_admin").id)
env.company.country_id = env.ref("base.ua")
env["loyalty.program"].search([]).active = False
env["loyalty.program"].create({
    "name": "Bonuses", "program_type": "loyalty", "applies_on": "both",
    "trigger": "auto", "pos_ok": True, "inboost_validity_days": 5,
    "rule_ids": [(0, 0, {
        "reward_point_mode": "order", "reward_point_amount": 12.5})],
    "reward_ids": [(0, 0, {
        "reward_type": "discount", "discount": 1, "discount_mode": "per_order",
        "required_points": 2.5, "description": "A little less"})]})
config = env["pos.config"].search([], order="id", limit=1)
env["product.product"].create({
    "name": "Green tea", "list_price": 180.0, "taxes_id": False,
    "available_in_pos": True,
    "pos_categ_ids": config.iface_available_categ_ids[:1].ids})
env.cr.commit()
print("shop-ok")
"""
#: What differs between the backend that was just made and what the platform wants: its
#: contract, as somebody reads it who has to type it in.
CONTRACT = """
import json
backend = env["inboost.backend"].search([])
profiles = env["inboost.profile"]
changes = profiles._compare(backend, profiles._load("{profile}"))
titles = dict(env["inboost.endpoint"]._fields["operation"]._description_selection(env))
print("contract " + json.dumps([
    [record._name == "inboost.endpoint" and titles[record.operation],
     record._name == "inboost.endpoint" and record.operation, values]
    for record, values in changes]))
"""
NOTICE = """
backend = env["inboost.backend"].search([])
assert env["inboost.bonus.notice"]._capture(backend)
env.cr.commit()
print("notified")
"""


@pytest.fixture(scope="module", params=OTHER_STYLES)
def platform(request, tmp_path_factory):
    running = Running(
        tmp_path_factory.mktemp("platform") / "db",
        *("--secret", SECRET, "--customers", str(CUSTOMERS)),
        style=request.param,
    )
    yield running
    running.stop()


@pytest.fixture(scope="module")
def shop(platform, template):
    name = f"e2e_style_{platform.style.replace('-', '_')}"
    server = OdooServer(name, template)
    assert "shop-ok" in server.shell(SHOP).stdout
    server.start()
    yield server
    server.stop()
    cluster.drop(name)


@pytest.fixture(scope="module")
def take(platform, page, tmp_path_factory):
    """Take a picture of the screen. With PICTURES in the environment, those of the
    first style are put where docs/ten-minutes.rst has them."""
    folder = tmp_path_factory.mktemp("pictures")
    if os.environ.get("PICTURES") and platform.style == OTHER_STYLES[0]:
        folder = ROOT / "docs/images"

    def take(name):
        path = folder / f"ten-minutes-{name}.png"
        page.screenshot(path=path, animations="disabled")

    return take


@pytest.fixture(scope="module")
def admin(shop, platform, page, take):
    """Who set the backend up by the screens alone."""
    page.set_default_timeout(PATIENCE)
    sign_in(page, shop)
    admin = Typist(page, shop)
    admin.open_menu("Configuration", "Backends")
    admin.new()
    admin.fill("inboost.backend", {"name": "Loyalty", "address": platform.url})
    admin.save()
    done = shop.shell(CONTRACT.format(profile=platform.style.replace("-", "_")))
    contract = json.loads(re.search("^contract (.*)$", done.stdout, re.M)[1])
    for title, operation, values in contract:
        if operation:
            set_up_endpoint(admin, platform, title, operation, values, take)
        else:
            set_up_portal(admin, values, take)
    admin.show("endpoint_ids")
    admin.press("action_connect")
    page.locator(".o_arrow_button_current", has_text="Connected").wait_for()
    take("4-connected")
    return admin


def set_up_portal(admin, portal, take):
    values = {**portal, "secret_entry": SECRET}
    if portal.get("auth_kind", "header") != "header":
        values["auth_user"] = "shop"
    admin.fill("inboost.backend", values)
    take("1-portal")
    admin.add_tag("program_ids", "Bonuses")
    admin.save()


def set_up_endpoint(admin, platform, title, operation, values, take):
    """
    :param values: {field: value} that differ from what is there
    """
    admin.open_endpoint(title)
    kind = values.pop("kind", None) or admin.chosen("kind")
    values.pop("authorised", None)
    if kind == "webhook":
        values["address"] = f"{platform.url}/hooks/{operation.replace('_', '-')}"
    if values.get("address"):
        values["enabled"] = True
    if operation == "customers_list":
        values["page_size"] = 100
    values = {"kind": kind, "address_entry": values.pop("address", ""), **values}
    # What opens further fields comes first.
    first = {name: values.pop(name) for name in OPENING if name in values}
    admin.fill("inboost.endpoint", {**first, **values})
    if operation == "balance_set":
        admin.show("preview")
        take("2-mapping")
    admin.save()
    if operation == "balance_set":
        try_out(admin, take)
    admin.back()


def try_out(admin, take):
    """The sample leaves for real, and the answer stands beside it."""
    admin.press("action_send_sample")
    admin.confirm()
    answer = admin.page.locator(".o_field_widget[name=last_answer]", has_text="Arrived")
    answer.scroll_into_view_if_needed()
    take("3-answer")
    admin.press("action_confirm")
    admin.page.locator(".o_field_widget[name=known]", has_text="Confirmed").wait_for()


@pytest.fixture(scope="module")
def pulled(admin, shop, page, take):
    """:return: the run that brought the customers"""
    admin.press("action_synchronise")
    # The backend, too, has a state: this one is of the run.
    page.locator(".o_form_view .o_field_widget[name=read_count]").wait_for()
    shop.wake("ir_cron_pull")
    state = "SELECT state FROM inboost_sync_run ORDER BY id DESC LIMIT 1"
    wait_until(lambda: shop.value(state) not in ("queued", "running"), 120, "the run")
    run = int(shop.value("SELECT max(id) FROM inboost_sync_run"))
    page.locator(".o_arrow_button_current", has_text="Done").wait_for()
    take("5-customers")
    counts = ["read_count", "page_count", "created_count", "linked_count"]
    [found] = shop.execute("inboost.sync.run", "read", [run], ["reason", *counts])
    return found


def test_all_customers_come_in_page_by_page(pulled):
    assert not pulled["reason"]
    assert (pulled["read_count"], pulled["page_count"]) == (CUSTOMERS, 3)
    assert pulled["created_count"] + pulled["linked_count"] == CUSTOMERS


@pytest.fixture(scope="module")
def sold(pulled, shop, platform, page, take):
    """Two orders of a customer whom only the platform knew.

    :return: their uuids
    """
    platform.control(
        "POST", "clients", [{"userPhoneNumber": PHONE, "userName": "Sofiia"}]
    )
    open_register(page, shop)
    page.locator("button.set-partner").click()
    page.locator(".modal input").first.fill("067 555 00 01")
    page.locator(".inboost-ask button").click()
    page.locator(".partner-line:has-text('Sofiia')").click()
    add_product(page, "Green tea")
    take("6-till")
    pay(page)
    page.locator(".receipt-screen button:has-text('New Order')").click()
    choose_customer(page, "Sofiia")
    add_product(page, "Green tea")
    page.locator(".control-buttons .more-btn").click()
    page.locator(".control-buttons button:has-text('Reward')").click()
    page.locator(".selection-item:has-text('A little less')").click()
    page.locator(".orderline:has-text('A little less')").wait_for()
    pay(page)
    wait_until(lambda: arrived(platform, "bonus_redemption"), 60, "the points")
    settled = {"done", "superseded"}
    wait_until(lambda: set(shop.states()) <= settled, 60, "the delivery of all")
    rows = shop.sql("SELECT uuid FROM pos_order ORDER BY id DESC LIMIT 2")
    return [row[0] for row in rows][::-1]


def arrived(platform, operation):
    return [
        event
        for event in platform.control("GET", "events")
        if event["operation"] == operation
        and event["processed"]
        and event["phone"] in (PHONE, None)
    ]


def test_sales_and_their_points_arrive_in_the_platforms_shape(platform, sold):
    for operation in ("purchase", "purchase_details"):
        events = arrived(platform, operation)
        assert [event["amount"] for event in events] == [180.0, 179.0]
        for event, uuid in zip(events, sold, strict=True):
            assert uuid in str(event["body"])
    accruals = arrived(platform, "bonus_accrual")
    assert [event["amount"] for event in accruals] == [12.5, 12.5]
    [redemption] = arrived(platform, "bonus_redemption")
    assert redemption["amount"] == 2.5
    assert arrived(platform, "balance_set")[-1]["amount"] == 22.5


def test_nothing_was_refused_and_nothing_came_twice(platform, sold):
    counts = platform.counts()
    assert counts["refused"] == 0
    assert counts["doubled"] == counts["doubled_keys"] == []


def test_the_notice_of_expiring_points_arrives(shop, platform, sold):
    assert "notified" in shop.shell(NOTICE).stdout
    shop.wake()
    wait_until(lambda: arrived(platform, "bonuses_expiring"), 60, "the notice")
    [notice] = arrived(platform, "bonuses_expiring")
    assert PHONE in str(notice["body"])
