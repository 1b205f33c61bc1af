from odoo.tests import tagged

from .common import SaleCase


@tagged("post_install", "-at_install")
class TestSaleShops(SaleCase):
    """A sales team is a shop."""

    def setUp(self):
        super().setUp()
        self.web, self.office = self.env["crm.team"].create(
            [{"name": "Web shop"}, {"name": "Office"}]
        )

    def confirm(self, team):
        order = self.make_order()
        order.team_id = team
        order.action_confirm()
        return order

    def test_orders_of_the_chosen_team_are_purchases(self):
        self.backend.team_ids = self.web
        self.assertFalse(self.told(self.confirm(self.office)))
        self.assertTrue(self.told(self.confirm(self.web)))

    def test_orders_of_a_web_shop_are_none_of_a_registers(self):
        self.backend.pos_config_ids = self.config
        self.assertFalse(self.told(self.confirm(self.web)))

    def test_a_warehouse_is_a_shop_where_stock_is_sold_from(self):
        if "warehouse_id" not in self.env["sale.order"]._fields:
            self.backend.warehouse_ids = self.env["stock.warehouse"].search([], limit=1)
            self.assertFalse(self.told(self.confirm(self.web)))
            return
        order = self.make_order()
        self.backend.warehouse_ids = order.warehouse_id
        order.action_confirm()
        self.assertTrue(self.told(order))

    def test_a_credit_note_goes_where_its_order_went(self):
        self.backend.team_ids = self.web
        order = self.confirm(self.web)
        invoice = self.invoice_and_pay(order)
        invoice.team_id = self.office
        note = invoice._reverse_moves()
        note.team_id = self.office
        note.action_post()
        self.assertTrue(self.told(note))
        foreign = self.confirm(self.office)
        note = self.invoice_and_pay(foreign)._reverse_moves()
        note.action_post()
        self.assertFalse(self.told(note))
