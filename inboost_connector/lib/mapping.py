"""JMESPath over facts and answers: checked when saved, and of one kind of error."""

import json
import math
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any
from urllib.parse import quote

import jmespath
from jmespath import exceptions, visitor
from jmespath import functions as builtin

from .functions import FUNCTIONS
from .problems import Problem, ProblemError, name_type
from .syntax import MappingError as MappingError
from .syntax import check_calls, parse, placeholders

_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)


class _Functions(builtin.Functions):  # type: ignore[misc]
    """JMESPath's functions and ours.

    :ivar zone: the time zone of dates for which none is given"""

    def __init__(self, zone: str | None) -> None:
        self.zone = zone

    def call_function(self, name: str, args: list[Any]) -> Any:
        if name not in FUNCTIONS:
            return super().call_function(name, args)
        function = FUNCTIONS[name]
        least, most = function.arity
        if not least <= len(args) <= most:
            raise ProblemError("usage", usage=function.usage)
        if args[0] is None:
            return None
        if name == "date" and len(args) == 2:
            args = [*args, self.zone]
        try:
            return function.call(*args)
        except ArithmeticError as error:
            large = Problem("number_too_large")
            raise ProblemError("function", name=name, error=large) from error
        except ValueError as error:
            problem = find_problem(error)
            raise ProblemError("function", name=name, error=problem) from error


@lru_cache(maxsize=64)
def _options(zone: str | None) -> Any:
    return jmespath.Options(custom_functions=_Functions(zone))


def find_unread(names: Iterable[str], *texts: str) -> list[str]:
    """Which of ``names`` of the input no expression of ``texts`` reads: large ones need
    not be brought. A name that stands anywhere counts as read.

    >>> find_unread(["phones", "customers"], "{to: phones}")
    ['customers']
    >>> find_unread(["phones", "customers"], "keys(@)")
    []
    """
    text = " ".join(texts)
    if "@" in text or "\\" in text or "*" in text.replace("[*]", ""):
        # The whole input may be meant, or a name be written with escapes.
        return []
    return [name for name in names if name not in text]


@lru_cache(maxsize=1024)
def compile_expression(expression: str) -> Any:
    """``expression``, parsed and with its functions, patterns and other constants
    checked.

    :raise MappingError: with the place of what is wrong
    """
    parsed = parse(expression)
    check_calls(expression)
    return parsed


def search(expression: str, data: Any, zone: str | None = None) -> Any:
    """The value of ``expression`` over ``data``.

    :param str zone: of the dates for which the expression names none; UTC by default
    :raise MappingError: for a bad expression, and for data it does not fit
    """
    compiled = compile_expression(expression)
    try:
        return compiled.search(data, options=_options(zone))
    except Exception as error:
        # A library's TypeError, too: an odd value is the fault of one event only.
        raise _misfit(error) from error


def _misfit(error: Exception) -> MappingError:
    problem = find_problem(error)
    return MappingError(problem.code, **problem.args)


def find_problem(error: Exception) -> Problem:
    """What is wrong according to whatever was raised over data."""
    if isinstance(error, ProblemError):
        return error.problem
    if isinstance(error, RecursionError):
        return Problem("too_deep")
    if isinstance(error, exceptions.JMESPathTypeError):
        return _find_wrong_type(error)
    words = str(error)[:200] or type(error).__name__
    return Problem("misfit", {"error": words})


def _find_wrong_type(error: exceptions.JMESPathTypeError) -> Problem:
    """Of the value of a function of JMESPath's own."""
    wanted = [Problem(f"type_{name}") for name in error.expected_types]
    expected = wanted[0]
    for other in wanted[1:]:
        expected = ProblemError("or", first=expected, second=other).problem
    return ProblemError(
        "wrong_type",
        name=error.function_name,
        expected=expected,
        value=str(error.current_value)[:40],
        actual=name_type(error.current_value),
    ).problem


def apply(expression: str, data: Any, zone: str | None = None) -> Any:
    """As ``search``, without nulls: what is sent.

    :raise MappingError: also for what JSON cannot say
    """
    value = search(expression, data, zone)
    try:
        return prune(value)
    except RecursionError as error:
        raise _misfit(error) from error


