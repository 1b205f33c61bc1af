import logging

from odoo import api, models
from odoo.exceptions import UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from ...lib import mapping
from ...lib.outcome import Verdict, classify

_logger = logging.getLogger(__name__)

#: Seconds that a cashier waits for InBoost at most.
REGISTER_TIMEOUT = 2


class InboostCustomerLookup(models.AbstractModel):
    """One customer, asked for by phone: at the till, and in Contacts."""

    _name = "inboost.customer.lookup"
    _description = "InBoost Look-Up of a Customer"

    @api.model
    def _find(self, backend, phone, within=None):
        """Ask InBoost about ``phone``; create, link or update the contact.

        :param backend: one ``inboost.backend``
        :param str phone: E.164
        :param float within: seconds to wait at most; the endpoint's own by default
        :return: the contact; none when InBoost does not know the phone
        :raise UserError: when InBoost could not be asked, or its answer not be used
        """
        endpoint = backend._endpoint("customer_find")
        exchange = self.env["inboost.connection"]._exchange(
            endpoint, within=within, phone=phone
        )
        outcome = classify(exchange, endpoint._get_rules())
        endpoint._note_apart(outcome)
        # No such customer is no trouble, and neither is an endpoint that says so.
        if exchange.status == 404:
            return self.env["res.partner"]
        if outcome.verdict not in (Verdict.DONE, Verdict.DUPLICATE):
            raise UserError(self.env["inboost.connection"]._explain(endpoint, exchange))
        row = self._read_row(backend, exchange.data)
        if not row:
            return self.env["res.partner"]
        [decision] = self.env["inboost.customer.decision"]._decide(
            backend, [row], "customer_find"
        )
        if decision.kind != "error" and decision.customer["phone"] != phone:
            decision.fail("other_phone", phone=decision.customer["phone"])
        if decision.kind != "error":
            self.env["inboost.customer.write"]._carry_out(backend, [decision])
        if decision.kind == "error":
            problem = decision.problem
            raise UserError(
                self.env["inboost.problem"]._word(problem.code, problem.args)
            )
        return decision.partner or self.env["res.partner"]

    @api.model
    def _read_row(self, backend, data):
        """The customer in an answer: an object, or the first of a list; None for an
        empty one."""
        path = backend._endpoint("customer_find").rows_path or "@"
        try:
            found = mapping.search(path, data)
        except mapping.MappingError as error:
            problem = self.env["inboost.mapping"]._word_error(error)
            raise UserError(problem) from error
        if isinstance(found, list):
            found = found[0] if found else None
        return found or None

    @api.model
    def _find_now(self, backend, phone):
        """As a person asks for it: with all errors reported."""
        if backend.state != "connected":
            raise UserError(self.env._("%s is not connected.", backend.name))
        if not phone:
            raise UserError(self.env._("The contact has no valid phone."))
        return self.sudo()._find(backend.sudo(), phone)

    @api.model
    def _ask_at_register(self, backend, phone):
        """That nobody was found is another thing than that nobody could be asked.

        :return: (contact, state): ``found``, ``unknown``, ``silent`` or ``off``
        """
        nobody = self.env["res.partner"]
        endpoint = backend._endpoint("customer_find")
        if not backend._filter_sendable() or not endpoint._filter_recording():
            return nobody, "off"
        if not endpoint._may_ask():
            return nobody, "silent"
        try:
            with self.env.cr.savepoint():
                partner = self._find(backend, phone, within=REGISTER_TIMEOUT)
                self._take_back(partner)
                return partner, "found" if partner else "unknown"
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            raise
        except UserError:
            # Without its text, which may hold a phone.
            _logger.info("InBoost: nobody was found at the till; see the request log")
        except Exception:
            # Two tills met the same customer, say: the next search finds them here.
            _logger.exception("InBoost: the search at the till failed")
        return nobody, "silent"

    def _take_back(self, partner):
        """Somebody at the register is not archived, unless they have a login."""
        accounts = self.env["inboost.customer.match"]._filter_accounts(partner)
        if partner and not partner.active and partner not in accounts:
            partner.active = True
            partner.message_post(
                body=self.env._("Back at the register, and so not archived.")
            )
