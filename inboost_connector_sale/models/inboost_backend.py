from odoo import api, fields, models


class InboostBackend(models.Model):
    """Sale orders are purchases, too, and their credit notes refunds."""

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

    team_ids = fields.Many2many(
        "crm.team",
        string="Sales Teams",
        copy=False,
        domain="[('company_id', 'in', [False, company_id])]",
        help="Shops by the team that sells: a web shop has one of its own.",
    )

    @api.model
    def _get_shop_fields(self):
        return [*super()._get_shop_fields(), "team_ids"]

    @api.model
    def _get_document_models(self):
        models = super()._get_document_models()
        # What a credit note gives back comes before it.
        return [*models[:-1], "sale.order", models[-1]]
