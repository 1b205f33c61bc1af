from odoo import api, models
from odoo.tools import SQL


class PosOrderLine(models.Model):
    """A line of a purchase."""

    _inherit = "pos.order.line"

    @api.model
    def _inboost_lines_sql(self):
        """The lines of order ``d``, each a list of what
        :meth:`_inboost_line_columns` names."""
        columns = SQL(", ").join(self._inboost_line_columns().values())
        return SQL(
            """
            COALESCE((
                SELECT json_agg(json_build_array(%s) ORDER BY l.id)
                  FROM pos_order_line l
                  JOIN product_product p ON p.id = l.product_id
                  JOIN product_template t ON t.id = p.product_tmpl_id
             LEFT JOIN product_category a ON a.id = t.categ_id
             LEFT JOIN loyalty_reward w ON w.id = l.reward_id
             LEFT JOIN loyalty_program b ON b.id = w.program_id
                 WHERE l.order_id = d.id), '[]')
            """,
            columns,
        )

    @api.model
    def _inboost_line_columns(self):
        """:return: {key of lib.purchase.Line: column}"""
        return {
            "uuid": SQL("l.uuid"),
            "product_id": SQL("l.product_id"),
            "sku": SQL("p.default_code"),
            "barcode": SQL("p.barcode"),
            "name": SQL(
                "COALESCE(l.full_product_name, %s)",
                self.env["product.template"]._field_to_sql("t", "name"),
            ),
            "category": SQL("a.name"),
            "quantity": SQL("l.qty"),
            "unit_price": SQL("l.price_unit"),
            "discount": SQL("l.discount"),
            "untaxed": SQL("l.price_subtotal"),
            "total": SQL("l.price_subtotal_incl"),
            "program_id": SQL("b.id"),
            "program_type": SQL("b.program_type"),
            "points": SQL("l.points_cost"),
            "note": SQL("l.customer_note"),
        }

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
