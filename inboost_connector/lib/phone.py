"""Phones: read in any spelling, kept in E.164, written in the style InBoost wants."""

import phonenumbers

STYLES = ("digits", "e164", "national")
MAX_LENGTH = 64


def normalise(raw, region=None, coded=False):
    """E.164 of ``raw``, or None when it is no valid number.

    Letters are refused rather than read as a keypad, an extension is dropped.

    :param str raw: as typed, any length
    :param str region: ISO country of numbers without a country code
    :param bool coded: digits alone begin with a country code, as InBoost writes them,
        and are a number of ``region`` only where that makes none
    """
    if not isinstance(raw, str) or not raw.strip() or len(raw) > MAX_LENGTH:
        return None
    raw = _without_extension(raw)
    # phonenumbers would take letters for the keys they are on.
    if any(char.isalpha() for char in raw):
        return None
    number = None
    # InBoost writes the country code without a plus sign.
    candidates = [(raw, region)]
    if raw.isascii() and raw.isdigit() and len(raw) >= 10:
        candidates.insert(0 if coded else 1, (f"+{raw}", None))
    for candidate, country in candidates:
        try:
            parsed = phonenumbers.parse(candidate, country, keep_raw_input=False)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(parsed):
            number = parsed
            break
    if number is None:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _without_extension(raw):
    raw = raw.lower()
    for mark in ("ext", "x", "#", ";", "доб", "дод"):
        raw = raw.partition(mark)[0]
    return raw.strip(" ,.")


def style(e164, name):
    """``e164`` written as ``name``, one of STYLES: ``digits`` is E.164 without "+"."""
    if not e164:
        return None
    if name == "e164":
        return e164
    if name == "digits":
        return e164.lstrip("+")
    if name == "national":
        number = phonenumbers.parse(e164)
        formatted = phonenumbers.format_number(
            number, phonenumbers.PhoneNumberFormat.NATIONAL
        )
        return "".join(char for char in formatted if char.isdigit())
    raise ValueError(f"unknown phone style {name!r}, choose one of {STYLES}")
