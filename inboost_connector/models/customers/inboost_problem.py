from odoo import api, models
from odoo.tools import LazyTranslate

from ...lib.problems import OF_DATA

_lt = LazyTranslate(__name__)

#: Words of lib.customers for what a person calls them.
FIELDS = {
    "phone": _lt("phone"),
    "firstname": _lt("first name"),
    "lastname": _lt("last name"),
    "email": _lt("email"),
    "birthdate": _lt("date of birth"),
    "source": _lt("source of acquisition"),
    "specialty": _lt("specialty"),
    "lang": _lt("language"),
    "barcode": _lt("barcode"),
    "opted_out": _lt("opted out"),
    "inboost_id": _lt("InBoost ID"),
}
#: What is odd about a customer, besides lib.problems, and what was changed.
PROBLEMS = {
    "barcode_taken": _lt("Left out: another contact has the barcode %(barcode)s."),
    "text": "%(text)s",
    "changed": "%(field)s: %(value)s.",
    "changed_masked": "%(field)s.",
    "listed_twice": _lt(
        "InBoost lists customer %(id)s twice, with the phones %(first)s and "
        "%(second)s. The first is taken."
    ),
    "doubled": _lt(
        "InBoost has two customers with the phone %(phone)s. One of them is "
        "%(contact)s here. Decide which of the two is the right one."
    ),
    "doubled_new": _lt(
        "InBoost has two customers with the phone %(phone)s. Decide which of them is "
        "the right one."
    ),
    "elsewhere": _lt(
        "A contact of another company has the phone %(phone)s, so none was created. "
        "Let the contact belong to all companies, or create one for this company; the "
        "next synchronisation links it."
    ),
    "phone": _lt(
        "The phone is %(here)s here and %(there)s in InBoost. What is sent goes to the "
        "phone here."
    ),
    "phone_missing": _lt(
        "The contact has no phone here; in InBoost it is %(there)s. Nothing can be "
        "sent until the contact has one."
    ),
    "contacts": _lt(
        "%(count)s contacts have the phone %(phone)s. %(contact)s was chosen."
    ),
    "merged": _lt(
        "Its contact was merged into %(contact)s, who is another customer of InBoost "
        "(%(phone)s). Decide which of the two is the right one."
    ),
    "account": _lt(
        "%(contact)s has a login here, so nothing is taken over from InBoost. It "
        "differs in: %(fields)s."
    ),
    "deleted": _lt("The contact was deleted here."),
    "other_phone": _lt(
        "InBoost answered with the customer of another phone, %(phone)s."
    ),
    "endpoint_off": _lt("%(endpoint)s is paused or off."),
    "no_address": _lt("%(endpoint)s has no address yet."),
    "too_busy": _lt("The database was too busy. Try again."),
    "other_portal": _lt(
        "It came before somebody said that another portal is there. If it is from that "
        "one, process it again."
    ),
}


#: Those of expressions are within others only, and inboost.reason has them.
TEXTS = OF_DATA | PROBLEMS


class InboostProblem(models.AbstractModel):
    """Words for what is odd about customers and lists, in the reader's language: what
    is stored is a code and its arguments."""

    _name = "inboost.problem"
    _description = "InBoost Problem with Customers"

    @api.model
    def _word(self, code, arguments=None):
        """:return: text, False without a code"""
        reasons = self.env["inboost.reason"]
        if code not in TEXTS:
            return reasons._word(code, arguments)
        arguments = reasons._word_arguments(arguments)
        if "field" in arguments:
            arguments["field"] = self._word_field(arguments["field"])
        if "fields" in arguments:
            arguments["fields"] = ", ".join(map(self._word_field, arguments["fields"]))
        words = self.env._(TEXTS[code])
        text = words % arguments
        return text[:1].upper() + text[1:]

    @api.model
    def _get_selection(self):
        """See ``inboost.reason``, whose codes are among them."""
        reasons = self.env["inboost.reason"]
        known = {**dict(reasons._get_selection()), **dict(reasons._head(TEXTS))}
        return list(known.items())

    @api.model
    def _word_field(self, name):
        return self.env._(FIELDS[name]) if name in FIELDS else name

    @api.model
    def _word_all(self, problems):
        """:param problems: list of [code, arguments], or None"""
        return " ".join(self._word(*problem) for problem in problems or [])
