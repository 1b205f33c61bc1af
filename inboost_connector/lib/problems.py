"""What is odd about a value: a code that the models word in the reader's language."""

from dataclasses import dataclass, field

#: code -> English text over the arguments.
TEXTS = {
    # rows of customers
    "not_an_object": "the row is not an object",
    "mapping_misfit": "the mapping does not fit the row: %(error)s",
    "mapping_no_object": "the mapping does not make an object of the row",
    "no_phone": "it has no phone",
    "invalid_phone": "%(value)r is not a valid phone",
    "several_phones": "phone: the first of several in %(value)r was taken, %(taken)s",
    "not_text": "%(field)s: is neither text nor a number",
    "cut": "%(field)s: was longer than %(limit)s characters and has been cut",
    "too_long": "%(field)s: is longer than %(limit)s characters",
    "mixed_letters": "%(field)s: %(word)r mixes Latin and Cyrillic letters that look "
    "alike",
    "not_an_email": "%(field)s: %(value)r is not an e-mail address",
    "not_a_date": "%(field)s: %(value)r is not a date (YYYY-MM-DD)",
    "placeholder_date": "%(field)s: %(value)r stands for an unknown date",
    "not_a_birthday": "%(field)s: %(value)s cannot be a date of birth",
    "not_a_language": "%(field)s: %(value)r is none of %(known)s",
    "not_yes_or_no": "%(field)s: %(value)r is neither yes nor no",
    # lists
    "other_style": "the list stopped at %(position)r, which is not a position of the "
    "style %(style)r: the paging was changed meanwhile",
    "path_misfit": "%(error)s",
    "answer_too_large": "the answer is too large; choose a smaller page size",
    "endless": "%(count)s pages came and the list does not end",
    "not_a_list": "the path of the rows leads to %(type)s, not to a list",
    "too_many_rows": "%(count)s rows came at once; at most %(limit)s are read",
    "paging_ignored": "%(count)s rows came of a list of %(total)s: the server seems to "
    "ignore the paging. Choose another style, or a page size that takes them all",
    "not_a_cursor": "the path of the next page leads to %(type)s, not to text",
    "foreign_address": "the next page is at %(address)s, another server than the list",
    "short": "%(count)s rows came of a list of %(total)s",
    "shrank": "the list shrank from %(before)s to %(total)s rows while it was read, so "
    "that rows may have been skipped",
    "repeated": "the same full page came twice: the server seems to ignore the paging. "
    "Choose another style, or a page size that takes all rows",
    "stuck": "the next page is the same as this one",
    "cursor_left": "the server says that there is more: %(name)s is %(value)r in its "
    "last answer. Correct the path of the next page, or the style",
    # sums of a purchase
    "lines_differ": "the lines add up to %(sum)s, the total is %(total)s",
    "tax_differs": "untaxed and tax add up to %(sum)s, the total is %(total)s",
    "payments_differ": "the payments add up to %(sum)s, the total with rounding is "
    "%(total)s",
}


@dataclass(frozen=True)
class Problem:
    """:ivar code: one of TEXTS
    :ivar args: what its text is filled with; values from outside are cut"""

    code: str
    args: dict[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return TEXTS[self.code] % self.args


class ProblemError(ValueError):
    """Something from outside that cannot be used, because of ``problem``."""

    def __init__(self, code: str, **args: object) -> None:
        self.problem = Problem(code, args)
        super().__init__(str(self.problem))
