from unittest.mock import patch

from odoo import Command, fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.inboost_connector.lib.facts import check_sums

from .common import SaleCase

CAPTURE = "odoo.addons.inboost_connector.models.outbox.inboost_capture"


@tagged("post_install", "-at_install")
class TestCreditNotes(SaleCase):
    """What a credit note gives back is a refund, once, with its original."""

    def sold(self, quantity=3):
        order = self.make_order(quantity=quantity)
        order.action_confirm()
        return order, self.invoice_and_pay(order)

    def credit(self, invoice, quantity=None):
        """By the wizard, as an accountant does, of all or of so many pieces."""
        wizard = (
            self.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .create({"journal_id": invoice.journal_id.id, "reason": "came back"})
        )
        note = self.env["account.move"].browse(wizard.refund_moves()["res_id"])
        if quantity:
            note.invoice_line_ids.quantity = quantity
        note.action_post()
        return note

    def recorded(self, *documents):
        return [
            event.fact["total"]
            for document in documents
            for event in self.told(document, "purchase_details")
        ]

    def test_credit_note_in_part_is_one_refund(self):
        order, invoice = self.sold()
        note = self.credit(invoice, 1)
        [event] = self.events_of(note)
        self.assertEqual(event.operation, "purchase_details")
        self.assertEqual(event.partner_id, order.partner_id)
        self.assertEqual(event.key, f"note:{note.inboost_uuid}")
        fact = event.fact
        self.assertTrue(fact["is_refund"])
        self.assertEqual((fact["total"], fact["number"]), (-10, note.name))
        self.assertEqual(
            fact["refund_of"], {"number": order.name, "uuid": order.inboost_uuid}
        )
        [line] = fact["lines"]
        self.assertEqual((line["quantity"], line["total"]), (-1, -10))
        self.assertEqual((line["name"], line["product_id"]), ("Tea", self.tea.id))
        self.assertFalse(check_sums(fact))

    def test_credit_note_in_full_is_one_refund(self):
        order, invoice = self.sold()
        note = self.credit(invoice)
        self.assertEqual(self.recorded(order, note), [30, -30])
        self.env["inboost.backend"]._cron_reconcile()
        self.assertEqual(self.recorded(order, note), [30, -30])

    def test_credit_note_reset_to_draft_and_posted_again_is_what_changed(self):
        order, invoice = self.sold()
        self.endpoint("purchase_refund").enabled = True
        note = self.credit(invoice)
        note.button_draft()
        self.assertEqual(self.recorded(order, note), [30, -30, 30])
        note.invoice_line_ids.quantity = 1
        note.action_post()
        self.assertEqual(self.recorded(order, note), [30, -30, 30, -10])
        self.assertFalse(
            self.told(note).filtered(lambda e: e.operation == "purchase"),
            "no campaign starts because of it",
        )
        keys = self.told(note, "purchase_details").mapped("key")
        self.assertEqual(len(set(keys)), 3)

    def test_cancelled_credit_note_is_taken_back(self):
        order, invoice = self.sold()
        note = self.credit(invoice)
        note.button_cancel()
        self.assertEqual(self.recorded(order, note), [30, -30, 30])
        self.env["inboost.backend"]._cron_reconcile()
        self.assertEqual(self.recorded(order, note), [30, -30, 30])

    def test_order_cancelled_after_its_credit_note_is_not_taken_back_twice(self):
        for quantity, rest in ((1, [-20]), (3, [])):
            order, invoice = self.sold()
            note = self.credit(invoice, quantity)
            order._action_cancel()
            self.assertEqual(
                self.recorded(order, note), [30, *rest, -10.0 * quantity], quantity
            )

    def test_credit_note_after_its_order_was_cancelled_is_no_second_refund(self):
        order, invoice = self.sold()
        order._action_cancel()
        note = self.credit(invoice)
        self.env["inboost.backend"]._cron_reconcile()
        self.assertEqual(self.recorded(order, note), [30, -30])

    def test_credit_note_of_what_was_no_sale_order_is_nothing(self):
        invoice = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.customer.id,
                "invoice_line_ids": [
                    Command.create({"product_id": self.tea.id, "price_unit": 10})
                ],
            }
        )
        invoice.action_post()
        note = self.credit(invoice)
        self.env["inboost.backend"]._cron_reconcile()
        self.assertFalse(self.events_of(note))
        self.assertFalse(note.inboost_uuid)

    def test_credit_note_of_a_register_order_does_not_count_twice(self):
        order = self.sell(self.customer)
        order.with_context(generate_pdf=False).action_pos_order_invoice()
        refund = order._refund()
        refund.partner_id = self.customer
        self.env["pos.make.payment"].with_context(active_id=refund.id).create(
            {"amount": refund.amount_total, "payment_method_id": self.cash_pm1.id}
        ).check()
        refund.with_context(generate_pdf=False).action_pos_order_invoice()
        self.assertEqual(refund.account_move.move_type, "out_refund")
        self.assertFalse(self.events_of(refund.account_move))
        total = self.env.company.currency_id.round(order.amount_total)
        self.assertEqual(self.recorded(order, refund), [total, -total])

    def test_capture_that_failed_is_made_up_for(self):
        order, invoice = self.sold()
        moves = type(self.env["account.move"])
        with (
            patch.object(moves, "_inboost_prepare_facts", side_effect=KeyError("bug")),
            mute_logger(CAPTURE),
        ):
            note = self.credit(invoice)
        self.assertEqual(note.state, "posted")
        self.assertFalse(self.events_of(note))
        self.env["inboost.backend"]._cron_reconcile()
        self.assertEqual(self.recorded(order, note), [30, -30])

    def test_credit_notes_are_history_too(self):
        order, invoice = self.sold()
        note = self.credit(invoice, 1)
        self.env.cr.execute("DELETE FROM inboost_event")
        self.env.invalidate_all()
        link = (
            self.env["inboost.customer"]
            .sudo()
            .create(
                {
                    "backend_id": self.backend.id,
                    "partner_id": self.customer.id,
                    "inboost_id": "c-1",
                    "phone": self.customer.phone_sanitized,
                }
            )
        )
        link.history_state = "waiting"
        self.env["inboost.customer.history"].sudo()._capture(link)
        self.assertEqual(self.recorded(order, note), [30, -10])
        self.assertFalse(self.told(order).filtered(lambda e: e.operation == "purchase"))
        self.assertEqual(link.history_count, 2)

    def test_credited_and_invoiced_again_is_no_refund_after_all(self):
        order, invoice = self.sold()
        note = self.credit(invoice, 1)
        self.invoice_and_pay(order)
        self.assertEqual(self.recorded(order, note), [30, -10, 10])
        order._action_cancel()
        self.assertEqual(self.recorded(order, note), [30, -30, -10, 10])

    def test_paid_mode_knows_nothing_of_what_was_credited_before(self):
        self.backend.sale_moment = "paid"
        order = self.make_order(quantity=3)
        order.action_confirm()
        invoice = order._create_invoices()
        invoice.action_post()
        note = self.credit(invoice)
        self.assertFalse(self.recorded(order, note))
        # In a test all is one transaction.
        note.inboost_posted_at = fields.Datetime.subtract(note.create_date, minutes=1)
        self.invoice_and_pay(order)
        self.env["inboost.backend"]._cron_reconcile()
        self.assertEqual(self.recorded(order, note), [30])

    # -- points --------------------------------------------------------------------

    def sold_with_points(self, spend=False):
        self.program.inboost_refund_points = "proportion"
        self.card = self.make_card(20)
        order = self.make_order(quantity=4)
        if spend:
            self.claim(order, self.card)
        else:
            order._update_programs_and_rewards()
        order.action_confirm()
        return order, self.invoice_and_pay(order)

    def test_credit_note_of_half_takes_half_of_the_points(self):
        order, invoice = self.sold_with_points()
        self.assertEqual(self.card.points, 60)
        note = self.credit(invoice, 2)
        self.assertEqual(self.card.points, 40)
        self.assertLedger(self.card)
        [fact] = [event.fact for event in self.events("bonus_redemption")]
        self.assertEqual((fact["reason"], fact["amount"]), ("reversal", 20))
        self.assertEqual(fact["order"]["uuid"], note.inboost_uuid)
        order._action_cancel()
        self.assertEqual(self.card.points, 20, "all of them, and none twice")
        self.assertLedger(self.card)

    def test_credit_note_in_full_gives_back_what_was_spent(self):
        _order, invoice = self.sold_with_points(spend=True)
        self.assertEqual(self.card.points, 55)
        note = self.credit(invoice)
        self.assertEqual(self.card.points, 20)
        self.assertEqual(self.told(note, "purchase_details").fact["bonuses_spent"], -5)
        note.button_draft()
        self.assertEqual(self.card.points, 55)
        note.action_post()
        self.assertEqual(self.card.points, 20)
        self.assertLedger(self.card)

    def test_credit_note_after_its_order_was_cancelled_takes_no_points(self):
        order, invoice = self.sold_with_points()
        order._action_cancel()
        self.credit(invoice)
        self.assertEqual(self.card.points, 20)


