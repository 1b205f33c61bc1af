"""The first ten minutes: from an empty database to the first purchase that arrives, by
screens alone. Odoo's administrator installs the addon, opens a shop and makes a user;
this InBoost administrator with no more than that and a register's rights sets it up."""

import os
from pathlib import Path

import cluster
import pytest

from tests.support import new_shop
from tests.support.browser import open_page
from tests.support.odoo_server import OdooServer, wait_until
from tests.support.register import (
    add_product,
    choose_customer,
    open_register,
    pay,
    sign_in,
)

PHONE = "380671234567"
PICTURES = os.environ.get("INBOOST_SCREENSHOTS")
#: One without a phone, so that the dry run has something to say.
CLIENTS = [
    {"id": "c-1", "userPhoneNumber": PHONE, "userName": "Olena"},
    {"id": "c-2", "userPhoneNumber": "380671234568", "userName": "Inna"},
    {"id": "c-3", "userPhoneNumber": "none", "userName": "Nobody"},
]


@pytest.fixture(scope="module")
def empty():
    """A server with a database as Odoo makes it: no app is installed, no demo data."""
    name = "e2e_first_minutes"
    cluster.drop(f"{name}_empty")
    cluster.odoo(f"{name}_empty", "-i", "base", log=f"{name}_empty.log")
    server = OdooServer(name, f"{name}_empty")
    cluster.drop(f"{name}_empty")
    server.start()
    yield server
    server.stop()
    cluster.drop(name)


def picture(page, name):
    if PICTURES:
        # What has just appeared may be moving still.
        page.wait_for_timeout(300)
        page.screenshot(path=Path(PICTURES) / f"setup-{name}.png")


def press(page, text):
    page.locator(f".o_form_view button:visible:has-text('{text}')").first.click()


def go_on(page, step):
    """Press Next, and see the step that comes."""
    press(page, "Next")
    page.locator(f".o_form_view div[name={step}] h2").wait_for()


@pytest.fixture(scope="module")
def activated(empty, page):
    """As Odoo's administrator, in Apps. They are led into the setup."""
    sign_in(page, empty)
    new_shop.settle_in(page, "Ukraine")
    new_shop.activate(page, "inboost", "Customers, purchases and bonuses")
    page.locator(".o_form_view div[name=portal] h2").wait_for(timeout=400_000)
    picture(page, "0-activated")


@pytest.fixture(scope="module")
def shop(empty, page, activated):
    """It sells tea to a customer who collects points."""
    new_shop.make_shop(page)
    new_shop.make_product(page, "Green tea", "120")
    new_shop.make_loyalty_program(page)
    new_shop.make_customer(page, "Olena", "Kovalenko", f"+{PHONE}")
    return empty


@pytest.fixture(scope="module")
def ihor(shop, page, browser):
    groups = {"Point of Sale": "User", "InBoost": "Administrator"}
    new_shop.make_user(page, "ihor", "Ihor", "Bondar", groups)
    new_shop.set_password(page, "ihor")
    own = open_page(browser, 768)
    sign_in(own, shop, "ihor")
    yield own
    own.close()


def open_app(page, shop):
    page.goto(f"{shop.url}/odoo")
    page.locator(".o_navbar_apps_menu button").click()
    page.locator(".o-dropdown--menu .o_app:has-text('InBoost')").click()
    page.locator(".o_inboost_health_view").wait_for()


def open_backends(page, shop):
    open_app(page, shop)
    menu = page.locator(".o_menu_sections button:visible:has-text('Configuration')")
    # Where there is no room for all menus, the last are behind a sign.
    menu.or_(page.locator(".o_menu_sections_more button")).first.click()
    page.locator(".o-dropdown--menu .dropdown-item:has-text('Backends')").click()
    page.locator(".o_list_view").wait_for()


def field(page, name):
    return page.locator(f".o_form_view .o_field_widget[name={name}] input")


def webhook(page, title):
    return page.locator(f".o_data_row:has(:text-is('{title}'))")


def paste(page, title, address):
    row = webhook(page, title)
    row.locator("td[name=address_entry]").click()
    row.locator("td[name=address_entry] input").fill(address)


