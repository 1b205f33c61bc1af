"""Sales without a browser, the way the register syncs them."""

#: Run in Odoo's shell: opens a register and defines ``sell``.
PRELUDE = """
import uuid as uuid_lib
from odoo import fields
env = env(user=env.ref("base.user_admin").id)
config = env["pos.config"].search([("company_id", "=", env.company.id)], limit=1)
session = config.current_session_id
if not session:
    config.open_ui()
    session = config.current_session_id
    session.set_opening_control(0, None)
product = env["product.product"].search(
    [("available_in_pos", "=", True), ("taxes_id", "=", False)], limit=1)
cash = config.payment_method_ids.filtered("is_cash_count")[:1]

def sell(partner=None, order_uuid=None, price=10.0, date=None):
    order_uuid = order_uuid or str(uuid_lib.uuid4())
    data = {
        "uuid": order_uuid, "name": order_uuid, "state": "paid",
        "session_id": session.id, "user_id": env.uid,
        "partner_id": partner and partner.id,
        "pricelist_id": config.pricelist_id.id, "fiscal_position_id": False,
        "amount_paid": price, "amount_return": 0,
        "amount_tax": 0, "amount_total": price,
        "date_order": date or fields.Datetime.to_string(fields.Datetime.now()),
        "last_order_preparation_change": "{}", "to_invoice": False,
        "lines": [(0, 0, {"id": 1, "pack_lot_ids": [], "price_unit": price,
            "product_id": product.id, "price_subtotal": price,
            "price_subtotal_incl": price, "qty": 1, "tax_ids": [(6, 0, [])],
            "discount": 0, "uuid": str(uuid_lib.uuid4())})],
        "payment_ids": [(0, 0, {"amount": price, "name": fields.Datetime.now(),
            "payment_method_id": cash.id})],
    }
    return env["pos.order"].browse(
        env["pos.order"].sync_from_ui([data])["pos.order"][0]["id"])

def customer(number):
    return env["res.partner"].create(
        {"name": "Customer %s" % number, "phone": "+38067%07d" % number})
"""
