"""Customers as InBoost has them, read with suspicion, and the rule that decides which
contact one is."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple, TypedDict

from . import mapping
from . import phone as phones

#: Characters of a name, a source, a specialty, an e-mail address.
MAX_TEXT = 128
MAX_ID = 64
#: InBoost's languages, as the first letters of Odoo's.
LANGUAGES = {"UA": "uk", "RU": "ru", "EN": "en"}


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


class RowRefused(ValueError):
    """A row that is no customer; the text says why."""


@dataclass(frozen=True)
class Read:
    """:ivar customer: Customer
    :ivar warnings: texts about values that were left out"""

    customer: Customer
    warnings: list


def read(row, expression, region):
    """A row of a list as a customer. An odd value is left out and named, an odd phone
    refuses the row: the phone is who the customer is.

    :param row: any JSON
    :param str expression: JMESPath from a row to the keys of Customer
    :param str region: ISO country of phones without a country code
    :rtype: Read
    :raise RowRefused: when it has no valid phone
    """
    if not isinstance(row, dict):
        raise RowRefused("the row is no object")
    try:
        given = mapping.search(expression, row)
    except mapping.MappingError as error:
        raise RowRefused(f"the mapping does not fit the row: {error}") from error
    if not isinstance(given, dict):
        raise RowRefused("the mapping makes no object of the row")
    phone = _phone(given.get("phone"), region)
    warnings = []

    def take(name, reader, *args):
        value = given.get(name)
        if value is None or value == "":
            return None
        try:
            return reader(value, *args)
        except ValueError as error:
            warnings.append(f"{name}: {error}")
            return None

    customer = Customer(
        inboost_id=take("inboost_id", _identity),
        phone=phone,
        firstname=take("firstname", _text),
        lastname=take("lastname", _text),
        email=take("email", _email),
        birthdate=take("birthdate", _day),
        source=take("source", _source),
        specialty=take("specialty", _text),
        lang=take("lang", _language),
    )
    return Read(customer, warnings)


def _phone(value, region):
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if value is None or value == "":
        raise RowRefused("it has no phone")
    found = phones.normalise(value, region, coded=True)
    if not found:
        raise RowRefused(f"{str(value)[:MAX_ID]!r} is not a valid phone")
    return found


def _identity(value):
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError("is neither text nor number")
    text = str(value).strip()
    if len(text) > MAX_ID or not text.isprintable():
        raise ValueError(f"is longer than {MAX_ID} characters or not printable")
    return text or None


def _text(value):
    if not isinstance(value, str):
        raise ValueError("is no text")
    text = " ".join(value.split())
    if len(text) > MAX_TEXT:
        raise ValueError(f"is longer than {MAX_TEXT} characters")
    if not text.isprintable():
        raise ValueError("has characters that cannot be printed")
    return text or None


def _source(value):
    """Odoo numbers sources of one name as "Chat [2]": brackets of InBoost's own would
    be taken for that, and the source for a new one each time."""
    text = _text(value)
    return text and text.replace("[", "(").replace("]", ")")


def _email(value):
    text = _text(value)
    if text and (text.count("@") != 1 or " " in text or text[0] == "@"):
        raise ValueError(f"{text!r} is no e-mail address")
    return text


def _day(value):
    """A birthday in the past, with or without a time behind it."""
    if not isinstance(value, str):
        raise ValueError("is no date")
    try:
        day = datetime.fromisoformat(value.strip().replace("Z", "+00:00")).date()
    except ValueError:
        raise ValueError(f"{value[:MAX_ID]!r} is no date (YYYY-MM-DD)") from None
    if not date(1900, 1, 1) <= day <= date.today():
        raise ValueError(f"{day} is no birthday")
    return day.isoformat()


def _language(value):
    text = str(value).strip().upper()
    if text not in LANGUAGES:
        raise ValueError(f"{text[:MAX_ID]!r} is none of {', '.join(LANGUAGES)}")
    return text


class Candidate(NamedTuple):
    """A contact with the phone that is looked for.

    :ivar linked: to a customer of InBoost already
    :ivar last_purchase: naive datetime, or None"""

    id: int
    linked: bool
    active: bool
    is_company: bool
    last_purchase: datetime | None


def choose(candidates):
    """The one contact that a phone means: linked before others, then active ones, then
    a person before a company, then the one who bought last, then the oldest.

    :return: Candidate, or None
    """
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


def changes(customer, contact, policies):
    """What of ``contact`` changes to what InBoost says.

    First and last name are one thing here. They count as empty when there are none,
    when the phone stands in for them, and when the one that is there is one of the two
    that InBoost has, in whichever field: cashiers type "Olena" alone. Otherwise half
    of one name would be mixed with half of another.

    :param Customer customer:
    :param dict contact: its present values by the same names (lang as "UA")
    :param dict policies: name, email, birthdate, source, specialty, lang, phone ->
        "fill", "overwrite" or "ignore"
    :return: dict of new values
    """
    new = {}
    for field in ("email", "birthdate", "source", "specialty", "lang", "phone"):
        if _applies(policies[field], contact.get(field)) and customer[field]:
            new[field] = customer[field]
    given = {part: customer[part] for part in ("firstname", "lastname")}
    if any(given.values()) and not contact.get("is_company"):
        here = {part: contact.get(part) or None for part in given}
        overwrite = policies["name"] == "overwrite" and all(given.values())
        if policies["name"] != "ignore" and (
            overwrite or _is_nameless(here, given, contact)
        ):
            new.update(given)
    # Odoo's empty is False, ours is None.
    return {
        name: value
        for name, value in new.items()
        if (value or None) != (contact.get(name) or None)
    }


def _applies(policy, present):
    return policy == "overwrite" or (policy == "fill" and not present)


def _is_nameless(here, given, contact):
    words = [value for value in here.values() if value]
    if not words:
        return True
    if len(words) > 1:
        return False
    word = words[0].casefold()
    if not any(char.isalpha() for char in word):
        # The phone, as we or a cashier wrote it.
        return phones.normalise(word, contact.get("region")) == contact.get("phone")
    return word in [value.casefold() for value in given.values() if value]
