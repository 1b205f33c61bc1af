from odoo import api, models
from odoo.tools import LazyTranslate

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
#: What is wrong with a row, a list, or a customer, and what was changed. The first ones
#: are those of lib.problems.
PROBLEMS = {
    "not_an_object": _lt("The row is not an object."),
    "mapping_misfit": _lt("The mapping does not fit the row: %(error)s"),
    "mapping_no_object": _lt("The mapping does not make an object of the row."),
    "no_phone": _lt("It has no phone."),
    "invalid_phone": _lt("“%(value)s” is not a valid phone."),
    "several_phones": _lt(
        "Phone: “%(value)s” are several; the first, %(taken)s, was taken."
    ),
    "not_text": _lt("Left out: %(field)s is neither text nor a number."),
    "cut": _lt("Shortened: %(field)s was longer than %(limit)s characters."),
    "too_long": _lt("Left out: %(field)s is longer than %(limit)s characters."),
    "mixed_letters": _lt(
        "Look at it: %(field)s has Latin and Cyrillic letters that look alike in "
        "“%(word)s”."
    ),
    "not_an_email": _lt("Left out: “%(value)s” is not an email address."),
    "not_a_date": _lt("Left out: %(field)s “%(value)s” is not a date."),
    "placeholder_date": _lt(
        "Left out: %(field)s “%(value)s” stands for an unknown one."
    ),
    "not_a_birthday": _lt("Left out: %(value)s cannot be a date of birth."),
    "not_a_language": _lt("Left out: language “%(value)s” is none of %(known)s."),
    "not_yes_or_no": _lt("Left out: %(field)s “%(value)s” is neither yes nor no."),
    "other_style": _lt(
        "The list stopped at %(position)s, which does not fit the paging “%(style)s”: "
        "the paging was changed meanwhile."
    ),
    "path_misfit": _lt("A path does not fit the answer: %(error)s"),
    "answer_too_large": _lt("The answer is too large. Choose a smaller page size."),
    "endless": _lt("%(count)s pages came and the list does not end."),
    "not_a_list": _lt("The path of the rows leads to %(type)s, not to a list."),
    "too_many_rows": _lt("%(count)s rows came at once; at most %(limit)s are read."),
    "paging_ignored": _lt(
        "%(count)s rows came of a list of %(total)s: the server seems to ignore the "
        "paging. Choose another style, or a page size that takes them all."
    ),
    "not_a_cursor": _lt("The path of the next page leads to %(type)s, not to text."),
    "foreign_address": _lt(
        "The next page is at %(address)s, which is another server than the list's."
    ),
    "short": _lt("%(count)s customers came of a list of %(total)s."),
    "shrank": _lt(
        "The list shrank from %(before)s to %(total)s customers while it was read, so "
        "some may have been skipped."
    ),
    "repeated": _lt(
        "The same full page came twice: the server seems to ignore the paging. Choose "
        "another style, or a page size that takes all customers."
    ),
    "stuck": _lt("The next page is the same as the one before it."),
    "cursor_left": _lt(
        "The server says that there is more: %(name)s is “%(value)s” in its last "
        "answer. Correct the path of the next page, or the paging."
    ),
    # ours
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
}


class InboostProblem(models.AbstractModel):
    """Words for what is odd about customers and lists, in the reader's language: what
    is stored is a code and its arguments."""

    _name = "inboost.problem"
    _description = "InBoost Problem with Customers"

    @api.model
    def _word(self, code, arguments=None):
        """:return: text, False without a code"""
        if code not in PROBLEMS:
            return self.env["inboost.reason"]._word(code, arguments)
        arguments = dict(arguments or {})
        if "field" in arguments:
            arguments["field"] = self._word_field(arguments["field"])
        if "fields" in arguments:
            arguments["fields"] = ", ".join(map(self._word_field, arguments["fields"]))
        text = PROBLEMS[code]
        text = text if isinstance(text, str) else self.env._(text)
        text = text % arguments
        return text[:1].upper() + text[1:]

    @api.model
    def _get_selection(self):
        """See ``inboost.reason``, whose codes are among them."""
        reasons = self.env["inboost.reason"]
        known = {**dict(reasons._get_selection()), **dict(reasons._head(PROBLEMS))}
        return list(known.items())

    @api.model
    def _word_field(self, name):
        return self.env._(FIELDS[name]) if name in FIELDS else name

    @api.model
    def _word_all(self, problems):
        """:param problems: list of [code, arguments], or None"""
        return " ".join(self._word(*problem) for problem in problems or [])
