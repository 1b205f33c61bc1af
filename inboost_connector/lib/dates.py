"""Dates and times: read in the usual spellings, written by Unicode's LDML patterns."""

import re
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import PATTERN_CHARS, parse_pattern

from .problems import ProblemError

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

    :raise ProblemError: when it is none of them
    """
    match = _TEXT.fullmatch(text.strip())
    if not match:
        raise ProblemError("no_date", value=text[:40])
    parts = match.groupdict()
    year, month, day = _order_day(parts, match[6])
    hour, minute, seconds = (int(parts[n] or 0) for n in ("hour", "minute", "seconds"))
    try:
        if parts["hour"] is None:
            return date(year, month, day)
        offset = _read_offset(parts["zone"])
        return datetime(year, month, day, hour, minute, seconds, tzinfo=offset)
    except ValueError as error:
        raise ProblemError("no_date", value=text[:40]) from error


def _order_day(
    parts: dict[str, str | None], separator: str | None
) -> tuple[int, int, int]:
    """Year, month and day."""
    if parts["year"]:
        year, month, day = (int(parts[n] or 0) for n in ("year", "month", "day"))
        return year, month, day
    first, second, year = (int(parts[n] or 0) for n in ("first", "second", "last"))
    if separator == "/" and second > 12:
        first, second = second, first
    elif separator == "/" and first <= 12 and first != second:
        raise ProblemError("day_or_month")
    return year, second, first


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
    """:raise ProblemError: when there is no time zone ``name``; UTC for none"""
    try:
        return ZoneInfo(name) if name else timezone.utc
    except (KeyError, ValueError, OSError) as error:
        raise ProblemError("no_zone", name=str(name)[:40]) from error


def write(text: str, pattern: str, zone: str | None = None) -> str:
    """``text`` by an LDML ``pattern``, in ``zone`` (UTC by default). A date, and a time
    without an offset, are taken as they stand.

    :raise ProblemError: when text, pattern or zone cannot be read
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
    """:raise ProblemError: when ``pattern`` is not an LDML pattern"""
    if pattern.count("'") % 2:
        raise ProblemError("open_quote", pattern=pattern[:40])
    letters = set(re.findall("[A-Za-z]", _unquoted(pattern)))
    if not letters:
        raise ProblemError("no_field", pattern=pattern[:40])
    # Babel would send a letter that it does not know as it stands; the T of ISO 8601
    # may be meant.
    if odd := sorted(letters - {"T"} - PATTERN_CHARS.keys()):
        raise ProblemError("no_meaning", letter=odd[0], pattern=pattern[:40])
    try:
        compiled = parse_pattern(calendar_pattern(pattern))
        compiled.apply(_SAMPLE, _LOCALE)
    except Exception as error:
        # Babel raises several kinds.
        words = str(error)[:200]
        raise ProblemError("no_pattern", pattern=pattern[:40], error=words) from error
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

    :raise ProblemError: when pattern or text cannot be read
    """
    form = parse_format(pattern)
    try:
        moment = datetime.strptime(text, form)
    except ValueError:
        raise ProblemError(
            "written_otherwise", value=text[:40], pattern=pattern[:40]
        ) from None
    if "%H" in form or "%I" in form:
        return moment.isoformat()
    return moment.date().isoformat()


@lru_cache(maxsize=256)
def parse_format(pattern: str) -> str:
    """``pattern`` for strptime.

    :raise ProblemError: when it has a field that cannot be read, or lacks one
    """
    compile_pattern(pattern)
    form = ""
    for match in _TOKEN.finditer(calendar_pattern(pattern)):
        quoted, letter, other = match.groups()
        if letter and match[0] != "T":
            if match[0] not in _DIRECTIVES:
                raise ProblemError("only_written", field=match[0][:40])
            directive = _DIRECTIVES[match[0]]
            if directive in form:
                raise ProblemError("field_twice", field=match[0])
            form += directive
        else:
            literal = (quoted or "'").replace("''", "'") if quoted is not None else None
            form += (literal or other or match[0]).replace("%", "%%")
    if not all(field in form for field in ("%Y", "%m", "%d")):
        raise ProblemError("no_whole_date", pattern=pattern[:40])
    return form
