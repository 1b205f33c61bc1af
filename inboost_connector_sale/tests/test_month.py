from collections import defaultdict
from datetime import timedelta
from random import Random

from freezegun import freeze_time

from odoo import fields
from odoo.tests import tagged

from odoo.addons.inboost_connector.lib.facts import check_sums
from odoo.addons.inboost_connector.tests.common import DETAILS
from odoo.addons.inboost_connector.tests.common_bonus import (
    ACCRUAL,
    BALANCE,
    REDEMPTION,
)

from .common import SaleCase

#: Days on which something happens, and days from one to the next.
DAYS, STEP = 6, 5
#: What happens on a day, in an order that a seed decides.
DEEDS = (
    "sell", "sell", "exchange", "bring_back", "refund_in_part", "sell_with_rewards",
    "order", "order", "order_with_reward", "order_and_cancel", "invoice", "invoice",
    "credit_in_part", "credit_and_correct", "cancel_after_credit", "register_note",
)  # fmt: skip


@tagged("post_install", "-at_install")
class TestMonth(SaleCase):
    """A month of a shop, of few but many-sided days: what InBoost has of each customer
    is what Odoo's own reports, cards and ledger say of them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customers = cls.env["res.partner"].create(
            [
                {"name": f"Customer {number}", "phone": f"+38063000000{number}"}
                for number in range(4)
            ]
        )
        cls.program.write(
            {
                "inboost_validity_days": 2 * STEP,
                "inboost_burn_expired": True,
                "inboost_refund_points": "proportion",
            }
        )
        # All of it is to arrive, on whichever day it is sent.
        cls.backend.endpoint_ids.shelf_life_days = 0

    def test_turnover_and_points_of_each_customer_equal_the_reports(self):
        self.random = Random(2026)
        self.start = fields.Datetime.now()
        self.open_new_session()
        # A register wants more of a gift card program than this test does.
        self.promotion = self.make_program("Sale", program_type="promotion")
        self.gift_cards = self.make_program(
            "Gift cards", program_type="gift_card", applies_on="future"
        )
        self.gift_cards.reward_ids.write(
            {"discount_mode": "per_point", "required_points": 1}
        )
        self.sold, self.orders = self.env["pos.order"], self.env["sale.order"]
        self.invoices = self.register_notes = self.env["account.move"]
        self.phones = {p: {p.phone[1:]} for p in self.customers}
        for day in range(DAYS):
            with freeze_time(self.start + timedelta(days=day * STEP), tick=True):
                self.spend_day(merges=day == DAYS // 2)
        with freeze_time(self.start + timedelta(days=DAYS * STEP), tick=True):
            while self.open_orders():
                self.do_invoice(None)
            self.burn()
            self.deliver()
        self.assertFalse(
            self.env["inboost.capture.failure"].search([("solved_at", "=", False)])
        )
        self.assertTurnover()
        self.assertPoints()

    def spend_day(self, merges):
        deeds = list(DEEDS)
        self.random.shuffle(deeds)
        for deed in deeds:
            getattr(self, f"do_{deed}")(self.random.choice(self.customers))
        if merges:
            self.merge()
        self.burn()
        self.env["inboost.backend"]._cron_reconcile()
        self.assertLedger(self.get_cards())
        self.deliver()

    def burn(self):
        cron = self.env.ref("inboost_connector.ir_cron_bonus_burn")
        with self.enter_registry_test_mode():
            cron.method_direct_trigger()
        self.env.invalidate_all()

    def get_cards(self):
        return self.env["loyalty.card"].search(
            [
                ("program_id", "=", self.program.id),
                ("partner_id", "in", self.customers.ids),
            ]
        )

    # -- the two sides -------------------------------------------------------------

    def assertTurnover(self):
        recorded, reported = self.get_received_turnover(), self.get_reported()
        self.assertEqual(set(recorded), set(reported))
        for partner, turnover in reported.items():
            self.assertAlmostEqual(recorded[partner], turnover, 2, partner.name)
        self.assertAlmostEqual(
            sum(self.pos_turnover().values()), self.get_sales_details(), 2
        )

    def assertPoints(self):
        """Accruals less redemptions are the last balance, the cards and the ledger."""
        won, spent = self.get_received(ACCRUAL), self.get_received(REDEMPTION)
        balances = self.get_received(BALANCE)
        kinds = set(self.moves_of(self.get_cards()).mapped("kind"))
        self.assertLessEqual({"accrual", "reversal", "expiry", "adjustment"}, kinds)
        for partner in self.customers:
            amounts = [body["amount"] for body in won[partner]]
            amounts += [-body["amount"] for body in spent[partner]]
            sent = sum(amounts)
            last = {b["userPhoneNumber"]: b["amount"] for b in balances[partner]}
            cards = self.get_cards().filtered(lambda c, p=partner: c.partner_id == p)
            self.assertAlmostEqual(sent, sum(last.values()), 4, partner.name)
            self.assertAlmostEqual(sent, sum(cards.mapped("points")), 4, partner.name)
            self.assertLedger(cards)

    def get_received(self, path):
        """:return: {customer: bodies} that came by now, each event once"""
        found, ids = defaultdict(list), set()
        for body in self.fake.bodies(path):
            phone = body.get("userPhoneNumber") or body["UserPhoneNumber"]
            for partner, phones in self.phones.items():
                if phone in phones:
                    self.assertNotIn(body["eventId"], ids)
                    ids.add(body["eventId"])
                    found[partner].append(body)
        return found

    def get_received_turnover(self):
        """:return: {customer: turnover}"""
        for event in self.env["inboost.event"].search(
            [("operation", "=", "purchase_details")]
        ):
            self.assertFalse(check_sums(event.fact), event.display_name)
        return {
            partner: sum(body["total"] for body in bodies)
            for partner, bodies in self.get_received(DETAILS).items()
        }

    def get_reported(self):
        """:return: {customer: turnover}"""
        total = self.pos_turnover()
        for partner, amount in self.env["account.invoice.report"]._read_group(
            [
                ("partner_id", "in", self.customers.ids),
                ("state", "=", "posted"),
                ("move_type", "in", ("out_invoice", "out_refund")),
                # Those of the register are its orders.
                ("move_id.pos_order_ids", "=", False),
            ],
            ["partner_id"],
            ["price_total:sum"],
        ):
            total[partner] = total.get(partner, 0) + amount
        return total

    def pos_turnover(self):
        self.env.flush_all()
        return dict(
            self.env["report.pos.order"]._read_group(
                [("partner_id", "in", self.customers.ids)],
                ["partner_id"],
                ["price_total:sum"],
            )
        )

    def get_sales_details(self):
        details = self.env["report.point_of_sale.report_saledetails"]
        sessions = self.config.session_ids.ids
        return details.get_sale_details(session_ids=sessions)["currency"]["total_paid"]

    # -- the register --------------------------------------------------------------

    def ring_up(self, customer, *lines):
        data = self.create_ui_order_data(
            [line[:2] for line in lines],
            customer=customer,
            uuid=f"{self.random.getrandbits(64):x}",
            pos_order_ui_args={"state": "paid"},
        )
        for line, row in zip(lines, data["lines"], strict=True):
            row[2].update(*line[2:])
        total = sum(row[2]["price_subtotal_incl"] for row in data["lines"])
        base = sum(row[2]["price_subtotal"] for row in data["lines"])
        data.update(amount_total=total, amount_paid=total, amount_tax=total - base)
        data["payment_ids"][0][2]["amount"] = total
        return self.sell(data=data)

    def reward(self, program, points, price):
        return (
            self.tea,
            1,
            {
                "is_reward_line": True,
                "reward_id": program.reward_ids[:1].id,
                "reward_identifier_code": "R1",
                "points_cost": points,
                "price_unit": price,
                "price_subtotal": price,
                "price_subtotal_incl": price,
            },
        )

    def card_of(self, customer):
        cards = self.get_cards().filtered(lambda card: card.partner_id == customer)
        return cards[:1] or self.make_card(20, customer)

    def do_sell(self, customer):
        pieces = self.random.randint(1, 5)
        order = self.ring_up(customer, (self.tea, pieces), (self.cup, 1))
        self.confirm_points(order, self.card_of(customer), order.amount_total)
        self.sold += order

    def do_exchange(self, customer):
        self.ring_up(customer, (self.tea, -1), (self.cup, self.random.randint(1, 2)))

    def do_bring_back(self, customer):
        self.ring_up(customer, (self.tea, -self.random.randint(1, 2)))

    def do_refund_in_part(self, _customer):
        order = self.sold[:1]
        self.sold -= order
        if order:
            refund = order._refund()
            refund.lines[0].qty = -1
            for line in refund.lines:
                line._onchange_amount_line_all()
            refund._compute_prices()
            self.env["pos.make.payment"].with_context(active_id=refund.id).create(
                {"amount": refund.amount_total, "payment_method_id": self.cash_pm1.id}
            ).check()

    def do_register_note(self, customer):
        """Invoiced at the register, and credited by an accountant."""
        order = self.ring_up(customer, (self.tea, 2))
        self.confirm_points(order, self.card_of(customer), order.amount_total)
        order.with_context(generate_pdf=False).action_pos_order_invoice()
        note = order.account_move._reverse_moves()
        note.invoice_line_ids.quantity = self.random.randint(1, 2)
        note.action_post()
        self.register_notes += note

    def do_sell_with_rewards(self, customer):
        card = self.card_of(customer)
        if card.points < 5:
            card.points = 5
        bonus = self.reward(self.program, 5, -1)
        bonus[2]["coupon_id"] = card.id
        order = self.ring_up(
            customer,
            (self.tea, 9),
            bonus,
            self.reward(self.promotion, 1, -2),
            self.reward(self.gift_cards, 10, -10),
        )
        self.confirm_points(order, card, -5)

    # -- sale orders ---------------------------------------------------------------

    def place(self, customer):
        order = self.make_order(customer, self.random.randint(1, 6))
        order._update_programs_and_rewards()
        order.action_confirm()
        return order

    def do_order(self, customer):
        self.orders += self.place(customer)

    def do_order_with_reward(self, customer):
        card = self.card_of(customer)
        if card.points < 5:
            card.points = 5
        order = self.make_order(customer, self.random.randint(2, 6))
        self.claim(order, card)
        order.action_confirm()
        self.orders += order

    def do_order_and_cancel(self, customer):
        self.place(customer)._action_cancel()

    def open_orders(self):
        return self.orders.filtered(lambda order: order.invoice_status == "to invoice")

    def do_invoice(self, _customer):
        for order in self.open_orders()[:1]:
            self.invoices += self.invoice_and_pay(order)

    def credit(self, quantity=None, invoices=None):
        invoice = (self.invoices if invoices is None else invoices)[:1]
        self.invoices -= invoice
        note = invoice._reverse_moves()
        if note and quantity:
            note.invoice_line_ids.filtered(
                lambda line: line.product_id == self.tea
            ).quantity = quantity
        note.action_post()
        return note

    def do_credit_in_part(self, _customer):
        self.credit(1)

    def do_credit_and_correct(self, _customer):
        note = self.credit()
        if note:
            note.button_draft()
            note.invoice_line_ids.filtered(
                lambda line: line.product_id == self.tea
            ).quantity = 0.5
            note.action_post()

    def do_cancel_after_credit(self, _customer):
        # What was invoiced of a cancelled order and not credited would stay revenue.
        note = self.credit(
            invoices=self.invoices.filtered(
                lambda move: len(move.line_ids.sale_line_ids.order_id.invoice_ids) == 1
            )
        )
        order = note.line_ids.sale_line_ids.order_id
        if order:
            order._action_cancel()
            self.orders -= order

    def merge(self):
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge(self.customers[:2].ids, self.customers[0])
        kept, gone = self.customers[0], self.customers[1]
        self.phones[kept] |= self.phones.pop(gone)
        self.customers -= gone
        self.env.invalidate_all()
