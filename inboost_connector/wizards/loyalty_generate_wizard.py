from odoo import models


class LoyaltyGenerateWizard(models.TransientModel):
    _inherit = "loyalty.generate.wizard"

    def generate_coupons(self):
        reason = self[:1].description or ""
        with self.env["inboost.bonus.move"]._recording(reason=reason):
            return super().generate_coupons()
