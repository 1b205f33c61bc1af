"""Keys of facts: one fact, one key; two facts, two keys."""

import re

from hypothesis import given
from hypothesis import strategies as st

from inboost_connector.lib import keys

uuids = st.uuids().map(str)
phones = st.from_regex(r"\+380[0-9]{9}", fullmatch=True)
days = st.dates().map(str)
cases = st.one_of(
    st.tuples(st.just(keys.of_document), st.sampled_from(["pos", "sale"]), uuids),
    st.tuples(st.just(keys.of_move), uuids),
    st.tuples(st.just(keys.of_balance), uuids),
    st.tuples(st.just(keys.of_customer), phones),
    st.tuples(st.just(keys.of_notice), days),
)


@given(cases, cases)
def test_different_facts_have_different_keys(one, other):
    make, *about = one
    make_other, *about_other = other
    same = one == other
    assert (make(*about) == make_other(*about_other)) == same


@given(uuids, uuids, uuids)
def test_points_of_two_cards_by_one_document_are_two_facts(document, card, other):
    first = keys.of_points(keys.of_document("pos", document), card)
    assert first == keys.of_points(keys.of_document("pos", document), card)
    if card != other:
        assert first != keys.of_points(keys.of_document("pos", document), other)


@given(cases)
def test_no_key_is_a_serial_number_alone(case):
    make, *about = case
    assert not re.fullmatch(r"\w+:\d{1,10}", make(*about))