def prune(value: Any) -> Any:
    """``value`` without the keys that are null; empty texts, zeros and False stay.

    :raise MappingError: for what JSON cannot say: infinity, an expression
    """
    if isinstance(value, dict):
        return {k: prune(v) for k, v in value.items() if v is not None}
    if isinstance(value, list):
        return [prune(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise MappingError("not_sendable", value=str(value))
    if value is None or isinstance(value, str | int | float):
        return value
    raise MappingError("reference")


# -- addresses, query and headers --------------------------------------------------


def fill(template: str, data: Any, zone: str | None = None) -> str:
    """An address: ``template`` with each ``{expression}`` replaced by its value over
    ``data``, percent-encoded.

    >>> fill("/clients/{phone}?shop={shop}", {"phone": "+38067", "shop": "Чай"})
    '/clients/%2B38067?shop=%D0%A7%D0%B0%D0%B9'

    :raise MappingError: when an expression cannot be read, or its value is nothing
    """
    address = ""
    for text, expression in placeholders(template):
        address += text
        if expression:
            value = _scalar(search(expression, data, zone), expression)
            if value in ("", ".", ".."):
                raise MappingError("hole", name=expression[:40], value=value)
            address += quote(value, safe="")
    return address


def template_names(template: str) -> list[str]:
    """The names that the expressions of an address read, those of the top level.

    :raise MappingError: with the place of what is wrong
    """
    names: list[str] = []
    for _text, expression in placeholders(template):
        if expression:
            names += unknown_names(expression, {})
    return list(dict.fromkeys(names))


def _scalar(value: Any, name: str) -> str:
    """``value`` as text in an address, a query or a header.

    :raise MappingError: when it is null, a list or an object, or not one line
    """
    if isinstance(value, bool | int | float):
        return json.dumps(prune(value))
    if not isinstance(value, str):
        raise MappingError("not_scalar", name=name[:40], type=name_type(value))
    if any(ord(char) < 32 or 0xD800 <= ord(char) < 0xE000 for char in value):
        raise MappingError("not_printable", name=name[:40])
    return value


def query(expression: str, data: Any, zone: str | None = None) -> dict[str, str]:
    """Query parameters: the object that ``expression`` makes, without nulls.

    :raise MappingError: when it makes something else
    """
    value = apply(expression, data, zone)
    if not isinstance(value, dict):
        raise MappingError("no_object")
    return {name: _scalar(item, name) for name, item in value.items()}


def headers(expression: str, data: Any, zone: str | None = None) -> dict[str, str]:
    """As :func:`query`, where each name and value can be a header's."""
    found = query(expression, data, zone)
    for name, value in found.items():
        if not _HEADER.fullmatch(name):
            raise MappingError("header_name", name=name[:40])
        if not value.isascii():
            raise MappingError("header_letters", name=name[:40])
    return found


# -- misspelt names ----------------------------------------------------------------


class _Reader(visitor.TreeInterpreter):  # type: ignore[misc]
    """Reads all branches of an expression, and notes the names that are not there."""

    def __init__(self) -> None:
        super().__init__(_options(None))
        self.unknown: dict[str, None] = {}

    def visit_field(self, node: Any, value: Any) -> Any:
        if isinstance(value, dict) and node["value"] not in value:
            self.unknown[node["value"]] = None
        return super().visit_field(node, value)

    def visit_or_expression(self, node: Any, value: Any) -> Any:
        found = [self.visit(child, value) for child in node["children"]]
        return found[1] if self._is_false(found[0]) else found[0]

    def visit_and_expression(self, node: Any, value: Any) -> Any:
        found = [self.visit(child, value) for child in node["children"]]
        return found[0] if self._is_false(found[0]) else found[1]

    def visit_filter_projection(self, node: Any, value: Any) -> Any:
        base, result, condition = node["children"]
        rows = self.visit(base, value)
        if not isinstance(rows, list):
            return None
        for row in rows:
            self.visit(condition, row)
        return [self.visit(result, row) for row in rows]

    def visit_function_expression(self, node: Any, value: Any) -> Any:
        try:
            return super().visit_function_expression(node, value)
        except Exception:
            # Its arguments were read, and the sample need not fit it.
            return None

    def visit_comparator(self, node: Any, value: Any) -> Any:
        try:
            return super().visit_comparator(node, value)
        except TypeError:
            return None


def unknown_names(expression: str, sample: Any) -> list[str]:
    """The names that ``expression`` reads from an object of ``sample`` that has no such
    key: misspelt, most likely. Where the sample is null or an empty list, nobody knows.

    :raise MappingError: when the expression cannot be read
    """
    compiled = compile_expression(expression)
    reader = _Reader()
    try:
        reader.visit(compiled.parsed, sample)
    except Exception as error:
        raise _misfit(error) from error
    return list(reader.unknown)
