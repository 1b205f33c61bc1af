"""The rules of lib/, by tables and by properties."""

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..lib import facts, mapping, phone
from ..lib.operations import OPERATIONS

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=15,
)


@tagged("post_install", "-at_install")
class TestPhone(BaseCase):
    def test_spellings(self):
        for raw in (
            "067 123 45 67",
            "(067) 123-45-67",
            "380671234567",
            "+380671234567",
            "00380671234567",
            "+380 67 123 45 67 ext. 5",
        ):
            self.assertEqual(phone.normalise(raw, "UA"), "+380671234567", raw)

    def test_no_phones(self):
        for raw in (None, "", " ", "12", "abc", "067CALLNOW", 5, "1" * 1000, "+"):
            self.assertIsNone(phone.normalise(raw, "UA"), raw)

    @given(st.text(max_size=80))
    def test_never_raises_and_is_e164(self, raw):
        found = phone.normalise(raw, "UA")
        if found is not None:
            self.assertRegex(found, r"^\+[1-9][0-9]{5,14}$")
            self.assertEqual(phone.normalise(found), found)

    def test_styles(self):
        self.assertEqual(phone.style("+380671234567", "digits"), "380671234567")
        self.assertEqual(phone.style("+380671234567", "e164"), "+380671234567")
        self.assertEqual(phone.style("+380671234567", "national"), "0671234567")
        with self.assertRaises(ValueError):
            phone.style("+380671234567", "other")


@tagged("post_install", "-at_install")
class TestMapping(BaseCase):
    @given(ANY_JSON)
    @settings(max_examples=50)
    def test_prune_leaves_no_null_key(self, value):
        def keys(item):
            if isinstance(item, dict):
                self.assertNotIn(None, item.values())
                for inner in item.values():
                    keys(inner)
            elif isinstance(item, list):
                for inner in item:
                    keys(inner)

        keys(mapping.prune(value))

    def test_functions(self):
        data = {
            "p": "+380671234567",
            "t": "2026-01-31T12:30:59Z",
            "n": 2.345,
            "x": None,
        }
        cases = {
            "phone(p, 'digits')": "380671234567",
            "phone(x, 'digits')": None,
            "date(t, 'YYYY-MM-DD')": "2026-01-31",
            "date(t, 'YYYY-MM-DDTHH:mm')": "2026-01-31T12:30",
            "round(n, `2`)": 2.35,
            "{a: x, b: `0`, c: ''}": {"b": 0, "c": ""},
        }
        for expression, value in cases.items():
            self.assertEqual(mapping.apply(expression, data), value, expression)

    def test_errors_are_of_one_kind(self):
        for expression in (
            "{a: ",
            "nope(a)",
            "date(a, 'bad')",
            "date(a, 'YYYY-MM-DD')",
        ):
            with self.assertRaises(mapping.MappingError):
                mapping.apply(expression, {"a": "no date"})

    def test_every_default_maps_its_sample(self):
        for name, operation in OPERATIONS.items():
            if operation.body:
                data = {
                    **facts.SAMPLES[name],
                    **facts.SAMPLE_ENVELOPE,
                    "phone_style": "digits",
                }
                self.assertTrue(mapping.apply(operation.body, data), name)
