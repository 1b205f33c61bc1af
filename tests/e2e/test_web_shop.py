"""A shopper on the website claims a reward and pays: InBoost has each fact once, and
nothing of the cart before; the order is cancelled, and that too is told once."""

from types import SimpleNamespace

import cluster
import pytest

from tests.support.odoo_server import wait_until
from tests.support.register import sign_in

#: A shop on the web, and a payment provider that needs no network.
SHOP = "website_sale_loyalty,payment_demo"
PHONE = "380671234567"
SHELF = f"""
env = env(user=env.ref("base.user_admin").id)
env["loyalty.program"].search([]).active = False
program = env["loyalty.program"].create({{
    "name": "Bonuses", "program_type": "loyalty", "applies_on": "both",
    "trigger": "auto", "ecommerce_ok": True,
    "rule_ids": [(0, 0, {{
        "reward_point_mode": "order", "reward_point_amount": 10}})],
    "reward_ids": [(0, 0, {{
        "reward_type": "discount", "discount": 1, "discount_mode": "per_order",
        "required_points": 5, "description": "A little less"}})]}})
env["inboost.backend"].search([]).program_ids = program
olena = env["res.partner"].create({{
    "name": "Olena Kovalenko", "phone": "+{PHONE}", "email": "olena@example.com",
    "street": "Khreshchatyk 1", "city": "Kyiv", "zip": "01001",
    "country_id": env.ref("base.ua").id}})
env["res.users"].with_context(no_reset_password=True).create({{
    "login": "olena", "password": "olena", "partner_id": olena.id,
    "group_ids": env.ref("base.group_portal").ids}})
env["loyalty.card"].create({{
    "program_id": program.id, "partner_id": olena.id, "points": 5}})
# A service: nothing is to be delivered.
env["product.template"].create({{
    "name": "Tea tasting", "list_price": 120.0, "taxes_id": False,
    "type": "service", "website_published": True}})
# The mails go without a PDF: there may be no printer of them.
env["mail.template"].search([("model", "=", "sale.order")]).report_template_ids = False
env.cr.commit()
print("on the shelf")
"""


@pytest.fixture(scope="module")
def template(template):
    return cluster.template("shop", SHOP, source=template)


@pytest.fixture(scope="module")
def cart(odoo, inboost, page):
    """A tea tasting and the reward in the cart, about to be paid.

    :return: the order's id, and what was there of it by then
    """
    done = odoo.shell(SHELF)
    assert "on the shelf" in done.stdout, done.stderr[-2000:]
    before = len(arrived(odoo, inboost))
    sign_in(page, odoo, "olena", "**/my**")
    page.goto(f"{odoo.url}/shop?search=Tea+tasting")
    page.locator(".oe_product_cart a:has-text('Tea tasting')").first.click()
    page.locator("#add_to_cart").click()
    page.locator(".my_cart_quantity:has-text('1')").first.wait_for()
    page.goto(f"{odoo.url}/shop/cart")
    page.locator("button[name=o_loyalty_claim]:visible").click()
    page.locator("#cart_products:has-text('A little less')").wait_for()
    page.locator("a[name=website_sale_main_button]:visible").click()
    page.locator("input[name=customer_input]").wait_for()
    number = odoo.value("SELECT max(id) FROM sale_order")
    order = odoo.sql(
        "SELECT o.state, o.website_id IS NOT NULL, sum(l.points_cost), o.inboost_uuid"
        " FROM sale_order o JOIN sale_order_line l ON l.order_id = o.id"
        f" WHERE o.id = {number} GROUP BY o.id"
    )
    return SimpleNamespace(
        id=int(number),
        order=order,
        moves=moves(odoo),
        arrivals=arrived(odoo, inboost)[before:],
    )


@pytest.fixture(scope="module")
def bought(odoo, inboost, page, cart):
    """The shopper pays.

    :return: the order's state, uuid and total, what arrived, what the ledger has
    """
    before = len(arrived(odoo, inboost))
    page.fill("input[name=customer_input]", "4242 4242 4242 4242")
    page.locator("button[name=o_payment_submit_button]:visible").click()
    page.locator("[name=order_confirmation]").wait_for(timeout=60000)
    [[state, uuid, total]] = odoo.sql(
        f"SELECT state, inboost_uuid, amount_total FROM sale_order WHERE id = {cart.id}"
    )
    return SimpleNamespace(
        state=state,
        uuid=uuid,
        total=float(total),
        arrivals=arrived(odoo, inboost)[before:],
        moves=moves(odoo),
    )


