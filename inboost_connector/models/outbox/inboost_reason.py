from odoo import api, models
from odoo.tools.translate import LazyTranslate

from ...lib.problems import TEXTS, is_problem
from ...lib.words import Arguments, heading

_lt = LazyTranslate(__name__)

#: Why something did not go as it should. Kept as a code and its arguments, worded for
#: whoever reads it: a cron has no language. Codes of ``lib.outcome`` first.
REASONS = {
    "address_refused": _lt("The address is refused: %(error)s"),
    "name_error": _lt("The name of the server cannot be found."),
    "no_connection": _lt("Nothing answers at this address (connect error)."),
    "tls_error": _lt("No secure connection can be made: %(error)s"),
    "timeout": _lt("No answer came in time (timeout)."),
    "connection_lost": _lt("The connection broke after sending."),
    "unreadable": _lt("The answer cannot be read."),
    "our_error": _lt("It could not be sent: %(error)s"),
    "repeat": _lt("InBoost had it before."),
    "refused": _lt("InBoost refused it: %(text)s"),
    "web_page": _lt("InBoost answered with a web page (HTTP %(status)s)."),
    "redirect": _lt(
        "The server redirects to another address (HTTP %(status)s); redirects are not "
        "followed."
    ),
    "credentials": _lt("InBoost refused it (HTTP %(status)s). %(text)s"),
    "no_such_address": _lt("Nothing is at this address (HTTP %(status)s)."),
    "not_found": _lt("InBoost does not know what it is about: %(text)s"),
    "busy": _lt("InBoost cannot take it now (HTTP %(status)s). %(text)s"),
    "too_many_requests": _lt("InBoost asks us to slow down (HTTP %(status)s)."),
    "http_status": _lt("HTTP %(status)s. %(text)s"),
    "accepted": _lt("InBoost accepted it."),
    "not_begun": _lt("It waited too long for its turn."),
    "row_missing": _lt(
        "InBoost answered (HTTP %(status)s) for other events of the same request only."
    ),
    # ours
    "text": "%(text)s",
    "no_customer": _lt("No customer"),
    "no_phone": _lt("The customer has no phone."),
    "invalid_phone": _lt(
        "%(phone)s is not a valid phone. Check the number and the contact's country."
    ),
    "killed": _lt("The process that sent it was stopped before the answer came."),
    "restored": _lt(
        "It happened before the database was restored, or connected to another portal: "
        "InBoost may have it already. Decide on the backend."
    ),
    "assumed": _lt("InBoost has it, as was decided after the restore."),
    "unmarked": _lt("It was marked as delivered by mistake."),
    "received": _lt("InBoost has it, as it said when it was asked."),
    "last_try": _lt("It was tried for %(days)s days. The last reason: %(last)s"),
    "too_old": _lt("It happened more than %(days)s days before it could be sent."),
    "notice_replaced": _lt("The next day's notice took its place."),
    "notice_split": _lt("It was too large and goes in two parts."),
    "erased": _lt("The customer was erased."),
    "opted_out": _lt("The customer opted out of what starts campaigns."),
    "paid_again": _lt("The order was paid again"),
    "confirmed_again": _lt("The same points were confirmed again"),
    "paused_by": _lt("Paused by %(user)s"),
    "copy": _lt(
        "This database is a copy, or was restored or moved: nothing is sent from it. "
        "Press Connect if it is the live one now."
    ),
    "wrong_credentials": _lt(
        "InBoost refused the credentials (HTTP %(status)s). Check the secret, the "
        "authorisation header and the prefix, then press Connect."
    ),
    "several_refused": _lt(
        "InBoost refused the last %(count)s events of different customers "
        "(HTTP %(status)s). %(text)s Check the address, then press Resume."
    ),
}
#: Of those whose words need arguments: what many such cases have in common.
TITLES = {
    "address_refused": _lt("The address is refused"),
    "tls_error": _lt("No secure connection"),
    "our_error": _lt("It could not be made or sent"),
    "refused": _lt("InBoost refused it"),
    "web_page": _lt("A web page answered"),
    "redirect": _lt("A redirect"),
    "credentials": _lt("The credentials were refused"),
    "no_such_address": _lt("Nothing is at the address"),
    "not_found": _lt("InBoost does not know what it is about"),
    "busy": _lt("InBoost was busy"),
    "too_many_requests": _lt("Too many requests"),
    "http_status": _lt("An error by its HTTP status"),
    "text": _lt("Another reason"),
    "invalid_phone": _lt("An invalid phone"),
    "restored": _lt("From before a restore"),
    "last_try": _lt("Given up after the last try"),
    "too_old": _lt("Too old to be news"),
    "paused_by": _lt("Paused by a person"),
    "copy": _lt("A copy of the database"),
    "wrong_credentials": _lt("Wrong credentials"),
    "several_refused": _lt("Several refusals in a row"),
}
#: What a person can do about an event, by its state.
ADVICE = {
    "parked": _lt("Enter a valid phone on the contact: it is sent then."),
    "held": _lt(
        "Look for it in InBoost. It is there: Mark Delivered. It is not there: Send "
        "Again."
    ),
    "failed": _lt(
        "Correct what InBoost objects to, here or there, then press Send Again."
    ),
    "expired": _lt("Nothing is to be done: old news would start campaigns."),
}


class InboostReason(models.AbstractModel):
    """Words for codes, in the language of the reader."""

    _name = "inboost.reason"
    _description = "InBoost Reason"

    @api.model
    def _word(self, code, arguments=None):
        """
        :param str code: one of REASONS or of lib.problems; another one stands for
            itself
        :param dict arguments: JSON, may be incomplete
        :return: text, False without a code
        """
        if not code:
            return False
        known = Arguments(self._word_arguments(arguments))
        template = REASONS.get(code) or TEXTS.get(code)
        text = self.env._(template) if template else code
        try:
            return " ".join((text % known).split())
        except (ValueError, TypeError):
            return text

    @api.model
    def _word_arguments(self, arguments):
        """:return: a copy, in which those that are a problem themselves have words"""
        return {
            name: self._word(*value) if is_problem(value) else value
            for name, value in (arguments or {}).items()
        }

    @api.model
    def _get_selection(self):
        """The codes as choices, so that lists group by words.

        :return: list of (code, text without its arguments)
        """
        return self._head({**REASONS, **TITLES})

    @api.model
    def _head(self, texts):
        """:param dict texts: {code: text}"""
        return [
            (
                code,
                heading(self.env._(text)) or self.env._("Other"),
            )
            for code, text in texts.items()
        ]

    @api.model
    def _advise(self, state):
        return self.env._(ADVICE[state]) if state in ADVICE else False

    @api.model
    def _from_outcome(self, outcome):
        """:return: (code, arguments) of a ``lib.outcome.Outcome``"""
        arguments = {**outcome.args}
        if outcome.text:
            arguments["text"] = outcome.text
        return outcome.code, arguments
