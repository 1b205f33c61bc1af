from odoo.tests import tagged

from odoo.addons.inboost_connector.tests.common_bonus import BALANCE

from .common import SaleCase


@tagged("post_install", "-at_install")
class TestSaleBonuses(SaleCase):
    """Each way of changing points that sale orders have."""

    def rows(self, card):
        return [(m.kind, m.won, m.spent) for m in self.moves_of(card)]

    def confirmed(self, card, spend=True):
        order = self.make_order(card.partner_id)
        if spend:
            self.claim(order, card)
        order.action_confirm()
        return order

    def test_order_wins_and_spends_gross(self):
        card = self.make_card(20)
        order = self.confirmed(card)
        [issued, used] = [
            sum(card.history_ids.mapped(name)) for name in ("issued", "used")
        ]
        self.assertGreater(used, 0)
        move = self.moves_of(card)[-1]
        self.assertEqual((move.won, move.spent), (issued, used))
        self.assertEqual(move.order_uuid, order.inboost_uuid)
        self.assertLedger(card)
        self.assertEqual(self.amounts("bonus_accrual"), [20, issued])
        self.assertEqual(self.amounts("bonus_redemption"), [used])
        accrual = self.events("bonus_accrual")[-1]
        self.assertEqual(accrual.fact["order"]["uuid"], order.inboost_uuid)
        self.assertEqual(accrual.fact["reason"], "order")

    def test_order_makes_a_card(self):
        order = self.make_order()
        order._update_programs_and_rewards()
        order.action_confirm()
        card = order.coupon_point_ids.coupon_id
        self.assertEqual(self.rows(card), [("accrual", 10, 0)])

    def test_cancelled_takes_back_and_gives_back(self):
        card = self.make_card(20)
        order = self.confirmed(card)
        _opening, (_kind, won, spent) = self.rows(card)
        order._action_cancel()
        self.assertEqual(card.points, 20)
        self.assertEqual(self.rows(card)[-1], ("reversal", spent, won))
        self.assertLedger(card)
        self.assertEqual(self.amounts("bonus_accrual"), [20, won, spent])
        self.assertEqual(self.amounts("bonus_redemption"), [spent, won])
        self.assertEqual(self.events("bonus_accrual")[-1].fact["reason"], "reversal")
        order.action_draft()
        order._update_programs_and_rewards()
        order.action_confirm()
        self.assertLedger(card)
        self.assertEqual(self.rows(card)[-1], ("accrual", 10, 0))
        self.deliver()
        self.assertEqual(self.fake.bodies(BALANCE)[-1]["amount"], 30)

    def test_cancelled_after_a_merge_is_taken_from_the_card_that_has_the_points(self):
        card = self.make_card(20)
        order = self.confirmed(card)
        inna = self.env["res.partner"].create(
            {"name": "Inna", "phone": "+380631112233"}
        )
        kept = self.make_card(7, inna)
        self.env["base.partner.merge.automatic.wizard"].create({})._merge(
            (self.customer | inna).ids, inna
        )
        self.env.invalidate_all()
        _opening, (_kind, won, spent) = self.rows(card)[:2]
        order._action_cancel()
        self.assertEqual((kept.points, card.points), (27, 0))
        self.assertEqual(self.rows(kept)[-1], ("reversal", spent, won))
        self.assertLedger(kept + card)

    def test_net_zero_order_is_taken_back_too(self):
        card = self.make_card(20)
        order = self.make_order()
        # As many points as the reward costs.
        order.order_line.price_unit = 5
        self.claim(order, card)
        order.action_confirm()
        self.assertEqual(card.points, 20)
        _opening, (_kind, won, spent) = self.rows(card)
        self.assertEqual(won, spent)
        order._action_cancel()
        self.assertEqual(self.rows(card)[-1], ("reversal", spent, won))
        self.assertEqual(self.amounts("bonus_accrual"), [20, won, spent])
        self.assertEqual(self.amounts("bonus_redemption"), [spent, won])

    def test_several_confirmed_at_once_have_rows_of_their_own(self):
        card = self.make_card(20)
        orders = self.make_order() + self.make_order()
        orders.action_confirm()
        self.assertEqual(
            self.moves_of(card)[1:].mapped("order_uuid"), orders.mapped("inboost_uuid")
        )
        orders._action_cancel()
        self.assertEqual(card.points, 20)
        self.assertLedger(card)

    def test_reward_line_of_a_confirmed_order_added_edited_removed(self):
        card = self.make_card(20)
        order = self.confirmed(card, spend=False)
        line = self.env["sale.order.line"].create(
            {
                "order_id": order.id,
                "product_id": self.tea.id,
                "name": "Reward",
                "price_unit": -1,
                "reward_id": self.program.reward_ids.id,
                "coupon_id": card.id,
                "points_cost": 5,
                "reward_identifier_code": "X",
                # Of the lines with a price, only these may leave a confirmed order.
                "is_downpayment": True,
            }
        )
        line.points_cost = 7
        line.points_cost = 6
        line.unlink()
        self.assertEqual(
            self.rows(card)[2:],
            [
                ("redemption", 0, 5),
                ("redemption", 0, 2),
                ("reversal", 1, 0),
                ("reversal", 6, 0),
            ],
        )
        self.assertEqual(
            set(self.moves_of(card)[1:].mapped("order_uuid")), {order.inboost_uuid}
        )
        self.assertLedger(card)

    def test_points_added_to_a_confirmed_order(self):
        card = self.make_card(20)
        order = self.confirmed(card, spend=False)
        order._add_points_for_coupon({card: 4})
        self.assertEqual(self.rows(card)[-1], ("accrual", 4, 0))
        self.assertEqual(self.moves_of(card)[-1].order_id, order.id)
        self.assertLedger(card)
