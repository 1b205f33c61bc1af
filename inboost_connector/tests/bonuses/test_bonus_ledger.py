from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..common_bonus import ACCRUAL, BALANCE, REDEMPTION, BonusCase

EVENT = "odoo.addons.inboost_connector.models.outbox.inboost_capture"


@tagged("post_install", "-at_install")
class TestBonusLedger(BonusCase):
    """Each way of changing points that Odoo has, by itself."""

    def assertSent(self, accruals, redemptions, balance):
        self.assertEqual(self.amounts("bonus_accrual"), accruals)
        self.assertEqual(self.amounts("bonus_redemption"), redemptions)
        self.deliver()
        self.assertEqual(
            [body["amount"] for body in self.fake.bodies(ACCRUAL)], accruals
        )
        self.assertEqual(
            [body["amount"] for body in self.fake.bodies(REDEMPTION)], redemptions
        )
        self.assertEqual(self.fake.bodies(BALANCE)[-1]["amount"], balance)

    # -- the register --------------------------------------------------------------

    def test_register_wins_and_spends_gross(self):
        card = self.make_card(20)
        order = self.sell_with_points(card, net=5, spent=5)
        move = self.moves_of(card)[-1]
        self.assertEqual((move.won, move.spent, move.change), (10, 5, 5))
        self.assertEqual((move.kind, move.balance_after), ("accrual", 25))
        self.assertEqual((move.order_uuid, move.order_id), (order.uuid, order.id))
        self.assertLedger(card)
        self.assertSent([20, 10], [5], 25)
        self.assertEqual(self.fake.bodies(ACCRUAL)[-1]["orderId"], order.uuid)

    def test_register_net_zero(self):
        card = self.make_card(20)
        order = self.sell_with_points(card, net=0, spent=5)
        self.confirm_points(order, card, 0)
        self.assertEqual(len(self.moves_of(card)), 2, "the repeat left no row")
        self.assertLedger(card)
        self.assertSent([20, 5], [5], 20)

    def test_register_makes_a_card(self):
        order = self.sell(self.customer)
        order.confirm_coupon_programs(
            {
                "-1": {
                    "points": 7,
                    "program_id": self.program.id,
                    "partner_id": self.customer.id,
                    "barcode": "0441234",
                }
            }
        )
        card = self.env["loyalty.card"].search([("code", "=", "0441234")])
        self.assertEqual(self.moves_of(card).mapped("change"), [7])
        self.assertSent([7], [], 7)

    def test_till_offline_points_an_hour_later_then_both_again(self):
        card = self.make_card()
        order = self.sell(self.customer)
        self.deliver()
        purchases = len(self.fake.requests)
        self.assertEqual(purchases, 2, "a purchase does not wait for its points")
        self.confirm_points(order, card, 9)
        self.sell(self.customer, uuid=order.uuid)
        self.confirm_points(order, card, 9)
        self.assertEqual(card.points, 9)
        self.assertLedger(card)
        self.assertSent([9], [], 9)

    def test_points_that_core_doubles_are_sent_once(self):
        """Core looks for its history before it adds; nothing holds when two do."""
        card = self.make_card()
        order = self.sell_with_points(card, net=9)
        self.env["loyalty.history"].search([("card_id", "=", card.id)]).sudo().unlink()
        self.confirm_points(order, card, 9)
        self.assertEqual(card.points, 18)
        self.assertLedger(card)
        self.assertSent([9], [], 18)
        stopped = self.env["inboost.request.log"].search(
            [("kind", "=", "duplicate"), ("operation", "=", "bonus_accrual")]
        )
        self.assertEqual(len(stopped), 1)

    def test_register_refund_takes_points_back(self):
        card = self.make_card(20)
        refund = self.sell(self.customer)._refund()
        self.confirm_points(refund, card, -6)
        move = self.moves_of(card)[-1]
        self.assertEqual((move.kind, move.won, move.spent), ("reversal", 0, 6))
        self.assertSent([20], [6], 14)

    # -- the back office -----------------------------------------------------------

    def test_wizard_of_the_balance(self):
        card = self.make_card(10)
        for balance in (25, 4):
            self.env["loyalty.card.update.balance"].create(
                {"card_id": card.id, "new_balance": balance, "description": "gift"}
            ).action_update_card_point()
        self.assertEqual(self.moves_of(card).mapped("change"), [10, 15, -21])
        self.assertSent([10, 15], [21], 4)

    def test_wizard_that_generates_cards(self):
        both = self.customer + self.other_customer
        self.other_customer.phone = "+380501112233"
        cards = (
            self.env["loyalty.generate.wizard"]
            .create(
                {
                    "program_id": self.program.id,
                    "mode": "selected",
                    "customer_ids": both.ids,
                    "points_granted": 3,
                }
            )
            .generate_coupons()
        )
        self.assertEqual(len(cards), 2)
        self.assertLedger(cards)
        self.assertEqual(self.amounts("bonus_accrual"), [3, 3])

    def test_import(self):
        card = self.make_card(10)
        result = self.env["loyalty.card"].load(
            [".id", "code", "points", "program_id/.id", "partner_id/.id"],
            [
                [
                    *(str(card.id), card.code, "12", str(self.program.id)),
                    str(self.customer.id),
                ],
                ["", "NEW-1", "8", str(self.program.id), str(self.customer.id)],
            ],
        )
        self.assertFalse(result["messages"])
        new = self.env["loyalty.card"].search([("code", "=", "NEW-1")])
        self.assertLedger(card + new)
        self.assertEqual(self.amounts("bonus_accrual"), [10, 2, 8])

    def test_import_of_many_is_one_batch_and_a_bad_row_leaves_nothing(self):
        cards = self.make_card(10) + self.make_card(20)
        create = type(self.Move).create
        with patch.object(type(self.Move), "create", autospec=True) as spy:
            spy.side_effect = lambda *args: create(*args)
            rows = [[str(card.id), "5"] for card in cards]
            self.env["loyalty.card"].load([".id", "points"], rows)
            self.assertEqual(spy.call_count, 1)
            rows = [[str(cards[0].id), "7"], [str(cards[1].id), "many"]]
            result = self.env["loyalty.card"].load([".id", "points"], rows)
        self.assertFalse(result["ids"])
        self.env.invalidate_all()
        self.assertEqual(cards.mapped("points"), [5, 5])
        self.assertEqual(self.moves_of(cards).mapped("change"), [10, 20, -5, -15])
        self.assertLedger(cards)

    def test_fractions_of_points_are_kept(self):
        card = self.make_card(0.125)
        for points in (0.25, 0.333333, 0.4571):
            card.points = points
        self.assertLedger(card)
        self.assertAlmostEqual(sum(self.moves_of(card).mapped("change")), 0.4571, 6)

    def test_several_cards_written_at_once_are_one_batch(self):
        cards = self.make_card() + self.make_card() + self.make_card()
        create = type(self.Move).create
        with patch.object(type(self.Move), "create", autospec=True) as spy:
            spy.side_effect = lambda *args: create(*args)
            cards.write({"points": 5})
        self.assertEqual(spy.call_count, 1)
        self.assertLedger(cards)

    def test_deleted_card_ends_at_zero_and_keeps_its_rows(self):
        card = self.make_card(10)
        code = card.code
        card.sudo().unlink()
        rows = self.Move.search([("card_code", "=", code)])
        self.assertEqual(sorted(rows.mapped("change")), [-10, 10])
        self.assertSent([10], [], 0)

    def test_archived_card_is_no_balance(self):
        card = self.make_card(10) + self.make_card(5)
        card[0].sudo().action_archive()
        self.assertSent([10, 5], [], 5)

    def test_card_given_to_another_customer(self):
        self.other_customer.phone = "+380501112233"
        card = self.make_card(10)
        card.partner_id = self.other_customer
        self.deliver()
        last = {}
        for body in self.fake.bodies(BALANCE):
            last[body["userPhoneNumber"]] = body["amount"]
        self.assertEqual(last, {"380671234567": 0, "380501112233": 10})

    def test_merge_is_neither_accrual_nor_redemption(self):
        self.other_customer.phone = "+380501112233"
        cards = self.make_card(10) + self.make_card(4, self.other_customer)
        before = self.Move.search([("partner_id", "=", self.other_customer.id)])
        self.assertTrue(before)
        both = self.customer + self.other_customer
        self.env["base.partner.merge.automatic.wizard"].create({})._merge(
            both.ids, self.customer
        )
        self.assertEqual(cards.mapped("points"), [14, 0])
        self.assertLedger(cards)
        moves = self.moves_of(cards)
        self.assertEqual(moves[-1].kind, "adjustment")
        self.assertEqual(moves.partner_id, self.customer)
        self.deliver()
        last = {}
        for body in self.fake.bodies(BALANCE):
            last[body["userPhoneNumber"]] = body["amount"]
        self.assertEqual(last, {"380671234567": 14, "380501112233": 0})
        self.assertEqual(self.amounts("bonus_accrual"), [10, 4])
        self.assertEqual(self.amounts("bonus_redemption"), [])

    def test_merge_into_a_contact_without_card_or_phone(self):
        card = self.make_card(10)
        both = self.customer + self.other_customer
        self.env["base.partner.merge.automatic.wizard"].create({})._merge(
            both.ids, self.other_customer
        )
        self.assertEqual(card.partner_id, self.other_customer)
        self.assertLedger(card)
        self.assertSent([10], [], 10)
        self.assertFalse(self.env["inboost.event"].search([("state", "=", "parked")]))

    # -- what holds ----------------------------------------------------------------

    def test_coupons_are_no_bonuses(self):
        program = self.make_program("Coupons", program_type="coupons")
        program.applies_on = "current"
        self.make_card(10, program=program)
        self.assertFalse(self.Move.search([("program_id", "=", program.id)]))

    def test_gift_card_at_the_register_is_no_bonus(self):
        order = self.sell(self.customer)
        program = self.make_program(
            "Gift cards", program_type="gift_card", applies_on="future"
        )
        card = self.make_card(30, partner=self.other_customer, program=program)
        card.partner_id = False
        order.confirm_coupon_programs(
            {
                str(card.id): {
                    "points": -10,
                    "program_id": program.id,
                    "coupon_id": card.id,
                    "code": card.code,
                }
            }
        )
        self.assertEqual((card.points, card.partner_id), (20, self.customer))
        self.assertFalse(self.moves_of(card))
        for operation in ("bonus_accrual", "bonus_redemption", "balance_set"):
            self.assertFalse(self.events(operation))

    def test_ewallet_is_filled_and_pays_at_the_register(self):
        wallet = self.make_program(
            "Wallet", program_type="ewallet", applies_on="future"
        )
        self.backend.program_ids |= wallet
        card = self.make_card(0, program=wallet)
        self.sell_with_points(card, net=50)
        self.sell_with_points(card, net=-20, spent=20)
        rows = [(m.kind, m.won, m.spent) for m in self.moves_of(card)]
        self.assertEqual(rows, [("accrual", 50, 0), ("redemption", 0, 20)])
        self.assertLedger(card)
        self.assertSent([50], [20], 30)

    def test_two_programs_in_one_order(self):
        second = self.make_program("Second")
        self.backend.program_ids |= second
        cards = self.make_card(20) + self.make_card(10, program=second)
        order = self.sell_with_points(cards[0], net=5, spent=5)
        for _again in range(2):
            order.confirm_coupon_programs(
                {
                    str(cards[1].id): {
                        "points": 3,
                        "program_id": second.id,
                        "coupon_id": cards[1].id,
                    }
                }
            )
        self.assertEqual(cards.mapped("points"), [25, 13])
        self.assertLedger(cards)
        self.assertSent([20, 10, 10, 3], [5], 38)

    def test_program_that_is_not_chosen_is_recorded_but_not_sent(self):
        program = self.make_program("Other")
        card = self.make_card(10, program=program)
        self.assertLedger(card)
        self.assertFalse(self.events("bonus_accrual"))
        self.assertFalse(self.events("balance_set"))

    def test_row_is_immutable(self):
        move = self.moves_of(self.make_card(10))
        with self.assertRaises(AccessError):
            move.sudo().write({"change": 1})
        with self.assertRaises(AccessError):
            move.sudo().unlink()
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            move.sudo().copy({"uuid": move.uuid})

    def test_failing_ledger_saves_the_sale(self):
        card = self.make_card(20)
        with (
            patch.object(
                type(self.Move), "_prepare_row_values", side_effect=KeyError("bug")
            ),
            mute_logger(EVENT),
        ):
            self.sell_with_points(card, net=5)
        self.assertEqual(card.points, 25)

    def test_failing_capture_keeps_the_ledger_and_is_sent_later(self):
        card = self.make_card(20)
        broken = patch.object(
            type(self.Move), "_prepare_gross", side_effect=KeyError("bug")
        )
        with broken, mute_logger(EVENT):
            self.sell_with_points(card, net=5, spent=5)
        self.assertLedger(card)
        self.assertEqual(self.amounts("bonus_accrual"), [20])
        for _again in range(2):
            self.env["inboost.backend"]._cron_reconcile()
        self.assertSent([20, 10], [5], 25)

    def everything(self, card, before):
        """An accrual with a redemption, a redemption, and the refund of ``before``.

        :return: the order, and the refund
        """
        order = self.sell_with_points(card, net=5, spent=5)
        self.env["loyalty.card.update.balance"].create(
            {"card_id": card.id, "new_balance": 7, "description": "A mistake"}
        ).action_update_card_point()
        refund = self.sell(self.customer)
        self.env["inboost.bonus.refund"]._take_back(before, refund, 1.0)
        return order, refund

    def test_rows_that_failed_are_sent_later_as_what_they_were(self):
        """Whichever step failed: writing the rows, or what is sent of them."""
        self.program.inboost_refund_points = "all"
        for step in ("_prepare_row_values", "_prepare_gross"):
            with self.subTest(step):
                card = self.make_card(20)
                before = self.sell_with_points(card, net=3, spent=2)
                known = self.events("bonus_accrual") + self.events("bonus_redemption")
                broken = patch.object(
                    type(self.Move), step, side_effect=KeyError("bug")
                )
                with broken, mute_logger(EVENT):
                    order, refund = self.everything(card, before)
                for _again in range(2):
                    self.env["inboost.backend"]._cron_reconcile()
                self.assertLedger(card)
                self.assertEqual(
                    [
                        (m.kind, m.won, m.spent, m.order_uuid or "")
                        for m in self.moves_of(card)[2:]
                    ],
                    [
                        ("accrual", 10, 5, order.uuid),
                        ("redemption", 0, 21, ""),
                        ("reversal", 2, 5, refund.uuid),
                    ],
                )
                events = self.events("bonus_accrual") + self.events("bonus_redemption")
                facts = [event.fact for event in events - known]
                self.assertEqual(
                    [(fact["kind"], fact["reason"], fact["amount"]) for fact in facts],
                    [
                        ("accrual", "order", 10),
                        ("accrual", "reversal", 2),
                        ("redemption", "order", 5),
                        ("redemption", "other", 21),
                        ("redemption", "reversal", 5),
                    ],
                )
                self.assertEqual(len({fact["code"] for fact in facts}), 5)

    def test_a_row_says_who_changed_it_and_why_and_what_was_sent(self):
        user = new_test_user(
            self.env, "loyal", groups="point_of_sale.group_pos_manager"
        )
        card = self.make_card(10)
        self.env["loyalty.card.update.balance"].with_user(user).create(
            {"card_id": card.id, "new_balance": 25, "description": "Sorry for the wait"}
        ).action_update_card_point()
        move = self.moves_of(card)[-1]
        self.assertEqual((move.create_uid, move.reason), (user, "Sorry for the wait"))
        events = self.env["inboost.event"].search(
            move.action_view_inboost_events()["domain"]
        )
        self.assertEqual(events, self.events("bonus_accrual")[-1])
        self.assertEqual(move.event_count, 1)

    def test_another_phone_gets_its_balance_and_the_old_one_what_is_left(self):
        self.make_card(10)
        self.other_customer.phone = self.customer.phone_sanitized
        self.make_card(4, self.other_customer)
        self.deliver()
        self.customer.phone = "+380501112233"
        self.deliver()
        last = {}
        for body in self.fake.bodies(BALANCE):
            last[body["userPhoneNumber"]] = body["amount"]
        self.assertEqual(last, {"380671234567": 4, "380501112233": 10})

    def test_points_are_the_cards_customers_whoever_the_order_is_given_to(self):
        self.customer.phone = False
        card = self.make_card(0)
        order = self.sell_with_points(card, net=5)
        self.other_customer.phone = "+380501112233"
        order.partner_id = self.other_customer
        [accrual] = self.events("bonus_accrual")
        self.assertEqual((accrual.state, accrual.partner_id), ("parked", self.customer))

    def test_an_exception_leaves_no_operation_behind(self):
        card = self.make_card(20)
        with self.assertRaises(ZeroDivisionError), self.env.cr.savepoint():
            with self.Move._recording():
                card.points = 3
                raise ZeroDivisionError
        card.invalidate_recordset()
        card.points = 30
        self.assertLedger(card)

    def test_codes_are_unique_and_stable(self):
        card = self.make_card(20)
        self.sell_with_points(card, net=5, spent=5)
        events = self.events("bonus_accrual") + self.events("bonus_redemption")
        codes = [event.fact["code"] for event in events]
        self.assertEqual(len(set(codes)), 3)
        for code in codes:
            self.assertRegex(code, r"^(ACC|RED)(-[0-9A-Z]{4}){3}$")
