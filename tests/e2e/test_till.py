"""What a cashier meets of InBoost: on a desk, on a phone, and while nothing answers."""

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.support.register import (
    add_product,
    choose_customer,
    open_register,
    pay,
    sign_in,
)

PHONE = "380671234567"
CARD = "BOT-0001"
PICTURES = os.environ.get("INBOOST_SCREENSHOTS")
SHOP = f"""
env = env(user=env.ref("base.user_admin").id)
env.company.country_id = env.ref("base.ua")
env["loyalty.program"].search([]).active = False
program = env["loyalty.program"].create({{
    "name": "Bonuses", "program_type": "loyalty", "applies_on": "both",
    "trigger": "auto", "pos_ok": True, "inboost_validity_days": 30}})
env["inboost.backend"].search([]).program_ids = program
olena = env["res.partner"].create({{"name": "Olena Kovalenko", "phone": "+{PHONE}"}})
env["res.partner"].create({{"name": "Inna Card", "barcode": "{CARD}"}})
env["loyalty.card"].create({{
    "program_id": program.id, "partner_id": olena.id, "points": 160.51}})
config = env["pos.config"].search([], order="id", limit=1)
env["product.product"].create({{
    "name": "Green tea", "list_price": 120.0, "taxes_id": False,
    "available_in_pos": True,
    "pos_categ_ids": config.iface_available_categ_ids[:1].ids}})
env.cr.commit()
print("the shop is there")
"""
SCAN = """(barcode) => odoo.__WOWL_DEBUG__.root.env.services.barcode.bus.trigger(
    "barcode_scanned", {barcode, target: document.body})"""
BADGE = "button.set-partner .inboost-customer"


@pytest.fixture(scope="module")
def till(odoo, inboost, browser):
    """:return: a register's page that is open"""
    done = odoo.shell(SHOP)
    assert "the shop is there" in done.stdout, done.stderr[-2000:]
    inboost.control(
        "POST",
        "clients",
        {"clients": [{"id": "c-1", "userPhoneNumber": PHONE}], "raw": True},
    )
    context = browser.new_context(viewport={"width": 1366, "height": 768})
    page = context.new_page()
    sign_in(page, odoo)
    open_register(page, odoo)
    yield page
    context.close()


def picture(page, name):
    if PICTURES:
        page.wait_for_timeout(300)
        page.screenshot(path=Path(PICTURES) / f"till-{name}.png")


@pytest.fixture(scope="module")
def chosen(till):
    choose_customer(till, "Olena Kovalenko")
    till.locator(BADGE).wait_for()
    return till


def test_who_is_here_and_not_linked_is_linked_at_the_till(odoo, chosen):
    links = "SELECT count(*) FROM inboost_customer WHERE inboost_id = 'c-1'"
    assert odoo.value(links) == "1"
    picture(chosen, "1-chosen")


def test_bonuses_and_what_expires_are_shown_at_payment(chosen):
    add_product(chosen, "Green tea")
    chosen.locator("button.pay-order-button").click()
    shown = chosen.locator(".inboost-bonuses:has-text('Bonuses')")
    shown.wait_for()
    assert re.search(r"Bonuses:\s*160.51\s*160.51\s+until", shown.inner_text())
    picture(chosen, "2-payment")
    chosen.locator("button.back-button").first.click()
    chosen.locator("article.product").first.wait_for()


def test_a_code_that_is_scanned_finds_the_customer(chosen):
    chosen.evaluate(SCAN, CARD)
    chosen.locator("button.set-partner:has-text('Inna Card')").wait_for()
    # A code of nobody is told as before.
    chosen.evaluate(SCAN, "BOT-9999")
    chosen.locator(".o_notification:has-text('BOT-9999')").wait_for()
    assert chosen.locator("button.set-partner:has-text('Inna Card')").count()
    # Who is no customer of InBoost has a name, and nothing beside it.
    assert chosen.locator("button.set-partner").inner_text().strip() == "Inna Card"
    picture(chosen, "3-scanned")


def test_a_code_that_is_typed_finds_the_customer(chosen):
    chosen.locator("button.set-partner").click()
    chosen.locator(".modal input").first.fill(CARD)
    chosen.locator(".partner-line:has-text('Inna Card')").wait_for()
    expect(chosen.locator(".partner-line")).to_have_count(1)
    chosen.locator(".modal button:has-text('Discard')").click()


def test_it_sells_while_nothing_answers(odoo, chosen):
    """As before: no balance, and no error."""
    before = odoo.value("SELECT count(*) FROM pos_order")
    chosen.context.set_offline(True)
    choose_customer(chosen, "Olena Kovalenko")
    chosen.locator("button.pay-order-button").click()
    chosen.locator(".payment-screen").wait_for()
    assert not chosen.locator(".inboost-bonuses:has-text('Bonuses')").count()
    picture(chosen, "4-offline")
    chosen.locator("button.back-button").first.click()
    pay(chosen)
    assert not chosen.locator(".o_error_dialog").count()
    chosen.context.set_offline(False)
    assert odoo.value("SELECT count(*) FROM pos_order") == before


@pytest.fixture(scope="module")
def phone(odoo, browser, till):
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    sign_in(page, odoo)
    open_register(page, odoo)
    yield page
    context.close()


def type_phone(page, number):
    picture(page, "5-phone")
    page.locator("button:has-text('Cart')").click()
    page.locator("button.set-partner:visible").first.click()
    page.locator(".modal .fa-search").first.click()
    page.locator(".modal input").first.fill(number)


def test_a_find_that_fails_says_why_on_a_phone(inboost, phone):
    inboost.fault("api/booking_settings/getUser", status=503)
    type_phone(phone, "050 999 00 11")
    ask = phone.locator(".inboost-ask")
    ask.locator("button:has-text('Ask InBoost for')").wait_for()
    picture(phone, "5-phone-ask")
    ask.locator("button").click()
    ask.locator("text=InBoost did not answer. Try again.").wait_for()
    picture(phone, "5-phone-silent")
    box = ask.locator("button").bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 390, "it can be reached"
    inboost.control("DELETE", "faults")
    ask.locator("button").click()
    ask.locator("text=InBoost has no customer with this phone.").wait_for()
    picture(phone, "5-phone-unknown")
