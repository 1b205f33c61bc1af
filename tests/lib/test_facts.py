from datetime import datetime
from typing import get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inboost_connector.lib import facts
from inboost_connector.lib.operations import OPERATIONS

SHAPES = {
    "customer_upsert": facts.Customer,
    "balance_set": facts.Balance,
    "purchase": facts.Purchase,
    "purchase_refund": facts.Purchase,
    "purchase_details": facts.Purchase,
    "bonus_accrual": facts.Bonus,
    "bonus_redemption": facts.Bonus,
    "bonuses_expiring": facts.Expiring,
    "event_check": facts.Sent,
}


#: Not about one customer, and what one asks about.
WITHOUT_CONSENT = {"bonuses_expiring", "event_check"}


@pytest.mark.parametrize("name", SHAPES)
def test_each_sample_has_the_shape_of_its_fact(name):
    assert (name in facts.WITH_CONSENT) is (name != "event_check")
    consent = [] if name in WITHOUT_CONSENT else get_type_hints(facts.Consent)
    assert list(facts.SAMPLES[name]) == [*get_type_hints(SHAPES[name]), *consent]


def test_each_operation_has_a_sample():
    assert list(facts.SAMPLES) == list(OPERATIONS)


@pytest.mark.parametrize(
    "name, missing",
    [
        ("connection_test", {"phone", "event_id", "key"}),
        ("customers_list", {"phone", "event_id", "key"}),
        ("customer_find", {"event_id", "key"}),
        ("bonuses_expiring", {"phone"}),
        ("purchase", set()),
        ("event_check", set()),
    ],
)
def test_the_input_of_a_sample_has_what_is_known_when_it_is_sent(name, missing):
    known = {"phone", "event_id", "key", "phone_style"}
    assert known - set(facts.sample_input(name)) == missing


def test_an_event_is_asked_about_by_its_order_and_code():
    purchase = facts.describe_sent("purchase", facts.SAMPLES["purchase"])
    assert purchase["order"] == {
        "number": "Shop/0001",
        "uuid": facts.SAMPLES["purchase"]["uuid"],
    }
    bonus = facts.describe_sent("bonus_accrual", facts.SAMPLES["bonus_accrual"])
    assert (bonus["order"], bonus["code"]) == (purchase["order"], "ACC-0001")
    assert facts.describe_sent("bonuses_expiring", {})["order"] is None


@pytest.mark.parametrize("name", ["purchase", "purchase_refund", "purchase_details"])
def test_the_samples_add_up(name):
    assert facts.check_sums(facts.SAMPLES[name]) == []


def test_a_time_is_utc_and_says_so():
    assert facts.iso(datetime(2026, 1, 31, 22, 30, 59, 7)) == "2026-01-31T22:30:59Z"


@pytest.mark.parametrize(
    "total, quantities, refund",
    [
        (-120.0, [-1], True),
        (-20.0, [-2], True),
        (-5.0, [1, -2], True),
        # An exchange that the customer paid for.
        (5.0, [2, -1], False),
        (10.0, [], False),
        # Nothing was paid: goods came back that were free, or paid by bonuses.
        (0.0, [-1], True),
        (0.0, [-1, 0], True),
        (0.0, [1, -1], False),
        (0.0, [1], False),
        (0.0, [], False),
    ],
)
def test_a_refund_is_one_however_it_was_rung_up(total, quantities, refund):
    assert facts.is_refund(total, quantities) is refund


@pytest.mark.parametrize(
    "amount, quantity, price, signed",
    [
        (120.0, 1, 120.0, 120.0),
        # The register's Refund: Odoo keeps the line with a positive amount.
        (120.0, -1, 120.0, -120.0),
        (-120.0, -1, 120.0, -120.0),
        # A reward, and a reward taken back.
        (-10.0, 1, -10.0, -10.0),
        (-10.0, -1, -10.0, 10.0),
        (0.0, -1, 10.0, 0.0),
        (7.0, 0, 10.0, 7.0),
    ],
)
def test_a_line_has_the_sign_of_the_money(amount, quantity, price, signed):
    assert facts.signed(amount, quantity, price) == signed


# -- sums --------------------------------------------------------------------------

KOPECKS = st.integers(-1_000_000, 1_000_000)


@st.composite
def purchases(draw):
    """Purchases that are right, in kopecks: sales, refunds, rewards, exchanges."""
    lines = []
    for _line in range(draw(st.integers(0, 8))):
        untaxed = draw(KOPECKS)
        tax = round(untaxed * draw(st.sampled_from([0, 0.07, 0.2])))
        lines.append((untaxed, tax))
    total = sum(untaxed + tax for untaxed, tax in lines)
    rounding = draw(st.integers(-2, 2))
    paid = total + rounding
    part = draw(st.integers(-1000, 1000))
    return {
        **facts.SAMPLES["purchase"],
        "untaxed": sum(line[0] for line in lines) / 100,
        "tax": sum(line[1] for line in lines) / 100,
        "total": total / 100,
        "rounding": rounding / 100,
        "lines": [
            {"untaxed": u / 100, "tax": t / 100, "total": (u + t) / 100}
            for u, t in lines
        ],
        "payments": [
            {"method": "Cash", "amount": part / 100},
            {"method": "Card", "amount": (paid - part) / 100},
        ],
    }


@given(purchases())
def test_what_adds_up_is_accepted(purchase):
    assert facts.check_sums(purchase) == []


@given(purchases(), st.integers(2, 1000), st.sampled_from([-1, 1]), st.data())
def test_what_does_not_add_up_is_named(purchase, off, sign, data):
    off = sign * off / 100
    part = data.draw(st.sampled_from(["payments", "tax", "rounding"]))
    if part == "payments":
        purchase["payments"][0]["amount"] += off
    else:
        purchase[part] += off
    [problem] = facts.check_sums(purchase)
    assert problem.code == ("tax_differs" if part == "tax" else "payments_differ")
    assert str(problem)


@given(purchases(), st.integers(0, 7))
def test_a_line_with_the_wrong_sign_is_noticed(purchase, number):
    lines = purchase["lines"]
    # Half a kopeck for each line is left to Odoo's rounding of taxes.
    wrong = [line for line in lines if abs(line["total"]) > 0.1]
    if not wrong:
        return
    wrong[number % len(wrong)]["total"] *= -1
    assert [problem.code for problem in facts.check_sums(purchase)] == ["lines_differ"]


def test_cash_rounding_is_between_the_total_and_the_payments():
    purchase = {
        **facts.SAMPLES["purchase"],
        "lines": [],
        "untaxed": 100.0,
        "tax": 23.47,
        "total": 123.47,
        "rounding": 0.03,
        "payments": [{"method": "Cash", "amount": 123.5}],
    }
    assert facts.check_sums(purchase) == []
    assert facts.check_sums({**purchase, "rounding": 0.0})
    assert facts.check_sums({**purchase, "rounding": 0.0, "payments": []}) == []
