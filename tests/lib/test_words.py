"""Texts with names in them."""

import pytest

from inboost_connector.lib.words import Arguments, heading


def test_what_is_missing_is_blank():
    text = "%(count)s of %(total)s"
    assert text % Arguments({"count": 3}) == "3 of "
    assert text % Arguments({"count": 3}, blank="…") == "3 of …"


def test_what_it_is_filled_with_stays():
    values = {"count": 3}
    Arguments(values)["total"]
    assert values == {"count": 3}


@pytest.mark.parametrize(
    "text, expected",
    [
        ("Nobody knows.", "Nobody knows."),
        ("Wait %(seconds)s s: %(text)s", "Wait … s"),
        ("%(first)s: %(second)s", "…"),
        ("100 %% of it", "100 % of it"),
    ],
)
def test_a_heading_is_the_same_for_all_that_are_filled_differently(text, expected):
    assert heading(text) == expected
