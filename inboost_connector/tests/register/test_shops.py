"""A backend is about the shops that were chosen for it."""

from datetime import timedelta

from odoo import fields
from odoo.tests import new_test_user, tagged

from ..common_bonus import BonusCase


@tagged("post_install", "-at_install")
class TestShops(BonusCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls.config.copy({"name": "Another shop"})

    def recorded(self, order):
        return self.events_of(order).mapped("operation")

    def choose(self, **shops):
        self.backend.write(shops)
        self.backend.connected_since = fields.Datetime.now() - timedelta(minutes=1)

    def test_every_shop_until_one_is_chosen(self):
        self.assertIn("purchase", self.recorded(self.sell(self.customer)))
        self.choose(pos_config_ids=self.other.ids)
        elsewhere = self.sell(self.customer)
        self.assertFalse(self.recorded(elsewhere))
        self.env["inboost.backend"]._cron_reconcile()
        self.assertFalse(self.recorded(elsewhere), "nothing was missed")
        self.choose(pos_config_ids=(self.other + self.config).ids)
        self.assertIn("purchase", self.recorded(self.sell(self.customer)))

    def test_a_refund_goes_where_its_original_was_sold(self):
        mine, theirs = self.sell(self.customer), self.sell(self.customer)
        self.events_of(theirs).with_context(inboost_retention=True).sudo().unlink()
        self.choose(pos_config_ids=self.config.ids)
        back = self.refund_elsewhere(mine)
        self.assertEqual(back.config_id, self.other)
        self.assertEqual(self.recorded(back), ["purchase_details"])
        self.choose(pos_config_ids=self.other.ids)
        self.assertFalse(self.recorded(self.refund_elsewhere(theirs)))
        self.env["inboost.backend"]._cron_reconcile()
        self.assertFalse(self.recorded(theirs))

    def test_a_refund_of_what_nobody_knows_is_of_its_register(self):
        self.choose(pos_config_ids=self.config.ids)
        back = self.sell(self.customer, lines=[(self.tea, -1)])
        self.assertEqual(self.recorded(back), ["purchase_details"])

    def test_an_exchange_that_was_paid_for_is_of_its_register(self):
        self.choose(pos_config_ids=self.other.ids)
        back = self.refund_elsewhere(self.sell(self.customer), more=self.cup)
        self.assertGreater(back.amount_total, 0)
        self.assertIn("purchase", self.recorded(back))

    def refund_elsewhere(self, order, more=None):
        """Take goods back at the other register."""
        if not self.other.current_session_id:
            self.other.open_ui()
        back = order._refund()
        back.session_id = self.other.current_session_id
        if more:
            back.lines.copy(
                {
                    "order_id": back.id,
                    "product_id": more.id,
                    "qty": 10,
                    "refunded_orderline_id": False,
                }
            )._onchange_amount_line_all()
            back._compute_prices()
        method = self.other.payment_method_ids.filtered(
            lambda one: one.type != "pay_later"
        )[:1]
        self.env["pos.make.payment"].with_context(active_id=back.id).create(
            {"amount": back.amount_total, "payment_method_id": method.id}
        ).check()
        return back

    def test_a_register_is_of_the_warehouse_that_its_goods_come_from(self):
        mine = self.config.picking_type_id.warehouse_id
        another = self.env["stock.warehouse"].create(
            {"name": "Another", "code": "ANO", "company_id": mine.company_id.id}
        )
        self.choose(warehouse_ids=another.ids)
        self.assertFalse(self.recorded(self.sell(self.customer)))
        self.choose(warehouse_ids=(mine + another).ids)
        self.assertIn("purchase", self.recorded(self.sell(self.customer)))

    def test_one_of_the_chosen_kinds_is_enough(self):
        another = self.env["stock.warehouse"].create({"name": "Another", "code": "ANO"})
        self.choose(warehouse_ids=another.ids, pos_config_ids=self.config.ids)
        self.assertIn("purchase", self.recorded(self.sell(self.customer)))

    def test_the_history_of_a_customer_has_the_purchases_of_these_shops_only(self):
        order = self.sell(self.customer)
        orders = self.env["pos.order"]
        kept = self.events_of(order).with_context(inboost_retention=True)
        kept.sudo().unlink()
        since = fields.Datetime.now() - timedelta(days=1)

        def history():
            return orders._inboost_find_history(self.backend, self.customer, since)

        self.assertEqual(history(), order)
        self.choose(pos_config_ids=self.other.ids)
        self.assertFalse(history())

    def test_what_another_shop_sold_before_it_was_chosen_is_history(self):
        self.choose(pos_config_ids=self.other.ids)
        order = self.sell(self.customer)
        order.date_order = fields.Datetime.now() - timedelta(minutes=5)
        self.backend.pos_config_ids = False
        self.env["inboost.backend"]._cron_reconcile()
        self.assertFalse(self.recorded(order))

    def test_backends_of_different_shops_do_not_get_the_same_sales(self):
        second = self.backend.copy()
        second.name = "Second portal"
        second.sudo().state = "paused"
        self.assertEqual(self.backend.other_names, "Second portal")
        self.backend.pos_config_ids = self.config
        self.assertEqual(self.backend.other_names, "Second portal")
        second.pos_config_ids = self.other
        self.backend.invalidate_recordset()
        self.assertFalse(self.backend.other_names)
        second.pos_config_ids += self.config
        self.backend.invalidate_recordset()
        self.assertEqual(self.backend.other_names, "Second portal")

    def test_an_inboost_administrator_alone_chooses(self):
        user = new_test_user(
            self.env, "shops", "inboost_connector.group_inboost_manager"
        )
        backend = self.backend.with_user(user)
        names = self.env["pos.config"].with_user(user).name_search("Another shop")
        backend.pos_config_ids = [names[0][0]]
        self.env["stock.warehouse"].with_user(user).name_search("")
        self.assertEqual(backend.pos_config_ids.mapped("display_name"), [names[0][1]])
