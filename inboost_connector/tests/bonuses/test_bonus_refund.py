from datetime import timedelta
from uuid import uuid4

from freezegun import freeze_time

from odoo import fields
from odoo.tests import tagged

from ..common_bonus import BALANCE, BonusCase


@tagged("post_install", "-at_install")
class TestBonusRefund(BonusCase):
    """Buy, win points, bring goods back: by the calls of the register, which asks for
    no points of a refund."""

    def setUp(self):
        super().setUp()
        self.card = self.make_card(20)

    def buy(self, quantity=4, net=10.0, spent=0.0):
        """Tea at ten each, and the points of it."""
        order = self.sell(self.customer, [(self.tea, quantity)], uuid=str(uuid4()))
        return self.sell_with_points(self.card, net, spent, order)

    def refund(self, order, quantity, more=()):
        """The register's Refund of so many of the tea."""
        data = self.create_ui_order_data(
            [(self.tea, -quantity), *more],
            customer=self.customer,
            uuid=str(uuid4()),
            pos_order_ui_args={"state": "paid", "is_refund": not more},
        )
        tea = order.lines.filtered(lambda line: line.product_id == self.tea)[0]
        data["lines"][0][2]["refunded_orderline_id"] = tea.id
        self.sell(data=data)
        return self.env["pos.order"].search([("uuid", "=", data["uuid"])]), data

    def rows(self):
        return [
            (move.kind, move.won, move.spent) for move in self.moves_of(self.card)[1:]
        ]

    def test_without_the_switch_it_is_as_in_odoo(self):
        order = self.buy()
        self.refund(order, 4)
        self.assertEqual(self.card.points, 30)
        self.assertEqual(self.rows(), [("accrual", 10, 0)])

    def test_half_of_it_takes_half_of_the_points(self):
        """odoo#257854, in proportion."""
        self.program.inboost_refund_points = "proportion"
        order = self.buy()
        refund, data = self.refund(order, 2)
        self.assertEqual(self.card.points, 25)
        self.env["pos.order"].sync_from_ui([data])
        refund._inboost_take_points_back()
        self.assertEqual(self.rows(), [("accrual", 10, 0), ("reversal", 0, 5)])
        self.assertLedger(self.card)
        [fact] = [event.fact for event in self.events("bonus_redemption")]
        self.assertEqual((fact["reason"], fact["amount"]), ("reversal", 5))
        self.assertEqual(fact["order"]["uuid"], refund.uuid)
        self.deliver()
        self.assertEqual(self.fake.bodies(BALANCE)[-1]["amount"], 25)

    def test_the_other_half_takes_the_rest_and_no_more(self):
        self.program.inboost_refund_points = "proportion"
        order = self.buy(quantity=3)
        for _piece in range(3):
            self.refund(order, 1)
        self.assertAlmostEqual(self.card.points, 20, 4)
        self.assertLedger(self.card)

    def test_all_of_it_takes_and_gives_back_everything(self):
        self.program.inboost_refund_points = "proportion"
        order = self.buy(net=5, spent=5)
        self.assertEqual(self.card.points, 25)
        self.refund(order, 4)
        self.assertEqual(self.card.points, 20)
        self.assertEqual(self.rows()[-1], ("reversal", 5, 10))
        self.assertEqual(self.amounts("bonus_accrual"), [20, 10, 5])
        self.assertEqual(self.amounts("bonus_redemption"), [5, 10])
        reasons = [event.fact["reason"] for event in self.events("bonus_accrual")]
        self.assertEqual(reasons[-1], "reversal")

    def test_all_at_the_first_refund(self):
        self.program.inboost_refund_points = "all"
        order = self.buy()
        self.refund(order, 1)
        self.refund(order, 1)
        self.assertEqual(self.card.points, 20)
        self.assertEqual(len(self.rows()), 2)

    def test_spent_points_return_to_the_day_on_which_they_were_won(self):
        self.program.write(
            {"inboost_refund_points": "all", "inboost_validity_days": 30}
        )
        with freeze_time(fields.Datetime.now() - timedelta(days=20)):
            self.card = self.make_card(5)
        [before] = self.env["inboost.bonus.lots"]._find(self.program, cards=self.card)
        order = self.buy(net=-5, spent=5)
        self.assertEqual(self.card.points, 0)
        self.refund(order, 4)
        found = self.env["inboost.bonus.lots"]._find(self.program, cards=self.card)
        self.assertEqual(found, [before])

    def test_points_that_were_spent_since_are_a_debt(self):
        self.program.inboost_refund_points = "all"
        order = self.buy()
        self.card.points = 0
        self.refund(order, 4)
        self.assertEqual(self.card.points, -10)
        self.assertLedger(self.card)

    def test_an_exchange_returns_points_and_wins_others(self):
        """The order's own points are confirmed after it: each is sent once."""
        self.program.inboost_refund_points = "proportion"
        order = self.buy(net=5, spent=5)
        exchange, _data = self.refund(order, 4, more=[(self.cup, 3)])
        for _again in range(2):
            self.confirm_points(exchange, self.card, 60)
        self.assertEqual(self.rows()[1:], [("reversal", 5, 10), ("accrual", 60, 0)])
        self.assertEqual(self.card.points, 80)
        self.assertLedger(self.card)
        self.assertEqual(self.amounts("bonus_accrual"), [20, 10, 5, 60])
        self.assertEqual(self.amounts("bonus_redemption"), [5, 10])

    def test_a_refund_in_the_back_office_counts_when_it_is_paid(self):
        self.program.inboost_refund_points = "all"
        order = self.buy()
        refund = order._refund()
        self.assertEqual(self.card.points, 30)
        payment = self.env["pos.make.payment"].with_context(
            active_id=refund.id, active_ids=refund.ids
        )
        payment.create(
            {
                "amount": refund.amount_total,
                "payment_method_id": self.cash_pm1.id,
            }
        ).check()
        self.assertEqual(self.card.points, 20)

    def merge(self):
        """Olena's contact into Inna's, who has a card of her own.

        :return: Inna's card
        """
        inna = self.env["res.partner"].create(
            {"name": "Inna", "phone": "+380631112233"}
        )
        kept = self.make_card(7, inna)
        self.env["base.partner.merge.automatic.wizard"].create({})._merge(
            (self.customer | inna).ids, inna
        )
        self.env.invalidate_all()
        self.assertFalse(self.card.active)
        self.customer = inna
        return kept

    def test_after_a_merge_points_are_taken_from_the_card_that_has_them(self):
        self.program.inboost_refund_points = "proportion"
        order = self.buy()
        kept = self.merge()
        self.assertEqual(kept.points, 37)
        for _half in range(2):
            self.refund(order, 2)
        self.assertEqual((kept.points, self.card.points), (27, 0))
        self.assertLedger(kept + self.card)

    def test_after_a_merge_the_register_may_still_know_the_other_card(self):
        order = self.sell(self.customer, uuid=str(uuid4()))
        kept = self.merge()
        self.sell_with_points(self.card, 5, 5, order)
        self.assertEqual((kept.points, self.card.points), (32, 0))
        self.assertLedger(kept + self.card)
        move = self.moves_of(kept)[-1]
        self.assertEqual((move.won, move.spent), (10, 5))

    def test_odoos_own_history_shows_it(self):
        self.program.inboost_refund_points = "all"
        order = self.buy()
        self.refund(order, 4)
        line = self.card.history_ids.sorted("id")[-1]
        self.assertEqual((line.issued, line.used), (0, 10))

    def test_each_document_is_undone_once_however_often_it_is_called(self):
        """As the code of credit notes calls it."""
        self.program.inboost_refund_points = "proportion"
        order, refund = self.buy(), self.sell(self.customer, uuid=str(uuid4()))
        take_back = self.env["inboost.bonus.refund"]._take_back
        self.assertEqual(take_back(order, refund, 0.4).spent, 4)
        self.assertFalse(take_back(order, refund, 0.4))
        self.assertEqual(self.card.points, 26)
