from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inboost_connector.lib import customers, operations

ROW = operations.OPERATIONS["customers_list"].row[:-1] + (
    ", barcode: barcode, opted_out: unsubscribed}"
)
GOOD = {
    "id": "a1",
    "userPhoneNumber": "380671234567",
    "userName": "Olena",
    "lastName": "Kovalenko",
    "email": "olena@example.com",
    "birth": "1990-05-17",
    "source": "Instagram",
    "profession": "Cosmetologist",
    "lang": "UA",
    "barcode": "0421",
    "unsubscribed": False,
}
NOBODY = dict.fromkeys(customers.Customer.__annotations__)
KEEP = dict.fromkeys([*NOBODY, "name"], "fill")
BOTH = {"firstname": "Olena", "lastname": "Kovalenko"}


def read(region="UA", zone="Europe/Kyiv", **changes):
    return customers.read({**GOOD, **changes}, ROW, region, zone)


def changes(here, policies=None, **given_):
    customer = {**NOBODY, **given_}
    return customers.changes(customer, here, {**KEEP, **(policies or {})})


def codes(found):
    return [problem.code for problem in found.warnings]


# -- reading -----------------------------------------------------------------------


def test_a_whole_row():
    found = read()
    assert found.customer == {
        "inboost_id": "a1",
        "phone": "+380671234567",
        "firstname": "Olena",
        "lastname": "Kovalenko",
        "email": "olena@example.com",
        "birthdate": "1990-05-17",
        "source": "Instagram",
        "specialty": "Cosmetologist",
        "lang": "UA",
        "barcode": "0421",
        "opted_out": False,
    }
    assert found.warnings == []


def test_numbers_for_phone_and_id():
    found = read(id=7, userPhoneNumber=380671234567).customer
    assert (found["inboost_id"], found["phone"]) == ("7", "+380671234567")


@pytest.mark.parametrize("region", ["UA", "PL", "IT", "DE", "US"])
@pytest.mark.parametrize("digits", ["380671234567", "48501234567", "4915112345678"])
def test_digits_begin_with_a_country_code_wherever_the_shop_is(region, digits):
    assert read(region, userPhoneNumber=digits).customer["phone"] == f"+{digits}"


def test_the_first_of_several_phones_with_a_line():
    found = read(userPhoneNumber="0671234567, 0501234567")
    assert found.customer["phone"] == "+380671234567"
    assert codes(found) == ["several_phones"]
    assert "+380671234567" in str(found.warnings[0])


def test_the_old_trunk_prefix_is_understood():
    found = read(userPhoneNumber="8(067)123-45-67")
    assert found.customer["phone"] == "+380671234567"


@pytest.mark.parametrize(
    "phone",
    [None, "", "06x-letters", "123", True, [], {}, "1" * 5000, 12, 10**70],
)
def test_no_phone_no_customer(phone):
    with pytest.raises(customers.RowRefused) as caught:
        read(userPhoneNumber=phone)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("row", [None, "text", 7, [1], True])
def test_rows_that_are_none(row):
    with pytest.raises(customers.RowRefused):
        customers.read(row, ROW, "UA")


def test_a_mapping_that_does_not_fit_refuses_the_row():
    for expression, code in (
        ("sum(id)", "mapping_misfit"),
        ("id", "mapping_no_object"),
        ("{phone: ", "mapping_misfit"),
    ):
        with pytest.raises(customers.RowRefused) as caught:
            customers.read(GOOD, expression, "UA")
        assert caught.value.problem.code == code


@pytest.mark.parametrize(
    "name, values, code",
    [
        ("id", [True, [], 1.5], "not_text"),
        ("id", ["x" * 65], "too_long"),
        ("userName", [True, ["Olena"], {}], "not_text"),
        ("email", ["olena", "a b@c", "@x", "a@b@c"], "not_an_email"),
        ("email", ["x" * 128 + "@x"], "too_long"),
        ("birth", ["31.02.1990", 1990, "05/06/1990", "soon", " ", []], "not_a_date"),
        ("birth", ["2990-01-01", "1850-01-01"], "not_a_birthday"),
        ("lang", ["xx", 7, []], "not_a_language"),
        ("unsubscribed", ["maybe", 2, []], "not_yes_or_no"),
    ],
)
def test_an_odd_value_is_left_out_and_named(name, values, code):
    for value in values:
        found = read(**{name: value})
        assert codes(found) == [code], value
        assert str(found.warnings[0])
        assert found.customer["phone"] == "+380671234567"


