from odoo import models


class ResPartner(models.Model):
    """Who is anonymized here is forgotten by the connector, too."""

    _inherit = "res.partner"

    def anonymize_partner_data(self):
        # As the superuser: whoever may anonymize a contact need not administer InBoost.
        # And before it: afterwards nobody knows the person's phone and name any more.
        self.env["inboost.privacy"].sudo()._erase(self)
        return super().anonymize_partner_data()
