from odoo import api, models

from odoo.addons.inboost_connector.lib.purchase import only


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
