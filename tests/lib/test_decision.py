from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from inboost_connector.lib.decision import Decision, cut, fingerprint, row_hash
from inboost_connector.lib.problems import Problem

KEY = fingerprint(["mapping", "UA"])


def test_the_order_of_keys_makes_no_other_row():
    assert row_hash({"a": 1, "b": [2]}, KEY) == row_hash({"b": [2], "a": 1}, KEY)


def test_another_value_or_another_mapping_makes_another_row():
    row = {"a": "1"}
    others = [row_hash({"a": 1}, KEY), row_hash(row, fingerprint(["mapping", "PL"]))]
    assert row_hash(row, KEY) not in others
    assert len(set(others)) == 2


def test_the_same_row_is_the_same_row_tomorrow():
    """Hashes are kept: if they changed, each contact would be looked at again."""
    assert fingerprint(["mapping", "UA"]).hex() == "c9f65ecb6807055faf85b9786b481590"
    assert row_hash({"a": 1}, KEY) == "b33023b8b33397fa54a971402e7c8f4e"


def test_settings_are_the_same_in_whatever_order_and_of_whatever_kind():
    since = date(2026, 1, 2)
    one = fingerprint({"mapping": "a", "since": since})
    assert one == fingerprint({"since": since, "mapping": "a"})
    assert one != fingerprint({"mapping": "a", "since": date(2026, 1, 3)})


def test_what_fails_is_an_error_with_its_reason():
    decision = Decision({})
    decision.fail("too_long", field="name", limit=3)
    assert decision.kind == "error"
    assert decision.problem == Problem("too_long", {"field": "name", "limit": 3})


def test_half_of_a_character_is_hashed_too():
    assert row_hash("\ud800", KEY)


@given(
    new=st.sets(st.integers(0, 60)),
    start=st.integers(0, 60),
    size=st.integers(1, 10),
)
def test_parts_follow_each_other_and_none_is_too_long(new, start, size):
    parts = cut(sorted(new), start, 61, size)
    assert parts[0].start == start
    assert parts[-1].end == 61
    assert [p.last for p in parts] == [False] * (len(parts) - 1) + [True]
    for one, two in zip(parts, parts[1:], strict=False):
        assert one.end == two.start
    assert [n for p in parts for n in p.new] == sorted(n for n in new if n >= start)
    for part in parts:
        assert len(part.new) <= size
        assert all(part.start <= place < part.end for place in part.new)
