"""A purchase that is taken back, by what is left of it."""

from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inboost_connector.lib import reversal
from inboost_connector.lib.facts import SAMPLES
from inboost_connector.lib.reversal import AMOUNTS, LINE_AMOUNTS

UUID = "0c1d7f6e-8f5c-4c55-9d0c-2f6a1b6d4e11"
TIME = "2026-01-02T12:00:00Z"


def line(name="Tea", quantity=2.0, total=20.0, **values):
    return {
        "product_id": 1,
        "name": name,
        "quantity": quantity,
        "untaxed": total,
        "tax": 0.0,
        "total": total,
        **values,
    }


def purchase(*lines, **values):
    lines = lines or (line(),)
    return {
        **deepcopy(SAMPLES["purchase_details"]),
        "number": "S00042",
        "uuid": UUID,
        "time": "2026-01-01T09:00:00Z",
        **dict.fromkeys(AMOUNTS, 0.0),
        "total": sum(one["total"] for one in lines),
        "untaxed": sum(one["total"] for one in lines),
        "lines": list(lines),
        "payments": [{"method": "Card", "amount": 20.0}],
        "is_refund": False,
        "refund_of": None,
        **values,
    }


def test_all_of_it_is_taken_back_with_its_sign_turned():
    given_ = purchase(
        discount=3.0, tax=1.5, rounding=0.01, bonuses_spent=5.0, promotions=2.0,
        gift_cards=4.0, ewallets=6.0,
    )  # fmt: skip
    back = reversal.taken_back(given_, TIME)
    assert {name: back[name] for name in AMOUNTS} == {
        name: -given_[name] for name in AMOUNTS
    }
    assert {name: back["lines"][0][name] for name in LINE_AMOUNTS} == {
        name: -given_["lines"][0][name] for name in LINE_AMOUNTS
    }
    assert back["payments"] == [{"method": "Card", "amount": -20.0}]
    assert back["time"] == TIME
    assert back["is_refund"] is True
    assert back["refund_of"] == {"number": "S00042", "uuid": UUID}
    assert back["number"] == "S00042"
    assert back["shop"] == given_["shop"]


def test_it_has_a_uuid_of_its_own_which_is_always_the_same():
    first, second = (reversal.taken_back(purchase(), TIME)["uuid"] for _n in "12")
    assert first == second == reversal.cancellation(UUID)
    # Kept by those who sent it: a new one would send it again.
    assert first == "afde3bb4-de37-5a2b-8ceb-2ac42ca49690"
    assert reversal.cancellation("another") != first


def test_what_was_taken_back_before_is_left_out():
    refund = purchase(line(quantity=-1.0, total=-8.0), payments=[])
    back = reversal.taken_back(purchase(), TIME, [refund])
    assert back["total"] == -12.0
    assert [one["quantity"] for one in back["lines"]] == [-2.0, 1.0]
    # Nobody knows which payment paid for what is left.
    assert back["payments"] == []


def test_nothing_is_left_of_what_was_taken_back_before():
    refund = purchase(line(quantity=-2.0, total=-20.0))
    assert reversal.taken_back(purchase(), TIME, [refund]) is None


def test_goods_that_cost_nothing_are_taken_back_too():
    free = purchase(line(total=0.0))
    back = reversal.taken_back(free, TIME)
    assert back["lines"][0]["quantity"] == -2.0
    assert back["is_refund"] is True


def test_money_decides_before_goods_do():
    odd = purchase(line(quantity=2.0, total=-20.0))
    assert reversal.taken_back(odd, TIME)["is_refund"] is False


def test_money_without_goods_is_taken_back_too():
    refund = purchase(line(quantity=-2.0, total=-15.0))
    back = reversal.taken_back(purchase(), TIME, [refund])
    assert back["total"] == -5.0


def test_quantities_count_by_product_and_not_in_sum():
    """Two teas came back and two cups are left: that is not nothing."""
    swapped = purchase(line("Tea", 2.0, 20.0), line("Cup", -2.0, -20.0))
    assert reversal.taken_back(swapped, TIME) is not None


def test_products_of_one_name_are_told_apart():
    two = purchase(line(total=20.0), line(quantity=-2.0, total=-20.0, product_id=2))
    assert reversal.taken_back(two, TIME) is not None


def test_taking_a_refund_back_is_a_purchase():
    refund = purchase(line(quantity=-2.0, total=-20.0), is_refund=True)
    back = reversal.taken_back(refund, TIME)
    assert back["is_refund"] is False
    assert back["total"] == 20.0


def test_amounts_that_an_old_fact_lacks_are_nothing():
    old = purchase()
    del old["ewallets"]
    assert reversal.taken_back(old, TIME)["ewallets"] == 0.0


def test_amounts_have_six_digits_and_no_zero_has_a_sign():
    back = reversal.taken_back(purchase(untaxed=1 / 3, tax=1e-9), TIME)
    assert back["untaxed"] == -0.333333
    assert str(back["tax"]) == "0.0"
    assert str(back["lines"][0]["tax"]) == "0.0"


def test_the_purchase_itself_stays_as_it_was():
    given_ = purchase()
    before = deepcopy(given_)
    reversal.taken_back(given_, TIME, [purchase(line(quantity=-1.0, total=-1.0))])
    assert given_ == before


@given(st.lists(st.floats(0.01, 1000).map(lambda x: round(x, 2)), max_size=5))
def test_a_purchase_its_refunds_and_what_takes_back_the_rest_are_nothing(parts):
    refunds = [purchase(line(quantity=-0.1, total=-part)) for part in parts]
    back = reversal.taken_back(purchase(), TIME, refunds)
    rest = back["total"] if back else 0.0
    assert 20.0 - sum(parts) + rest == pytest.approx(0, abs=1e-6)
    # No zero has a sign, and no sum the dust of floats.
    for name in AMOUNTS:
        assert not back or str(back[name]) != "-0.0"
