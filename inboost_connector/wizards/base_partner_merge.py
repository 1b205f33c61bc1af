from odoo import models


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    def _update_foreign_keys(self, src_partners, dst_partner):
        """Points that move to the contact that stays are neither won nor spent."""
        with self.env["inboost.bonus.move"]._recording(
            kind="adjustment", silent=True, reason=self.env._("Contacts were merged")
        ) as operation:
            result = super()._update_foreign_keys(src_partners, dst_partner)
            # Done by SQL behind the cache's back.
            self.env["loyalty.card"].invalidate_model(["partner_id"])
            # A phone that goes away is told its zero; without one nobody is told.
            operation.owners = {
                (partner, program)
                for partner, program in operation.owners
                if partner not in src_partners or partner.sudo().phone_sanitized
            }
        return result
