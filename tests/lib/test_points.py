"""Points as they are kept and as they are read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inboost_connector.lib import points

KEPT = st.integers(-(10**15), 10**15).map(lambda n: n / 10**points.DIGITS)


def test_the_noise_of_floats_is_gone():
    assert points.rounded(sum([0.1] * 10)) == 1.0
    assert points.rounded(0.1 + 0.2 - 0.3) == 0.0


@given(KEPT)
def test_what_is_kept_stays(amount):
    assert points.rounded(amount) == amount


@given(KEPT)
def test_what_is_shown_can_be_read(amount):
    text = points.shown(amount)
    assert set(text) <= set("-.0123456789")
    assert float(text) == round(amount, 2)


@pytest.mark.parametrize("amount, text", [(10.0, "10"), (0.5, "0.5"), (-3.25, "-3.25")])
def test_no_digit_is_idle(amount, text):
    assert points.shown(amount) == text
