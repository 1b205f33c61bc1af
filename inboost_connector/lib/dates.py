"""Dates and times: read in the usual spellings, written by Unicode's LDML patterns."""

import re
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import PATTERN_CHARS, parse_pattern

_TEXT = re.compile(
    r"""(?: (?P<year>\d{4}) ([-./]) (?P<month>\d{1,2}) \2 (?P<day>\d{1,2})
          | (?P<first>\d{1,2}) ([-./]) (?P<second>\d{1,2}) \6 (?P<last>\d{4}) )
        (?: [T\ ]\ * (?P<hour>\d{1,2}) : (?P<minute>\d\d)
            (?: : (?P<seconds>\d\d) (?: [.,] \d+ )? )?
            \ * (?P<zone> Z | [+-]\d\d (?: :? \d\d )? )? )?""",
    re.VERBOSE | re.ASCII,
)
#: A moment as late as this, in the company's zone, means the day that begins then: it
#: was a midnight in a zone, or by a rule of summer time, that is not ours.
_EVENING = time(18)
_ROUND = (time(0), time(12))
_LOCALE = Locale("en")
_SAMPLE = datetime(2026, 1, 31, 12, 30, 59, tzinfo=timezone.utc)
_QUOTED = re.compile(r"('(?:[^']|'')*')")
_TOKEN = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|(.)", re.DOTALL)
#: Fields that are read, as directives of strptime. A year of two digits would be a
#: guess, names of months depend on a language.
_DIRECTIVES = {
    "yyyy": "%Y", "y": "%Y", "MM": "%m", "M": "%m", "dd": "%d", "d": "%d",
    "HH": "%H", "H": "%H", "hh": "%I", "h": "%I", "a": "%p", "mm": "%M", "m": "%M",
    "ss": "%S", "s": "%S", "S": "%f", "SS": "%f", "SSS": "%f", "SSSSSS": "%f",
    "Z": "%z", "X": "%z", "XX": "%z", "XXX": "%z", "x": "%z", "xx": "%z", "xxx": "%z",
}  # fmt: skip


def read(text: str) -> date | datetime:
    """``text`` as a date, or as a moment when it has a time: ISO 8601, or with the day
    first (17.05.1990, 17-05-1990 0:00:00). Of 17/05/1990 the order must be plain.

    :raise ValueError: when it is none of them
    """
    match = _TEXT.fullmatch(text.strip())
    if not match:
        raise ValueError(f"{text[:40]!r} is not a date")
    parts = match.groupdict()
    day = _read_day(parts, match[6])
    if parts["hour"] is None:
        return day
    hour, minute, seconds = (int(parts[n] or 0) for n in ("hour", "minute", "seconds"))
    clock = time(hour, minute, seconds)
    return datetime.combine(day, clock, _read_offset(parts["zone"]))


def _read_day(parts: dict[str, str | None], separator: str | None) -> date:
    if parts["year"]:
        year, month, day = (int(parts[n] or 0) for n in ("year", "month", "day"))
        return date(year, month, day)
    first, second, year = (int(parts[n] or 0) for n in ("first", "second", "last"))
    if separator == "/" and second > 12:
        first, second = second, first
    elif separator == "/" and first <= 12 and first != second:
        raise ValueError("whether the day or the month comes first is not clear")
    return date(year, second, first)


def _read_offset(text: str | None) -> tzinfo | None:
    if not text:
        return None
    if text == "Z":
        return timezone.utc
    minutes = int(text[1:3]) * 60 + int(text[3:].lstrip(":") or 0)
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))


def nearest_day(moment: date | datetime, zone: str | None) -> date:
    """The day that is meant by ``moment``, a date that was stored with a time.

    >>> nearest_day(read("1990-05-16T21:00:00Z"), "Europe/Kyiv")
    datetime.date(1990, 5, 17)
    """
    if not isinstance(moment, datetime):
        return moment
    if moment.time() in _ROUND:
        return moment.date()
    if zone and moment.tzinfo:
        moment = moment.astimezone(find_zone(zone))
    late = moment.time() >= _EVENING
    return moment.date() + timedelta(days=1) if late else moment.date()


