"""Secrets go in and never come out: not to people, not to texts, not to copies."""

from contextlib import closing

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import file_open, mute_logger

from ...lib.desk import SUSPICIOUS
from ..common import InboostCase

TEST = "/api/Users/GetPortalUser"
SECRET = "s3cret-key"
TOKEN = "tok-0123456789abcdef"


@tagged("post_install", "-at_install")
class TestSecrets(InboostCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.url = f"{cls.fake.url}/hooks/{TOKEN}"
        cls.endpoint("purchase").address = cls.url
        cls.users = {
            role: new_test_user(
                cls.env,
                f"inboost-{role}",
                f"{groups},base.group_allow_export",
                company_id=cls.env.company.id,
                company_ids=[(6, 0, cls.env.company.ids)],
            )
            for role, groups in (
                ("user", "inboost_connector.group_inboost_user"),
                ("manager", "inboost_connector.group_inboost_manager"),
                (
                    "everything",
                    "inboost_connector.group_inboost_manager,base.group_system",
                ),
            )
        }

    def ways_of_reading(self, record, name):
        """What an RPC may try, each as a function."""
        model = record.browse()
        spec = {name: {}}
        return {
            "read": lambda: record.read([name]),
            "search_read": lambda: model.search_read([], [name]),
            "web_read": lambda: record.web_read(spec),
            "web_search_read": lambda: model.web_search_read([], spec),
            "onchange": lambda: record.onchange({}, [], spec),
            "export": lambda: record.export_data([name]),
            "group by": lambda: model.formatted_read_group([], [name], ["__count"]),
            "web_read_group": lambda: model.web_read_group([], [name]),
            "aggregate": lambda: model.formatted_read_group([], [], [f"{name}:max"]),
            "guess": lambda: model.search([(name, "=like", "s%")]),
            "guess through a relation": lambda: self.guess(record, name),
            "order": lambda: model.search([], order=name).ids,
            "copy": lambda: record.copy_data(),
            "read all": lambda: record.read(),
            "fields_get": lambda: model.fields_get([name]),
            "name_search": lambda: model.name_search("", [(name, "!=", False)]),
        }

    def guess(self, record, name):
        if record._name == "inboost.backend":
            other, path = record.env["inboost.endpoint"], f"backend_id.{name}"
        else:
            other, path = record.env["inboost.backend"], f"endpoint_ids.{name}"
        return other.search([(path, "like", "s3cret"), (path, "like", TOKEN)])

    def test_no_call_reads_a_secret_back(self):
        for role, user in self.users.items():
            for record, name in (
                (self.backend.with_user(user), "secret"),
                (self.endpoint("purchase").with_user(user), "address"),
            ):
                self.env.invalidate_all()
                for way, call in self.ways_of_reading(record, name).items():
                    with self.subTest(role=role, field=name, way=way):
                        found = self.try_to(call)
                        self.assertNotIn(SECRET, found)
                        self.assertNotIn(TOKEN, found)
                        if way.startswith("guess") or way in ("order", "name_search"):
                            self.assertEqual(found, "refused")

    @mute_logger("odoo.models")
    def try_to(self, call):
        try:
            with self.env.cr.savepoint():
                return repr(call())
        except (AccessError, ValueError, KeyError):
            return "refused"

    def test_an_administrator_sees_dots_and_the_end(self):
        manager = self.users["manager"]
        endpoint = self.endpoint("purchase").with_user(manager)
        self.assertEqual(endpoint.address_entry, f"{self.fake.url}/…••••••••cdef")
        self.assertNotIn(SECRET, self.backend.with_user(manager).secret_entry)
        self.assertTrue(self.backend.with_user(manager).secret_entry)

    def test_a_user_does_not_even_see_dots(self):
        fields_ = self.endpoint("purchase").with_user(self.users["user"]).fields_get()
        self.assertNotIn("address_entry", fields_)
        self.assertNotIn("address", fields_)

    def test_saving_what_was_shown_changes_nothing(self):
        manager = self.users["manager"]
        endpoint = self.endpoint("purchase").with_user(manager)
        endpoint.write({"address_entry": endpoint.address_entry, "timeout": 9})
        backend = self.backend.with_user(manager)
        backend.write({"secret_entry": backend.secret_entry})
        self.assertEqual(endpoint.sudo().address, self.url)
        self.assertEqual(self.backend.sudo().secret, SECRET)

    def test_a_new_one_replaces_it_and_nothing_empties_it(self):
        manager = self.users["manager"]
        endpoint = self.endpoint("purchase").with_user(manager)
        endpoint.address_entry = f"{self.fake.url}/another/0123456789abcxyz"
        self.assertTrue(endpoint.sudo().address.endswith("abcxyz"))
        self.assertTrue(endpoint.address_entry.endswith("…••••••••cxyz"))
        endpoint.address_entry = False
        self.assertFalse(endpoint.sudo().address)
        self.assertFalse(endpoint.has_address)
        backend = self.backend.with_user(manager)
        backend.secret_entry = "another-key"
        self.assertEqual(self.backend.sudo().secret, "another-key")
        self.assertNotEqual(backend.secret_entry, "another-key")

    def test_it_is_typed_into_the_form(self):
        manager = self.users["manager"]
        with Form(self.endpoint("purchase").with_user(manager)) as form:
            form.address_entry = f"{self.fake.url}/typed/0123456789abcdef"
        self.assertIn("/typed/", self.endpoint("purchase").address)
        with Form(self.backend.with_user(manager)) as form:
            form.secret_entry = "typed-key"
        self.assertEqual(self.backend.sudo().secret, "typed-key")

    def test_a_webhook_that_becomes_an_api_does_not_show_its_address(self):
        endpoint = self.endpoint("purchase").with_user(self.users["manager"])
        with Form(endpoint) as form:
            form.kind = "api"
            self.assertNotIn(TOKEN, form.address_entry or "")
            form.address_entry = "/api/purchase"

    def test_a_path_of_the_api_is_no_secret(self):
        endpoint = self.endpoint("purchase_details").with_user(self.users["manager"])
        self.assertEqual(endpoint.address_entry, endpoint.sudo().address)

    def test_endpoints_without_an_address_are_found(self):
        self.endpoint("purchase").address = False
        found = self.env["inboost.endpoint"].search(
            [("has_address", "=", False), ("backend_id", "=", self.backend.id)]
        )
        self.assertIn("purchase", found.mapped("operation"))
        self.assertNotIn("purchase_details", found.mapped("operation"))

    # -- texts ---------------------------------------------------------------------

    def test_a_change_of_an_address_is_not_tracked(self):
        endpoint = self.endpoint("purchase")
        with self.enter_registry_test_mode():
            endpoint.with_user(self.users["manager"]).address_entry = f"{self.url}-new"
            self.env.flush_all()
            self.env.cr.precommit.run()
        self.assertFalse(
            self.env["mail.tracking.value"]
            .sudo()
            .search([("field_id.name", "in", ("address", "address_entry"))])
            .filtered(lambda v: v.mail_message_id.model == "inboost.endpoint")
        )
        self.assertNotIn(TOKEN, str(endpoint.message_ids.mapped("body")))

    def test_an_address_that_is_refused_is_not_repeated(self):
        with self.assertRaises(ValidationError) as refused:
            self.endpoint("purchase").with_user(
                self.users["manager"]
            ).address_entry = f"ftp://shop.example.com/hooks/{TOKEN}"
        self.assertNotIn(TOKEN, str(refused.exception))

    def test_no_text_of_a_failure_tells_the_address(self):
        for answer in (404, 410, 403, 500, (404, {}, f"no {self.url}".encode())):
            self.fake.script[f"/hooks/{TOKEN}"] = [answer]
            event = self.capture_some(partner=self.customer)
            self.endpoint("purchase").action_resume()
            self.deliver()
            self.assertNotIn(TOKEN, str(event.sudo().read()))
            self.assertNotIn(TOKEN, str(event.sudo().log_ids.read()))
            self.assertNotIn(TOKEN, str(self.endpoint("purchase").pause_reason))
        for model in ("mail.message", "mail.mail", "mail.activity"):
            self.assertNotIn(TOKEN, str(self.env[model].sudo().search([]).read()))
        self.assertNotIn(TOKEN, str(self.env["inboost.alarm"].sudo().search([]).read()))

    def test_the_answer_to_the_sample_does_not_repeat_it(self):
        echo = f'{{"you": "{self.url}", "key": "Bearer {SECRET}"}}'.encode()
        self.fake.script[f"/hooks/{TOKEN}"] = [(200, {}, echo)]
        endpoint = self.endpoint("purchase").with_user(self.users["manager"])
        with self.enter_registry_test_mode():
            endpoint.action_send_sample()
        self.assertNotIn(TOKEN, endpoint.last_answer)
        self.assertNotIn(SECRET, endpoint.last_answer)

    # -- another portal, and copies ------------------------------------------------

    def test_another_portal_does_not_get_the_secret(self):
        backend = self.backend.with_user(self.users["manager"])
        backend.address = "https://rogue.example.com"
        self.assertFalse(self.backend.sudo().secret)

    def test_the_same_portal_keeps_it(self):
        backend = self.backend.with_user(self.users["manager"])
        backend.address = f"{self.fake.url}/shop"
        self.assertEqual(self.backend.sudo().secret, SECRET)
        backend.write({"address": "https://b.inboost.ai", "secret_entry": "its-own"})
        self.assertEqual(self.backend.sudo().secret, "its-own")

    def test_another_server_of_tokens_does_not_get_the_secret(self):
        backend = self.backend.with_user(self.users["manager"])
        backend.write({"auth_kind": "oauth", "token_address": "/token"})
        self.assertEqual(self.backend.sudo().secret, SECRET)
        backend.token_address = "https://rogue.example.com/token"
        self.assertFalse(self.backend.sudo().secret)
        backend.write({"secret_entry": SECRET, "auth_kind": "header"})
        self.assertEqual(self.backend.sudo().secret, SECRET)
        backend.auth_kind = "oauth_form"
        self.assertFalse(self.backend.sudo().secret)

    def test_credentials_go_to_no_other_host(self):
        manager = self.users["manager"]
        for values in (
            {"address_entry": "https://rogue.example.com/x"},
            {"address_entry": "https://rogue.example.com/x", "kind": "webhook"},
        ):
            endpoint = self.endpoint("balance_set").with_user(manager)
            refused = self.assertRaisesRegex(ValidationError, "another host")
            with refused, self.env.cr.savepoint():
                endpoint.write({**values, "authorised": True})
            endpoint.write({**values, "authorised": False})
            endpoint.action_reset()
        self.endpoint("purchase").authorised = True
        refused = self.assertRaisesRegex(ValidationError, "another host")
        with refused, self.env.cr.savepoint():
            self.backend.with_user(manager).address = "https://rogue.example.com"

    def test_what_was_a_webhook_is_not_read_as_a_path_or_a_request(self):
        endpoint = self.endpoint("purchase").with_user(self.users["manager"])
        with Form(endpoint) as form:
            form.kind = "api"
            self.assertNotIn(TOKEN, form.preview)
        self.assertFalse(endpoint.sudo().address)

    def test_a_copy_sends_nothing_that_a_person_asks_for_either(self):
        self.backend.sudo().fingerprint = "of the original"
        manager = self.users["manager"]
        backend = self.backend.with_user(manager)
        asks = {
            "test": backend.action_test_connection,
            "sample": self.endpoint("purchase").with_user(manager).action_send_sample,
            "look-up": lambda: (
                self.env["inboost.customer.lookup"]
                .with_user(manager)
                ._find_now(backend, "+380671234567")
            ),
        }
        for what, ask in asks.items():
            with self.subTest(what), self.enter_registry_test_mode():
                with self.assertRaises(UserError):
                    ask()
        self.assertFalse(self.fake.requests)

    def test_connect_is_the_one_request_of_a_copy(self):
        self.backend.sudo().fingerprint = "of the original"
        with self.enter_registry_test_mode():
            self.backend.with_user(self.users["manager"]).action_connect()
        self.assertEqual([r["path"] for r in self.fake.requests], [TEST])
        self.assertEqual(self.backend.state, "connected")

    def test_a_neutralized_copy_has_no_secret_anywhere(self):
        """Also not where versions before kept them."""
        endpoint = self.endpoint("purchase")
        body = f"Was {self.url}"
        message = endpoint.message_post(body=body)
        field = self.env["ir.model.fields"]._get("inboost.endpoint", "address")
        self.env["mail.tracking.value"].sudo().create(
            {
                "mail_message_id": message.id,
                "field_id": field.id,
                "old_value_char": self.url,
            }
        )
        log = self.env["inboost.request.log"].sudo()
        log.create(
            {
                "backend_id": self.backend.id,
                "url": self.url,
                "error": f"no route to {self.url}",
                "answer": f'{{"to": "{self.url}"}}',
            }
        )
        self.env["ir.logging"].sudo().create(
            {
                "name": "odoo.addons.inboost_connector",
                "type": "server",
                "dbname": "x",
                "message": f"InBoost: {self.url}",
                "path": "x",
                "func": "x",
                "line": "1",
            }
        )
        endpoint.last_answer = self.url
        parameters = self.env["ir.config_parameter"].sudo()
        parameters.set_param("inboost_connector.health_token", TOKEN)
        self.env.flush_all()
        with closing(file_open("inboost_connector/data/neutralize.sql")) as script:
            self.env.cr.execute(script.read())
        self.env.invalidate_all()
        for table in (
            "inboost_backend",
            "inboost_endpoint",
            "inboost_request_log",
            "inboost_event",
            "inboost_alarm",
            "mail_message",
            "mail_tracking_value",
            "mail_mail",
            "mail_activity",
            "ir_logging",
            "ir_config_parameter",
        ):
            self.env.cr.execute(f"SELECT t::text FROM {table} t")
            rows = str(self.env.cr.fetchall())
            self.assertNotIn(TOKEN, rows, table)
            self.assertNotIn("purchase-refund-token", rows, table)
            self.assertNotIn(SECRET, rows, table)

    # -- the log -------------------------------------------------------------------

    def test_an_address_is_masked_in_the_log_whatever_its_path(self):
        for path in ("/t/%s", "/%s/run", "/in?key=%s", "/a/b/%s/c/d?x=1", "/%s"):
            address = self.fake.url + path % TOKEN
            self.endpoint("purchase").address = address
            event = self.capture_some()
            self.deliver()
            self.assertEqual(event.state, "done", path)
            self.assertNotIn(TOKEN, event.sudo().log_ids.url)

    def test_personal_data_is_masked_in_reasons_and_alarms_too(self):
        self.backend.mask_personal = True
        answer = b'{"message": "unknown: +38 (067) 123-45-67, olena@example.com"}'
        texts = []
        # One content after the other is refused, then the webhook is paused.
        for status in (422, 403):
            self.fake.script[f"/hooks/{TOKEN}"] = [(status, {}, answer)]
            for number in range(SUSPICIOUS):
                partner = self.customer.copy({"phone": f"+38050777{status}{number}"})
                event = self.capture_some(partner=partner)
                self.deliver()
                self.assertEqual(event.state, "failed")
                self.assertIn("unknown", event.reason)
                texts += event.sudo().read(["reason", "reason_args"])
        self.assertTrue(self.endpoint("purchase").paused)
        texts.append(self.endpoint("purchase").pause_reason)
        for model in ("inboost.alarm", "mail.activity", "mail.message", "mail.mail"):
            records = self.env[model].sudo().search([])
            self.assertTrue(records or model == "mail.mail", model)
            texts += records.read()
        for word in ("123-45-67", "olena@example"):
            self.assertNotIn(word, str(texts))
