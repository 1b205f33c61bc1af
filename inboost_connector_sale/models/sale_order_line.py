from odoo import api, models

from odoo.addons.inboost_connector.lib.facts import PurchaseLine


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    # -- points of reward lines of a confirmed order -------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        with self.env["inboost.bonus.move"]._recording() as operation:
            lines = super().create(vals_list)
            lines._inboost_belong_to(operation)
        return lines

    def write(self, vals):
        if "points_cost" not in vals:
            return super().write(vals)
        with self.env["inboost.bonus.move"]._recording() as operation:
            if not operation.order and all(
                vals["points_cost"] < line.points_cost for line in self
            ):
                # Points return to where they were taken from.
                operation.kind = "reversal"
            self._inboost_belong_to(operation)
            return super().write(vals)

    def unlink(self):
        if not self.filtered("coupon_id"):
            return super().unlink()
        with self.env["inboost.bonus.move"]._recording() as operation:
            if not operation.order:
                operation.kind = "reversal"
            self._inboost_belong_to(operation)
            return super().unlink()

    def _inboost_belong_to(self, operation):
        """Changes of points are these lines' order's, if nobody knows better."""
        order = self.order_id.sudo()
        if not operation.order and len(order) == 1 and order.state == "sale":
            operation.order = order
            operation.order_uuid = order._inboost_identify()

    # -- fact ----------------------------------------------------------------------

    def _inboost_discount(self):
        """What the percentage took off, in the currency, with tax as in the total."""
        if not self.discount or self.discount >= 100:
            return self.price_unit * self.product_uom_qty if self.discount else 0.0
        return self.price_total * self.discount / (100 - self.discount)

    def _inboost_purchase_line(self, sign=1):
        """:rtype: lib.facts.PurchaseLine"""
        product = self.product_id
        order = self.order_id
        return PurchaseLine(
            uuid=None,
            sku=product.default_code or None,
            barcode=product.barcode or None,
            name=product.display_name or self.name,
            category=product.categ_id.name or None,
            quantity=sign * self.product_uom_qty,
            unit_price=self.price_unit,
            discount=self.discount,
            untaxed=sign * order._inboost_round(self.price_subtotal),
            tax=sign * order._inboost_round(self.price_tax),
            total=sign * order._inboost_round(self.price_total),
            is_reward=self.is_reward_line,
            note=None,
        )