@tagged("post_install", "-at_install")
class TestPaidLater(SaleCase):
    """Each order once, whatever the setting was, and by the date of its payment."""

    def old_order(self, days=10):
        order = self.make_order()
        order.action_confirm()
        order.date_order = fields.Datetime.subtract(fields.Datetime.now(), days=days)
        self.backend.connected_since = fields.Datetime.subtract(
            fields.Datetime.now(), days=days + 1
        )
        return order

    def test_order_of_ten_days_ago_that_was_missed_when_paid_is_found(self):
        self.backend.write({"sale_moment": "paid", "reconcile_days": 7})
        order = self.old_order()
        with patch.object(type(order), "_inboost_capture"):
            self.invoice_and_pay(order)
        self.assertFalse(self.told(order))
        self.env["inboost.backend"]._cron_reconcile()
        events = self.told(order)
        self.assertEqual(events.mapped("operation"), ["purchase", "purchase_details"])
        # News of today, not of ten days ago.
        age = fields.Datetime.now() - events[0].occurred_at
        self.assertLess(age.total_seconds(), 3600)

    def test_order_confirmed_under_paid_and_paid_under_confirmed_is_sent_once(self):
        self.backend.write({"sale_moment": "paid", "reconcile_days": 7})
        order = self.old_order()
        self.backend.sale_moment = "confirmed"
        self.env["inboost.backend"]._cron_reconcile()
        self.assertFalse(self.told(order), "older than what is looked for")
        with patch.object(type(order), "_inboost_capture"):
            self.invoice_and_pay(order)
        self.env["inboost.backend"]._cron_reconcile()
        self.assertEqual(len(self.told(order)), 2)
        self.backend.sale_moment = "paid"
        self.env["inboost.backend"]._cron_reconcile()
        self.assertEqual(len(self.told(order)), 2)


