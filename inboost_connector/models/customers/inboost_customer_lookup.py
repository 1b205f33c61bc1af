import logging

from odoo import api, models
from odoo.exceptions import UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from ...lib import customers, mapping
from ...lib import phone as phones
from ...lib.outcome import Verdict, classify

_logger = logging.getLogger(__name__)

#: Seconds that a cashier waits for InBoost at most.
AT_THE_TILL = 2


class InboostBackend(models.Model):
    """One customer, asked for by phone: at the till, and in Contacts."""

    _inherit = "inboost.backend"

    def _find_customer(self, phone, within=None):
        """Ask InBoost about ``phone``; create, link or update the contact.

        :param str phone: E.164
        :param float within: seconds to wait at most; the endpoint's own by default
        :return: the contact; none when InBoost does not know the phone
        :raise UserError: when InBoost could not be asked, or its answer not be used
        """
        self.ensure_one()
        exchange = self._exchange("customer_find", {}, within=within, phone=phone)
        outcome = classify(exchange)
        self._endpoint("customer_find")._note_apart(outcome)
        # No such customer is no trouble, and neither is an endpoint that says so.
        if exchange.status == 404:
            return self.env["res.partner"]
        if outcome.verdict not in (Verdict.DONE, Verdict.DUPLICATE):
            raise UserError(self._explain(exchange))
        row = self._found_row(exchange.data)
        if not row:
            return self.env["res.partner"]
        [decision] = self._decide([row])
        if decision.kind != "error" and decision.customer["phone"] != phone:
            decision.kind = "error"
            decision.reason = self.env._(
                "InBoost answered with the customer of another phone, %s.",
                decision.customer["phone"],
            )
        if decision.kind != "error":
            self._carry_out([decision])
        if decision.kind == "error":
            raise UserError(decision.reason)
        return decision.partner or self.env["res.partner"]

    def _found_row(self, data):
        """The customer in an answer: an object, or the first of a list; None for an
        empty one."""
        path = self._endpoint("customer_find").rows_path or "@"
        try:
            found = mapping.search(path, data)
        except mapping.MappingError as error:
            raise UserError(str(error)) from error
        if isinstance(found, list):
            found = found[0] if found else None
        return found or None

    def _find_now(self, phone):
        """As a person asks for it: with all errors told."""
        self.ensure_one()
        if self.state != "connected" or not self._sendable():
            raise UserError(self.env._("%s is not connected.", self.name))
        if not phone:
            raise UserError(self.env._("The contact has no valid phone."))
        return self.sudo()._find_customer(phone)

    def _contact_of(self, phone):
        """The one contact that a phone means; see ``lib.customers.choose``."""
        found = self._contacts_of({phone}).get(phone, ())
        chosen = customers.choose([c for c, _link in found if c.active])
        return self.env["res.partner"].browse(chosen.id if chosen else None)

    def _ask_at_the_till(self, phone):
        nobody = self.env["res.partner"]
        if not self._sendable() or not self._endpoint("customer_find")._may_ask():
            return nobody
        try:
            with self.env.cr.savepoint():
                partner = self._find_customer(phone, within=AT_THE_TILL)
                if partner and not partner.active:
                    partner.active = True
                    note = self.env._("Back at the register, and so not archived.")
                    partner.message_post(body=note)
                return partner
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            raise
        except UserError:
            # Without its text, which may hold a phone.
            _logger.info("InBoost: nobody was found at the till; see the request log")
            return nobody
        except Exception:
            # Two tills met the same customer, say: the next search finds them here.
            _logger.exception("InBoost: the search at the till failed")
            return nobody


class ResPartner(models.Model):
    _inherit = "res.partner"

    @api.model
    def get_new_partner(self, config_id, domain, offset):
        """A phone that the cashier typed and nobody has here may be InBoost's."""
        term = self._inboost_searched_phone(domain)
        result = super().get_new_partner(config_id, domain, offset)
        if result["res.partner"] or not term or offset:
            return result
        config = self.env["pos.config"].browse(config_id)
        partner = self._inboost_at_the_till(term, config)
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
    def _inboost_at_the_till(self, term, config):
        """The contact with the phone ``term``, of here or of InBoost; none when there
        is none, or no answer in time."""
        phone = phones.normalise(term, config.company_id.country_id.code)
        if phone:
            for backend in self.env["inboost.backend"]._for_company(config.company_id):
                partner = backend._contact_of(phone) or backend._ask_at_the_till(phone)
                if partner:
                    return partner.sudo(False)
        return self.browse()
