"""A month of a shop in Odoo's shell, made of a seed, and Odoo's reports of it."""

from tests.support.orders import PRELUDE

#: What happens, and {customer id: phones that they had} as JSON after "month".
MONTH = (
    PRELUDE
    + """
import json
import random
from datetime import timedelta
from freezegun import freeze_time
from odoo import Command

rng = random.Random(2026)
env["loyalty.program"].search([]).active = False
RULE = [Command.create({"reward_point_mode": "money", "reward_point_amount": 1})]

def program_of(name, **values):
    reward = {"reward_type": "discount", "discount": 1, "required_points": 5,
              "discount_mode": "per_order", **values.pop("reward", {})}
    return env["loyalty.program"].create({
        "name": name, "program_type": "loyalty", "applies_on": "both",
        "trigger": "auto", "pos_ok": True, "sale_ok": True, "rule_ids": RULE,
        "reward_ids": [Command.create(reward)], **values})

bonuses = program_of("Bonuses", inboost_validity_days=9, inboost_burn_expired=True,
                     inboost_refund_points="proportion")
by_points = {"discount_mode": "per_point", "required_points": 1}
gift_cards = program_of("Gift cards", program_type="gift_card", applies_on="future",
                        reward=by_points)
backend = env["inboost.backend"].search([], limit=1)
backend.program_ids = bonuses
# All of it is to arrive, though it is sent at the end of the month.
backend.endpoint_ids.shelf_life_days = 0
now = fields.Datetime.now()
backend.connected_since = now - timedelta(days=32)
customers = env["res.partner"].union(*(customer(number) for number in range(1, 5)))
phones = {partner.id: [partner.phone[1:]] for partner in customers}
product.write({"list_price": 10, "invoice_policy": "order"})
promotion = program_of("Sale", program_type="promotion", applies_on="current")
sold, placed, invoices = [], [], []

def card_of(partner, points=0):
    owner = [("program_id", "=", bonuses.id), ("partner_id", "=", partner.id)]
    card = env["loyalty.card"].search(owner, limit=1) or env["loyalty.card"].create(
        {"program_id": bonuses.id, "partner_id": partner.id})
    if card.points < points:
        card.points = points
    return card

def line(quantity, price=10.0, **values):
    return Command.create({
        "id": 1, "uuid": str(uuid_lib.uuid4()), "pack_lot_ids": [],
        "product_id": product.id, "qty": quantity, "price_unit": price, "discount": 0,
        "tax_ids": [Command.set([])], "price_subtotal": quantity * price,
        "price_subtotal_incl": quantity * price, **values})

def reward(program, price, points, **values):
    return line(1, price, is_reward_line=True, reward_id=program.reward_ids.id,
                reward_identifier_code="R", points_cost=points, **values)

def ring_up(partner, *lines):
    total = sum(row[2]["price_subtotal_incl"] for row in lines)
    name = str(uuid_lib.uuid4())
    data = {
        "uuid": name, "name": name, "state": "paid", "session_id": session.id,
        "user_id": env.uid, "partner_id": partner.id, "fiscal_position_id": False,
        "pricelist_id": config.pricelist_id.id, "amount_paid": total,
        "amount_return": 0, "amount_tax": 0, "amount_total": total,
        "date_order": fields.Datetime.to_string(fields.Datetime.now()),
        "last_order_preparation_change": "{}", "to_invoice": False,
        "lines": list(lines),
        "payment_ids": [Command.create({"amount": total, "payment_method_id": cash.id,
                                        "name": fields.Datetime.now()})]}
    return env["pos.order"].browse(
        env["pos.order"].sync_from_ui([data])["pos.order"][0]["id"])

def confirm(order, card, net):
    order.confirm_coupon_programs({str(card.id): {
        "points": net, "program_id": bonuses.id, "coupon_id": card.id,
        "barcode": False, "line_codes": ["R"]}})

def sells(partner):
    order = ring_up(partner, line(rng.randint(1, 6)), line(1, 19.99))
    confirm(order, card_of(partner), order.amount_total)
    sold.append(order)

def sells_with_rewards(partner):
    card = card_of(partner, 5)
    order = ring_up(partner, line(9), reward(bonuses, -1.0, 5, coupon_id=card.id),
                    reward(promotion, -2.0, 1), reward(gift_cards, -10.0, 10))
    confirm(order, card, order.amount_total - 5)

def exchanges(partner):
    ring_up(partner, line(-1), line(1, 19.99 * rng.randint(1, 2)))

def takes_back(partner):
    ring_up(partner, line(-rng.randint(1, 2)))

def refunds(partner):
    if sold:
        refund = sold.pop(0)._refund()
        refund.lines[0].qty = -1
        for row in refund.lines:
            row._onchange_amount_line_all()
        refund._compute_prices()
        env["pos.make.payment"].with_context(active_id=refund.id).create({
            "amount": refund.amount_total, "payment_method_id": cash.id}).check()

def credits_register(partner):
    order = ring_up(partner, line(2))
    confirm(order, card_of(partner), order.amount_total)
    order.with_context(generate_pdf=False).action_pos_order_invoice()
    note = order.account_move._reverse_moves()
    note.invoice_line_ids.quantity = 1
    note.action_post()

def order_of(partner):
    order = env["sale.order"].create({"partner_id": partner.id, "order_line": [
        Command.create({"product_id": product.id, "tax_ids": False,
                        "product_uom_qty": rng.randint(2, 6), "price_unit": 10})]})
    order._update_programs_and_rewards()
    return order

def orders(partner):
    order = order_of(partner)
    order.action_confirm()
    placed.append(order)

def orders_with_reward(partner):
    card = card_of(partner, 5)
    order = order_of(partner)
    order._apply_program_reward(bonuses.reward_ids, card)
    order.action_confirm()
    placed.append(order)

def orders_and_cancels(partner):
    order = order_of(partner)
    order.action_confirm()
    order._action_cancel()

def invoice(partner):
    if placed:
        move = placed.pop(0)._create_invoices()
        move.action_post()
        env["account.payment.register"].with_context(
            active_model="account.move", active_ids=move.ids
        ).create({})._create_payments()
        invoices.append(move)

def credit(quantity=None):
    note = invoices.pop(0)._reverse_moves()
    if quantity:
        note.invoice_line_ids.filtered(
            lambda row: row.price_unit > 0).quantity = quantity
    note.action_post()
    return note

def credits_in_part(partner):
    if invoices:
        credit(1)

def credits_and_corrects(partner):
    if invoices:
        note = credit()
        note.button_draft()
        note.invoice_line_ids.filtered(lambda row: row.price_unit > 0).quantity = 0.5
        note.action_post()

def credits_and_cancels(partner):
    if invoices:
        credit().line_ids.sale_line_ids.order_id._action_cancel()

DEEDS = [sells, sells, sells_with_rewards, exchanges, takes_back, refunds,
         credits_register, orders, orders_with_reward, orders_and_cancels, invoice,
         invoice, credits_in_part, credits_and_corrects, credits_and_cancels]
for day in range(0, 31, 3):
    with freeze_time(now - timedelta(days=30 - day), tick=True):
        for deed in rng.sample(DEEDS, len(DEEDS)):
            deed(rng.choice(customers))
            env.cr.commit()
        if day == 15:
            kept, gone = customers[0], customers[1]
            env["base.partner.merge.automatic.wizard"].create({})._merge(
                (kept | gone).ids, kept)
            env.invalidate_all()
            customers -= gone
            phones[kept.id] += phones.pop(gone.id)
        env.ref("inboost_connector.ir_cron_bonus_burn").method_direct_trigger()
        env.cr.commit()
while placed:
    invoice(None)
env.cr.commit()
print("month", json.dumps(phones))
"""
)
#: Turnover, cards and ledger of each customer as JSON after "report".
REPORT = """
import json
from collections import Counter
env = env(user=env.ref("base.user_admin").id)
turnover = Counter()
for model, domain in {
    "report.pos.order": [],
    "account.invoice.report": [
        ("state", "=", "posted"), ("move_type", "in", ("out_invoice", "out_refund")),
        # Those of the register are its orders.
        ("move_id.pos_order_ids", "=", False)],
}.items():
    for partner, amount in env[model]._read_group(
        domain, ["partner_id"], ["price_total:sum"]):
        turnover[partner.id] += amount
details = env["report.point_of_sale.report_saledetails"].get_sale_details(
    session_ids=env["pos.session"].search([]).ids)
pos = env["report.pos.order"]._read_group([], [], ["price_total:sum"])[0][0]
cards, ledger = (
    {partner.id: points for partner, points in env[model]._read_group(
        [("program_id.name", "=", "Bonuses")], ["partner_id"], [field + ":sum"])}
    for model, field in (("loyalty.card", "points"), ("inboost.bonus.move", "change")))
kinds = env["inboost.bonus.move"].search([]).mapped("kind")
print("report", json.dumps({
    "turnover": turnover, "cards": cards, "kinds": sorted(set(kinds)), "pos": pos,
    "details": details["currency"]["total_paid"], "ledger": ledger,
    "failures": env["inboost.capture.failure"].search_count([])}))
"""
