from datetime import datetime
from typing import get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inboost_connector.lib import facts, purchase
from inboost_connector.lib.reversal import cancellation, taken_back

BONUS, PROMOTION, GIFT_CARD, EWALLET = 1, 2, 3, 4
KINDS = {
    BONUS: "loyalty",
    PROMOTION: "promotion",
    GIFT_CARD: "gift_card",
    EWALLET: "ewallet",
}
NOW = "2026-02-01T10:00:00Z"


def make_order(**values):
    return purchase.Order(
        **{
            "source": "pos",
            "number": "Shop/0001",
            "uuid": "0001",
            "time": datetime(2026, 1, 31, 22, 30),
            "shop": "Main shop",
            "currency": "UAH",
            "digits": 2,
            "tax": 0.0,
            "total": 0.0,
            "rounding": 0.0,
            "refund_of": None,
            **values,
        }
    )


def make_line(quantity=1, price=10.0, tax=0.0, program=None, **values):
    """A line as Odoo keeps it where it keeps the sign of the money."""
    base = round(quantity * price * (1 - values.get("discount", 0) / 100), 2)
    return purchase.Line(
        **{
            "uuid": None,
            "product_id": 7,
            "sku": "TEA-01",
            "barcode": None,
            "name": "[TEA-01] Green tea",
            "category": "Tea",
            "quantity": quantity,
            "unit_price": price,
            "discount": 0.0,
            "untaxed": base,
            "total": round(base * (1 + tax), 2),
            "program_id": program,
            "program_type": KINDS.get(program),
            "points": 0.0 if program else None,
            "note": None,
            **values,
        }
    )


def build(lines, payments=(), **values):
    """The document that has ``lines``."""
    empty = purchase.Rows(make_order(**values), [], list(payments))
    return purchase.build(purchase.plus(empty, lines), {BONUS})


LINES = st.builds(
    make_line,
    quantity=st.sampled_from([-3, -1, -0.25, 0.5, 1, 2, 7]),
    price=st.decimals(-50, 500, places=2).map(float),
    tax=st.sampled_from([0.0, 0.07, 0.2]),
    discount=st.sampled_from([0.0, 0.0, 10.0, 33.33, 100.0]),
    program=st.sampled_from([None, None, BONUS, PROMOTION, GIFT_CARD, EWALLET]),
    points=st.integers(0, 20).map(float),
)


def unsigned(line):
    """As the register stores the lines of some refunds."""
    return {**line, "untaxed": abs(line["untaxed"]), "total": abs(line["total"])}


@given(st.lists(LINES, min_size=1, max_size=8), st.sampled_from([0.0, 0.03, -0.02]))
def test_lines_add_up_to_the_total_whatever_signs_they_are_stored_with(lines, rounding):
    paid = round(sum(line["total"] for line in lines) + rounding, 2)
    payments = [{"method": "Cash", "amount": paid}]
    fact = build(lines, payments, rounding=rounding)
    assert facts.check_sums(fact) == []
    assert fact["is_refund"] == facts.is_refund(
        fact["total"], [line["quantity"] for line in lines]
    )
    rows = purchase.plus(purchase.Rows(make_order(), [], []), lines)
    order = {**rows.order, "rounding": rounding, "tax": abs(rows.order["tax"])}
    stored = purchase.Rows(order, [unsigned(line) for line in lines], payments)
    again = purchase.build(stored, {BONUS})
    assert again["lines"] == fact["lines"]
    assert {k: again[k] for k in ("total", "tax")} == {
        k: fact[k] for k in ("total", "tax")
    }


@given(st.lists(LINES, min_size=1, max_size=6))
def test_a_purchase_and_what_takes_it_back_are_nothing(lines):
    fact = build(lines)
    taken = taken_back(fact, NOW)
    if taken is None:
        assert fact["total"] == 0
        return
    for name in ("total", "tax", "discount", "bonuses_spent", "gift_cards"):
        assert fact[name] + taken[name] == pytest.approx(0)
    assert facts.check_sums(taken) == []
    assert taken["refund_of"] == {"number": "Shop/0001", "uuid": "0001"}
    assert (taken["uuid"], taken["time"]) == (cancellation("0001"), NOW)


