from odoo import models

from ...lib.facts import PurchaseLine


class PosOrderLine(models.Model):
    """A line of a purchase."""

    _inherit = "pos.order.line"

    def _inboost_discount(self):
        """What the percentage took off, in the currency, with tax as in the total."""
        if not self.discount or self.discount >= 100:
            return self.price_unit * self.qty if self.discount else 0.0
        return self.price_subtotal_incl * self.discount / (100 - self.discount)

    def _inboost_purchase_line(self):
        """:rtype: lib.facts.PurchaseLine"""
        product = self.product_id
        order = self.order_id
        return PurchaseLine(
            uuid=self.uuid or None,
            sku=product.default_code or None,
            barcode=product.barcode or None,
            name=self.full_product_name or product.display_name,
            category=product.categ_id.name or None,
            quantity=self.qty,
            unit_price=self.price_unit,
            discount=self.discount,
            untaxed=order._inboost_round(self.price_subtotal),
            tax=order._inboost_round(self.price_subtotal_incl - self.price_subtotal),
            total=order._inboost_round(self.price_subtotal_incl),
            is_reward=self.is_reward_line,
            note=self.customer_note or None,
        )

    def _inboost_counts_for(self, rule):
        """Whether the line counts for the points that ``rule`` gives."""
        if self.refunded_orderline_id:
            return False
        reward = self.reward_id
        if not self.is_reward_line:
            product = self.combo_parent_id.product_id or self.product_id
            return rule.any_product or product in rule.valid_product_ids
        if reward.program_id == rule.program_id:
            # Its own discounts take nothing off; a product for free gives no points.
            return reward.reward_type == "product"
        paid = reward.program_id.program_type in ("gift_card", "ewallet")
        return rule.any_product and not paid
