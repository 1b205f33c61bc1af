from odoo import api, models
from odoo.tools import SQL


class PosOrderLine(models.Model):
    """A line knows the sale order that it settles, where pos_sale is installed."""

    _inherit = "pos.order.line"

    @api.model
    def _inboost_line_columns(self):
        columns = super()._inboost_line_columns()
        if "sale_order_origin_id" in self._fields:
            columns["sale_order_id"] = SQL("l.sale_order_origin_id")
            columns["comes_back"] = SQL("l.refunded_orderline_id IS NOT NULL")
        return columns