@given(st.lists(LINES, min_size=1, max_size=6), st.data())
def test_what_was_refunded_before_is_not_taken_back_again(lines, data):
    back = data.draw(st.lists(st.sampled_from(range(len(lines))), unique=True))
    refund = build(
        [make_negative(lines[n]) for n in back], uuid="0002", number="Note/1"
    )
    taken = taken_back(build(lines), NOW, [refund])
    left = taken["total"] if taken else 0
    assert build(lines)["total"] + refund["total"] + left == pytest.approx(0)
    assert taken is None or facts.check_sums(taken) == []


def make_negative(line):
    return {**line, **{n: -line[n] for n in ("quantity", "untaxed", "total")}}


def test_a_purchase_refunded_altogether_leaves_nothing_to_take_back():
    lines = [make_line(3)]
    assert taken_back(build(lines), NOW, [build([make_line(-3)])]) is None


def test_the_fact_has_the_keys_of_its_shape():
    fact = build([make_line()], [{"method": "Cash", "amount": 10}])
    assert list(fact) == list(get_type_hints(facts.Purchase))
    assert list(fact["lines"][0]) == list(get_type_hints(facts.PurchaseLine))
    assert fact["time"] == "2026-01-31T22:30:00Z"


def test_a_fact_says_all_that_the_document_does():
    original = {"number": "Shop/0000", "uuid": "0000"}
    time = datetime(2026, 1, 31, 22, 30)
    order = purchase.read_order(
        ["pos", "Shop/0001", "0001", time, "Main shop", "UAH", 2]
        + [-1.666, -10.004, 0.026, original]
    )
    tea = make_line(-2, 5.0, uuid="l-1", barcode="482", note="cold", untaxed=8.334)
    gift = make_line(1, 0.0, sku="", name=None, category="", program=PROMOTION)
    gift["discount"] = None
    payments = [{"method": "Cash", "amount": -9.986}]
    assert purchase.build(purchase.Rows(order, [tea, gift], payments), {BONUS}) == {
        "source": "pos",
        "number": "Shop/0001",
        "uuid": "0001",
        "time": "2026-01-31T22:30:00Z",
        "shop": "Main shop",
        "currency": "UAH",
        "untaxed": -8.33,
        "tax": -1.67,
        "total": -10.0,
        "rounding": 0.03,
        "discount": 0.0,
        "bonuses_spent": 0.0,
        "promotions": 0.0,
        "gift_cards": 0.0,
        "ewallets": 0.0,
        "is_refund": True,
        "refund_of": original,
        "lines": [
            {
                "uuid": "l-1",
                "product_id": 7,
                "sku": "TEA-01",
                "barcode": "482",
                "name": "Green tea",
                "category": "Tea",
                "quantity": -2.0,
                "unit_price": 5.0,
                "discount": 0.0,
                "untaxed": -8.33,
                "tax": -1.67,
                "total": -10.0,
                "is_reward": False,
                "note": "cold",
            },
            {
                "uuid": None,
                "product_id": 7,
                "sku": None,
                "barcode": None,
                "name": "",
                "category": None,
                "quantity": 1.0,
                "unit_price": 0.0,
                "discount": 0.0,
                "untaxed": 0.0,
                "tax": 0.0,
                "total": 0.0,
                "is_reward": True,
                "note": None,
            },
        ],
        "payments": [{"method": "Cash", "amount": -9.99}],
    }
    with pytest.raises(ValueError):
        purchase.read_order(["pos"])


