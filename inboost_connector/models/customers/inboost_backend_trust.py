from odoo import api, models


class InboostBackend(models.Model):
    """Which portal it is, who may speak in its name, and what it overwrites, is for
    those whom that is trusted to."""

    _inherit = "inboost.backend"

    @api.model_create_multi
    def create(self, vals_list):
        backends = super().create(vals_list)
        self.env["inboost.trust"]._check(backends)
        return backends

    def write(self, vals):
        result = super().write(vals)
        if "address" in vals or any(
            name.startswith(("policy_", "incoming_")) for name in vals
        ):
            self.env["inboost.trust"]._check(self)
        return result
