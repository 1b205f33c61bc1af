from datetime import timedelta
from uuid import uuid4

from odoo import Command, fields
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from ..common_bonus import BonusCase


@tagged("post_install", "-at_install")
class TestBonusMissing(BonusCase):
    """Points of an order whose second call was lost: odoo#270532."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Missing = cls.env["inboost.bonus.missing"]
        cls.program.write({"pos_ok": True, "pos_config_ids": False})

    def setUp(self):
        super().setUp()
        self.backend.connected_since = fields.Datetime.now() - timedelta(days=2)

    def buy(self, minutes=20, lines=None, customer=None):
        order = self.sell(
            customer or self.customer, lines or [(self.tea, 2)], uuid=str(uuid4())
        )
        order.date_order = fields.Datetime.now() - timedelta(minutes=minutes)
        return order

    def find(self):
        self.env["inboost.backend"]._cron_reconcile()
        return self.Missing.search([])

    def test_listed_after_a_quarter_of_an_hour(self):
        order = self.buy(minutes=10)
        self.assertFalse(self.find(), "it may come yet")
        order.date_order -= timedelta(minutes=6)
        row = self.find()
        self.assertEqual((row.order_id, row.won, row.spent), (order.id, 20, 0))
        self.assertEqual((row.partner_id, row.state), (self.customer, "open"))
        self.assertEqual(self.Missing._count_open(self.backend), 1)
        self.assertEqual(self.find(), row, "once")

    def test_points_that_came_are_not_missing(self):
        card = self.make_card()
        order = self.buy()
        self.confirm_points(order, card, 20)
        self.assertFalse(self.find())

    def test_not_of_strangers_refunds_or_orders_before_the_connection(self):
        self.buy(minutes=3 * 24 * 60)
        order = self.buy()
        order.partner_id = False
        self.buy(lines=[(self.tea, -2)])
        self.assertFalse(self.find())

    def test_credited_by_one_button_as_points_of_the_order(self):
        card = self.make_card(5)
        order = self.buy()
        row = self.find()
        row.action_credit()
        self.assertEqual((card.points, row.state), (25, "credited"))
        move = self.moves_of(card)[-1]
        self.assertEqual((move.kind, move.won), ("accrual", 20))
        self.assertEqual((move.order_uuid, move.order_id), (order.uuid, order.id))
        self.assertLedger(card)
        fact = self.events("bonus_accrual")[-1].fact
        self.assertEqual((fact["reason"], fact["order"]["uuid"]), ("order", order.uuid))
        self.assertEqual(self.Missing._count_open(self.backend), 0)

    def test_never_twice_also_when_the_register_confirms_later(self):
        card = self.make_card(5)
        order = self.buy()
        row = self.find()
        row.action_credit()
        row.action_credit()
        self.confirm_points(order, card, 20)
        self.assertEqual(card.points, 25)
        self.assertEqual(self.amounts("bonus_accrual"), [5, 20])

    def test_what_came_after_all_is_not_credited(self):
        card = self.make_card(5)
        order = self.buy()
        row = self.find()
        self.confirm_points(order, card, 20)
        row.action_credit()
        self.assertEqual((card.points, row.state), (25, "came"))

    def test_a_customer_without_a_card_gets_one(self):
        row = (self.buy(), self.find())[1]
        row.action_credit()
        card = self.env["loyalty.card"].search([("partner_id", "=", self.customer.id)])
        self.assertEqual(card.points, 20)
        self.assertLedger(card)

    def test_rewards_that_were_not_paid_for_are_taken_with_it(self):
        card = self.make_card(10)
        order = self.buy()
        order.lines[:1].copy(
            {"order_id": order.id, "qty": 0, **self.reward_line(card, 5)}
        )
        row = self.find()
        self.assertEqual((row.won, row.spent), (20, 5))
        row.action_credit()
        self.assertEqual(card.points, 25)
        move = self.moves_of(card)[-1]
        self.assertEqual((move.won, move.spent), (20, 5))

    def test_only_an_administrator_decides(self):
        self.buy()
        row = self.find()
        user = new_test_user(
            self.env, "inboost-user", groups="inboost_connector.group_inboost_user"
        )
        manager = new_test_user(
            self.env, "inboost-boss", groups="inboost_connector.group_inboost_manager"
        )
        for action in ("action_credit", "action_dismiss"):
            with self.assertRaises(AccessError):
                getattr(row.with_user(user), action)()
        row.with_user(manager).action_credit()
        self.assertEqual(row.state, "credited")
        cards = self.env["loyalty.card"].search([("partner_id", "=", self.customer.id)])
        self.assertEqual(self.moves_of(cards)[-1].create_uid, manager)

    def test_dismissed_is_not_listed_again(self):
        self.buy()
        row = self.find()
        row.action_dismiss()
        self.assertEqual(self.find(), row)
        self.assertEqual(self.Missing._count_open(self.backend), 0)

    # -- estimates -----------------------------------------------------------------

    def estimate(self, lines, *rules):
        """:param rules: values of the program's rules"""
        self.program.rule_ids.unlink()
        self.program.rule_ids = [Command.create(values) for values in rules]
        order = self.buy(lines=lines)
        [(won, _spent)] = order._inboost_estimate_points(self.program).values()
        return won

    def test_estimates_by_the_programs_rules(self):
        teas = [(self.tea, 3)]
        both = [(self.tea, 3), (self.cup, 1)]
        money = {"reward_point_mode": "money", "reward_point_amount": 0.5}
        unit = {"reward_point_mode": "unit", "reward_point_amount": 2}
        order = {"reward_point_mode": "order", "reward_point_amount": 7}
        only_tea = {"product_ids": [Command.set(self.tea.ids)]}
        for lines, rules, expected in (
            (teas, [money], 15),
            (teas, [unit], 6),
            (teas, [order], 7),
            (both, [{**money, **only_tea}], 15),
            (both, [{**unit, **only_tea}], 6),
            (both, [unit], 8),
            ([(self.cup, 1)], [{**order, **only_tea}], 0),
            (teas, [{**order, "minimum_qty": 4}], 0),
            (teas, [{**order, "minimum_qty": 3}], 7),
            (teas, [{**order, "minimum_amount": 31}], 0),
            (teas, [{**order, "minimum_amount": 30}], 7),
            (teas, [money, order], 22),
            (teas, [{**order, "mode": "with_code", "code": "X"}], 0),
        ):
            with self.subTest(rules=rules, lines=len(lines)):
                self.assertEqual(self.estimate(lines, *rules), expected)
