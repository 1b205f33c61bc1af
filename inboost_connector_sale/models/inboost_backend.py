from odoo import fields, models


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
