"""JMESPath over facts and answers, with a few functions of ours."""

from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

import jmespath
from jmespath import functions

from . import phone as phones


class MappingError(ValueError):
    """An expression that cannot be read or applied; the text says where."""


FORMATS = {
    "YYYY-MM-DD": "%Y-%m-%d",
    "YYYY-MM-DDTHH:mm": "%Y-%m-%dT%H:%M",
    "YYYY-MM-DDTHH:mm:ss": "%Y-%m-%dT%H:%M:%S",
    "DD.MM.YYYY": "%d.%m.%Y",
}


class Functions(functions.Functions):
    @functions.signature({"types": ["string", "null"]}, {"types": ["string", "null"]})
    def _func_phone(self, value, name):
        """phone(e164, style)"""
        return phones.style(value, name or "digits")

    @functions.signature({"types": ["string", "null"]}, {"types": ["string"]})
    def _func_date(self, value, name):
        """date(iso, 'YYYY-MM-DD')"""
        if not value:
            return None
        moment = datetime.fromisoformat(value.replace("Z", "+00:00"))
        return moment.strftime(FORMATS[name])

    @functions.signature({"types": ["number", "null"]}, {"types": ["number"]})
    def _func_round(self, value, digits):
        """round(number, digits), halves away from zero as on a receipt"""
        if value is None:
            return None
        quantum = Decimal(1).scaleb(-int(digits))
        return float(Decimal(str(value)).quantize(quantum, ROUND_HALF_UP))


_OPTIONS = jmespath.Options(custom_functions=Functions())


def compile_expression(expression):
    """:raise MappingError: when ``expression`` is no JMESPath"""
    try:
        return jmespath.compile(expression)
    except jmespath.exceptions.JMESPathError as error:
        raise MappingError(str(error)) from error


def search(expression, data):
    """The value of ``expression`` over ``data``.

    :raise MappingError: for a bad expression, and for data it does not fit
    """
    try:
        return compile_expression(expression).search(data, options=_OPTIONS)
    except MappingError:
        raise
    except (jmespath.exceptions.JMESPathError, ValueError, KeyError) as error:
        raise MappingError(f"{type(error).__name__}: {error}") from error


def apply(expression, data):
    """As ``search``, without nulls: what is sent."""
    return prune(search(expression, data))


def prune(value):
    """``value`` without the keys that are null; empty texts, zeros and False stay."""
    if isinstance(value, dict):
        return {k: prune(v) for k, v in value.items() if v is not None}
    if isinstance(value, list):
        return [prune(item) for item in value]
    return value
