from odoo import api, models
from odoo.tools import SQL

from odoo.addons.inboost_connector.lib import keys
from odoo.addons.inboost_connector.lib.purchase import RECORDED, only


class PosOrder(models.Model):
    """An order of a register that may settle sale orders (pos_sale)."""

    _inherit = "pos.order"

    @api.model
    def _inboost_filter_rows(self, backend, rows):
        """Lines of a sale order that was a purchase already are none again: a web
        order that is paid when it is fetched. What comes back is another thing."""
        rows = super()._inboost_filter_rows(backend, rows)
        settled = {
            line["sale_order_id"]
            for _order, lines, _payments in rows.values()
            for line in lines
            if line.get("sale_order_id") and not line["comes_back"]
        }
        orders = self.env["sale.order"].browse(settled)
        known = set(orders._inboost_filter_recorded(backend).ids)
        if not known:
            return rows
        result = {}
        for order_id, found in rows.items():
            rest = [
                line
                for line in found.lines
                if line["sale_order_id"] not in known or line["comes_back"]
            ]
            if len(rest) == len(found.lines):
                result[order_id] = found
            elif rest:
                result[order_id] = only(found, rest)
        return result

    @api.model
    def _inboost_is_purchase_sql(self, backend):
        """As :meth:`_inboost_filter_rows` has it: one that only settles what was a
        purchase already is none."""
        is_purchase = super()._inboost_is_purchase_sql(backend)
        if "sale_order_origin_id" not in self.env["pos.order.line"]._fields:
            return is_purchase
        known = SQL(
            """
            r.refunded_orderline_id IS NULL AND EXISTS (
                SELECT FROM sale_order s
                  JOIN inboost_event e ON e.key = %s || s.inboost_uuid
                 WHERE s.id = r.sale_order_origin_id
                   AND e.backend_id = %s
                   AND e.operation = ANY(%s))
            """,
            keys.of_document(self.env["sale.order"]._inboost_source, ""),
            backend.id,
            RECORDED,
        )
        return SQL(
            """
            %s AND COALESCE((
                SELECT NOT bool_and(%s)
                  FROM pos_order_line r
                 WHERE r.order_id = d.id), TRUE)
            """,
            is_purchase,
            known,
        )