@tagged("post_install", "-at_install")
class TestDownPayments(SaleCase):
    """A down payment at the register leaves the rest to be told."""

    def setUp(self):
        super().setUp()
        self.open_new_session()
        self.product = self.env.ref("pos_sale.default_downpayment_product")
        self.config.down_payment_product_id = self.product

    def pay_in_advance(self, order, amount):
        data = self.create_ui_order_data(
            [(self.product, 1)],
            customer=order.partner_id,
            pos_order_ui_args={"state": "paid"},
        )
        data["lines"][0][2].update(
            sale_order_origin_id=order.id,
            price_unit=amount,
            price_subtotal=amount,
            price_subtotal_incl=amount,
            tax_ids=[],
        )
        data.update(amount_total=amount, amount_paid=amount, amount_tax=0)
        data["payment_ids"][0][2]["amount"] = amount
        return self.sell(data=data)

    def settle(self, order):
        """Pay the rest at the register."""
        advance = order.order_line.filtered(
            lambda line: line.is_downpayment and not line.display_type
        )
        data = self.create_ui_order_data(
            [(self.tea, order.order_line[0].product_uom_qty), (self.product, -1)],
            customer=order.partner_id,
            pos_order_ui_args={"state": "paid"},
        )
        tea, minus = (row[2] for row in data["lines"])
        tea.update(
            sale_order_origin_id=order.id, sale_order_line_id=order.order_line[0].id
        )
        minus.update(
            sale_order_origin_id=order.id,
            sale_order_line_id=advance.id,
            price_unit=advance.price_unit,
            price_subtotal=-advance.price_unit,
            price_subtotal_incl=-advance.price_unit,
            tax_ids=[],
        )
        total = tea["price_subtotal_incl"] - advance.price_unit
        data.update(amount_total=total, amount_paid=total, amount_tax=0)
        data["payment_ids"][0][2]["amount"] = total
        return self.sell(data=data)

    def totals(self, *documents):
        return [
            event.fact["total"]
            for document in documents
            for event in self.told(document, "purchase_details")
        ]

    def test_the_rest_of_an_order_is_a_purchase_when_it_is_confirmed(self):
        order = self.make_order(quantity=10)
        sold = self.pay_in_advance(order, 30)
        self.assertEqual(order.state, "sale")
        self.assertEqual(self.totals(sold, order), [30, 70])
        fact = self.told(order, "purchase_details").fact
        self.assertEqual([line["total"] for line in fact["lines"]], [100, -30])
        self.assertFalse(check_sums(fact))
        self.assertFalse(self.told(self.settle(order)))
        self.env["inboost.backend"]._cron_reconcile()
        self.assertEqual(self.totals(sold, order), [30, 70])

    def test_the_rest_is_a_purchase_when_its_invoice_is_paid(self):
        self.backend.sale_moment = "paid"
        order = self.make_order(quantity=10)
        sold = self.pay_in_advance(order, 30)
        self.assertEqual(self.totals(sold, order), [30])
        invoice = order._create_invoices(final=True)
        invoice.action_post()
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        ).create({})._create_payments()
        self.assertEqual(self.totals(sold, order), [30, 70])

    def test_the_rest_paid_at_the_register_counts_there(self):
        self.backend.sale_moment = "paid"
        order = self.make_order(quantity=10)
        sold = self.pay_in_advance(order, 30)
        rest = self.settle(order)
        self.env["inboost.backend"]._cron_reconcile()
        self.assertEqual(self.totals(sold, rest, order), [30, 70])

    def test_a_down_payment_on_what_was_a_purchase_already_is_none(self):
        order = self.make_order(quantity=10)
        order.action_confirm()
        sold = self.pay_in_advance(order, 30)
        self.assertEqual(self.totals(order, sold), [100])
