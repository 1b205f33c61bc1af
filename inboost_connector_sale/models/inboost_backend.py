from odoo import fields, models
from odoo.tools import SQL


class InboostBackend(models.Model):
    _inherit = "inboost.backend"

    sale_moment = fields.Selection(
        [("confirmed", "Confirmed"), ("paid", "Invoice paid")],
        "Sale Orders Are Purchases When",
        required=True,
        default="confirmed",
        help="Confirmed: a sale order is sent as a purchase when it is confirmed; web "
        "orders too. Invoice paid: when all of it is invoiced and paid. An order that "
        "was paid at a register counts there.",
    )

    def _reconcile(self, since):
        result = super()._reconcile(since)
        self.env["sale.order"]._inboost_reconcile(self, since)
        return result

    def _history_documents(self, partners, since):
        orders = self.env["sale.order"]._inboost_history(self, partners, since)
        return super()._history_documents(partners, since) + list(orders)

    def _last_purchase_sql(self):
        return SQL(
            "GREATEST(%s, (SELECT MAX(o.date_order) FROM sale_order o"
            " WHERE o.partner_id = p.id AND o.state = 'sale'))",
            super()._last_purchase_sql(),
        )

    def _bought_sql(self):
        return SQL(
            "%s OR EXISTS (SELECT FROM sale_order o WHERE o.partner_id = p.id"
            " AND o.state = 'sale' AND o.company_id = ANY(%s))",
            super()._bought_sql(),
            self._companies().ids,
        )
