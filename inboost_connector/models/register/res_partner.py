from odoo import api, models

from ...lib import phone as phones


class ResPartner(models.Model):
    """What a register knows of a customer, and whom it finds."""

    _inherit = "res.partner"

    @api.model
    def _load_pos_data_fields(self, config):
        return [*super()._load_pos_data_fields(config), "is_inboost_customer"]

    @api.model
    def get_new_partner(self, config_id, domain, offset):
        """A phone that the cashier typed and nobody has here may be InBoost's."""
        term = self._inboost_searched_phone(domain)
        result = super().get_new_partner(config_id, domain, offset)
        if result["res.partner"] or not term or offset:
            return result
        config = self.env["pos.config"].browse(config_id)
        partner = self._inboost_find_at_register(term, config)
        if partner:
            result["res.partner"] = self._load_pos_data_read(partner, config)
            positions = partner.fiscal_position_id
            result["account.fiscal.position"] = positions._load_pos_data_read(
                positions, config
            )
        return result

    @api.model
    def _inboost_searched_phone(self, domain):
        """What the cashier typed, if the register searches phones for it."""
        for leaf in domain:
            if isinstance(leaf, list | tuple) and leaf[0] == "phone_mobile_search":
                return str(leaf[2]).rstrip("%")
        return ""

    @api.model
    def _inboost_find_at_register(self, term, config):
        """The contact with the phone ``term``, of here or of InBoost; none when there
        is none, or no answer in time."""
        phone = phones.normalise(term, config.company_id.country_id.code)
        if phone:
            lookup = self.env["inboost.customer.lookup"].sudo()
            backends = self.env["inboost.backend"]._find_for_company(config.company_id)
            for backend in backends:
                partner = lookup._find_contact(backend, phone)
                partner = partner or lookup._ask_at_register(backend, phone)
                if partner:
                    return partner.sudo(False)
        return self.browse()
