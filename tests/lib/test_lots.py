"""Hand-computed lots. Days are counted from the first of January."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inboost_connector.lib.lots import Row, expires, lots

START = date(2026, 1, 1)


def day(number):
    return START + timedelta(days=number)


def rows(*entries):
    """:param entries: (day, won, spent[, order[, reversal]])"""
    return [
        Row(number, day(entry[0]), *entry[1:]) for number, entry in enumerate(entries)
    ]


CASES = {
    "nothing": ([], []),
    "one lot": ([(0, 10, 0)], [(0, 10)]),
    "partial use": ([(0, 10, 0), (5, 0, 4)], [(0, 6)]),
    "oldest first": ([(0, 10, 0), (3, 10, 0), (5, 0, 12)], [(3, 8)]),
    "spends what it wins": ([(0, 3, 0), (5, 10, 5)], [(5, 8)]),
    "used up": ([(0, 10, 0), (5, 0, 10)], []),
    "spending undone returns to its lot": (
        [(0, 10, 0), (3, 10, 0), (5, 0, 12, "A"), (9, 12, 0, "A", True)],
        [(0, 10), (3, 10)],
    ),
    "part of the spending undone: the youngest first": (
        [(0, 10, 0), (3, 10, 0), (5, 0, 12, "A"), (9, 3, 0, "A", True)],
        [(0, 1), (3, 10)],
    ),
    "undone after others used the lot": (
        [(0, 10, 0), (5, 0, 5, "A"), (6, 0, 5), (9, 5, 0, "A", True)],
        [(0, 5)],
    ),
    "winning undone takes its own lot": (
        [(0, 10, 0), (5, 10, 0, "A"), (9, 0, 10, "A", True)],
        [(0, 10)],
    ),
    "winning undone after it was used": (
        [(0, 10, 0), (5, 10, 0, "A"), (6, 0, 15), (9, 0, 10, "A", True)],
        [],
    ),
    "both undone": (
        [(0, 20, 0), (5, 10, 5, "A"), (9, 5, 10, "A", True)],
        [(0, 20)],
    ),
    "no more is given back than was spent, however often": (
        [(0, 10, 0), (5, 0, 5, "A"), (9, 3, 0, "A", True), (11, 3, 0, "A", True)],
        [(0, 10), (11, 1)],
    ),
    "what a reversal took is nothing that its order spent": (
        [(0, 10, 0), (5, 10, 0, "A"), (9, 0, 10, "A", True), (12, 5, 0, "A", True)],
        [(0, 10), (12, 5)],
    ),
    "an order that wins later wins anew": (
        [(0, 10, 0), (5, 0, 5, "A"), (8, 3, 0, "A")],
        [(0, 5), (8, 3)],
    ),
    "undone of an order before the ledger": (
        [(0, 10, 0), (9, 4, 0, "old", True)],
        [(0, 10), (9, 4)],
    ),
    "negative balance": ([(0, 0, 5), (3, 12, 0)], [(3, 7)]),
    "still negative": ([(0, 0, 5), (3, 2, 0)], []),
    "points that moved are as old as they were": (
        [(5, 10, 0), (2, 4, 0)],
        [(2, 4), (5, 10)],
    ),
    "points that moved are spent by their age": (
        [(5, 10, 0), (2, 4, 0), (9, 0, 5)],
        [(5, 9)],
    ),
    "expiry takes the oldest": (
        [(0, 10, 0), (3, 10, 0), (20, 0, 10)],
        [(3, 10)],
    ),
}


AMOUNT = st.integers(0, 50)
ROWS = st.lists(
    st.tuples(AMOUNT, AMOUNT, st.sampled_from([None, "A", "B"]), st.booleans()),
    max_size=30,
)


@pytest.mark.parametrize("name", CASES)
def test_table(name):
    entries, expected = CASES[name]
    found = [((lot.born - START).days, lot.left) for lot in lots(rows(*entries))]
    assert found == expected


def test_a_lot_names_the_row_that_made_it():
    assert [lot.id for lot in lots(rows((0, 5, 0), (1, 0, 5), (2, 7, 0)))] == [2]


def test_a_changed_validity_counts_for_the_lots_there_are():
    [lot] = lots(rows((0, 10, 0)))
    assert expires(lot, 0) is None
    assert expires(lot, 30) == day(30)
    assert expires(lot, 60) == day(60)
    assert expires(lot, 30, day(10)) == day(10)
    assert expires(lot, 0, day(10)) == day(10)


@given(ROWS)
def test_lots_are_what_is_left(entries):
    ledger = [
        Row(number, day(number), won, spent, order, bool(order) and reversal)
        for number, (won, spent, order, reversal) in enumerate(entries)
    ]
    balance = sum(row.won - row.spent for row in ledger)
    found = lots(ledger)
    assert sum(lot.left for lot in found) == max(balance, 0)
    assert all(0 < lot.left <= lot.won for lot in found)
    born = [lot.born for lot in found]
    assert born == sorted(born)