@pytest.mark.parametrize(
    "given_, kept",
    [
        ("Оксана 👩‍⚕️", "Оксана 👩‍⚕️"),
        ("Окса\u200bна", "Оксана"),
        ("a\x00b", "ab"),
        ("  Olena \n Maria ", "Olena Maria"),
        ("Мар’яна", "Мар’яна"),
        (7, "7"),
        ("\u200b", None),
        ("", None),
    ],
)
def test_names_are_cleaned_and_never_thrown_away(given_, kept):
    found = read(userName=given_)
    assert found.customer["firstname"] == kept
    assert found.warnings == []


def test_what_is_too_long_is_cut_with_a_line():
    found = read(userName="я" * 129, profession="x" * 500)
    assert found.customer["firstname"] == "я" * 128
    assert found.customer["specialty"] == "x" * 128
    assert codes(found) == ["cut", "cut"]


def test_latin_letters_in_a_cyrillic_name_are_noticed():
    found = read(userName="Oлена")
    assert found.customer["firstname"] == "Oлена"
    assert codes(found) == ["mixed_letters"]


def test_brackets_of_a_source_are_not_odoos():
    assert read(source="Chat [2]").customer["source"] == "Chat (2)"


@pytest.mark.parametrize(
    "birth",
    [
        "1900-01-01",
        "1900-01-01T00:00:00",
        "1899-12-31T22:00:00Z",
        "0001-01-01T00:00:00",
        "1753-01-01",
        "1970-01-01T00:00:00",
        "1970-01-01T00:00:00Z",
        "9999-12-31T23:59:59.9999999",
        "0000-00-00",
        "01.01.1900 0:00:00",
    ],
)
def test_stand_ins_for_an_unknown_date_are_empty_with_a_line(birth):
    found = read(birth=birth)
    assert found.customer["birthdate"] is None
    assert codes(found) == ["placeholder_date"]


@pytest.mark.parametrize(
    "birth, day",
    [
        ("1990-05-16T21:00:00Z", "1990-05-17"),
        ("1990-05-17T00:00:00Z", "1990-05-17"),
        ("17.05.1990", "1990-05-17"),
        ("17.05.1990 0:00:00", "1990-05-17"),
        ("1970-01-01", "1970-01-01"),
    ],
)
def test_a_birthday_is_the_day_whose_midnight_is_nearest(birth, day):
    found = read(birth=birth)
    assert found.customer["birthdate"] == day
    assert found.warnings == []


@pytest.mark.parametrize(
    "value, meant",
    [
        (True, True), (False, False), (1, True), (0, False), ("Yes", True),
        (" так ", True), ("НІ", False), ("", None), (None, None), ("false", False),
    ],
)  # fmt: skip
def test_consent_in_any_spelling(value, meant):
    found = read(unsubscribed=value)
    assert found.customer["opted_out"] is meant
    assert found.warnings == []


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=200),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)


@given(
    st.fixed_dictionaries({}, optional=dict.fromkeys(GOOD, ANY_JSON)),
    st.sampled_from(["Europe/Kyiv", "America/New_York", None]),
)
def test_any_row_is_a_customer_or_refused(values, zone):
    try:
        found = customers.read({**GOOD, **values}, ROW, "UA", zone)
    except customers.RowRefused as error:
        assert str(error)
        return
    assert set(found.customer) == set(NOBODY)
    for value in found.customer.values():
        if isinstance(value, str):
            assert value and value == value.strip() and "\x00" not in value
            assert len(value) <= customers.MAX_TEXT
            value.encode()
    assert all(str(problem) for problem in found.warnings)


# -- which contact -----------------------------------------------------------------


def choose(*candidates):
    chosen = customers.choose([customers.Candidate(*c) for c in candidates])
    return chosen and chosen.id


def test_the_rule_step_by_step():
    old, new = datetime(2026, 1, 1), datetime(2026, 6, 1)
    # id, linked, active, is_company, last_purchase; each beats the next
    linked = (9, True, False, True, None)
    bought = (8, False, True, False, new)
    before = (7, False, True, False, old)
    never = (5, False, True, False, None)
    later = (6, False, True, False, None)
    company = (4, False, True, True, new)
    archived = (3, False, False, False, new)
    order = [linked, bought, before, never, later, company, archived]
    while order:
        assert choose(*reversed(order)) == order[0][0]
        order.pop(0)


