import configparser
from functools import cache

from odoo import api, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import config

from ...lib import address_guard, auth, batch, client, outcome, redact
from ...lib.log_row import describe, mask_outcome


@cache
def read_options(path):
    """The section ``inboost`` of the server's configuration file. Odoo warns at each
    start of options in its own section that it does not know.

    :return: {name: text}
    """
    parser = configparser.RawConfigParser()
    parser.read(path or ())
    return dict(parser["inboost"]) if parser.has_section("inboost") else {}


class InboostConnection(models.AbstractModel):
    """What this server may connect to, and words for what became of it."""

    _name = "inboost.connection"
    _description = "InBoost Connection"

    @api.model
    def _allow_http(self):
        return read_options(config["config"]).get("allow_http", "").lower() == "true"

    @api.model
    def _allowed_networks(self):
        networks = read_options(config["config"]).get("allowed_networks", "")
        return tuple(n.strip() for n in networks.split(",") if n.strip())

    @api.model
    def _check_url(self, url, secret=False):
        """:param bool secret: whether the address is one, of a webhook"""
        try:
            address_guard.check_url(url, self._allow_http(), self._allowed_networks())
        except address_guard.AddressRefused as error:
            problem = error.problem
            raise ValidationError(
                self.env._(
                    "%(address)s: %(reason)s.",
                    address=redact.url(url, secret),
                    reason=self.env["inboost.reason"]._word(problem.code, problem.args),
                )
            ) from error

    @api.model
    def _client(self, pool_size):
        """:rtype: client.Client"""
        return client.Client(
            allow_http=self._allow_http(),
            allowed_networks=self._allowed_networks(),
            pool_size=pool_size,
        )

    @api.model
    def _check_original(self, backend):
        """:raise UserError: in a copy of the database, which asks nothing either. A
        backend that was never connected belongs to no other database."""
        backend = backend.sudo()
        here = self.env["inboost.restoration"]._get_fingerprint()
        if backend.state != "draft" and backend.fingerprint != here:
            raise UserError(self.env["inboost.reason"]._word("copy"))

    @api.model
    def _exchange(self, endpoint, fact=None, within=None, **envelope):
        """A question and its answer, outside the outbox.

        :rtype: client.Exchange
        :raise UserError: in a copy of the database, or when the request cannot be made
        """
        self._check_original(endpoint.backend_id)
        return self._ask(endpoint, self._question(endpoint, fact, **envelope), within)

    @api.model
    def _question(self, endpoint, fact=None, **envelope):
        """:rtype: client.Request
        :raise UserError: when the request cannot be made
        """
        if not endpoint.has_address:
            raise UserError(self.env._("%s has no address yet.", endpoint.display_name))
        return endpoint._request(fact or {}, **envelope)

    @api.model
    def _ask(self, endpoint, request, within=None):
        """Send ``request``. It is logged whatever becomes of the caller's transaction.

        :param float within: seconds that the caller waits at most
        :rtype: client.Exchange
        """
        with self._client(pool_size=1) as http:
            credentials = (
                endpoint.backend_id._get_auth() if endpoint.authorised else None
            )
            result = auth.send(http, request, credentials, within)
        self.env["inboost.request.log"]._record_apart(endpoint, result)
        return result

    @api.model
    def _test(self, backend):
        """:raise UserError: with what an administrator should do"""
        endpoint = backend._endpoint("connection_test")
        result = self._ask(endpoint, self._question(endpoint))
        problem = self._explain(endpoint, result)
        if problem:
            raise UserError(problem)

    @api.model
    def _explain(self, endpoint, exchange):
        """What an administrator should do about ``exchange``; None when all is well.

        :param endpoint: the one that was asked
        """
        rules = endpoint._get_log_rules()
        found = batch.judge_one(exchange, endpoint._get_rules())
        found = mask_outcome(found, exchange.request, rules)
        if found.verdict in (outcome.Verdict.DONE, outcome.Verdict.DUPLICATE):
            return None
        if found.code == "credentials":
            return self.env._(
                "InBoost refused the credentials (HTTP %s). Check the secret, the "
                "authorisation header and the prefix.",
                exchange.status,
            )
        if found.code == "web_page":
            return self.env._(
                "The server answers with a web page, not with data: check the address. "
                "It is a login page or the page of something else."
            )
        if found.code == "no_such_address":
            return self.env._(
                "Nothing lives at %(url)s (HTTP %(status)s). Check the address and "
                "the endpoint's path.",
                url=redact.url(exchange.request.url, endpoint.kind == "webhook"),
                status=exchange.status,
            )
        words = self.env["inboost.reason"]._word(
            *self.env["inboost.reason"]._from_outcome(found)
        )
        if exchange.status is None:
            return self.env._("InBoost cannot be reached. %s", words)
        if exchange.status >= 500:
            return self.env._(
                "InBoost has trouble of its own (HTTP %s).", exchange.status
            )
        if found.code in ("too_many_requests", "redirect", "busy"):
            return words
        return self.env._(
            "InBoost refused the request (HTTP %(status)s): %(answer)s",
            status=exchange.status,
            answer=found.text or describe(exchange, rules)["answer"][:200],
        )
