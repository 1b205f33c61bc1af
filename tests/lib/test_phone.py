import string

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inboost_connector.lib import phone

EXAMPLES = [
    phonenumbers.example_number(region)
    for region in sorted(phonenumbers.SUPPORTED_REGIONS)
]
EXAMPLES = [number for number in EXAMPLES if number]
FORMS = phonenumbers.PhoneNumberFormat


def e164(number):
    return phonenumbers.format_number(number, FORMS.E164)


@pytest.mark.parametrize(
    "raw",
    [
        "067 123 45 67",
        "(067) 123-45-67",
        "380671234567",
        "+380671234567",
        "00380671234567",
        "+380 67 123 45 67 ext. 5",
        "067 123 45 67, дод. 5",
        "8(067)123-45-67",
        "8 067 123 45 67",
        "80671234567",
    ],
)
def test_every_ukrainian_spelling_is_one(raw):
    assert phone.read(raw, "UA") == phone.Found("+380671234567")


@pytest.mark.parametrize(
    "raw, region, found",
    [
        ("8(701)123-45-67", "KZ", "+77011234567"),
        ("8 800 111 22 33", "RU", "+78001112233"),
        ("8(067)123-45-67", "PL", None),
        ("8(067)123-45-67", None, None),
        ("030/1234567", "DE", "+49301234567"),
    ],
)
def test_each_country_has_its_own_plan(raw, region, found):
    assert phone.normalise(raw, region) == found


@pytest.mark.parametrize("code", ["075", "077", "067", "050", "073"])
def test_all_codes_of_ukraine_are_known(code):
    assert phone.normalise(f"{code} 111 22 33", "UA") == f"+38{code}1112233"
    assert phone.knows_newest_codes()


def test_an_older_phonenumbers_is_noticed(monkeypatch):
    monkeypatch.setattr(phonenumbers, "is_valid_number", lambda number: False)
    assert not phone.knows_newest_codes()


@pytest.mark.parametrize(
    "raw",
    [
        "0671234567, 0501234567",
        "0671234567; 0501234567",
        "0671234567 / 0501234567",
        "0671234567/0501234567",
        "067 123-45-67/68",
        "0671234567\n0501234567",
        "12, 0671234567",
    ],
)
def test_the_first_valid_one_of_several(raw):
    assert phone.read(raw, "UA") == phone.Found("+380671234567", several=True)


def test_words_beside_a_phone_are_not_another_one():
    assert phone.read("0671234567, мама", "UA") == phone.Found("+380671234567")


@pytest.mark.parametrize(
    "raw",
    [None, "", " ", "12", "abc", "067CALLNOW", 5, "+", "мама", "," * 99, "0" * 10**6],
)
def test_what_is_not_a_phone(raw):
    assert phone.normalise(raw, "UA") is None


@given(st.sampled_from(EXAMPLES))
def test_every_spelling_of_a_number_is_one(number):
    region = phonenumbers.region_code_for_number(number)
    for form in (FORMS.E164, FORMS.INTERNATIONAL):
        text = phonenumbers.format_number(number, form)
        assert phone.normalise(text, None) == e164(number)
    national = phonenumbers.format_number(number, FORMS.NATIONAL)
    assert phone.normalise(national, region) == e164(number)


@given(st.sampled_from(EXAMPLES), st.integers(1, 9999))
def test_an_extension_is_dropped(number, extension):
    for mark in (" ext. ", " x", ";ext=", ", доб. "):
        raw = f"{e164(number)}{mark}{extension}"
        assert phone.normalise(raw) == e164(number)


@given(st.text(string.ascii_letters, min_size=1, max_size=8))
def test_letters_are_not_the_keys_they_are_on(word):
    # An extension may be written as x.
    if "x" not in word.lower():
        assert phone.normalise(f"067{word}1234567", "UA") is None
    assert phone.normalise(f"+38067{word}", "UA") is None


@given(
    st.one_of(
        st.text(max_size=200),
        st.text("0123456789+-() /;,", max_size=40),
        st.integers(),
        st.none(),
        st.binary(),
    ),
    st.sampled_from(["UA", "KZ", "DE", "US", None]),
    st.booleans(),
)
def test_whatever_is_typed_is_e164_or_nothing(raw, region, coded):
    found = phone.normalise(raw, region, coded)
    if found is not None:
        assert found[0] == "+" and found[1:].isdecimal() and len(found) <= 16
        assert phone.normalise(found) == found
        for style in phone.STYLES:
            assert phone.style(found, style)


@given(st.sampled_from(EXAMPLES))
def test_digits_in_any_spelling_are_found_in_e164(number):
    for form in (FORMS.E164, FORMS.INTERNATIONAL):
        typed = phonenumbers.format_number(number, form)
        assert phone.digits(typed) in e164(number)


@pytest.mark.parametrize(
    "typed", ["067 123", "8 (067) 123", "+38067", "0038067123", "38 067 123", "123-45"]
)
def test_the_digits_of_a_part_are_found_too(typed):
    assert phone.digits(typed, "UA") in "+380671234567"


def test_styles():
    number = "+380671234567"
    assert phone.style(number, "digits") == "380671234567"
    assert phone.style(number, "e164") == number
    assert phone.style(number, "national") == "0671234567"
    assert phone.style(None, "national") is None
    for wrong in ((number, "other"), ("без пакета", "national"), ("+0", "digits")):
        with pytest.raises(ValueError):
            phone.style(*wrong)