def test_nobody():
    assert choose() is None


# -- what changes ------------------------------------------------------------------


@pytest.mark.parametrize(
    "here, after",
    [
        ({}, BOTH),
        ({"firstname": "Maria", "lastname": "Bondar"}, {}),
        ({"lastname": "Olena"}, BOTH),
        ({"lastname": "kovalenko"}, BOTH),
        ({"firstname": "Olena"}, {"lastname": "Kovalenko"}),
        ({"firstname": "Olena 👩‍⚕️"}, BOTH),
        ({"lastname": "Maria"}, {}),
        ({"lastname": "+380671234567", "phone": "+380671234567"}, BOTH),
        ({"lastname": "067 123 45 67", "phone": "+380671234567"}, BOTH),
        ({"lastname": "7", "phone": "+380671234567"}, {}),
        ({"lastname": "7", "phone": None}, {}),
        ({"is_company": True, "lastname": "Olena"}, {}),
    ],
)
def test_names_are_filled_as_one(here, after):
    assert changes({"region": "UA", **here}, **BOTH) == after


@pytest.mark.parametrize("here", ["Мар'яна", "Марʼяна", "Мар`яна", "Maр'яна"])
def test_a_name_with_another_apostrophe_is_the_same_persons(here):
    """The one that is there stays as it is written."""
    given_ = {"firstname": "Мар’яна", "lastname": "Коваленко"}
    filled = {"lastname": "Коваленко"}
    assert changes({"firstname": here, "lastname": False}, **given_) == filled
    overwrite = {"name": "overwrite"}
    assert changes({"firstname": here}, overwrite, **given_) == filled
    assert changes({"lastname": here}, **given_) == given_


def test_sources_and_specialties_that_differ_by_form_only_are_one():
    here = {"source": "Б'юті-салон", "specialty": "КОСМЕТОЛОГ"}
    overwrite = {"source": "overwrite", "specialty": "overwrite"}
    given_ = {"source": "б’юті – салон", "specialty": "Косметолог"}
    assert changes(here, overwrite, **given_) == {}
    given_["specialty"] = "Лікар"
    assert changes(here, overwrite, **given_) == {"specialty": "Лікар"}


def test_half_a_name_changes_nothing_twice():
    here = {"firstname": "Olena", "lastname": False}
    assert changes(here, firstname="Olena") == {}


def test_a_first_name_alone_replaces_the_phone():
    here = {"lastname": "+380671234567", "phone": "+380671234567"}
    after = {"firstname": "Olena", "lastname": None}
    assert changes(here, firstname="Olena") == after


def test_policies():
    given_ = {"email": "new@example.com", "firstname": "Olena", "lastname": None}
    here = {"email": "old@example.com", "firstname": "Maria", "lastname": "Bondar"}
    assert changes(here, **given_) == {}
    overwrite = {"email": "overwrite", "name": "overwrite"}
    assert changes(here, overwrite, **given_) == {"email": "new@example.com"}
    assert changes(here, overwrite, **BOTH) == BOTH
    ignore = {"email": "ignore", "name": "ignore"}
    assert changes({}, ignore, **given_) == {}


def test_a_field_without_a_policy_stays():
    policies = {name: policy for name, policy in KEEP.items() if name != "barcode"}
    customer = {**NOBODY, "barcode": "0421"}
    assert customers.changes(customer, {}, policies) == {}
    assert customers.changes(customer, {}, KEEP) == {"barcode": "0421"}


def test_nothing_known_changes_nothing():
    overwrite = dict.fromkeys(KEEP, "overwrite")
    here = {"email": "a@example.com", "firstname": "Maria", "lastname": "Bondar"}
    assert changes(here, overwrite) == {}


NAMES = st.one_of(st.none(), st.text(max_size=20))


@given(*[st.fixed_dictionaries({"firstname": NAMES, "lastname": NAMES})] * 2)
def test_names_once_filled_stay_filled(here, given_):
    """What was written is not written again by the next run."""
    row = {"phone": "+380671234567", **given_}
    customer = customers.read(row, "@", "UA").customer
    after = {**here, **customers.changes(customer, here, KEEP)}
    assert customers.changes(customer, after, KEEP) == {}
