"""A customer buys with a reward in Chromium: 10 points are won and 5 spent at once."""

import pytest
from playwright.sync_api import expect

from tests.support.odoo_server import wait_until
from tests.support.register import (
    add_product,
    choose_customer,
    open_register,
    pay,
    sign_in,
)

PHONE = "380671234567"
SHELF = f"""
env = env(user=env.ref("base.user_admin").id)
env["loyalty.program"].search([]).active = False
program = env["loyalty.program"].create({{
    "name": "Bonuses", "program_type": "loyalty", "applies_on": "both",
    "trigger": "auto", "pos_ok": True,
    "rule_ids": [(0, 0, {{
        "reward_point_mode": "order", "reward_point_amount": 10}})],
    "reward_ids": [(0, 0, {{
        "reward_type": "discount", "discount": 1, "discount_mode": "per_order",
        "required_points": 5, "description": "A little less"}})]}})
env["inboost.backend"].search([]).program_ids = program
olena = env["res.partner"].create({{"name": "Olena Kovalenko", "phone": "+{PHONE}"}})
env["loyalty.card"].create({{
    "program_id": program.id, "partner_id": olena.id, "points": 5}})
config = env["pos.config"].search([], order="id", limit=1)
env["product.product"].create({{
    "name": "Green tea", "list_price": 120.0, "taxes_id": False,
    "available_in_pos": True,
    "pos_categ_ids": config.iface_available_categ_ids[:1].ids}})
env.cr.commit()
print("on the shelf")
"""


@pytest.fixture(scope="module")
def sold(odoo, inboost, page):
    """:return: the order's uuid"""
    done = odoo.shell(SHELF)
    assert "on the shelf" in done.stdout, done.stderr[-2000:]
    sign_in(page, odoo)
    open_register(page, odoo)
    choose_customer(page, "Olena Kovalenko")
    add_product(page, "Green tea")
    page.locator(".control-buttons .more-btn").click()
    page.locator(".control-buttons button:has-text('Reward')").click()
    page.locator(".selection-item:has-text('A little less')").click()
    page.locator(".orderline:has-text('A little less')").wait_for()
    pay(page)
    # 5 at the beginning, then this order's.
    wait_until(
        lambda: (
            len(hooks(inboost, "bonus_accrual")) == 2
            and hooks(inboost, "bonus_redemption")
        ),
        60,
        "the arrival of the points",
    )
    ended = {"done", "superseded"}
    wait_until(lambda: set(odoo.states()) <= ended, 60, "an empty queue")
    return odoo.value("SELECT uuid FROM pos_order ORDER BY id DESC LIMIT 1")


def hooks(inboost, event):
    bodies = [hook["body"] for hook in inboost.control("GET", "webhooks")]
    return [body for body in bodies if body.get("event") == event]


def test_accrual_and_redemption_are_told_apart(inboost, sold):
    accrual = hooks(inboost, "bonus_accrual")[-1]
    [redemption] = hooks(inboost, "bonus_redemption")
    assert (accrual["amount"], redemption["amount"]) == (10, 5)
    assert accrual["orderId"] == redemption["orderId"] == sold
    assert accrual["code"] != redemption["code"]
    assert accrual["eventId"] != redemption["eventId"]


def test_balance_purchase_and_details_are_there_once(inboost, sold):
    [purchase] = hooks(inboost, "purchase")
    assert purchase["orderId"] == sold
    [details] = [d.get("body", d) for d in inboost.control("GET", "purchases")]
    assert details["orderId"] == sold
    assert details["bonusesSpent"] == 5
    # Those of the programs that were archived are there, too: 0 by now.
    balances = {
        row["phone"]: row["amount"] for row in inboost.control("GET", "balances")
    }
    assert balances.pop(PHONE) == 10
    assert not any(balances.values())
    assert inboost.counts()["doubled"] == []


def test_ledger_and_card_agree(odoo, sold):
    rows = odoo.sql(
        "SELECT won, spent, balance_after, order_uuid FROM inboost_bonus_move"
        " WHERE kind <> 'opening' ORDER BY id"
    )
    assert [[float(n) for n in row[:3]] for row in rows] == [[5, 0, 5], [10, 5, 10]]
    assert rows[1][3] == sold
    card = odoo.value("SELECT points FROM loyalty_card ORDER BY id DESC LIMIT 1")
    assert float(card) == 10


def test_contact_shows_its_ledger(odoo, page, sold):
    partner = odoo.value("SELECT id FROM res_partner WHERE name = 'Olena Kovalenko'")
    page.goto(f"{odoo.url}/odoo/contacts/{partner}")
    button = page.locator("button[name=action_view_inboost_moves]")
    more = page.locator(".o-form-buttonbox .o_button_more")
    button.or_(more).first.wait_for(timeout=30000)
    if more.count():
        more.click()
    button.first.click()
    expect(page.locator(".o_data_row td[name=change]")).to_have_count(2)
