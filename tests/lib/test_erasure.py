"""One person is taken out of texts and facts, and nobody else."""

import re

import pytest

from inboost_connector.lib.erasure import Person

PHONE = "+380671234567"
OLENA = Person(
    phones=frozenset({PHONE}),
    words=frozenset({"Olena Kovalenko", "Kovalenko Olena", "olena@example.com"}),
    parts=frozenset({"Olena", "Kovalenko", "1990-05-17"}),
)
EVERYTHING = ["671234567", "67 123", "Olena", "Kovalenko", "example.com", "1990"]


@pytest.mark.parametrize(
    "phone",
    [
        "+380671234567",
        "380671234567",
        "0671234567",
        "00380671234567",
        "067 123 45 67",
        "(067) 123-45-67",
        "+38 (067) 123-45-67",
        "%2B380671234567",
        "+380\u00a067\u00a0123\u00a045\u00a067",
    ],
)
def test_a_phone_goes_in_every_spelling(phone):
    assert "67" not in OLENA.scrub_text(f"called {phone}, twice")


@pytest.mark.parametrize(
    "text",
    [
        "Olena, 050 765 43 21",
        "order 4820671234567890 of 2026-01-02",
        "380671234568",
        '{"userName": "Olena", "lastName": "Petrenko", "phone": "380501112233"}',
    ],
)
def test_nobody_else_is_touched(text):
    assert OLENA.scrub_text(text) == text


@pytest.mark.parametrize(
    "text",
    [
        '{"name": "Olena Kovalenko"}',
        '{"name": "OLENA KOVALENKO"}',
        "to=olena%40example.com&",
        "olena@example.com",
    ],
)
def test_names_and_addresses_go_in_the_forms_in_which_they_are_kept(text):
    scrubbed = OLENA.scrub_text(text)
    assert not re.search("olena|kovalenko", scrubbed, re.IGNORECASE)


def test_what_others_share_goes_where_the_text_is_about_the_person():
    row = '{"phone": "380671234567", "first": "Olena", "birth": "1990-05-17"}'
    scrubbed = OLENA.scrub_text(row)
    assert not any(trace in scrubbed for trace in EVERYTHING)
    assert '"birth": "***"' in scrubbed


def test_a_notice_to_many_loses_one():
    fact = {
        "phones": ["380671234567", "380501112233"],
        "customers": [
            {"phone": "380671234567", "amount": 5.0},
            {"phone": "380501112233", "amount": 7.0},
        ],
    }
    assert OLENA.scrub(fact) == {
        "phones": ["380501112233"],
        "customers": [{"phone": "380501112233", "amount": 7.0}],
    }


def test_a_purchase_keeps_its_number_and_its_sums():
    fact = {
        "number": "00042-123-4567",
        "uuid": "6f3c",
        "total": 40.0,
        "lines": [{"name": "Olena tea", "note": "for Olena", "quantity": 2}],
    }
    assert OLENA.scrub(fact) == {
        **fact,
        "lines": [{"name": "Olena tea", "note": None, "quantity": 2}],
    }


def test_arguments_of_a_net_are_left_callable():
    assert OLENA.scrub([[7, 3, PHONE], [8, 3, None]]) == [[7, 3, None], [8, 3, None]]


def test_who_is_unknown_is_found_nowhere():
    nobody = Person()
    assert nobody.search_pattern == ""
    assert nobody.scrub_text("anything") == "anything"
    assert nobody.scrub({"a": ["b", 1]}) == {"a": ["b", 1]}