@pytest.mark.parametrize(
    "lines, spent, promotions, gift_cards, ewallets",
    [
        # A promotion that costs a point.
        ([make_line(1, -2.0, program=PROMOTION, points=1.0)], 0, 2, 0, 0),
        ([make_line(1, -10.0, program=GIFT_CARD, points=10.0)], 0, 0, 10, 0),
        ([make_line(1, -7.0, program=EWALLET, points=7.0)], 0, 0, 0, 7),
        (
            [
                make_line(1, -1.0, program=BONUS, points=5.0),
                make_line(1, -2.0, program=PROMOTION, points=1.0),
            ],
            5, 2, 0, 0,
        ),  # fmt: skip
        # A free product, as the web shop writes it.
        ([make_line(1, 10.0, discount=100, program=PROMOTION)], 0, 10, 0, 0),
        ([make_line(2, 10.0, discount=100, program=PROMOTION)], 0, 20, 0, 0),
        # Of a loyalty program whose points are not InBoost's.
        ([make_line(1, -3.0, program=9, program_type="loyalty")], 0, 3, 0, 0),
        ([make_line(1, -3.0, program=BONUS, points=2.5)], 2.5, 0, 0, 0),
        ([make_line(1, -3.0, program=BONUS, points=None)], 0, 0, 0, 0),
        # Given back.
        ([make_line(-1, -1.0, program=BONUS, points=5.0)], -5, 0, 0, 0),
        ([make_line(-1, -10.0, program=GIFT_CARD, points=10.0)], 0, 0, -10, 0),
    ],
)  # fmt: skip
def test_bonuses_promotions_and_cards_are_told_apart(
    lines, spent, promotions, gift_cards, ewallets
):
    fact = build([make_line(), *lines])
    assert fact["bonuses_spent"] == spent
    assert fact["promotions"] == promotions
    assert (fact["gift_cards"], fact["ewallets"]) == (gift_cards, ewallets)
    assert fact["discount"] == 0


def test_the_discount_is_with_tax_as_the_total():
    fact = build([make_line(2, 100.0, tax=0.2, discount=10)])
    assert (fact["total"], fact["discount"]) == (216, 24)


def test_an_exchange_that_was_paid_for_has_no_original():
    original = {"number": "Shop/0000", "uuid": "0000"}
    exchange = build([make_line(-1), make_line(2)], refund_of=original)
    refund = build([make_line(-2), make_line(1)], refund_of=original)
    assert (exchange["is_refund"], exchange["refund_of"]) == (False, None)
    assert (refund["is_refund"], refund["refund_of"]) == (True, original)


def test_only_some_lines_are_what_they_add_up_to():
    lines = [make_line(1, 10.0, tax=0.2), make_line(2, 20.0, tax=0.07)]
    rows = purchase.plus(purchase.Rows(make_order(rounding=0.5), [], []), lines)
    rows = rows._replace(payments=[{"method": "Cash", "amount": 55.3}])
    fact = purchase.build(purchase.only(rows, lines[:1]), set())
    assert (fact["total"], fact["tax"], fact["rounding"]) == (12, 2, 0)
    assert (len(fact["lines"]), fact["payments"]) == (1, [])
    more = purchase.plus(rows, [make_line(1, 100.0, tax=0.2)])
    fact = purchase.build(more, set())
    assert (fact["total"], fact["tax"], len(fact["lines"])) == (174.8, 24.8, 3)
    assert more.order["tax"] == pytest.approx(24.8)
    assert fact["payments"] == rows.payments


def test_no_amount_is_less_than_nothing_by_the_dust_of_floats():
    fact = build([make_line()], rounding=-1e-9)
    assert str(fact["rounding"]) == "0.0"


@pytest.mark.parametrize(
    "name, sku, plain",
    [
        ("[TEA-01] Green tea", "TEA-01", "Green tea"),
        ("Green tea\nfrom Sri Lanka", "TEA-01", "Green tea"),
        ("[limited] Green tea", "TEA-01", "[limited] Green tea"),
        ("[TEA-01] ", "TEA-01", "[TEA-01]"),
        ("Green tea", None, "Green tea"),
    ],
)
def test_a_name_comes_without_its_sku(name, sku, plain):
    assert purchase.plain_name(name, sku) == plain
