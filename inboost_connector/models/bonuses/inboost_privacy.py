from odoo import api, models


class InboostPrivacy(models.AbstractModel):
    """The ledger: its rows stay, since the balance is their sum."""

    _inherit = "inboost.privacy"

    @api.model
    def _erase_records(self, partners, person):
        result = super()._erase_records(partners, person)
        # What was shown an hour ago is kept for a day, and is nobody's need.
        self.env["inboost.expiring.preview"].search([]).unlink()
        return result

    @api.model
    def _prepare_export(self, partner, person):
        moves = self.env["inboost.bonus.move"].search([("partner_id", "=", partner.id)])
        return {
            **super()._prepare_export(partner, person),
            "bonuses": self._read(
                moves,
                ["time", "kind", "won", "spent", "balance_after", "card_code"]
                + ["order_name", "reason"],
            ),
        }
