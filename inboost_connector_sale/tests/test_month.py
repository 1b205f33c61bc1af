from random import Random

from odoo.tests import tagged

from odoo.addons.inboost_connector.lib.facts import check_sums

from .common import SaleCase

DAYS = 6
#: What happens on a day, in an order that a seed decides.
DEEDS = (
    "sell", "sell", "exchange", "bring_back", "refund_in_part", "sell_with_rewards",
    "order", "order", "order_and_cancel", "invoice", "invoice", "credit_in_part",
    "credit_and_correct", "cancel_after_credit",
)  # fmt: skip


@tagged("post_install", "-at_install")
class TestMonth(SaleCase):
    """A month of a shop, of few but many-sided days: what was recorded of each customer
    is what Odoo's own reports say of them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customers = cls.env["res.partner"].create(
            [
                {"name": f"Customer {number}", "phone": f"+38063000000{number}"}
                for number in range(4)
            ]
        )

    def test_turnover_of_each_customer_equals_the_reports(self):
        self.random = Random(2026)
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
        self.invoices = self.env["account.move"]
        for day in range(DAYS):
            deeds = list(DEEDS)
            self.random.shuffle(deeds)
            for deed in deeds:
                getattr(self, f"do_{deed}")(self.random.choice(self.customers))
            if day == DAYS // 2:
                self.merge()
            self.env["inboost.backend"]._cron_reconcile()
        while self.open_orders():
            self.do_invoice(None)
        self.assertFalse(
            self.env["inboost.capture.failure"].search([("solved_at", "=", False)])
        )
        recorded, reported = self.get_recorded(), self.get_reported()
        self.assertEqual(set(recorded), set(reported))
        for partner, turnover in reported.items():
            self.assertAlmostEqual(recorded[partner], turnover, 2, partner.name)
        self.assertAlmostEqual(
            sum(self.pos_turnover().values()), self.get_sales_details(), 2
        )

    # -- the two sides -------------------------------------------------------------

    def get_recorded(self):
        """:return: {customer: turnover}"""
        events = self.env["inboost.event"].search(
            [
                ("operation", "=", "purchase_details"),
                ("partner_id", "in", self.customers.ids),
            ]
        )
        for event in events:
            self.assertFalse(check_sums(event.fact), event.display_name)
        return {
            partner: sum(event.fact["total"] for event in some)
            for partner, some in events.grouped("partner_id").items()
        }

    def get_reported(self):
        """:return: {customer: turnover}"""
        total = self.pos_turnover()
        for partner, amount in self.env["account.invoice.report"]._read_group(
            [
                ("partner_id", "in", self.customers.ids),
                ("state", "=", "posted"),
                ("move_type", "in", ("out_invoice", "out_refund")),
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

    def do_sell(self, customer):
        pieces = self.random.randint(1, 5)
        self.sold += self.ring_up(customer, (self.tea, pieces), (self.cup, 1))

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

    def do_sell_with_rewards(self, customer):
        card = self.make_card(20, customer)
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

    def do_order(self, customer):
        order = self.make_order(customer, self.random.randint(1, 6))
        order.action_confirm()
        self.orders += order

    def do_order_and_cancel(self, customer):
        order = self.make_order(customer, self.random.randint(1, 6))
        order.action_confirm()
        order._action_cancel()

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
            note.invoice_line_ids.quantity = quantity
        note.action_post()
        return note

    def do_credit_in_part(self, _customer):
        self.credit(1)

    def do_credit_and_correct(self, _customer):
        note = self.credit()
        if note:
            note.button_draft()
            note.invoice_line_ids.quantity = 0.5
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
        self.customers -= self.customers[1]
        self.env.invalidate_all()
