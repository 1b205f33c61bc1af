from contextlib import contextmanager
from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools import mute_logger

from ..common_bonus import BALANCE, BonusCase

CAPTURE = "odoo.addons.inboost_connector.models.outbox.inboost_capture"
FAILURE = "odoo.addons.inboost_connector.models.outbox.inboost_capture_failure"


@tagged("post_install", "-at_install")
class TestNets(BonusCase):
    """Whatever an error of ours keeps from being recorded is kept, and made up for."""

    def setUp(self):
        super().setUp()
        self.Failure = self.env["inboost.capture.failure"].sudo()
        self.Failure.search([]).unlink()

    def broken(self, model, method):
        return patch.object(type(model), method, side_effect=KeyError("bug"))

    def reconcile(self):
        self.env["inboost.backend"]._cron_reconcile()

    def assertMissed(self, count=1):
        rows = self.Failure.search([("solved_at", "=", False)])
        self.assertEqual(len(rows), count, rows.mapped("what"))
        for row in rows:
            self.assertIn("KeyError", row.error)
            self.assertIn("bug", row.trace)

    def test_a_sale(self):
        order = self.env["pos.order"]
        with self.broken(order, "_inboost_prepare_facts"), mute_logger(CAPTURE):
            order = self.sell(self.customer)
        self.assertMissed()
        self.reconcile()
        self.assertMissed(0)
        self.assertEqual(len(self.events_of(order)), 2)

    def test_the_customer_of_an_order(self):
        order = self.sell()
        muted = mute_logger(CAPTURE, FAILURE)
        with self.broken(order, "_inboost_prepare_facts"), muted:
            order.partner_id = self.customer
            self.assertMissed()
            self.reconcile()
            self.assertMissed()
        self.reconcile()
        self.assertMissed(0)
        self.assertEqual(set(self.events_of(order).mapped("state")), {"pending"})

    def test_a_phone_that_releases_events(self):
        order = self.sell(self.other_customer)
        event = self.env["inboost.event"]
        with self.broken(event, "_release_parked"), mute_logger(CAPTURE):
            self.other_customer.phone = "+380501112233"
        self.assertMissed()
        self.reconcile()
        self.assertMissed(0)
        self.assertEqual(set(self.events_of(order).mapped("state")), {"pending"})

    def test_an_opt_out(self):
        order = self.sell(self.customer)
        consent = self.env["inboost.customer.consent"]
        with self.broken(consent, "_cancel_marketing"), mute_logger(CAPTURE):
            self.env["phone.blacklist"].add(self.customer.phone_sanitized)
        self.assertMissed()
        self.reconcile()
        self.assertMissed(0)
        states = self.events_of(order).mapped("state")
        self.assertEqual(states, ["cancelled", "pending"])

    def test_the_balance_of_a_changed_phone(self):
        self.make_card(10)
        self.deliver()
        self.fake.requests.clear()
        with (
            self.broken(self.env["inboost.bonus.balance"], "_prepare_facts"),
            mute_logger(CAPTURE),
        ):
            self.customer.phone = "+380501112233"
        self.assertMissed()
        self.reconcile()
        self.assertMissed(0)
        self.deliver()
        sent = {b["userPhoneNumber"]: b["amount"] for b in self.fake.bodies(BALANCE)}
        self.assertEqual(sent, {"380671234567": 0, "380501112233": 10})

    def test_the_balances_of_a_merge(self):
        self.other_customer.phone = "+380501112233"
        self.make_card(4, self.other_customer)
        self.deliver()
        self.fake.requests.clear()
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        both = self.customer + self.other_customer
        with (
            self.broken(self.env["inboost.bonus.balance"], "_prepare_facts"),
            mute_logger(CAPTURE),
        ):
            wizard._merge(both.ids, self.customer)
        self.assertMissed()
        self.reconcile()
        self.assertMissed(0)
        self.deliver()
        sent = {b["userPhoneNumber"]: b["amount"] for b in self.fake.bodies(BALANCE)}
        self.assertEqual(sent["380671234567"], 4)

    def test_the_balance_of_a_silent_change(self):
        card = self.make_card(10)
        self.deliver()
        self.fake.requests.clear()
        with (
            self.broken(self.env["inboost.bonus.balance"], "_prepare_facts"),
            mute_logger(CAPTURE),
        ):
            card.sudo().unlink()
        self.assertMissed()
        self.reconcile()
        self.assertMissed(0)
        self.deliver()
        self.assertEqual(self.fake.bodies(BALANCE)[-1]["amount"], 0)

    def test_the_balance_of_an_archived_contact(self):
        self.make_card(10)
        self.deliver()
        with (
            self.broken(self.env["inboost.bonus.balance"], "_prepare_facts"),
            mute_logger(CAPTURE),
        ):
            self.customer.active = False
        self.assertMissed()
        self.reconcile()
        self.assertMissed(0)
        self.deliver()
        self.assertEqual(self.fake.bodies(BALANCE)[-1]["amount"], 0)

    def test_the_points_of_a_refund(self):
        self.program.inboost_refund_points = "all"
        card = self.make_card(20)
        refund = self.sell_with_points(card, 10)._refund()
        payment = self.env["pos.make.payment"].with_context(active_id=refund.id)
        with self.failing_twice("_take_back"):
            payment.create(
                {
                    "amount": refund.amount_total,
                    "payment_method_id": self.cash_pm1.id,
                }
            ).check()
        self.assertEqual(card.points, 20)
        self.assertLedger(card)

    def test_the_points_of_a_credit_note_and_of_one_taken_back(self):
        self.program.inboost_refund_points = "all"
        card = self.make_card(20)
        order = self.sell_with_points(card, 10)
        order.with_context(generate_pdf=False).action_pos_order_invoice()
        note = order.account_move._reverse_moves()
        with self.failing_twice("_take_back"):
            note.action_post()
        self.assertEqual(card.points, 20)
        with self.failing_twice("_undo"):
            note.button_draft()
        self.assertEqual(card.points, 30)
        self.assertLedger(card)

    @contextmanager
    def failing_twice(self, method):
        """A step of giving back points: when it is due, and when it is made up for."""
        muted = mute_logger(CAPTURE, FAILURE)
        with self.broken(self.env["inboost.bonus.refund"], method), muted:
            yield
            self.assertMissed()
            self.reconcile()
            self.assertMissed()
        self.reconcile()
        self.assertMissed(0)

    def test_a_ledger_row_is_made_up_for_as_what_it_was(self):
        card = self.make_card(20)
        with (
            self.broken(self.Move, "_prepare_row_values"),
            mute_logger(CAPTURE),
        ):
            order = self.sell_with_points(card, net=5, spent=5)
        self.assertMissed()
        self.reconcile()
        self.assertMissed(0)
        self.assertLedger(card)
        row = self.moves_of(card)[-1]
        self.assertEqual((row.won, row.spent), (10, 5))
        self.assertEqual(row.order_uuid, order.uuid)
        self.assertEqual(self.amounts("bonus_accrual"), [20, 10])
        self.assertEqual(self.amounts("bonus_redemption"), [5])

    def test_what_fails_again_is_listed_once_and_stops_no_other(self):
        order = self.env["pos.order"]
        with (
            self.broken(order, "_inboost_prepare_facts"),
            mute_logger(CAPTURE, FAILURE),
        ):
            bad = self.sell(self.customer)
            self.reconcile()
            self.reconcile()
            self.assertMissed()
        self.assertGreater(self.Failure.search([]).attempts, 2)
        self.reconcile()
        self.assertEqual(len(self.events_of(bad)), 2)

    def test_records_that_are_gone_are_no_failure_for_ever(self):
        self.Failure._record(
            "a contact",
            (self.env["res.partner"].browse(2**30), "name_get", []),
            KeyError(),
        )
        self.reconcile()
        self.assertFalse(self.Failure.search([("solved_at", "=", False)]))
