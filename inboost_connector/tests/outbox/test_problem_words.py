"""What lib says in a code and its arguments, as people read it."""

from inspect import getsourcefile
from unittest.mock import patch

from babel.messages.extract import extract_from_file

from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged
from odoo.tools.translate import code_translations

from ...lib import problems
from ...models.outbox.inboost_reason import REASONS
from ..common import InboostCase

#: As a catalogue would have them; what is in none stays English.
UKRAINIAN = {
    "body: %(error)s": "тіло: %(error)s",
    "%(name)s is %(type)s, not text or a number": "%(name)s – %(type)s, не текст",
    "nothing (null)": "нічого",
    "address: %(error)s": "адреса: %(error)s",
    "“%(value)s” is not text; to_string() makes it one": "«%(value)s» – не текст",
    "“%(letter)s” in the pattern “%(pattern)s” has no meaning": "«%(letter)s» у "
    "шаблоні «%(pattern)s» нічого не означає",
    "%(name)s() expects %(expected)s, and “%(value)s” is %(actual)s": "%(name)s() "
    "очікує %(expected)s, а «%(value)s» – це %(actual)s",
    "%(first)s or %(second)s": "%(first)s або %(second)s",
    "text": "текст",
    "a number": "число",
    "a list": "список",
    "The connection broke after sending.": "Обірвалося.",
    "The order was paid again": "Оплачено ще раз",
    "an object": "об’єкт",
    "the address has to begin with https://": "адреса починається з https://",
    "a form has one level only: %(name)s has more": "форма має один рівень: %(name)s",
}
#: Read by developers, or without a word.
ENGLISH = {"lines_differ", "tax_differs", "payments_differ", "function"}
#: Where both say it: of a customer's row, and of an event.
TWO_WORDS = {"no_phone", "invalid_phone"}


@tagged("post_install", "-at_install")
class TestProblemWords(InboostCase):
    def setUp(self):
        super().setUp()
        self.env["res.lang"]._activate_lang("uk_UA")
        known = code_translations.get_python_translations

        def translate(module, lang):
            return UKRAINIAN if lang == "uk_UA" else known(module, lang)

        self.startPatcher(
            patch.object(code_translations, "get_python_translations", translate)
        )

    def ukrainian(self, operation="balance_set"):
        return self.endpoint(operation).with_context(lang="uk_UA")

    def test_odoos_export_finds_the_texts_of_lib(self):
        with open(getsourcefile(problems), "rb") as source:
            found = extract_from_file(
                "odoo.tools.babel:extract_python", source.name, keywords={"_lt": None}
            )
        exported = {text for _line, text, _comments, _context in found}
        texts = {text for code, text in problems.TEXTS.items() if code not in ENGLISH}
        self.assertGreater(len(texts), 90)
        self.assertEqual(exported, texts)

    def test_a_code_means_the_same_wherever_it_is_worded(self):
        self.assertEqual(problems.TEXTS.keys() & REASONS.keys(), TWO_WORDS)

    def test_an_event_that_does_not_fit_says_why_to_each_in_their_language(self):
        for values, english, ukrainian in (
            (
                {"body": "{a: split(amount, ',')}"},
                r"body: split\(\): “.*” is not text; to_string\(\) makes it one",
                r"тіло: split\(\): «.*» – не текст",
            ),
            (
                {"address": "/c/{phone}/{change}"},
                r"address: change is nothing \(null\), not text or a number",
                "адреса: change – нічого, не текст",
            ),
            (
                {"body": "{a: {b: `1`}}", "body_format": "form"},
                "a form has one level only: a has more",
                "форма має один рівень: a",
            ),
        ):
            with self.subTest(english), self.env.cr.savepoint() as savepoint:
                self.ukrainian().write(values)
                event = self.capture_some(operation="balance_set")
                self.deliver()
                self.assertEqual(event.state, "failed")
                self.assertRegex(event.reason, english)
                read = event.with_context(lang="uk_UA")
                self.assertRegex(read.reason, ukrainian)
                savepoint.rollback()
                self.env.invalidate_all()

    def test_so_do_the_preview_and_what_stands_under_the_editor(self):
        endpoint = self.ukrainian()
        endpoint.body = "length(amount)"
        self.assertIn(
            "тіло: length() очікує текст або список або об’єкт, а «45.0» – це число",
            endpoint.preview,
        )
        wrong = endpoint.new({"body": "{a: date(time, 'yyyy-nn')}"}, origin=endpoint)
        self.assertEqual(
            wrong.problems["body"],
            {"text": "«n» у шаблоні «yyyy-nn» нічого не означає", "position": 15},
        )

    def test_so_do_what_cannot_be_saved_and_what_cannot_be_tried(self):
        with self.assertRaisesRegex(ValidationError, "нічого не означає"):
            self.ukrainian().body = "{a: date(time, 'yyyy-nn')}"
        with self.assertRaisesRegex(ValidationError, "адреса починається з https"):
            self.ukrainian("purchase").address = "ftp://shop.example.com/hook"
        endpoint = self.ukrainian()
        endpoint.body = "split(amount, ',')"
        with self.assertRaisesRegex(UserError, "тіло: split.*не текст"):
            endpoint.action_send_sample()

    def test_so_does_the_log_where_nothing_answered_or_was_sent(self):
        self.fake.script[self.endpoint("balance_set").address] = ["close"]
        event = self.capture_some(operation="balance_set")
        self.deliver()
        self.env["inboost.request.log"]._record_duplicates(
            self.backend, [(event.operation, event.key)], "paid_again"
        )
        again, lost = event.log_ids.sorted("id", reverse=True)
        self.assertEqual(lost.said, "The connection broke after sending.")
        self.assertTrue(lost.error, "more of it")
        self.assertEqual(lost.with_context(lang="uk_UA").said, "Обірвалося.")
        self.assertEqual(again.said, "The order was paid again")
        self.assertEqual(again.with_context(lang="uk_UA").said, "Оплачено ще раз")

    def test_so_does_a_path_that_does_not_fit_the_answer(self):
        endpoint = self.ukrainian()
        endpoint.failure_path = "length(error) > `0`"
        self.fake.script[endpoint.address] = [(200, {}, b'{"error": 5}')]
        with self.enter_registry_test_mode():
            endpoint.action_send_sample()
        self.assertIn(
            "length() очікує текст або список або об’єкт, а «5» – це число",
            endpoint.last_answer,
        )
