"""What is odd about a value, an expression or an address: a code with arguments, which
the models word in the reader's language."""

from dataclasses import dataclass, field
from typing import Any

from .words import _lt

#: code -> text over the arguments: of customers, of their lists, and of a purchase.
OF_DATA = {
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
    # lists
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
    # sums of a purchase, which only developers read
    "lines_differ": "the lines add up to %(sum)s, the total is %(total)s",
    "tax_differs": "untaxed and tax add up to %(sum)s, the total is %(total)s",
    "payments_differ": "the payments add up to %(sum)s, the total with rounding is "
    "%(total)s",
}
#: The same of an expression or an address: parts of a sentence.
OF_EXPRESSIONS = {
    # as such
    "empty": _lt("the expression is empty"),
    "ends_early": _lt("the expression ends too early"),
    "unexpected": _lt("%(token)r is not expected there"),
    "unclosed": _lt("the quote is not closed"),
    "no_jmespath": _lt("it is not valid JMESPath: %(error)s"),
    "no_function": _lt("there is no function %(name)s()"),
    "usage": _lt("write %(usage)s"),
    "arguments": _lt("write %(name)s() with %(count)s in the brackets"),
    "not_opened": _lt("there is no { before the }"),
    "not_closed": _lt("the { is not closed"),
    # over data
    "in_body": _lt("body: %(error)s"),
    "in_around": _lt("around the list: %(error)s"),
    "in_address": _lt("address: %(error)s"),
    "in_query": _lt("query: %(error)s"),
    "in_headers": _lt("headers: %(error)s"),
    "function": "%(name)s(): %(error)s",
    "wrong_type": _lt("%(name)s() expects %(expected)s, and “%(value)s” is %(actual)s"),
    "misfit": _lt("it does not fit the data (%(error)s)"),
    "too_deep": _lt("the data is nested too deeply"),
    "not_sendable": _lt("%(value)s is not a number that can be sent"),
    "reference": _lt("what stands after & is an expression, which cannot be sent"),
    "hole": _lt("{%(name)s} of the address is “%(value)s”"),
    "not_scalar": _lt("%(name)s is %(type)s, not text or a number"),
    "not_printable": _lt("%(name)s has characters that cannot be sent"),
    "no_object": _lt("write an object, such as {page: page}"),
    "header_name": _lt("“%(name)s” is not a name of a header"),
    "header_letters": _lt("the header %(name)s has letters beyond English ones"),
    "header_fixed": _lt("these headers cannot be set: %(names)s"),
    "get_body": _lt("a GET has no body: choose another method or no body"),
    "form_object": _lt("a form is an object: names and values"),
    "form_level": _lt("a form has one level only: %(name)s has more"),
    # types of values
    "type_null": _lt("nothing (null)"),
    "type_boolean": _lt("true or false"),
    "type_number": _lt("a number"),
    "type_string": _lt("text"),
    "type_array": _lt("a list"),
    "type_array-number": _lt("a list of numbers"),
    "type_array-string": _lt("a list of texts"),
    "type_object": _lt("an object"),
    "type_expref": _lt("an expression after &"),
    "or": _lt("%(first)s or %(second)s"),
    # values of functions
    "number_too_large": _lt("the number is too large"),
    "no_text": _lt("“%(value)s” is not text; to_string() makes it one"),
    "no_number": _lt("“%(value)s” is not a number; to_number() makes one"),
    "not_finite": _lt("%(value)s is not a number"),
    "not_whole": _lt("%(value)s is not a whole number"),
    "digits": _lt("%(count)s digits are not between 0 and %(limit)s"),
    "no_separator": _lt("the separator is empty"),
    "phone_style": _lt("“%(name)s” is not a style of phones; choose from %(known)s"),
    "not_e164": _lt("“%(value)s” is not a phone number like +380671234567"),
    "no_date": _lt("“%(value)s” is not a date"),
    "day_or_month": _lt("whether the day or the month comes first is not clear"),
    "no_zone": _lt("“%(name)s” is not a time zone"),
    "open_quote": _lt("a quote is not closed in the pattern “%(pattern)s”"),
    "no_field": _lt(
        "“%(pattern)s” is not a date pattern: it has none of the letters yyyy, MM, dd "
        "and their like"
    ),
    "no_meaning": _lt("“%(letter)s” in the pattern “%(pattern)s” has no meaning"),
    "no_pattern": _lt("“%(pattern)s” is not a date pattern: %(error)s"),
    "written_otherwise": _lt("“%(value)s” is not written as “%(pattern)s”"),
    "only_written": _lt("“%(field)s” cannot be read, only written"),
    "field_twice": _lt("“%(field)s” is there twice"),
    "no_whole_date": _lt("“%(pattern)s” lacks the year, the month or the day"),
    # addresses
    "address_blanks": _lt("the address contains blanks"),
    "address_backslash": _lt("the address contains a backslash"),
    "address_invalid": _lt("not a valid address: %(error)s"),
    "address_no_https": _lt("the address has to begin with https://"),
    "address_user": _lt("the address must not contain a user name or password"),
    "address_port": _lt("0 is not a valid port"),
    "address_no_host": _lt("the address has no host name"),
    "address_dot": _lt("the host name must not end with a dot"),
    "address_host": _lt("not a valid host name: %(host)s"),
    "address_private": _lt(
        "%(ip)s is a private or local address; allow it by allowed_networks below "
        "[inboost] in Odoo's configuration if you mean it"
    ),
}
TEXTS = OF_DATA | OF_EXPRESSIONS


@dataclass(frozen=True)
class Problem:
    """:ivar code: one of TEXTS
    :ivar args: JSON that its text is filled with; values from outside are cut. One that
        is a problem itself is written as ``as_json`` gives it"""

    code: str
    args: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        """In English, for logs."""
        filled = {
            name: str(Problem(*value)) if is_problem(value) else value
            for name, value in self.args.items()
        }
        return TEXTS[self.code] % filled

    def as_json(self) -> list[Any]:
        return [self.code, self.args]


def is_problem(value: Any) -> bool:
    """Whether an argument is a problem itself."""
    return isinstance(value, list) and len(value) == 2 and isinstance(value[1], dict)


class ProblemError(ValueError):
    """Something from outside that cannot be used, because of ``problem``."""

    def __init__(self, code: str, **args: Any) -> None:
        self.problem = Problem(
            code,
            {n: a.as_json() if isinstance(a, Problem) else a for n, a in args.items()},
        )
        super().__init__(str(self.problem))


def name_type(value: Any) -> Problem:
    """What kind of JSON ``value`` is."""
    for kinds, code in (
        (bool, "boolean"),
        ((int, float), "number"),
        (str, "string"),
        (list, "array"),
        (dict, "object"),
    ):
        if isinstance(value, kinds):
            return Problem(f"type_{code}")
    return Problem("type_null" if value is None else "type_expref")
