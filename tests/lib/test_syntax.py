"""What is wrong with an expression, and where, before any data is there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inboost_connector.lib import syntax
from inboost_connector.lib.syntax import MappingError


@pytest.mark.parametrize(
    "template, pieces",
    [
        ("", []),
        ("/list", [("/list", None)]),
        ("/of/{phone}", [("/of/", "phone")]),
        ("{a}{b}/c", [("", "a"), ("", "b"), ("/c", None)]),
        ("/{ {x: y}.x }", [("/", " {x: y}.x ")]),
        ("/{join('}', names)}", [("/", "join('}', names)")]),
    ],
)
def test_an_address_falls_into_texts_and_expressions(template, pieces):
    assert list(syntax.placeholders(template)) == pieces


@pytest.mark.parametrize(
    "template, code, position",
    [
        ("/a}", "not_opened", 2),
        ("/{a", "not_closed", 1),
        ("/{a}/{b.}", "unexpected", 8),
        ("/{fone(a)}", "no_function", 2),
    ],
)
def test_a_piece_that_is_wrong_has_its_place_in_the_whole(template, code, position):
    with pytest.raises(MappingError) as caught:
        list(syntax.placeholders(template))
    assert (caught.value.problem.code, caught.value.position) == (code, position)


@given(st.text("{}abc.'\"`()|", max_size=30))
def test_any_address_is_read_whole_or_refused(template):
    try:
        pieces = list(syntax.placeholders(template))
    except MappingError:
        return
    written = (text + (f"{{{e}}}" if e is not None else "") for text, e in pieces)
    assert "".join(written) == template


def test_the_place_is_counted_from_one_and_shown():
    error = MappingError("unexpected", 4, token="x")
    assert error.find_place("a: (x y)", 3) == (5, "x y")


def test_data_has_no_place():
    assert MappingError("too_deep").find_place("a") is None


def test_a_call_within_a_call_is_checked_first():
    with pytest.raises(MappingError) as caught:
        syntax.check_calls("sort(nope(a), b)")
    assert caught.value.position == 5
