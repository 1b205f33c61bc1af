from odoo import api, models


class InboostBackend(models.Model):
    """Orders of the point of sale are purchases, credit notes of theirs refunds."""

    _inherit = "inboost.backend"

    @api.model
    def _get_document_models(self):
        return [*super()._get_document_models(), "pos.order", "account.move"]
