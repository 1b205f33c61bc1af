import string
from datetime import datetime

import phonenumbers
from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import TransactionCase

from ..lib import customers, operations, phone

ROW = operations.OPERATIONS["customers_list"].row
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
}
EXAMPLES = [
    phonenumbers.example_number(region)
    for region in sorted(phonenumbers.SUPPORTED_REGIONS)
]
EXAMPLES = [number for number in EXAMPLES if number]
KEEP = {name: "fill" for name in (*customers.Customer.__annotations__, "name")}


def read(region="UA", **changes):
    return customers.read({**GOOD, **changes}, ROW, region)


class TestReading(TransactionCase):
    def test_a_whole_row(self):
        found = read()
        self.assertEqual(
            found.customer,
            {
                "inboost_id": "a1",
                "phone": "+380671234567",
                "firstname": "Olena",
                "lastname": "Kovalenko",
                "email": "olena@example.com",
                "birthdate": "1990-05-17",
                "source": "Instagram",
                "specialty": "Cosmetologist",
                "lang": "UA",
            },
        )
        self.assertEqual(found.warnings, [])

    def test_numbers_for_phone_and_id(self):
        found = read(id=7, userPhoneNumber=380671234567).customer
        self.assertEqual((found["inboost_id"], found["phone"]), ("7", "+380671234567"))

    def test_digits_begin_with_a_country_code_wherever_the_shop_is(self):
        for region in ("UA", "PL", "IT", "DE", "US"):
            for digits in ("380671234567", "48501234567", "4915112345678"):
                found = read(region, userPhoneNumber=digits).customer["phone"]
                self.assertEqual(found, f"+{digits}", region)
        found = read("UA", userPhoneNumber="067 123 45 67").customer["phone"]
        self.assertEqual(found, "+380671234567")

    def test_half_a_name_changes_nothing_twice(self):
        here = {"firstname": "Olena", "lastname": False}
        there = {**dict.fromkeys(customers.Customer.__annotations__), **here}
        there["lastname"] = None
        self.assertEqual(customers.changes(there, here, KEEP), {})

    def test_no_phone_no_customer(self):
        for phone_ in (None, "", "06x-letters", "123", True, [], {}, "1" * 5000, 12):
            with self.subTest(phone=str(phone_)[:20]):
                with self.assertRaises(customers.RowRefused):
                    read(userPhoneNumber=phone_)

    def test_rows_that_are_none(self):
        for row in (None, "text", 7, [1], True):
            with self.assertRaises(customers.RowRefused):
                customers.read(row, ROW, "UA")

    def test_an_odd_value_is_left_out_and_named(self):
        cases = {
            "id": [True, [], "x" * 65],
            "userName": [7, "x" * 129, "a\x00b", ["Olena"]],
            "email": ["olena", "a b@c", "@x", "a@b@c"],
            "birth": ["31.02.1990", 1990, "2990-01-01", "1850-01-01", "soon"],
            "lang": ["xx", 7],
        }
        for name, values in cases.items():
            for value in values:
                with self.subTest(name=name, value=str(value)[:20]):
                    found = read(**{name: value})
                    self.assertEqual(len(found.warnings), 1, found)
                    self.assertEqual(found.customer["phone"], "+380671234567")

    def test_blanks_are_tidied_and_empty_is_nothing(self):
        found = read(userName="  Olena \n Maria ", lastName="", source="   ")
        self.assertEqual(found.customer["firstname"], "Olena Maria")
        self.assertIsNone(found.customer["lastname"])
        self.assertIsNone(found.customer["source"])
        self.assertEqual(found.warnings, [])

    def test_date_with_a_time(self):
        found = read(birth="1990-05-17T00:00:00Z")
        self.assertEqual(found.customer["birthdate"], "1990-05-17")


