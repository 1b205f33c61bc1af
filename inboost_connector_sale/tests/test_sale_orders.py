from unittest.mock import patch

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from odoo import Command, fields
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.inboost_connector.lib.facts import check_sums
from odoo.addons.inboost_connector.tests.common import DETAILS

from .common import SaleCase

EVENT = "odoo.addons.inboost_connector.models.outbox.inboost_capture"


@tagged("post_install", "-at_install")
class TestSaleOrders(SaleCase):
    def test_confirmed_order_is_a_purchase_once(self):
        order = self.make_order(quantity=3)
        self.assertFalse(self.told(order))
        order.action_confirm()
        events = self.told(order)
        self.assertEqual(events.mapped("operation"), ["purchase", "purchase_details"])
        self.assertEqual(set(events.mapped("key")), {f"sale:{order.inboost_uuid}"})
        self.invoice_and_pay(order)
        self.env["inboost.backend"]._cron_reconcile()
        self.assertEqual(self.told(order), events)

    def test_details_equal_the_order(self):
        order = self.make_order(quantity=3, product=self.cup)
        order.order_line.write({"discount": 10, "tax_ids": self.taxes["tax7"].ids})
        order.action_confirm()
        self.deliver()
        [sent] = self.fake.bodies(DETAILS)
        self.assertAlmostEqual(sent["total"], order.amount_total)
        self.assertAlmostEqual(sent["tax"], order.amount_tax)
        [line] = sent["lines"]
        self.assertAlmostEqual(line["quantity"], 3)
        self.assertAlmostEqual(line["total"], order.order_line.price_total)
        self.assertAlmostEqual(sent["discount"], order.order_line.price_total / 9)

    def test_paid_mode_waits_for_the_invoice(self):
        self.backend.sale_moment = "paid"
        order = self.make_order()
        order.action_confirm()
        self.env["inboost.backend"]._cron_reconcile()
        self.assertFalse(self.told(order))
        invoice = self.invoice_and_pay(order)
        events = self.told(order)
        self.assertEqual(len(events), 2)
        # Paid again after the payment was taken off.
        lines = invoice.line_ids.filtered("matched_credit_ids")
        lines.remove_move_reconcile()
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        ).create({})._create_payments()
        self.assertEqual(self.told(order), events)

    def test_paid_mode_after_a_credit_note_and_a_new_invoice(self):
        self.backend.sale_moment = "paid"
        order = self.make_order()
        order.action_confirm()
        first = order._create_invoices()
        first.action_post()
        first._reverse_moves(cancel=True)
        self.assertEqual(first.payment_state, "reversed")
        self.assertFalse(self.told(order))
        self.invoice_and_pay(order)
        self.assertEqual(len(self.told(order)), 2)

    def test_paid_mode_of_an_order_that_costs_nothing(self):
        self.backend.sale_moment = "paid"
        order = self.make_order()
        order.order_line.price_unit = 0
        order.action_confirm()
        self.env["inboost.backend"]._cron_reconcile()
        self.assertEqual(len(self.told(order)), 2)

    def test_cancelled_drafted_and_confirmed_again(self):
        order = self.make_order()
        order.action_confirm()
        first = order.inboost_uuid
        order._action_cancel()
        refund = self.told(order)[-1]
        self.assertEqual(refund.operation, "purchase_details")
        self.assertEqual(refund.fact["total"], -order.amount_total)
        self.assertEqual(refund.fact["refund_of"]["uuid"], first)
        order.action_draft()
        order.action_confirm()
        self.assertNotEqual(order.inboost_uuid, first)
        details = self.told(order, "purchase_details")
        self.assertEqual(len(set(details.mapped("key"))), 3)
        total = sum(event.fact["total"] for event in details)
        self.assertAlmostEqual(total, order.amount_total)

    def test_cancelling_deletes_the_coupons_that_the_order_gave_as_in_odoo(self):
        self.env["loyalty.program"].create(
            {
                "name": "Next time",
                "program_type": "next_order_coupons",
                "applies_on": "future",
                "trigger": "auto",
                "rule_ids": [(0, 0, {"reward_point_amount": 1})],
                "reward_ids": [(0, 0, {"discount": 10})],
            }
        )
        order = self.make_order()
        order._update_programs_and_rewards()
        order.action_confirm()
        coupons = order.coupon_point_ids.coupon_id.filtered(
            lambda coupon: not coupon.program_id.is_nominative
        )
        self.assertTrue(coupons)
        order._action_cancel()
        self.assertFalse(coupons.exists())
        self.assertEqual(order.state, "cancel")

    def test_cancelled_draft_is_silent(self):
        order = self.make_order()
        order._action_cancel()
        self.assertFalse(self.events_of(order))
        self.assertFalse(order.inboost_uuid)

    def test_several_confirmed_at_once(self):
        orders = self.make_order() + self.make_order(self.other_customer)
        orders.action_confirm()
        for order in orders:
            self.assertEqual(len(self.told(order)), 2)

    def test_settled_in_the_register_counts_there(self):
        order = self.make_order()
        sold = self.settle(order)
        self.assertEqual(order.state, "sale")
        self.assertFalse(self.told(order))
        self.assertEqual(len(self.told(sold)), 2)
        self.env["inboost.backend"]._cron_reconcile()
        self.assertFalse(self.told(order))

    def test_confirmed_before_it_is_paid_in_the_register(self):
        order = self.make_order()
        order.action_confirm()
        sold = self.settle(order)
        self.assertEqual(len(self.told(order)), 2)
        self.assertFalse(self.told(sold))
        self.env["inboost.backend"]._cron_reconcile()
        self.assertFalse(self.told(sold))

    def test_what_settles_a_known_order_is_not_listed_as_not_sent(self):
        for name in ("purchase", "purchase_details"):
            # It was sent as the order's; since then there is no address.
            order = self.make_order()
            order.action_confirm()
            self.assertEqual(len(self.told(order)), 2)
            address = self.endpoint(name).address
            self.endpoint(name).address = False
            self.env.invalidate_all()
            sold = self.settle(order)
            more = self.settle(order, more=[(self.cup, 1)])
            self.assertFalse(self.unsent(sold), name)
            self.assertEqual(self.unsent(more).operation, name)
            self.endpoint(name).address = address

    def unsent(self, order):
        now = fields.Datetime.now()
        self.backend.connected_since = fields.Datetime.subtract(now, days=1)
        order.date_order = fields.Datetime.subtract(now, seconds=5)
        self.env.flush_all()
        self.env.invalidate_all()
        return self.env["inboost.unsent"].search(
            [
                ("kind", "=", "purchase"),
                ("res_model", "=", order._name),
                ("res_id", "=", order.id),
            ]
        )

    def test_register_adds_something_to_a_confirmed_order(self):
        order = self.make_order()
        order.action_confirm()
        sold = self.settle(order, more=[(self.cup, 1)])
        details = self.told(sold, "purchase_details")
        self.assertEqual([row["name"] for row in details.fact["lines"]], ["Cup"])
        self.assertAlmostEqual(
            details.fact["total"], sold.lines[-1].price_subtotal_incl
        )
        self.assertEqual((details.fact["discount"], details.fact["payments"]), (0, []))

    def settle(self, order, more=()):
        """Pay a sale order at the register."""
        if not self.config.current_session_id:
            self.open_new_session()
        data = self.create_ui_order_data(
            [(self.tea, 1), *more],
            customer=order.partner_id,
            pos_order_ui_args={"state": "paid"},
        )
        data["lines"][0][2].update(
            sale_order_origin_id=order.id, sale_order_line_id=order.order_line.id
        )
        return self.sell(data=data)

    def test_failing_capture_confirms_and_cancels_and_is_reconciled(self):
        order = self.make_order()
        broken = patch.object(
            type(order), "_inboost_prepare_facts", side_effect=KeyError("bug")
        )
        with broken, mute_logger(EVENT):
            order.action_confirm()
        self.assertEqual(order.state, "sale")
        self.assertFalse(self.told(order))
        self.env["inboost.backend"]._cron_reconcile()
        self.assertEqual(len(self.told(order)), 2)
        with broken, mute_logger(EVENT):
            order._action_cancel()
        self.assertEqual(order.state, "cancel")

    def test_orders_before_the_connection_are_left(self):
        self.backend.state = "draft"
        order = self.make_order()
        order.action_confirm()
        self.backend.write(
            {
                "state": "connected",
                "connected_since": fields.Datetime.add(order.date_order, seconds=1),
            }
        )
        self.env["inboost.backend"]._cron_reconcile()
        self.assertFalse(self.told(order))

    def test_names_come_without_skus_and_lines_with_products(self):
        order = self.make_order()
        self.assertIn("[TEA-01]", order.order_line.name)
        order.action_confirm()
        [line] = self.told(order, "purchase_details").fact["lines"]
        self.assertEqual((line["name"], line["sku"]), ("Tea", "TEA-01"))
        self.assertEqual(line["product_id"], self.tea.id)

    def test_bonuses_spent_are_those_of_the_backends_programs(self):
        promotion = self.make_program("Sale", program_type="promotion")
        gift_card = self.make_program(
            "Gift card", program_type="gift_card", applies_on="future"
        )
        # Of those for a whole order one is allowed.
        rewards = (promotion + gift_card).reward_ids
        rewards.write({"discount_mode": "per_point", "required_points": 1})
        order = self.make_order(quantity=9)
        self.claim(order, self.make_card(20))
        for program, points, price in ((promotion, 1, -2), (gift_card, 10, -10)):
            self.env["sale.order.line"].create(
                {
                    "order_id": order.id,
                    "product_id": self.tea.id,
                    "name": "Reward",
                    "price_unit": price,
                    "tax_ids": False,
                    "reward_id": program.reward_ids.id,
                    "points_cost": points,
                }
            )
        order.action_confirm()
        fact = self.told(order, "purchase_details").fact
        self.assertEqual(fact["bonuses_spent"], 5)
        self.assertEqual((fact["promotions"], fact["gift_cards"]), (2, 10))
        self.assertAlmostEqual(fact["total"], order.amount_total)

    def test_order_told_and_forgotten_is_not_told_again_when_it_is_paid(self):
        order = self.make_order()
        order.action_confirm()
        order.date_order = fields.Datetime.subtract(fields.Datetime.now(), days=400)
        self.backend.connected_since = fields.Datetime.subtract(
            fields.Datetime.now(), days=500
        )
        self.env.cr.execute("DELETE FROM inboost_event")
        self.env.invalidate_all()
        self.invoice_and_pay(order)
        self.assertFalse(self.told(order))

    def test_accountant_alone_invoices_is_paid_and_credits(self):
        order = self.make_order(quantity=3)
        order.action_confirm()
        invoice = order._create_invoices()
        accountant = new_test_user(
            self.env,
            "inboost-accountant",
            "account.group_account_invoice",
            company_id=self.env.company.id,
            company_ids=[(6, 0, self.env.company.ids)],
        )
        invoice = invoice.with_user(accountant)
        invoice.action_post()
        self.env["account.payment.register"].with_user(accountant).with_context(
            active_model="account.move", active_ids=invoice.ids
        ).create({})._create_payments()
        note = invoice._reverse_moves()
        note.action_post()
        self.assertEqual(len(self.events_of(note)), 1)
        note.button_draft()
        note.button_cancel()
        self.assertEqual(len(self.events_of(note)), 2)

    @settings(
        max_examples=15,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(
        st.lists(
            st.tuples(
                st.sampled_from([None, "tax7", "tax10"]),
                st.sampled_from([-3, 0.25, 1, 2, 7]),
                st.sampled_from([0.0, 9.99, 123.47]),
                st.sampled_from([0, 10, 33.33, 100]),
            ),
            min_size=1,
            max_size=5,
        ),
        st.lists(st.sampled_from([-2, 1, 3]), max_size=2),
        st.booleans(),
        st.sampled_from(["round_per_line", "round_globally"]),
    )
    def test_lines_add_up_to_the_total(self, lines, combos, rewarded, taxes):
        self.env.company.tax_calculation_rounding_method = taxes
        order = self.env["sale.order"].create(
            {
                "partner_id": self.customer.id,
                "order_line": [
                    Command.create(
                        {
                            "product_id": self.tea.id,
                            "product_uom_qty": quantity,
                            "price_unit": price,
                            "discount": discount,
                            "tax_ids": self.taxes[tax].ids if tax else False,
                        }
                    )
                    for tax, quantity, price, discount in lines
                ],
            }
        )
        for quantity in combos:
            self.add_combo(order, quantity)
        if rewarded:
            order.order_line[:1].copy(
                {
                    "order_id": order.id,
                    "reward_id": self.program.reward_ids.id,
                    "points_cost": 5,
                    "product_uom_qty": 1,
                    "price_unit": -1.11,
                }
            )
        [fact] = order._inboost_prepare_facts(self.backend).values()
        self.assertEqual(len(fact["lines"]), len(lines) + 3 * len(combos) + rewarded)
        self.assertEqual(fact["bonuses_spent"], 5 if rewarded else 0)
        self.assertFalse(check_sums(fact))
        self.assertAlmostEqual(fact["total"], order.amount_total)
        self.assertAlmostEqual(fact["tax"], order.amount_tax)

    def add_combo(self, order, quantity):
        """A set costs nothing itself; what is in it does."""
        parts = self.env["product.combo"].create(
            [
                {
                    "name": one.name,
                    "company_id": one.company_id.id,
                    "combo_item_ids": [Command.create({"product_id": one.id})],
                }
                for one in self.tea + self.cup
            ]
        )
        product = self.env["product.product"].create(
            {
                "name": "Set",
                "type": "combo",
                "list_price": 33.33,
                "company_id": self.tea.company_id.id,
                "combo_ids": parts.ids,
            }
        )
        values = {"order_id": order.id, "product_uom_qty": quantity}
        line = order.order_line.create({**values, "product_id": product.id})
        for item in parts.combo_item_ids:
            order.order_line.create(
                {
                    **values,
                    "product_id": item.product_id.id,
                    "combo_item_id": item.id,
                    "linked_line_id": line.id,
                    "discount": 10,
                }
            )
        self.assertEqual((line.price_total, line.price_unit), (0, 0))
