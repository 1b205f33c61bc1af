"""Settings that are changed in the middle of a shop's life."""

import time

import pytest

from tests.lives.shop import Shop, arrived
from tests.simulator.conftest import SECRET, Running


@pytest.fixture(scope="module")
def shop(inboost):
    inboost.control("POST", "reset")
    shop = Shop("lives_settings", inboost)
    shop.connect()
    yield shop
    shop.drop()


def test_wider_scope_tells_of_sales_from_then_on(shop, inboost):
    backend = 'env["inboost.backend"].search([])'
    shop.do(f'{backend}.scope = "linked"')
    before = shop.sell(1, first=100)
    # A sale has no fractions of a second: within one nobody could tell what was first.
    time.sleep(1.1)
    shop.do(f'{backend}.scope = "every"\nrun_job("reconcile")\nrun_job("deliver")')
    # The connected_since of the shop is earlier; what was decided before holds.
    told = [operation for operation, _uuid in arrived(inboost, before)]
    assert "purchase" not in told
    after = shop.sell(1, first=101)
    shop.deliver()
    assert len(arrived(inboost, after)) == 2


def test_an_order_is_told_once_whatever_its_moment_was(shop, inboost):
    """Confirmed while "Invoice paid" was the moment, and paid after it is not."""
    script = """
backend = env["inboost.backend"].search([])
backend.write({"sale_moment": "paid", "reconcile_days": 1})
env.cr.commit()
product.invoice_policy = "order"
order = env["sale.order"].create({
    "partner_id": customer(100).id,
    "order_line": [(0, 0, {"product_id": product.id, "price_unit": 25.0})]})
order.action_confirm()
# Longer ago than the reconciliation looks back.
env.cr.execute("UPDATE sale_order SET date_order = date_order - interval '2 days'")
env.cr.execute(
    "UPDATE inboost_backend SET connected_since = now() - interval '30 days'")
env.cr.commit()
env.invalidate_all()
backend.sale_moment = "confirmed"
env.cr.commit()
invoice = order._create_invoices()
invoice.action_post()
env["account.payment.register"].with_context(
    active_model="account.move", active_ids=invoice.ids
).create({})._create_payments()
env.cr.commit()
for name in ("reconcile", "deliver"):
    run_job(name)
rows = env["inboost.event"].sudo().search([
    ("res_model", "=", "sale.order"), ("res_id", "=", order.id),
    ("operation", "in", ("purchase", "purchase_details"))])
print("said", order.inboost_uuid)
print("said", sorted(rows.mapped("operation")), set(rows.mapped("state")))
"""
    [uuid, said] = shop.do(script)
    assert said == "['purchase', 'purchase_details'] {'done'}"
    assert {len(ids) for ids in arrived(inboost, [uuid]).values()} == {1}


def test_country_of_the_company_makes_phones_valid(shop, inboost):
    """Of contacts without a country, in the company's; their events go out."""
    [uuid] = shop.do(
        'partner = env["res.partner"].create(\n'
        '    {"name": "Ion", "phone": "0621 12 345", "country_id": False})\n'
        'print("said", sell(partner).uuid)'
    )
    assert shop.states_of([uuid]) == {"parked": 2}
    shop.do(
        'env.company.country_id = env.ref("base.md")\n'
        # The phones are read again by a job of their own.
        'run_job("resend")\nrun_job("reconcile")\nrun_job("deliver")'
    )
    assert shop.states_of([uuid]) == {"done": 2}
    assert len(arrived(inboost, [uuid])) == 2


@pytest.fixture
def other_portal(tmp_path):
    running = Running(tmp_path / "db", "--secret", SECRET)
    yield running
    running.stop()


def test_another_portal_gets_nothing_of_the_first(shop, inboost, other_portal):
    """Neither its secret nor what waits, before somebody tested and decided."""
    uuids = shop.sell(2, first=100)
    shop.do(f'env["inboost.backend"].search([]).address = "{other_portal.url}"')
    assert shop.value("SELECT state FROM inboost_backend") == "draft"
    shop.do('run_job("deliver")\nrun_job("pull")')
    assert other_portal.control("GET", "events?limit=1000") == []
    assert arrived(inboost, uuids) == {}
    assert "done" not in shop.states_of(uuids)
