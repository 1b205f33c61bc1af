from odoo import api, models


class InboostEvent(models.Model):
    """The consent of customers is read when events about them leave."""

    _inherit = "inboost.event"

    @api.model
    def _read_consent(self, phones):
        return self.env["inboost.customer.consent"]._describe(phones)
