"""How a platform is spoken to, as one file."""

import base64
import json

from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form, tagged

from ..common import InboostCase


@tagged("post_install", "-at_install")
class TestProfile(InboostCase):
    def setUp(self):
        super().setUp()
        self.profiles = self.env["inboost.profile"]

    def new_backend(self):
        return self.env["inboost.backend"].create(
            {"name": "Another", "address": self.fake.url}
        )

    def test_a_profile_has_no_secret_and_no_address_of_a_webhook(self):
        self.backend.auth_user = "shop-user"
        text = self.profiles._dump(self.profiles._export(self.backend))
        for secret in ("s3cret-key", "purchase-token", "shop-user", self.fake.url):
            self.assertNotIn(secret, text)

    def test_what_was_exported_is_what_is_imported(self):
        self.profiles._apply(self.backend, self.profiles._load("envelope"))
        self.backend.auth_prefix = False
        exported = self.profiles._export(self.backend)
        other = self.new_backend()
        self.profiles._apply(other, self.profiles._parse(json.dumps(exported)))
        again = self.profiles._export(other)
        self.assertEqual(again["backend"], exported["backend"])
        self.assertEqual(again["endpoints"], exported["endpoints"])
        self.assertFalse(self.profiles._compare(other, exported))

    def test_a_fresh_backend_is_the_profile_of_inboost(self):
        fresh = self.new_backend()
        exported = self.profiles._export(fresh)
        shipped = self.profiles._load("inboost")
        self.assertEqual(shipped["endpoints"], exported["endpoints"])
        self.profiles._apply(self.backend, self.profiles._load("oauth"))
        self.profiles._apply(self.backend, shipped)
        self.assertEqual(
            self.profiles._export(self.backend)["endpoints"], exported["endpoints"]
        )

    def test_every_shipped_profile_can_be_applied_and_warns_of_nothing(self):
        for name in self.profiles._get_shipped():
            backend = self.new_backend()
            self.profiles._apply(backend, self.profiles._load(name))
            for endpoint in backend.endpoint_ids:
                where = f"{name}: {endpoint.operation}"
                self.assertFalse(endpoint.warnings, where)

    def test_a_webhook_keeps_its_address(self):
        before = self.endpoint("purchase").address
        self.profiles._apply(self.backend, self.profiles._load("oauth"))
        self.assertEqual(self.endpoint("purchase").address, before)
        self.assertEqual(self.endpoint("purchase").body_format, "form")

    def test_a_wrong_profile_is_refused_and_changes_nothing(self):
        for text, words in (
            ("{", "not JSON"),
            ("[]", "not a profile"),
            ('{"inboost_profile": 99}', "not a profile"),
            ('{"inboost_profile": 1}', "not an object"),
            (self.edited(backend={"secret": "x"}), "secret"),
            (self.edited(backend={"pace": True}), "pace"),
            (self.edited(endpoints={"launch": {}}), "endpoints of a profile"),
            (self.edited(endpoints={"purchase": {"address_": "x"}}), "address_"),
            (self.edited(endpoints={"purchase": {"method": "HEAD"}}), "HEAD"),
            (self.edited(endpoints={"purchase": {"body": ["x"]}}), "body"),
        ):
            with self.assertRaisesRegex(UserError, words):
                self.profiles._parse(text)
        bad = self.edited(endpoints={"balance_set": {"body": "{a: fone(b)}"}})
        with self.assertRaisesRegex(ValidationError, "fone"):
            self.profiles._apply(self.backend, self.profiles._parse(bad))

    def edited(self, **parts):
        return json.dumps(
            {"inboost_profile": 1, "name": "x", "backend": {}, "endpoints": {}, **parts}
        )

    def test_an_import_shows_what_will_change_before_it_is_applied(self):
        wizard = Form(
            self.env["inboost.profile.import"].with_context(
                default_backend_id=self.backend.id
            )
        )
        self.assertFalse(wizard.changes)
        wizard.source = "rest_path"
        self.assertIn("/v1/customers/{phone}/balance", wizard.changes)
        self.assertIn("X-Api-Key", wizard.changes)
        self.assertEqual(self.backend.auth_header, "Authorization")
        wizard.source = "file"
        wizard.file = base64.b64encode(b"\xff\x00")
        self.assertIn("not text", wizard.changes)
        wizard.source = "rest_path"
        wizard.save().action_apply()
        self.assertEqual(self.backend.auth_header, "X-Api-Key")
        self.assertEqual(self.endpoint("balance_set").known, "assumed")
        again = self.env["inboost.profile.import"].create(
            {"backend_id": self.backend.id, "source": "rest_path"}
        )
        self.assertIn("Nothing", again.changes)

    def test_the_changes_of_an_import_show_no_address_of_a_webhook(self):
        self.endpoint("purchase").authorised = True
        wizard = self.env["inboost.profile.import"].create(
            {"backend_id": self.backend.id, "source": "rest_path"}
        )
        self.assertNotIn("purchase-token", wizard.changes)

    def test_a_backend_is_duplicated_with_its_endpoints_but_no_webhook(self):
        self.endpoint("balance_set").write({"method": "PUT", "query": "{a: amount}"})
        copied = self.backend.copy()
        balance = copied._endpoint("balance_set")
        self.assertEqual((balance.method, balance.query), ("PUT", "{a: amount}"))
        self.assertFalse(copied._endpoint("purchase").has_address)
        self.assertTrue(balance.has_address)
        self.assertFalse(copied.sudo().secret)

    def test_the_file_to_be_downloaded(self):
        wizard = self.env["inboost.profile.import"].create(
            {"backend_id": self.backend.id}
        )
        text = base64.b64decode(wizard.exported)
        self.assertEqual(json.loads(text)["inboost_profile"], 1)
        self.assertEqual(wizard.exported_name, "Test portal.json")
        self.assertIn("exported/Test%20portal.json", wizard.action_export()["url"])
