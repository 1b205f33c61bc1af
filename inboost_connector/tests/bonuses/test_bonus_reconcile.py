from contextlib import nullcontext
from unittest.mock import patch

from odoo.tests import tagged

from ..common_bonus import BonusCase


@tagged("post_install", "-at_install")
class TestBonusReconcile(BonusCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Proof = cls.env["inboost.bonus.reconciliation"]

    def forget(self, card):
        self.env.flush_all()
        self.env.cr.execute(
            "DELETE FROM inboost_bonus_move WHERE card_id = %s", [card.id]
        )
        self.env.invalidate_all()

    def history(self, card, *lines):
        self.env["loyalty.history"].sudo().create(
            [
                {"card_id": card.id, "description": "x", "issued": won, "used": used}
                for won, used in lines
            ]
        )

    def test_opening_from_history_that_adds_up(self):
        card = self.make_card(7)
        self.history(card, (10, 0), (0, 4), (0, 0), (1, 0))
        self.forget(card)
        self.Proof._open_ledger()
        moves = self.moves_of(card)
        self.assertEqual(moves.mapped("change"), [10, -4, 1])
        self.assertEqual(moves.mapped("balance_after"), [10, 6, 7])
        self.assertEqual(set(moves.mapped("kind")), {"opening"})
        self.assertLedger(card)

    def test_opening_in_one_row_where_history_does_not_add_up(self):
        card = self.make_card(7)
        self.history(card, (10, 0))
        bare = self.make_card(3)
        negative = self.make_card(-2)
        for each in card + bare + negative:
            self.forget(each)
        self.Proof._open_ledger()
        cards = card + bare + negative
        self.assertEqual(self.moves_of(cards).mapped("change"), [7, 3, -2])

    def test_opening_is_sent_to_nobody_and_done_once(self):
        card = self.make_card(7)
        self.forget(card)
        before = self.env["inboost.event"].search_count([])
        self.Proof._open_ledger()
        self.Proof._open_ledger()
        self.assertEqual(len(self.moves_of(card)), 1)
        self.assertEqual(self.env["inboost.event"].search_count([]), before)

    def test_raw_sql_is_found_healed_and_reported(self):
        card = self.make_card(7)
        good = self.make_card(5)
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE loyalty_card SET points = 9 WHERE id = %s", [card.id]
        )
        self.env.invalidate_all()
        accruals = self.amounts("bonus_accrual")
        moves = self.Proof.sudo()._prove()
        self.assertEqual((moves.card_id, moves.change), (card, 2))
        self.assertEqual(moves.kind, "adjustment")
        self.assertLedger(card + good)
        self.assertIn(card.code, self.backend.message_ids[0].body)
        self.assertEqual(self.amounts("bonus_accrual"), accruals)
        self.assertEqual(self.amounts("balance_set")[-1], 14)
        self.assertFalse(self.Proof.sudo()._prove())

    def test_a_card_that_passed_the_ledger_by_is_reported(self):
        card = self.make_card(7)
        self.forget(card)
        balances = len(self.events("balance_set"))
        moves = self.Proof.sudo()._prove()
        self.assertEqual((moves.card_id, moves.kind), (card, "opening"))
        self.assertEqual(len(self.events("balance_set")), balances + 1)
        self.assertIn(card.code, self.backend.message_ids[0].body)

    def test_the_jobs_of_the_ledger_leave_a_slot_to_sales(self):
        jobs = {
            "inboost.bonus.expiry": ("_cron_burn", "_burn_all"),
            "inboost.bonus.notice": ("_cron_notify", "_notify_due"),
            "inboost.bonus.reconciliation": ("_cron_prove", "_prove"),
            "inboost.backend": ("_cron_reconcile", "_reconcile"),
        }
        LongJob = type(self.env["inboost.long.job"])
        for name, (cron, work) in jobs.items():
            model = self.env[name].sudo()
            for mine in (False, True):
                with (
                    self.subTest(name, mine=mine),
                    patch.object(LongJob, "_take", lambda *_: nullcontext(mine)),  # noqa: B023
                    patch.object(type(model), work) as worked,
                ):
                    getattr(model, cron)()
                    self.assertEqual(worked.called, mine, "another one is at work")