@lru_cache(maxsize=64)
def find_zone(name: str | None) -> tzinfo:
    """:raise ValueError: when there is no time zone ``name``; UTC for none"""
    try:
        return ZoneInfo(name) if name else timezone.utc
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"{name[:40]!r} is not a time zone" if name else "") from error


def write(text: str, pattern: str, zone: str | None = None) -> str:
    """``text`` by an LDML ``pattern``, in ``zone`` (UTC by default). A date, and a time
    without an offset, are taken as they stand.

    :raise ValueError: when text, pattern or zone cannot be read
    """
    moment = read(text)
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time())
    there = find_zone(zone)
    if moment.tzinfo:
        moment = moment.astimezone(there)
    else:
        moment = moment.replace(tzinfo=there)
    return str(compile_pattern(pattern).apply(moment, _LOCALE))


@lru_cache(maxsize=256)
def compile_pattern(pattern: str) -> Any:
    """:raise ValueError: when ``pattern`` is not an LDML pattern"""
    if pattern.count("'") % 2:
        raise ValueError(f"a quote is not closed in the pattern {pattern[:40]!r}")
    letters = set(re.findall("[A-Za-z]", _unquoted(pattern)))
    if not letters:
        raise ValueError(f"{pattern[:40]!r} is not a date pattern: it has no field")
    # Babel would send a letter that it does not know as it stands; the T of ISO 8601
    # may be meant.
    if odd := sorted(letters - {"T"} - PATTERN_CHARS.keys()):
        raise ValueError(f"{odd[0]!r} in the pattern {pattern[:40]!r} has no meaning")
    try:
        compiled = parse_pattern(calendar_pattern(pattern))
        compiled.apply(_SAMPLE, _LOCALE)
    except Exception as error:
        # Babel raises several kinds.
        raise ValueError(f"{pattern[:40]!r} is not a date pattern: {error}") from error
    return compiled


def _unquoted(pattern: str) -> str:
    return "".join(_QUOTED.split(pattern)[::2])


def calendar_pattern(pattern: str) -> str:
    """``pattern`` as it is meant: LDML's Y is the year of the *week* and D the day of
    the *year*, and nearly everybody who writes YYYY-MM-DD means yyyy-MM-dd. So Y is
    the calendar's year unless a week (w) is there, and D the day of the month where
    a month is."""
    parts, letters = _QUOTED.split(pattern), _unquoted(pattern)
    for old, new, meant in (
        ("Y", "y", "w" not in letters),
        ("D", "d", "M" in letters or "L" in letters),
    ):
        if meant:
            parts[::2] = [part.replace(old, new) for part in parts[::2]]
    return "".join(parts)


def parse(text: str, pattern: str) -> str:
    """``text`` written by an LDML ``pattern``, as ISO 8601: a date, or with a time
    where the pattern has one.

    :raise ValueError: when pattern or text cannot be read
    """
    form = parse_format(pattern)
    try:
        moment = datetime.strptime(text, form)
    except ValueError:
        raise ValueError(f"{text[:40]!r} is not written as {pattern!r}") from None
    if "%H" in form or "%I" in form:
        return moment.isoformat()
    return moment.date().isoformat()


@lru_cache(maxsize=256)
def parse_format(pattern: str) -> str:
    """``pattern`` for strptime.

    :raise ValueError: when it has a field that cannot be read, or lacks one
    """
    compile_pattern(pattern)
    form = ""
    for match in _TOKEN.finditer(calendar_pattern(pattern)):
        quoted, letter, other = match.groups()
        if letter and match[0] != "T":
            if match[0] not in _DIRECTIVES:
                raise ValueError(f"{match[0]!r} cannot be read, only written")
            directive = _DIRECTIVES[match[0]]
            if directive in form:
                raise ValueError(f"{match[0]!r} is there twice")
            form += directive
        else:
            literal = (quoted or "'").replace("''", "'") if quoted is not None else None
            form += (literal or other or match[0]).replace("%", "%%")
    if not all(field in form for field in ("%Y", "%m", "%d")):
        raise ValueError(f"{pattern[:40]!r} lacks the year, the month or the day")
    return form
