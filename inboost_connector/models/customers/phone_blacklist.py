from odoo import api, models


class PhoneBlacklist(models.Model):
    """Who opts out gets nothing more that starts campaigns, not even what waits."""

    _inherit = "phone.blacklist"

    @api.model_create_multi
    def create(self, vals_list):
        entries = super().create(vals_list)
        entries._inboost_cancel_marketing()
        return entries

    def write(self, vals):
        result = super().write(vals)
        if vals.get("active"):
            self._inboost_cancel_marketing()
        return result

    def _inboost_cancel_marketing(self):
        phones = self.filtered("active").mapped("number")
        if not phones:
            return
        consent = self.env["inboost.customer.consent"]
        with self.env["inboost.capture"]._guard(
            self.env._("an opt-out"), (consent, "_cancel_marketing", [phones])
        ):
            consent._cancel_marketing(phones)
