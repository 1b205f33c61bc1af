"""What expressions can call besides JMESPath's own functions."""

import pytest

from inboost_connector.lib import mapping
from inboost_connector.lib.functions import FUNCTIONS


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_example_of_each_function_is_true(name):
    function = FUNCTIONS[name]
    assert function.usage.startswith(f"{name}(")
    assert f"{name}(" in function.example
    assert mapping.search(function.example, {}) == function.result


DATA = {
    "p": "+380671234567",
    "t": "2026-01-31T22:30:59Z",
    "day": "1990-05-17",
    "n": 2.345,
    "minus": -0.001,
    "x": None,
    "s": "чай",
}


@pytest.mark.parametrize(
    "expression, value",
    [
        ("phone(p, 'digits')", "380671234567"),
        ("phone(p, x)", "380671234567"),
        ("phone(x, 'digits')", None),
        ("date(t, 'YYYY-MM-DD')", "2026-02-01"),
        ("date(t, 'YYYY-MM-DDTHH:mm')", "2026-02-01T00:30"),
        ("date(t, 'yyyy-MM-ddTHH:mmXXX', 'UTC')", "2026-01-31T22:30Z"),
        ("date(day, 'dd.MM.yyyy')", "17.05.1990"),
        ("parse_date('17.05.1990', 'DD.MM.YYYY')", "1990-05-17"),
        ("money(n, `2`)", "2.35"),
        ("money(minus, `2`)", "0.00"),
        ("money(`123456789012`, `0`)", "123456789012"),
        ("minor(n)", 235),
        ("minor(n, `0`)", 2),
        ("round(n, `2`)", 2.35),
        ("plus(`1`, `2`)", 3),
        ("plus(`0.1`, `0.2`)", 0.3),
        ("minus(x, `2`)", None),
        ("minus(`2`, x)", None),
        ("negative(`0`)", 0),
        ("slice(s, `-1`)", "й"),
        ("base64(s)", "0YfQsNC5"),
        ("{a: x, b: `0`, c: ''}", {"b": 0, "c": ""}),
    ],
)
def test_functions(expression, value):
    assert mapping.apply(expression, DATA, "Europe/Kyiv") == value
