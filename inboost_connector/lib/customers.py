"""Customers as InBoost has them, read with suspicion, and the rule that decides which
contact one is."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple, TypedDict

from . import dates, mapping, names
from . import phone as phones
from .problems import Problem, ProblemError

#: Characters of a name, a source, a specialty, an e-mail address.
MAX_TEXT = 128
MAX_ID = 64
#: InBoost's languages, as the first letters of Odoo's.
LANGUAGES = {"UA": "uk", "RU": "ru", "EN": "en"}
#: What databases hold where nobody knows the date of birth.
PLACEHOLDERS = {
    date(1, 1, 1),
    date(1753, 1, 1),
    date(1899, 12, 30),
    date(1899, 12, 31),
    date(1900, 1, 1),
}
_EPOCH = date(1970, 1, 1)
_YES = ("true", "yes", "y", "1", "on", "так", "да")
_NO = ("false", "no", "n", "0", "off", "ні", "нет")


class Customer(TypedDict):
    """A customer of InBoost, checked; None where nothing is known."""

    inboost_id: str | None
    phone: str  # E.164
    firstname: str | None
    lastname: str | None
    email: str | None
    birthdate: str | None  # YYYY-MM-DD
    source: str | None  # of acquisition
    specialty: str | None
    lang: str | None  # UA, RU or EN
    barcode: str | None  # of the customer's own card
    opted_out: bool | None  # wants no messages


class RowRefused(ProblemError):
    """A row that is not a customer; the text says why."""


class _Odd(ProblemError):
    """A value that is left out."""


@dataclass(frozen=True)
class Read:
    """:ivar warnings: about values that were left out, cut, or look wrong"""

    customer: Customer
    warnings: list[Problem]


def read(
    row: Any, expression: str, region: str | None, zone: str | None = None
) -> Read:
    """A row of a list as a customer. An odd value is left out and named, an odd phone
    refuses the row: the phone is who the customer is.

    :param row: any JSON
    :param str expression: JMESPath from a row to the keys of Customer
    :param str region: ISO country of phones without a country code
    :param str zone: the company's, which has the midnights of dates of birth
    :raise RowRefused: when it has no valid phone
    """
    given = _given(row, expression, zone)
    warnings: list[Problem] = []
    phone = _phone(given.get("phone"), region, warnings)

    def take(name: str, reader: Callable[..., Any], *args: Any) -> Any:
        value = given.get(name)
        if value is None or value == "":
            return None
        try:
            return reader(name, value, *args)
        except _Odd as error:
            warnings.append(error.problem)
            return None

    customer = Customer(
        inboost_id=take("inboost_id", _identity),
        phone=phone,
        firstname=take("firstname", _name, warnings),
        lastname=take("lastname", _name, warnings),
        email=take("email", _email),
        birthdate=take("birthdate", _day, zone),
        source=take("source", _source, warnings),
        specialty=take("specialty", _name, warnings),
        lang=take("lang", _language),
        barcode=take("barcode", _identity),
        opted_out=take("opted_out", _flag),
    )
    return Read(customer, warnings)


def _given(row: Any, expression: str, zone: str | None) -> dict[str, Any]:
    if not isinstance(row, dict):
        raise RowRefused("not_an_object")
    try:
        given = mapping.search(expression, row, zone)
    except mapping.MappingError as error:
        raise RowRefused("mapping_misfit", error=error.problem) from error
    if not isinstance(given, dict):
        raise RowRefused("mapping_no_object")
    return given


def _phone(value: Any, region: str | None, warnings: list[Problem]) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if value is None or value == "":
        raise RowRefused("no_phone")
    found = phones.read(value, region, coded=True)
    shown = str(value)[:MAX_ID]
    if not found.e164:
        raise RowRefused("invalid_phone", value=shown)
    if found.several:
        warnings.append(
            Problem("several_phones", {"value": shown, "taken": found.e164})
        )
    return found.e164


def _text(field: str, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise _Odd("not_text", field=field)
    return names.clean(str(value))


def _identity(field: str, value: Any) -> str | None:
    text = _text(field, value)
    if len(text) > MAX_ID:
        raise _Odd("too_long", field=field, limit=MAX_ID)
    return text or None


def _name(field: str, value: Any, warnings: list[Problem]) -> str | None:
    text = _text(field, value)
    if len(text) > MAX_TEXT:
        warnings.append(Problem("cut", {"field": field, "limit": MAX_TEXT}))
        text = names.cut(text, MAX_TEXT)
    if word := names.mixed_word(text):
        warnings.append(Problem("mixed_letters", {"field": field, "word": word}))
    return text or None


def _source(field: str, value: Any, warnings: list[Problem]) -> str | None:
    """Odoo numbers sources of one name as "Chat [2]": brackets of InBoost's own would
    be taken for that, and the source for a new one each time."""
    text = _name(field, value, warnings)
    return text and text.replace("[", "(").replace("]", ")")


def _email(field: str, value: Any) -> str | None:
    text = _text(field, value)
    if len(text) > MAX_TEXT:
        raise _Odd("too_long", field=field, limit=MAX_TEXT)
    if text and (text.count("@") != 1 or " " in text or text[0] == "@"):
        raise _Odd("not_an_email", field=field, value=text)
    return text or None


def _day(field: str, value: Any, zone: str | None) -> str | None:
    """A birthday in the past, with or without a time behind it."""
    if not isinstance(value, str) or not value.strip():
        raise _Odd("not_a_date", field=field, value=str(value)[:MAX_ID])
    shown = value.strip()[:MAX_ID]
    if shown.startswith(("0000", "9999")):
        raise _Odd("placeholder_date", field=field, value=shown)
    try:
        moment = dates.read(shown)
        day = dates.nearest_day(moment, zone)
    except (ValueError, OverflowError):
        raise _Odd("not_a_date", field=field, value=shown) from None
    if day in PLACEHOLDERS or (day == _EPOCH and isinstance(moment, datetime)):
        raise _Odd("placeholder_date", field=field, value=shown)
    if not date(1900, 1, 1) <= day <= date.today():
        raise _Odd("not_a_birthday", field=field, value=day.isoformat())
    return day.isoformat()


def _language(field: str, value: Any) -> str:
    text = str(value).strip().upper()
    if text not in LANGUAGES:
        known = ", ".join(LANGUAGES)
        raise _Odd("not_a_language", field=field, value=text[:MAX_ID], known=known)
    return text


def _flag(field: str, value: Any) -> bool:
    text = str(value).strip().casefold()
    if text not in (*_YES, *_NO):
        raise _Odd("not_yes_or_no", field=field, value=text[:MAX_ID])
    return text in _YES


class Candidate(NamedTuple):
    """A contact with the phone that is looked for.

    :ivar linked: to a customer of InBoost already
    :ivar last_purchase: naive datetime, or None"""

    id: int
    linked: bool
    active: bool
    is_company: bool
    last_purchase: datetime | None


def choose(candidates: Iterable[Candidate]) -> Candidate | None:
    """The one contact that a phone means: linked before others, then active ones, then
    a person before a company, then the one who bought last, then the oldest."""
    return min(
        candidates,
        key=lambda c: (
            not c.linked,
            not c.active,
            c.is_company,
            -(c.last_purchase or datetime.min.replace(year=1900)).timestamp(),
            c.id,
        ),
        default=None,
    )


def changes(
    customer: Mapping[str, Any],
    contact: Mapping[str, Any],
    policies: Mapping[str, str],
) -> dict[str, Any]:
    """What of ``contact`` changes to what InBoost says.

    First and last name are one thing here. They count as empty when there are none,
    when the phone stands in for them, and when the one that is there is one of the two
    that InBoost has, in whichever field: cashiers type "Olena" alone. Otherwise half
    of one name would be mixed with half of another.

    A name, source or specialty that differs by its form only stays as it is here.

    :param Customer customer:
    :param contact: its present values by the same names (lang as "UA")
    :param policies: name, email, birthdate, source, specialty, lang, phone, barcode ->
        "fill", "overwrite" or "ignore"
    :return: new values by name
    """
    new = {}
    for field in (
        "email", "birthdate", "source", "specialty", "lang", "phone", "barcode",
    ):  # fmt: skip
        policy = policies.get(field, "ignore")
        if _applies(policy, contact.get(field)) and customer.get(field):
            new[field] = customer[field]
    given = {part: customer[part] for part in ("firstname", "lastname")}
    if any(given.values()) and not contact.get("is_company"):
        here = {part: contact.get(part) or None for part in given}
        overwrite = policies["name"] == "overwrite" and all(given.values())
        if policies["name"] != "ignore" and (
            overwrite or _is_nameless(here, given, contact)
        ):
            new.update(given)
    return {
        name: value
        for name, value in new.items()
        if not _is_same(name, value, contact.get(name))
    }


def _applies(policy: str, present: Any) -> bool:
    return policy == "overwrite" or (policy == "fill" and not present)


def _is_same(field: str, value: Any, present: Any) -> bool:
    if value and present and field in ("source", "specialty"):
        return names.same_form(value) == names.same_form(present)
    if value and present and field in ("firstname", "lastname"):
        return names.same_spelling(value) == names.same_spelling(present)
    # Odoo's empty is False, ours is None.
    return (value or None) == (present or None)


def _is_nameless(
    here: Mapping[str, str | None],
    given: Mapping[str, str | None],
    contact: Mapping[str, Any],
) -> bool:
    words = [value for value in here.values() if value]
    if not words:
        return True
    if len(words) > 1:
        return False
    word = words[0]
    if any(char.isdigit() for char in word) and not any(map(str.isalpha, word)):
        # The phone, as we or a cashier wrote it.
        phone = phones.normalise(word, contact.get("region"))
        return bool(phone) and phone == contact.get("phone")
    return names.same_name(word) in [names.same_name(v) for v in given.values() if v]
