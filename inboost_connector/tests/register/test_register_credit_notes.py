from odoo.tests import tagged

from ...lib.facts import check_sums
from ..common_bonus import BonusCase


@tagged("post_install", "-at_install")
class TestRegisterCreditNotes(BonusCase):
    """A credit note that an accountant makes of a register's invoice is a refund."""

    def sold(self, quantity=3):
        order = self.sell(self.customer, [(self.tea, quantity)])
        order.with_context(generate_pdf=False).action_pos_order_invoice()
        return order

    def credit(self, order, quantity=None):
        """By the wizard, of all or of so many pieces."""
        invoice = order.account_move
        wizard = (
            self.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .create({"journal_id": invoice.journal_id.id, "reason": "came back"})
        )
        note = self.env["account.move"].browse(wizard.refund_moves()["res_id"])
        if quantity:
            note.invoice_line_ids[:1].quantity = quantity
        note.action_post()
        return note

    def recorded(self, *documents):
        return [
            event.fact["total"]
            for document in documents
            for event in self.events_of(document)
            if event.operation == "purchase_details"
        ]

    def test_credit_note_of_a_register_invoice_is_sent_once(self):
        order = self.sold()
        note = self.credit(order, 1)
        [event] = self.events_of(note)
        self.assertEqual(event.operation, "purchase_details")
        self.assertEqual(event.partner_id, self.customer)
        fact = event.fact
        self.assertEqual((fact["source"], fact["shop"]), ("pos", self.config.name))
        self.assertTrue(fact["is_refund"])
        self.assertEqual((fact["total"], fact["number"]), (-10, note.name))
        self.assertEqual(
            fact["refund_of"], {"number": order.pos_reference, "uuid": order.uuid}
        )
        self.assertEqual([line["quantity"] for line in fact["lines"]], [-1])
        self.assertFalse(check_sums(fact))
        self.env["inboost.backend"]._cron_reconcile()
        self.assertEqual(self.recorded(order, note), [30, -10])

    def test_a_missed_credit_note_of_a_register_invoice_is_found(self):
        order = self.sold()
        note = self.credit(order)
        self.env.cr.execute(
            "DELETE FROM inboost_event WHERE res_model = 'account.move'"
        )
        self.env.invalidate_all()
        self.env["inboost.backend"]._cron_reconcile()
        self.assertEqual(self.recorded(order, note), [30, -30])

    def test_a_register_credit_note_reset_to_draft_is_taken_back(self):
        order = self.sold()
        note = self.credit(order)
        note.button_draft()
        self.assertEqual(self.recorded(order, note), [30, -30, 30])

    def test_rewards_of_a_register_invoice_are_given_back(self):
        self.open_new_session()
        card = self.make_card(20)
        product = self.program.reward_ids.discount_line_product_id
        product.taxes_id = False
        data = self.create_ui_order_data(
            [(self.tea, 3), (product, 1)],
            customer=self.customer,
            pos_order_ui_args={"state": "paid"},
        )
        price = {"price_unit": -1, "price_subtotal": -1, "price_subtotal_incl": -1}
        data["lines"][1][2].update(self.reward_line(card, 5), tax_ids=[], **price)
        data.update(amount_total=29, amount_paid=29, amount_tax=0)
        data["payment_ids"][0][2]["amount"] = 29
        order = self.sell(data=data)
        order.with_context(generate_pdf=False).action_pos_order_invoice()
        note = self.credit(order)
        [event] = self.events_of(note)
        self.assertEqual((event.fact["total"], event.fact["bonuses_spent"]), (-29, -5))
        self.assertEqual([x["is_reward"] for x in event.fact["lines"]], [False, True])

    # -- points --------------------------------------------------------------------

    def sold_with_points(self, net=10, spent=0.0):
        self.program.inboost_refund_points = "proportion"
        self.card = self.make_card(20)
        order = self.sell(self.customer, [(self.tea, 4)])
        self.confirm_points(order, self.card, net)
        order.with_context(generate_pdf=False).action_pos_order_invoice()
        return order

    def test_a_credit_note_of_half_takes_half_of_the_points(self):
        order = self.sold_with_points()
        note = self.credit(order, 2)
        self.assertEqual(self.card.points, 25)
        self.assertLedger(self.card)
        [fact] = [event.fact for event in self.events("bonus_redemption")]
        self.assertEqual((fact["reason"], fact["amount"]), ("reversal", 5))
        self.assertEqual(fact["order"]["uuid"], note.inboost_uuid)

    def test_a_credit_note_taken_back_gives_its_points_again(self):
        order = self.sold_with_points()
        note = self.credit(order, 2)
        note.button_draft()
        self.assertEqual(self.card.points, 30)
        note.invoice_line_ids[:1].quantity = 4
        note.action_post()
        self.assertEqual(self.card.points, 20)
        self.assertLedger(self.card)

    def test_credit_notes_and_the_registers_refunds_take_no_more_than_was_won(self):
        order = self.sold_with_points()
        self.credit(order, 3)
        self.credit(order, 3)
        self.assertEqual(self.card.points, 20)

    def test_a_credit_note_takes_no_points_without_the_switch(self):
        order = self.sold_with_points()
        self.program.inboost_refund_points = "none"
        self.credit(order)
        self.assertEqual(self.card.points, 30)
