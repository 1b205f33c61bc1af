from odoo import api, models
from odoo.exceptions import AccessError


class InboostTrust(models.AbstractModel):
    """Whom a portal is trusted by. What it says overwrites contacts where that is
    chosen, so that whoever says which portal that is can change contacts: they need the
    rights to do so themselves."""

    _name = "inboost.trust"
    _description = "InBoost Trust in a Portal"

    @api.model
    def _check(self, backends):
        """:raise AccessError: when the user could change contacts by these only"""
        if self.env["res.partner"].has_access("write"):
            return
        for backend in backends.sudo():
            policies = (n for n in backend._fields if n.startswith("policy_"))
            if any(backend[name] == "overwrite" for name in policies):
                raise AccessError(
                    self.env._(
                        "%s overwrites contacts with what InBoost says. Only who may "
                        "edit contacts may choose that, or the portal that it comes "
                        "from.",
                        backend.name,
                    )
                )