@pytest.fixture(scope="module")
def cancelled(odoo, inboost, cart, bought):
    """The back office cancels the order.

    :return: what arrived, what the ledger has
    """
    before = len(arrived(odoo, inboost))
    odoo.execute("sale.order", "action_cancel", [cart.id])
    return SimpleNamespace(
        arrivals=arrived(odoo, inboost)[before:],
        moves=moves(odoo),
    )


def arrived(odoo, inboost):
    """:return: what the outbox has sent, oldest first, when nothing is left in it"""
    left = (
        "SELECT (SELECT count(*) FROM inboost_bonus_resend) + count(*)"
        " FROM inboost_event WHERE state NOT IN ('done', 'superseded')"
    )
    wait_until(lambda: odoo.value(left) == "0", 60, "an empty queue")
    return [event for event in inboost.control("GET", "events") if event["event_id"]]


def by_operation(arrivals):
    """:return: {operation: body}; each operation has arrived once"""
    bodies = {event["operation"]: event["body"] for event in arrivals}
    assert len(bodies) == len(arrivals), [event["operation"] for event in arrivals]
    return bodies


def moves(odoo):
    """:return: [[kind, won, spent, balance after, order uuid]] of Olena's card, oldest
    first"""
    rows = odoo.sql(
        "SELECT m.kind, m.won, m.spent, m.balance_after, m.order_uuid"
        " FROM inboost_bonus_move m JOIN res_partner p ON p.id = m.partner_id"
        f" WHERE p.phone_sanitized = '+{PHONE}' ORDER BY m.id"
    )
    return [[kind, *map(float, points), uuid] for kind, *points, uuid in rows]


def assert_balance_is(odoo, inboost, points):
    """At InBoost, on the card and in the ledger alike."""
    # Those of the programs that were archived are there, too: 0 by now.
    balances = {
        row["phone"]: row["amount"] for row in inboost.control("GET", "balances")
    }
    assert balances.pop(PHONE) == points
    assert not any(balances.values())
    [[card, ledger]] = odoo.sql(
        "SELECT c.points, sum(m.change) FROM loyalty_card c"
        " JOIN inboost_bonus_move m ON m.card_id = c.id"
        " JOIN res_partner p ON p.id = c.partner_id"
        f" WHERE p.phone_sanitized = '+{PHONE}' GROUP BY c.id"
    )
    assert float(card) == float(ledger) == points
    assert inboost.counts()["doubled"] == []


def test_cart_tells_nothing(cart):
    assert cart.order == [["draft", "t", "5", ""]]
    assert cart.arrivals == []
    assert cart.moves == [["accrual", 5, 0, 5, ""]]


def test_paid_order_is_told_once(odoo, inboost, bought):
    told = by_operation(bought.arrivals)
    assert bought.state == "sale"
    assert set(told) == {
        "purchase",
        "purchase_details",
        "bonus_accrual",
        "bonus_redemption",
        "balance_set",
    }
    amounts = told["bonus_accrual"]["amount"], told["bonus_redemption"]["amount"]
    assert amounts == (10, 5)
    balance = told.pop("balance_set")
    assert balance["amount"] == 10
    assert {body["orderId"] for body in told.values()} == {bought.uuid}
    details = told["purchase_details"]
    assert (details["total"], details["bonusesSpent"]) == (bought.total, 5)
    assert bought.moves[1:] == [["accrual", 10, 5, 10, bought.uuid]]
    assert_balance_is(odoo, inboost, 10)


def test_cancelled_order_is_taken_back_once(odoo, inboost, bought, cancelled):
    told = by_operation(cancelled.arrivals)
    assert set(told) == {
        "purchase_details",
        "bonus_accrual",
        "bonus_redemption",
        "balance_set",
    }
    amounts = told["bonus_accrual"]["amount"], told["bonus_redemption"]["amount"]
    assert amounts == (5, 10)
    assert told["bonus_accrual"]["orderId"] == bought.uuid
    assert told["bonus_redemption"]["orderId"] == bought.uuid
    details = told["purchase_details"]
    assert (details["total"], details["bonusesSpent"]) == (-bought.total, -5)
    assert details["orderId"] != bought.uuid
    assert cancelled.moves[2:] == [["reversal", 5, 10, 5, bought.uuid]]
    assert_balance_is(odoo, inboost, 5)
