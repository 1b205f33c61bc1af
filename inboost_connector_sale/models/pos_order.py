from odoo import models


class PosOrder(models.Model):
    _inherit = "pos.order"

    def _inboost_prepare_fact(self, backend):
        """Lines of a sale order that was a purchase already are none again: a web
        order that is paid when it is fetched."""
        fact = super()._inboost_prepare_fact(backend)
        captured = self._inboost_captured_sales(backend)
        if not captured or not fact:
            return fact
        rest = self.lines.filtered(
            lambda line: line.sale_order_origin_id not in captured
        )
        if not rest:
            return None
        uuids = set(rest.mapped("uuid"))
        lines = [line for line in fact["lines"] if line["uuid"] in uuids]
        sums = {
            name: self._inboost_round(sum(line[name] for line in lines))
            for name in ("untaxed", "tax", "total")
        }
        return {
            **fact,
            **sums,
            "lines": lines,
            "discount": self._inboost_round(
                sum(line._inboost_discount() for line in rest)
            ),
            "bonuses_spent": sum(rest.mapped("points_cost")),
            # These paid for all of it.
            "payments": [],
        }

    def _inboost_captured_sales(self, backend):
        """Sale orders of the lines that ``backend`` has as purchases already."""
        if self.is_refund or "sale_order_origin_id" not in self.lines._fields:
            return self.env["sale.order"]
        orders = self.lines.sale_order_origin_id.filtered("inboost_uuid")
        captured = set(
            self.env["inboost.event"]
            .search(
                [
                    ("backend_id", "=", backend.id),
                    ("operation", "in", ("purchase", "purchase_details")),
                    ("key", "in", [order._inboost_get_key() for order in orders]),
                ]
            )
            .mapped("key")
        )
        return orders.filtered(lambda order: order._inboost_get_key() in captured)
