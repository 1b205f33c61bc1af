import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inboost_connector.lib import names

FAMILY = "👩‍👩‍👧‍👦"


@pytest.mark.parametrize(
    "text, cleaned",
    [
        ("Оксана 👩‍⚕️", "Оксана 👩‍⚕️"),
        (FAMILY, FAMILY),
        ("Оле\u200bна", "Олена"),
        ("Оле\u200dна", "Олена"),
        ("\ufeffІрина\u00ad\u202e", "Ірина"),
        ("a\x00b", "ab"),
        ("\ud800x\uffff", "x"),
        ("\u2800 \uffa0", ""),
        ("  Olena \n\t Maria\u00a0K ", "Olena Maria K"),
        ("И\u0306ова", "Йова"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("Мар’яна", "Мар’яна"),
    ],
)
def test_names_are_cleaned_and_kept(text, cleaned):
    assert names.clean(text) == cleaned


@given(st.text(max_size=60))
def test_cleaning_is_done_at_once_and_loses_no_letter(text):
    cleaned = names.clean(text)
    assert names.clean(cleaned) == cleaned
    assert unicodedata.is_normalized("NFC", cleaned)
    assert "\x00" not in cleaned
    cleaned.encode()
    seen = [c for c in unicodedata.normalize("NFC", text) if c.isalpha()]
    hidden = "\u115f\u1160\u3164\uffa0"
    assert [c for c in cleaned if c.isalpha()] == [c for c in seen if c not in hidden]


@given(st.text(max_size=40), st.integers(1, 20))
def test_what_is_cut_is_no_longer_than_the_limit(text, limit):
    cut = names.cut(text, limit)
    assert len(cut) <= limit
    assert text.startswith(cut)
    assert cut or not text[:limit].strip()


def test_no_letter_or_emoji_is_cut_apart():
    assert names.cut("x" + FAMILY, 5) == "x"
    assert names.cut("ab" + "c\u0331", 3) == "ab"
    assert names.cut("abc", 3) == "abc"
    assert names.cut("c" + "\u0331" * 9, 3) == "c\u0331\u0331"


@pytest.mark.parametrize(
    "one, other",
    [
        ("Мар'яна", "МАР’ЯНА"),
        ("Мар`яна", "Марʼяна"),
        ("Салон  краси", "салон краси"),
        ("Б’юті - салон", "Б'юті–салон"),
        ("И\u0306ова", "Йова"),
        # The first letter of the one is Latin.
        ("Oлена", "Олена"),
        ("Оksana", "Oksana"),
    ],
)
def test_what_differs_by_form_only_is_one(one, other):
    assert one != other
    assert names.same_form(one) == names.same_form(other)


@pytest.mark.parametrize(
    "one, other",
    [("Olena", "Олена"), ("Маряна", "Мар'яна"), ("🌟", "🍀"), ("a-b", "ab")],
)
def test_what_differs_by_more_is_two(one, other):
    assert names.same_form(one) != names.same_form(other)


def test_a_name_is_the_same_with_and_without_a_picture():
    assert names.same_name("Оксана 👩‍⚕️") == names.same_name("оксана")
    assert names.same_name("🌟") != names.same_name("🍀")


@pytest.mark.parametrize(
    "text, word",
    [
        ("Oлена", "Oлена"),
        ("Іра Кoваль", "Кoваль"),
        ("Oksаna", "Oksаna"),
        ("Олена", None),
        ("Olena", None),
        ("Olena Олена", None),
        # Not a slip: letters that do not look alike.
        ("РизDіва", None),
    ],
)
def test_look_alikes_of_the_other_alphabet_are_noticed(text, word):
    assert names.mixed_word(text) == word


@given(st.text(max_size=40))
def test_keys_of_keys_are_the_same(text):
    for key in (names.same_spelling, names.same_form, names.same_name):
        assert key(key(text)) == key(text)
