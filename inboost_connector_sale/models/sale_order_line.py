from odoo import api, models
from odoo.tools import SQL


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

    @api.model
    def _inboost_lines_sql(self):
        """The lines of order ``d`` as a list of lib.purchase.Line."""
        return SQL(
            """
            COALESCE((
                SELECT json_agg(json_build_object(
                           'uuid', NULL, %(product)s,
                           'quantity', l.product_uom_qty,
                           'unit_price', l.price_unit,
                           'discount', l.discount,
                           'untaxed', l.price_subtotal,
                           'total', l.price_total,
                           'program_id', b.id,
                           'program_type', b.program_type,
                           'points', l.points_cost,
                           'note', NULL) ORDER BY l.sequence, l.id)
                  FROM sale_order_line l
                  %(tables)s
                 WHERE l.order_id = d.id
                   AND l.display_type IS NULL
                   AND l.is_downpayment IS NOT TRUE), '[]')
            """,
            product=self._inboost_product_columns("l"),
            tables=self._inboost_product_tables("l"),
        )

    @api.model
    def _inboost_down_payments_sql(self):
        """What registers took in advance for order ``d``, as lines that take it off."""
        if "pos_order_line_ids" not in self._fields:
            return SQL("'[]'::json")
        return SQL(
            """
            COALESCE((
                SELECT json_agg(json_build_object(
                           'uuid', NULL, %(product)s,
                           'quantity', -r.qty,
                           'unit_price', r.price_unit,
                           'discount', r.discount,
                           'untaxed', r.price_subtotal,
                           'total', r.price_subtotal_incl,
                           'program_id', NULL,
                           'program_type', NULL,
                           'points', NULL,
                           'note', NULL) ORDER BY r.id)
                  FROM pos_order_line r
                  JOIN pos_order o ON o.id = r.order_id
                  JOIN sale_order_line l ON l.id = r.sale_order_line_id
                  %(tables)s
                 WHERE r.sale_order_origin_id = d.id
                   AND l.is_downpayment
                   AND o.state <> 'draft'
                   AND o.state <> 'cancel'), '[]')
            """,
            product=self._inboost_product_columns("r"),
            tables=self._inboost_product_tables("r"),
        )

    @api.model
    def _inboost_product_columns(self, line):
        """Keys and columns of what is sold in the lines with the alias ``line``."""
        return SQL(
            "'product_id', %s, 'sku', p.default_code, 'barcode', p.barcode,"
            " 'name', COALESCE(l.name, %s), 'category', a.name",
            SQL.identifier(line, "product_id"),
            self.env["product.template"]._field_to_sql("t", "name"),
        )

    @api.model
    def _inboost_product_tables(self, line):
        return SQL(
            """
             LEFT JOIN product_product p ON p.id = %s
             LEFT JOIN product_template t ON t.id = p.product_tmpl_id
             LEFT JOIN product_category a ON a.id = t.categ_id
             LEFT JOIN loyalty_reward w ON w.id = l.reward_id
             LEFT JOIN loyalty_program b ON b.id = w.program_id
            """,
            SQL.identifier(line, "product_id"),
        )
