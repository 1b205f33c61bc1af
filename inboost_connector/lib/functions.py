"""The functions that expressions may call besides JMESPath's own, with examples."""

import base64
import hashlib
import hmac
import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from typing import Any

from . import dates
from . import phone as phones
from .problems import ProblemError

#: Digits after the point that anybody needs.
MAX_DIGITS = 12


@dataclass(frozen=True)
class Function:
    """:ivar usage: how it is written; ``[]`` is what may be left out
    :ivar example: an expression, which gives ``result``
    :ivar checks: argument -> raises ProblemError for a constant that cannot be used
    """

    call: Callable[..., Any]
    usage: str
    example: str
    result: Any
    checks: Mapping[int, Callable[[Any], object]] = field(default_factory=dict)

    @cached_property
    def arity(self) -> tuple[int, int]:
        """The least and the most arguments."""
        given = inspect.signature(self.call).parameters.values()
        return sum(p.default is p.empty for p in given), len(given)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ProblemError("no_text", value=str(value)[:40])
    return value


def _number(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ProblemError("no_number", value=str(value)[:40])
    if isinstance(value, float) and not math.isfinite(value):
        raise ProblemError("not_finite", value=str(value))
    return Decimal(str(value))


def _integer(value: Any) -> int:
    number = _number(value)
    if number != number.to_integral_value():
        raise ProblemError("not_whole", value=str(value)[:40])
    return int(number)


def _digits(value: Any) -> int:
    digits = _integer(value)
    if not 0 <= digits <= MAX_DIGITS:
        raise ProblemError("digits", count=str(digits)[:40], limit=MAX_DIGITS)
    return digits


def _rounded(amount: Any, digits: int) -> Decimal:
    """Halves away from zero, as on a receipt; never a negative zero."""
    quantum = Decimal(1).scaleb(-digits)
    return _number(amount).quantize(quantum, ROUND_HALF_UP) + 0


def _phone(value: Any, style: Any) -> str | None:
    return phones.style(_text(value), _text(style or "digits"))


def _phone_style(name: Any) -> None:
    phones.style(None, _text(name))


def _date(time: Any, pattern: Any, zone: Any = None) -> str:
    return dates.write(_text(time), _text(pattern), zone and _text(zone))


def _zone(name: Any) -> None:
    dates.find_zone(name and _text(name))


def _parse_date(text: Any, pattern: Any) -> str:
    return dates.parse(_text(text), _text(pattern))


def _money(amount: Any, digits: Any) -> str:
    return format(_rounded(amount, _digits(digits)), "f")


def _minor(amount: Any, digits: Any = 2) -> int:
    digits = _digits(digits)
    return int(_rounded(amount, digits).scaleb(digits))


def _round(number: Any, digits: Any) -> float:
    return float(_rounded(number, _digits(digits)))


def _calculate(
    first: Any, second: Any, operation: Callable[[Any, Any], Any]
) -> int | float | None:
    """As on paper: 0.1 and 0.2 are 0.3. Whole numbers stay whole."""
    if second is None:
        return None
    exact = operation(_number(first), _number(second))
    if isinstance(first, int) and isinstance(second, int):
        return int(operation(first, second))
    return float(exact)


def _times(first: Any, second: Any) -> int | float | None:
    return _calculate(first, second, lambda a, b: a * b)


def _plus(first: Any, second: Any) -> int | float | None:
    return _calculate(first, second, lambda a, b: a + b)


def _minus(first: Any, second: Any) -> int | float | None:
    return _calculate(first, second, lambda a, b: a - b)


def _negative(number: Any) -> int | float | None:
    return _minus(0, number)


def _split(text: Any, separator: Any) -> list[str]:
    if separator == "":
        raise ProblemError("no_separator")
    return _text(text).split(_text(separator))


def _replace(text: Any, old: Any, new: Any) -> str:
    return _text(text).replace(_text(old), _text(new))


def _slice(text: Any, start: Any, end: Any = None) -> str:
    return _text(text)[_integer(start) : None if end is None else _integer(end)]


def _base64(text: Any) -> str:
    return base64.b64encode(_text(text).encode()).decode()


def _sha256(text: Any) -> str:
    return hashlib.sha256(_text(text).encode()).hexdigest()


def _hmac(text: Any, key: Any) -> str:
    return hmac.new(_text(key).encode(), _text(text).encode(), "sha256").hexdigest()


#: Null as the first argument gives null.
FUNCTIONS = {
    "phone": Function(
        _phone,
        "phone(phone, style)",
        "phone('+380671234567', 'national')",
        "0671234567",
        {1: _phone_style},
    ),
    "date": Function(
        _date,
        "date(time, pattern[, zone])",
        "date('2026-01-31T22:30:00Z', 'dd.MM.yyyy HH:mm', 'Europe/Kyiv')",
        "01.02.2026 00:30",
        {1: lambda value: dates.compile_pattern(_text(value)), 2: _zone},
    ),
    "parse_date": Function(
        _parse_date,
        "parse_date(text, pattern)",
        "parse_date('31.01.2026', 'dd.MM.yyyy')",
        "2026-01-31",
        {1: lambda value: dates.parse_format(_text(value))},
    ),
    "money": Function(
        _money,
        "money(amount, digits)",
        "money(`12.5`, `2`)",
        "12.50",
        {1: _digits},
    ),
    "minor": Function(
        _minor,
        "minor(amount[, digits])",
        "minor(`12.5`)",
        1250,
        {1: _digits},
    ),
    "round": Function(
        _round,
        "round(number, digits)",
        "round(`2.345`, `2`)",
        2.35,
        {1: _digits},
    ),
    "times": Function(
        _times,
        "times(number, number)",
        "times(`2`, `1.1`)",
        2.2,
    ),
    "plus": Function(
        _plus,
        "plus(number, number)",
        "plus(`0.1`, `0.2`)",
        0.3,
    ),
    "minus": Function(
        _minus,
        "minus(number, number)",
        "minus(`10`, `4`)",
        6,
    ),
    "negative": Function(
        _negative,
        "negative(number)",
        "negative(`4.5`)",
        -4.5,
    ),
    "split": Function(
        _split,
        "split(text, separator)",
        "split('a,b', ',')",
        ["a", "b"],
    ),
    "replace": Function(
        _replace,
        "replace(text, old, new)",
        "replace('a-b', '-', '.')",
        "a.b",
    ),
    "slice": Function(
        _slice,
        "slice(text, start[, end])",
        "slice('380671234567', `0`, `3`)",
        "380",
    ),
    "base64": Function(
        _base64,
        "base64(text)",
        "base64('user:key')",
        "dXNlcjprZXk=",
    ),
    "sha256": Function(
        _sha256,
        "sha256(text)",
        "slice(sha256('a'), `0`, `8`)",
        "ca978112",
    ),
    "hmac": Function(
        _hmac,
        "hmac(text, key)",
        "slice(hmac('a', 'key'), `0`, `8`)",
        "780c3db4",
    ),
}
