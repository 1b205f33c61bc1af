from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

#: Odoo keeps a log of look-ups by e-mail address; this stands for none.
NO_EMAIL = "nobody@phone.invalid"


class PrivacyLookupWizard(models.TransientModel):
    """A customer who has only a phone is found by it."""

    _inherit = "privacy.lookup.wizard"

    email = fields.Char(required=False)
    phone = fields.Char()

    def _get_query_models_blacklist(self):
        # Rows that keep a purchase from being sent twice are not to be deleted: they
        # are erased, all together, by the button.
        ours = [name for name in self.env if name.startswith("inboost.")]
        return [*super()._get_query_models_blacklist(), *ours]

    def action_lookup(self):
        self.ensure_one()
        if not self.email:
            if not self._find_by_phone():
                raise UserError(
                    self.env._("Enter an email address, or the phone of a contact.")
                )
            self.email = NO_EMAIL
        return super().action_lookup()

    def _find_by_phone(self):
        """Contacts with the phone, however it is spelled."""
        partners = self.env["res.partner"].with_context(active_test=False)
        phone = self.phone and partners._phone_format(number=self.phone)
        if not phone:
            return partners
        return partners.search([("phone_sanitized", "=", phone)])

    def _get_query(self):
        """As Odoo looks for a name and an address, and for those of each contact with
        the phone."""
        query = super()._get_query()
        for partner in self._find_by_phone():
            same = self.new({"name": partner.name, "email": partner.email or NO_EMAIL})
            # UNION: who is found twice is shown once.
            query = SQL(
                "(%s) UNION (%s)", query, super(PrivacyLookupWizard, same)._get_query()
            )
        return query

    def action_inboost_erase(self):
        """Forget in InBoost Connector whom the look-up is about."""
        self.ensure_one()
        partners = self.env["res.partner"].browse(
            self.line_ids.filtered(
                lambda line: line.res_model == "res.partner" and not line.is_unlinked
            ).mapped("res_id")
        )
        return partners.action_inboost_erase()
