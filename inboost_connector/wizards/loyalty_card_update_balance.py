from odoo import models


class LoyaltyCardUpdateBalance(models.TransientModel):
    _inherit = "loyalty.card.update.balance"

    def action_update_card_point(self):
        # The ledger knows why as Odoo's own history does.
        with self.env["inboost.bonus.move"]._recording(reason=self.description or ""):
            return super().action_update_card_point()
