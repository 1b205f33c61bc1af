"""Phones: read in any spelling, kept in E.164, written in the style InBoost wants."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers

from .problems import ProblemError

STYLES = ("digits", "e164", "national")
#: Characters of a field; several numbers may be in it.
MAX_LENGTH = 128
_SEPARATORS = re.compile(r"[,;|\n]")
_EXTENSION = re.compile(r"ext|x|#|доб|дод|вн")
_E164 = re.compile(r"\+[1-9]\d{4,14}", re.ASCII)
#: Ukraine's latest mobile codes; phonenumbers has known both since 8.13.33.
_NEWEST = ("+380751112233", "+380771112233")


@dataclass(frozen=True)
class Found:
    """:ivar e164: the first valid number, or None
    :ivar several: whether there were more"""

    e164: str | None
    several: bool = False


def read(raw: object, region: str | None = None, coded: bool = False) -> Found:
    """The phone in ``raw``, and whether it is one of several.

    Letters are refused rather than read as a keypad, an extension is dropped.

    :param raw: as typed, any length
    :param str region: ISO country of numbers without a country code
    :param bool coded: digits alone begin with a country code, as InBoost writes them,
        and are a number of ``region`` only where that makes none
    """
    if not isinstance(raw, str) or not raw.strip() or len(raw) > MAX_LENGTH:
        return Found(None)
    parts = [
        part
        for text in _SEPARATORS.split(raw.lower())
        # Some write one number with a slash in it: 030/1234567.
        for part in ([text] if _read_one(text, region, coded) else text.split("/"))
        if any(char.isdigit() for char in _EXTENSION.split(part)[0])
    ]
    numbers = (_read_one(part, region, coded) for part in parts)
    return Found(next(filter(None, numbers), None), several=len(parts) > 1)


def normalise(
    raw: object, region: str | None = None, coded: bool = False
) -> str | None:
    """E.164 of ``raw``, or None when there is no valid number; see :func:`read`."""
    return read(raw, region, coded).e164


@lru_cache(maxsize=1024)
def _read_one(raw: str, region: str | None, coded: bool) -> str | None:
    raw = _EXTENSION.split(raw)[0].strip(" .")
    # phonenumbers would take letters for the keys they are on.
    if any(char.isalpha() for char in raw):
        return None
    for candidate, country in _candidates(raw, region, coded):
        try:
            parsed = phonenumbers.parse(candidate, country)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(parsed):
            return str(
                phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
            )
    return None


def _candidates(
    raw: str, region: str | None, coded: bool
) -> list[tuple[str, str | None]]:
    candidates: list[tuple[str, str | None]] = [(raw, region)]
    if raw.isascii() and raw.isdigit() and len(raw) >= 10:
        # InBoost writes the country code without a plus sign.
        candidates.insert(0 if coded else 1, (f"+{raw}", None))
    if trunk := _without_old_trunk(raw, region):
        candidates.append((trunk, region))
    return candidates


def _without_old_trunk(raw: str, region: str | None) -> str | None:
    """Until 2009 a call within Ukraine began with 8, and many still write it before the
    0: 8(067)123-45-67. Other countries' plans have theirs, and phonenumbers knows."""
    plain = "".join(char for char in raw if char.isdigit())
    if (
        region == "UA"
        and len(plain) == 11
        and plain.startswith("80")
        and "+" not in raw
    ):
        return plain[1:]
    return None


def find_cause(raw: object, region: str | None = None) -> str:
    """Why ``raw``, which is no valid phone, is none, most likely: ``letters``,
    ``no_country``, ``short``, ``long`` or ``unknown_code``.

    >>> find_cause("067 12", "UA"), find_cause("067 123 45 67", None)
    ('short', 'no_country')
    """
    text = str(raw or "")
    if any(char.isalpha() for char in text):
        return "letters"
    if not region and not text.strip().startswith(("+", "00")):
        return "no_country"
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return "short"
    possible = phonenumbers.is_possible_number_with_reason(number)
    reasons = phonenumbers.ValidationResult
    if possible in (reasons.TOO_SHORT, reasons.IS_POSSIBLE_LOCAL_ONLY):
        return "short"
    return "long" if possible == reasons.TOO_LONG else "unknown_code"


def digits(raw: str, region: str | None = None) -> str:
    """The digits of ``raw``, maybe typed in part, that are found within the E.164 of
    the phone that is meant: without a prefix that is dialled only.

    >>> digits("8 (067) 123", "UA"), digits("+38 067"), digits("00380 67")
    ('67123', '38067', '38067')
    """
    text = "".join(
        str(unicodedata.digit(char)) for char in raw if unicodedata.digit(char, -1) >= 0
    )
    if region == "UA" and text.startswith("80") and "+" not in raw:
        text = text[1:]
    return text.lstrip("0")


def style(e164: str | None, name: str) -> str | None:
    """``e164`` written as ``name``, one of STYLES: ``digits`` is E.164 without "+".

    :raise ProblemError: for another style, and for what is not E.164
    """
    if name not in STYLES:
        raise ProblemError("phone_style", name=name[:40], known=", ".join(STYLES))
    if not e164:
        return None
    if not _E164.fullmatch(e164):
        raise ProblemError("not_e164", value=e164[:40])
    if name == "e164":
        return e164
    if name == "digits":
        return e164[1:]
    try:
        number = phonenumbers.parse(e164)
    except phonenumbers.NumberParseException as error:
        raise ProblemError("not_e164", value=e164) from error
    formatted = phonenumbers.format_number(
        number, phonenumbers.PhoneNumberFormat.NATIONAL
    )
    return "".join(char for char in formatted if char.isdigit())


def knows_newest_codes() -> bool:
    """Whether the installed ``phonenumbers`` is new enough for Ukraine's phones."""
    return all(
        phonenumbers.is_valid_number(phonenumbers.parse(number)) for number in _NEWEST
    )