class TestPhones(TransactionCase):
    """Whatever is typed: E.164 or nothing, and the same for all spellings of one."""

    @given(st.sampled_from(EXAMPLES))
    def test_every_spelling_of_a_number_is_one(self, number):
        forms = phonenumbers.PhoneNumberFormat
        e164 = phonenumbers.format_number(number, forms.E164)
        region = phonenumbers.region_code_for_number(number)
        for form in (forms.E164, forms.INTERNATIONAL):
            text = phonenumbers.format_number(number, form)
            self.assertEqual(phone.normalise(text, None), e164)
        national = phonenumbers.format_number(number, forms.NATIONAL)
        self.assertEqual(phone.normalise(national, region), e164)

    @given(st.sampled_from(EXAMPLES), st.integers(1, 9999))
    def test_an_extension_is_dropped(self, number, extension):
        e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        for mark in (" ext. ", " x", ";ext=", ", доб. "):
            self.assertEqual(phone.normalise(f"{e164}{mark}{extension}"), e164)

    @given(st.text(string.ascii_letters, min_size=1, max_size=8))
    def test_letters_are_no_phone(self, word):
        self.assertIsNone(phone.normalise(f"+38067{word}", "UA"))
        self.assertIsNone(phone.normalise(f"067 {word}", "UA"))

    @given(st.one_of(st.text(max_size=200), st.integers(), st.none(), st.binary()))
    def test_anything_else_never_raises(self, value):
        found = phone.normalise(value, "UA")
        if found is not None:
            self.assertRegex(found, r"^\+[1-9][0-9]{4,14}$")
            self.assertEqual(phone.normalise(found), found)

    def test_absurdly_long(self):
        self.assertIsNone(phone.normalise("+380671234567" + " " * 10**6 + "1"))
        self.assertIsNone(phone.normalise("0" * 10**6, "UA"))


class TestChoice(TransactionCase):
    def choose(self, *candidates):
        return customers.choose([customers.Candidate(*c) for c in candidates]).id

    def test_the_rule_step_by_step(self):
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
            self.assertEqual(self.choose(*reversed(order)), order[0][0])
            order.pop(0)

    def test_nobody(self):
        self.assertIsNone(customers.choose([]))


class TestChanges(TransactionCase):
    def changes(self, here, policies=None, **given_):
        customer = {**dict.fromkeys(customers.Customer.__annotations__), **given_}
        return customers.changes(customer, here, {**KEEP, **(policies or {})})

    def test_names_are_filled_as_one(self):
        both = {"firstname": "Olena", "lastname": "Kovalenko"}
        table = [
            # what is here, what comes of it
            ({}, both),
            ({"firstname": "Maria", "lastname": "Bondar"}, {}),
            ({"lastname": "Olena"}, both),
            ({"lastname": "kovalenko"}, both),
            ({"firstname": "Olena"}, {"lastname": "Kovalenko"}),
            ({"lastname": "Maria"}, {}),
            ({"lastname": "+380671234567", "phone": "+380671234567"}, both),
            ({"lastname": "067 123 45 67", "phone": "+380671234567"}, both),
            ({"lastname": "7", "phone": "+380671234567"}, {}),
            ({"is_company": True, "lastname": "Olena"}, {}),
        ]
        for here, after in table:
            with self.subTest(here=here):
                self.assertEqual(self.changes({"region": "UA", **here}, **both), after)

    def test_a_first_name_alone_replaces_the_phone(self):
        here = {"lastname": "+380671234567", "phone": "+380671234567"}
        self.assertEqual(
            self.changes(here, firstname="Olena"),
            {"firstname": "Olena", "lastname": None},
        )

    def test_policies(self):
        given_ = {"email": "new@example.com", "firstname": "Olena", "lastname": None}
        here = {"email": "old@example.com", "firstname": "Maria", "lastname": "Bondar"}
        self.assertEqual(self.changes(here, **given_), {})
        overwrite = {"email": "overwrite", "name": "overwrite"}
        self.assertEqual(
            self.changes(here, overwrite, **given_), {"email": "new@example.com"}
        )
        both = {"firstname": "Olena", "lastname": "Kovalenko"}
        self.assertEqual(self.changes(here, overwrite, **both), both)
        ignore = {"email": "ignore", "name": "ignore"}
        self.assertEqual(self.changes({}, ignore, **given_), {})

    def test_nothing_known_changes_nothing(self):
        overwrite = dict.fromkeys(KEEP, "overwrite")
        here = {"email": "a@example.com", "firstname": "Maria", "lastname": "Bondar"}
        self.assertEqual(self.changes(here, overwrite), {})