@pytest.fixture(scope="module")
def live(shop, inboost, ihor):
    """All seven steps."""
    inboost.control("POST", "clients", {"clients": CLIENTS, "raw": True})
    page = ihor
    open_app(page, shop)
    picture(page, "0-no-backend")
    page.locator("button:has-text('Set Up InBoost')").click()
    page.locator("div[name=portal] h2").wait_for()
    field(page, "address").fill(inboost.url)
    field(page, "secret_entry").fill("wrong")
    press(page, "Test the Connection")
    page.locator(".alert-danger:has-text('refused the credentials')").wait_for()
    picture(page, "1-portal-refused")
    field(page, "secret_entry").fill(inboost.secret)
    press(page, "Test the Connection")
    page.locator(".alert-success:has-text('takes the secret')").wait_for()
    picture(page, "1-portal")
    go_on(page, "bonuses")
    assert page.locator(".o_field_widget[name=program_ids] input:checked").count() == 1
    picture(page, "2-bonuses")
    go_on(page, "webhooks")
    for title in ("Purchase", "Bonus accrual", "Bonus redemption"):
        token = title.lower().replace(" ", "-")
        paste(page, title, f"{inboost.url}/api/webhok/{token}-token/")
    webhook(page, "Purchase").locator("button:has-text('Send a Test')").click()
    answer = webhook(page, "Purchase").locator("td[name=last_answer]")
    answer.filter(has_text="Arrived.").wait_for()
    picture(page, "3-webhooks")
    leave_and_come_back(page, shop)
    go_on(page, "sending")
    picture(page, "4-sending")
    go_on(page, "customers")
    press(page, "Dry Run")
    page.locator(".o_form_view .o_field_widget[name=read_count]").wait_for()
    page.locator(".o_breadcrumb li:not(.active) a >> nth=-1").first.click()
    row = page.locator("div[name=customers] .o_data_row")
    row.filter(has_text="Done").wait_for()
    counts = [row.locator(f"td[name={kind}_count]").inner_text() for kind in KINDS]
    picture(page, "5-customers")
    go_on(page, "history")
    picture(page, "6-history")
    go_on(page, "live")
    picture(page, "7-live")
    before = inboost.control("GET", "events")
    press(page, "Go Live")
    page.locator(
        ".o_statusbar_status [aria-checked=true]:text-is('Connected')"
    ).wait_for()
    picture(page, "8-connected")
    return {"counts": counts, "before": before}


KINDS = ("read", "created", "linked", "conflict", "error")


def leave_and_come_back(page, shop):
    open_backends(page, shop)
    page.locator(".o_data_row td[name=name]").first.click()
    page.locator(".alert-info:has-text('Nothing is recorded')").wait_for()
    picture(page, "3-left")
    press(page, "Continue Setup")
    page.locator("div[name=webhooks] h2").wait_for()


def test_who_sets_it_up_has_no_other_rights(shop, ihor):
    groups = shop.sql(
        "SELECT d.module || '.' || d.name FROM res_groups_users_rel r"
        " JOIN res_users u ON u.id = r.uid AND u.login = 'ihor'"
        " JOIN ir_model_data d ON d.model = 'res.groups' AND d.res_id = r.gid"
    )
    assert sorted(name for [name] in groups) == [
        "base.group_user",
        "inboost_connector.group_inboost_manager",
        "point_of_sale.group_pos_user",
    ]


def test_the_dry_run_says_what_would_come(live):
    assert live["counts"] == ["3", "1", "1", "0", "1"]


def test_nothing_was_sent_before_the_last_step_but_the_test(live):
    sent = [event["operation"] for event in live["before"] if event["event_id"]]
    assert sent == ["purchase"], "the one test of a webhook"


def test_the_first_purchase_arrives(shop, inboost, live, ihor):
    tests = len(inboost.control("GET", "webhooks"))
    open_register(ihor, shop)
    choose_customer(ihor, "Olena Kovalenko")
    add_product(ihor, "Green tea")
    pay(ihor)
    uuid = shop.value("SELECT uuid FROM pos_order ORDER BY id DESC LIMIT 1")

    def hooks():
        found = inboost.control("GET", "webhooks")[tests:]
        return [h["body"] for h in found if h["body"].get("event") == "purchase"]

    wait_until(hooks, 60, "the first purchase")
    [body] = hooks()
    assert (body["orderId"], body["UserPhoneNumber"]) == (uuid, PHONE)
    assert inboost.counts()["doubled"] == []


def test_customers_come_by_themselves_after_the_last_step(shop, live):
    linked = (
        "SELECT count(*) FROM inboost_customer WHERE partner_id IS NOT NULL"
        " AND backend_id = (SELECT max(id) FROM inboost_backend)"
    )
    wait_until(lambda: shop.value(linked) == "2", 60, "the first synchronisation")


def test_settings_show_how_it_stands_and_lead_on(shop, page, live):
    page.goto(f"{shop.url}/odoo/settings#inboost_connector")
    block = page.locator(".app_settings_block:has-text('InBoost portal')")
    page.locator(".settings_tab .tab[data-key=inboost_connector]").click()
    block.get_by_text("connected").first.wait_for()
    picture(page, "9-settings")
    block.locator("button:has-text('Synchronisations')").click()
    page.locator(".o_breadcrumb:has-text('Synchronisations')").wait_for()
