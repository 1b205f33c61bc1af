from contextlib import closing

from odoo.exceptions import UserError, ValidationError
from odoo.tests import new_test_user, tagged
from odoo.tools import file_open

from ..common import WEBHOOK, InboostCase

TEST = "/api/Users/GetPortalUser"


@tagged("post_install", "-at_install")
class TestSafety(InboostCase):
    def press_test(self):
        """The message of the connection test. Not by assertRaises, which rolls back
        what the test wants to see."""
        with self.enter_registry_test_mode():
            try:
                self.backend.action_test_connection()
            except UserError as error:
                return str(error)

    def test_another_database_sends_nothing(self):
        event = self.capture_some()
        self.backend.sudo().fingerprint = "of the original"
        self.deliver()
        self.assertFalse(self.fake.requests)
        self.assertEqual(self.backend.state, "paused")
        self.assertIn("copy", self.backend.pause_reason)
        self.backend._connect()
        self.deliver()
        self.assertEqual(event.state, "held", "the original may have sent it")
        self.assertEqual(self.backend.doubt_count, 1)
        self.backend.action_send_doubtful()
        self.deliver()
        self.assertEqual(event.state, "done")

    def test_neutralized_copy_is_silent_and_has_no_secret(self):
        event = self.capture_some()
        self.env.flush_all()
        with closing(file_open("inboost_connector/data/neutralize.sql")) as script:
            self.env.cr.execute(script.read())
        self.env.invalidate_all()
        self.assertEqual(self.backend.state, "paused")
        self.assertFalse(self.backend.sudo().secret)
        self.assertFalse(self.endpoint("purchase").address)
        self.deliver()
        self.assertFalse(self.fake.requests)
        self.assertEqual(event.state, "pending")

    def test_secret_is_in_no_log_and_out_of_reach(self):
        self.fake.script[TEST] = [(400, {}, b'{"echo": "Bearer s3cret-key"}')]
        self.press_test()
        self.assertEqual(
            self.fake.requests[0]["headers"]["Authorization"], "Bearer s3cret-key"
        )
        [row] = self.env["inboost.request.log"].search(
            [("backend_id", "=", self.backend.id)]
        )
        for name in ("request_headers", "request_body", "answer", "url", "error"):
            self.assertNotIn("s3cret", row[name] or "")
        user = new_test_user(
            self.env, "inboost-reader", "inboost_connector.group_inboost_user"
        )
        self.assertNotIn("secret", self.backend.with_user(user).fields_get())

    def test_token_of_a_webhook_is_in_no_log(self):
        event = self.capture_some()
        self.deliver()
        self.assertNotIn("purchase-token", event.log_ids.url)

    def test_personal_data_is_masked_where_wanted(self):
        self.backend.mask_personal = True
        self.fake.script[WEBHOOK] = [(200, {}, b'{"userName": "Olena"}')]
        event = self.capture_some()
        self.deliver()
        self.assertNotIn("380671234567", event.log_ids.request_body)
        self.assertNotIn("Olena", event.log_ids.answer)

    def test_log_is_kept_though_the_test_failed(self):
        self.fake.script[TEST] = [500]
        self.assertTrue(self.press_test())
        self.assertTrue(
            self.env["inboost.request.log"].search(
                [("backend_id", "=", self.backend.id), ("status", "=", 500)]
            )
        )

    def test_connection_test_explains_each_failure(self):
        answers = {
            401: "credentials",
            404: "Nothing lives",
            429: "slow down",
            500: "trouble of its own",
            400: "refused the request",
            302: "redirects",
            "close": "cannot be reached",
        }
        for answer, words in answers.items():
            self.fake.script[TEST] = [answer]
            with self.enter_registry_test_mode():
                with self.assertRaisesRegex(UserError, words):
                    self.backend.action_test_connection()

    def test_connect_tests_first(self):
        backend = self.backend.copy({"name": "Another"})
        self.assertEqual(backend.state, "draft")
        self.assertFalse(backend.sudo().secret)
        self.fake.script[TEST] = [401]
        with self.enter_registry_test_mode(), self.assertRaises(UserError):
            backend.action_connect()
        self.assertEqual(backend.state, "draft")

    def test_addresses_are_checked_when_saved(self):
        self.options["allow_http"] = ""
        try:
            for address in ("http://shop.example.com", "ftp://x", "https://u:p@x.org"):
                with self.assertRaises(ValidationError):
                    self.backend.address = address
            self.backend.address = "https://shop.inboost.ai"
        finally:
            self.options["allow_http"] = "True"

    def test_private_addresses_are_refused_when_connecting(self):
        self.options["allowed_networks"] = ""
        try:
            event = self.capture_some()
            self.deliver()
        finally:
            self.options["allowed_networks"] = "127.0.0.0/8"
        self.assertFalse(self.fake.requests)
        self.assertEqual(event.state, "pending")
        self.assertIn("private or local", event.reason)

    def test_mapping_is_checked_when_saved(self):
        with self.assertRaises(ValidationError):
            self.endpoint("purchase").body = "{broken: "
