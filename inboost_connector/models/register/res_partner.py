from odoo import api, models
from odoo.exceptions import AccessError
from odoo.tools import format_date, formatLang

from ...lib import phone as phones


class ResPartner(models.Model):
    """What a register knows of a customer, and whom it finds."""

    _inherit = "res.partner"

    @api.model
    def _load_pos_data_fields(self, config):
        return [*super()._load_pos_data_fields(config), "is_inboost_customer"]

    @api.model
    def inboost_find_at_register(self, config_id, term):
        """The contact with the phone ``term``, whom InBoost is asked about where
        nobody here is linked to them.

        :param int config_id: the register's
        :param str term: as the cashier typed it
        :return: dict of ``state``, ``phone`` (E.164) and ``records`` for the register.
            The state is ``found`` or ``linked``; ``unknown`` to InBoost; ``silent``
            when InBoost did not answer; ``off`` when it is not asked; ``invalid`` when
            the term is no phone
        """
        config = self._inboost_get_register(config_id)
        phone = phones.normalise(term, config.company_id.country_id.code)
        if not phone:
            return {"state": "invalid", "phone": term, "records": {}}
        partner, state = self._inboost_find(phone, config.company_id)
        records = self._inboost_register_data(partner, config) if partner else {}
        return {"state": state, "phone": phone, "records": records}

    @api.model
    def inboost_bonuses_at_register(self, config_id, partner_id):
        """What the customer has and loses first, for the cashier who is paid now.

        :param int config_id: the register's
        :return: dict of ``balance``, ``expiring`` and ``day``, the last on which those
            can be used, as a person reads them; without the latter two where nothing
            expires; an empty one where the customer has no bonuses
        """
        config = self._inboost_get_register(config_id)
        partner = self.browse(partner_id)
        partner.check_access("read")
        company = config.company_id
        programs = self.env["inboost.backend"]._find_for_company(company).program_ids
        cards = self.env["loyalty.card"].sudo()
        cards = cards.search(
            [("partner_id", "=", partner.id), ("program_id", "in", programs.ids)]
        )
        if not cards:
            return {}
        found = {"balance": formatLang(self.env, sum(cards.mapped("points")))}
        return found | self._inboost_next_expiry(cards, company._inboost_today())

    @api.model
    def _inboost_next_expiry(self, cards, today):
        lots = self.env["inboost.bonus.lots"].sudo()
        found = lots._find(cards.program_id, first=today, cards=cards)
        if not found:
            return {}
        day = found[0].day
        expiring = sum(lot.amount for lot in found if lot.day == day)
        return {
            "expiring": formatLang(self.env, expiring),
            "day": format_date(self.env, day),
        }

    @api.model
    def _inboost_get_register(self, config_id):
        if not self.env.user.has_group("point_of_sale.group_pos_user"):
            raise AccessError(self.env._("Only a cashier may do this."))
        config = self.env["pos.config"].browse(config_id)
        config.check_access("read")
        return config

    @api.model
    def _inboost_find(self, phone, company):
        """:return: (contact, state), see :meth:`inboost_find_at_register`"""
        lookup = self.env["inboost.customer.lookup"].sudo()
        match = self.env["inboost.customer.match"].sudo()
        here, state = self.browse(), "off"
        for backend in self.env["inboost.backend"]._find_for_company(company):
            here = here or match._find_contact(backend, phone).sudo(False)
            if here and here.is_inboost_customer:
                return here, "linked"
            found, asked = lookup._ask_at_register(backend, phone)
            if found:
                return found.sudo(False), "found"
            if state != "silent":
                state = asked
        return here, state

    @api.model
    def _inboost_register_data(self, partner, config):
        positions = partner.fiscal_position_id
        return {
            "res.partner": self._load_pos_data_read(partner, config),
            "account.fiscal.position": positions._load_pos_data_read(positions, config),
        }
