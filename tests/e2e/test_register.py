"""A cashier sells in Chromium; InBoost has the purchase and its details, once."""

import re

import pytest
from playwright.sync_api import expect

from tests.support.odoo_server import wait_until
from tests.support.orders import PRELUDE
from tests.support.register import (
    add_product,
    choose_customer,
    open_register,
    pay,
    press,
    sign_in,
)

PHONE = "380671234567"


SHELF = f"""
env = env(user=env.ref("base.user_admin").id)
env["res.partner"].create({{"name": "Olena Kovalenko", "phone": "+{PHONE}"}})
# Points have a test of their own.
env["loyalty.program"].search([]).active = False
vat = env["account.tax"].create(
    {{"name": "VAT", "amount": 20, "price_include_override": "tax_included"}})
config = env["pos.config"].search([], order="id", limit=1)
for name, sku, barcode, price in (
    ("Green tea", "TEA-01", "4820000000017", 120.0),
    ("Oolong tea", "TEA-02", "4820000000024", 99.9),
):
    env["product.product"].create({{
        "name": name, "default_code": sku, "barcode": barcode, "list_price": price,
        "taxes_id": vat.ids, "available_in_pos": True,
        "pos_categ_ids": config.iface_available_categ_ids[:1].ids}})
env.cr.commit()
print("on the shelf")
"""


@pytest.fixture(scope="module")
def sold(odoo, inboost, page):
    """Two green teas and an oolong at 10 % off, to Olena, by hand."""
    assert "on the shelf" in odoo.shell(SHELF).stdout
    sign_in(page, odoo)
    open_register(page, odoo)
    choose_customer(page, "Olena Kovalenko")
    add_product(page, "Green tea")
    add_product(page, "Green tea")
    add_product(page, "Oolong tea")
    press(page, "%", "1", "0")
    page.locator(".orderline:has-text('10% discount')").wait_for()
    pay(page)
    order = odoo.sql("SELECT id, uuid, state FROM pos_order ORDER BY id DESC LIMIT 1")[
        0
    ]
    wait_until(
        lambda: arrivals(odoo, inboost, order[0]) == [1, 1],
        90,
        "the arrival of the purchase",
    )
    assert inboost.counts()["doubled"] == []
    return {"id": int(order[0]), "uuid": order[1]}


def arrivals(odoo, inboost, order):
    """How often each event of the order arrived. The balances of the programs that
    were archived arrive, too."""
    counts = inboost.counts()["by_event_id"]
    events = odoo.sql(
        "SELECT event_id FROM inboost_event"
        f" WHERE res_model = 'pos.order' AND res_id = {order}"
    )
    return [counts.get(event_id, 0) for [event_id] in events]


def test_one_webhook_and_details_equal_to_the_order(odoo, inboost, sold):
    hooks = inboost.control("GET", "webhooks")
    details = inboost.control("GET", "purchases")
    hooks = [h["body"] for h in hooks if "purchase" in str(h)]
    assert len(hooks) == 1
    assert hooks[0]["orderId"] == sold["uuid"]
    assert hooks[0]["UserPhoneNumber"] == PHONE
    assert len(details) == 1
    [body] = [d.get("body", d) for d in details]
    [order] = odoo.execute(
        "pos.order", "read", [sold["id"]], ["amount_total", "amount_tax", "lines"]
    )
    assert body["total"] == pytest.approx(order["amount_total"])
    assert body["tax"] == pytest.approx(order["amount_tax"])
    lines = odoo.execute(
        "pos.order.line",
        "read",
        order["lines"],
        ["qty", "price_unit", "discount", "price_subtotal", "price_subtotal_incl"],
    )
    assert len(body["lines"]) == len(lines) == 2
    for sent, line in zip(body["lines"], lines, strict=True):
        assert sent["quantity"] == pytest.approx(line["qty"])
        assert sent["price"] == pytest.approx(line["price_unit"])
        assert sent["discount"] == pytest.approx(line["discount"])
        assert sent["total"] == pytest.approx(line["price_subtotal_incl"])
        tax = line["price_subtotal_incl"] - line["price_subtotal"]
        assert sent["tax"] == pytest.approx(tax, abs=0.01)


def test_log_has_both_requests(odoo, sold):
    rows = odoo.sql(
        "SELECT e.operation, l.status, l.verdict FROM inboost_request_log l"
        " JOIN inboost_event e ON e.id = l.event_id"
        f" WHERE e.res_model = 'pos.order' AND e.res_id = {sold['id']} ORDER BY 1"
    )
    assert rows == [["purchase", "200", "done"], ["purchase_details", "200", "done"]]


def test_order_form_shows_its_events(odoo, page, sold, tmp_path):
    page.goto(f"{odoo.url}/odoo/action-point_of_sale.action_pos_pos_form/{sold['id']}")
    button = page.locator("button[name=action_view_inboost_events]")
    button.wait_for(timeout=30000)
    assert re.search(r"2\s*InBoost Events", button.inner_text())
    button.click()
    # The order's lines are rows of a list, too.
    expect(page.locator(".o_data_row td[name=display_name]")).to_have_count(2)
    page.screenshot(path=tmp_path / "events.png")


def test_synced_again_invoiced_and_closed_is_still_one(odoo, inboost, sold):
    """The register sends the whole order again, as it does after a lost answer."""
    script = (
        PRELUDE
        + f"""
order = env["pos.order"].search([("uuid", "=", "{sold["uuid"]}")])
session = order.session_id
for _n in range(3):
    again = sell(order.partner_id, order_uuid=order.uuid)
    assert again == order
order.action_pos_order_paid()
# No printer of PDFs is needed for the invoice itself.
order.with_context(generate_pdf=False).action_pos_order_invoice()
session.action_pos_session_closing_control()
env.cr.commit()
print("state", order.state, session.state)
"""
    )
    done = odoo.shell(script)
    assert "state done closed" in done.stdout, done.stdout + done.stderr[-3000:]
    wait_until(lambda: not odoo.states().get("pending"), what="an empty queue")
    assert arrivals(odoo, inboost, sold["id"]) == [1, 1]
    events = [e for e in inboost.control("GET", "events") if e["event_id"]]
    sent = {event["operation"] for event in events}
    assert sent <= {"purchase", "purchase_details", "balance_set"}
    stopped = odoo.value(
        "SELECT count(*) FROM inboost_request_log WHERE kind = 'duplicate'"
    )
    assert int(stopped) == 2, "the one repeat that reached us, for both endpoints"
