from odoo import api, models
from odoo.exceptions import AccessError


class InboostBackend(models.Model):
    """Whom a portal is trusted by. What it says overwrites contacts where that is
    chosen, so that whoever says which portal that is can change contacts: they need the
    rights to do so themselves."""

    _inherit = "inboost.backend"

    @api.model_create_multi
    def create(self, vals_list):
        backends = super().create(vals_list)
        backends._check_may_overwrite()
        return backends

    def write(self, vals):
        result = super().write(vals)
        if "address" in vals or any(name.startswith("policy_") for name in vals):
            self._check_may_overwrite()
        return result

    def _check_may_overwrite(self):
        """:raise AccessError: when the user could change contacts by this backend only"""
        if self.env["res.partner"].has_access("write"):
            return
        for backend in self.sudo():
            policies = (backend[name] for name in self._get_policy_fields())
            if "overwrite" in policies:
                raise AccessError(
                    self.env._(
                        "%s overwrites contacts with what InBoost says. Only who may "
                        "edit contacts may choose that, or the portal that it comes "
                        "from.",
                        backend.name,
                    )
                )

    @api.model
    def _get_policy_fields(self):
        return [name for name in self._fields if name.startswith("policy_")]
