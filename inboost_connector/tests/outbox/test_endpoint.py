"""Any API by settings: what a request is made of, and how silence is made
impossible."""

import base64
import json
from datetime import datetime, timedelta

from markupsafe import escape

from odoo import fields
from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form, tagged

from ...lib import auth
from ...lib.functions import FUNCTIONS
from ...models.outbox.inboost_profile import OF_ENDPOINT
from ..common import InboostCase

PHONE = "+380671234567"
TOKEN = "0123456789-token"


@tagged("post_install", "-at_install")
class TestEndpoint(InboostCase):
    def setUp(self):
        super().setUp()
        auth.tokens.clear()

    def send(self, operation="balance_set", **fact):
        self.capture_some(operation=operation)
        self.deliver()
        return self.fake.requests

    def refuse(self, words, operation="balance_set", **values):
        refused = self.assertRaisesRegex(ValidationError, words)
        with refused, self.env.cr.savepoint():
            self.endpoint(operation).write(values)

    # -- the request ---------------------------------------------------------------

    def test_the_phone_in_the_path_a_query_and_a_header(self):
        self.endpoint("balance_set").write(
            {
                "method": "PATCH",
                "address": "/customers/{phone}/balance",
                "query": "{shop: 'чай & кава', since: nothing}",
                "headers": '{"X-Event": event_id}',
                "body": "{points: amount}",
            }
        )
        [request] = self.send()
        self.assertEqual(request["method"], "PATCH")
        path, _sign, query = request["path"].partition("?")
        self.assertEqual(path, "/customers/%2B380671234567/balance")
        self.assertTrue(query.startswith("shop=%D1%87%D0%B0%D0%B9%20%26%20"))
        self.assertNotIn("since", query)
        self.assertEqual(
            request["headers"]["X-Event"], request["headers"]["Idempotency-Key"]
        )

    def test_a_form_and_no_body(self):
        endpoint = self.endpoint("balance_set")
        endpoint.write({"body_format": "form", "body": "{phone: phone, n: `1.5`}"})
        self.assertEqual(self.send()[0]["body"], "phone=%2B380671234567&n=1.5")
        endpoint.write({"body_format": "none", "method": "DELETE"})
        self.fake.requests.clear()
        [request] = self.send()
        self.assertEqual((request["method"], request["body"]), ("DELETE", None))

    def test_kind_and_authorisation_are_apart(self):
        self.assertFalse(self.endpoint("purchase").authorised)
        self.assertTrue(self.endpoint("purchase_details").authorised)
        self.endpoint("purchase").authorised = True
        [request] = self.send("purchase")
        self.assertEqual(request["headers"]["Authorization"], "Bearer s3cret-key")
        self.endpoint("balance_set").write(
            {"address": f"{self.fake.url}/elsewhere", "authorised": False}
        )
        self.fake.requests.clear()
        [request] = self.send()
        self.assertEqual(request["path"], "/elsewhere")
        self.assertNotIn("Authorization", request["headers"])

    # -- who is asking -------------------------------------------------------------

    def test_basic(self):
        self.backend.write({"auth_kind": "basic", "auth_user": "shop"})
        [request] = self.send()
        pair = base64.b64encode(b"shop:s3cret-key").decode()
        self.assertEqual(request["headers"]["Authorization"], f"Basic {pair}")

    def use_oauth(self):
        answer = {"access_token": TOKEN, "expires_in": 60}
        self.fake.script["/token"] = [(200, {}, json.dumps(answer).encode())]
        self.backend.write(
            {"auth_kind": "oauth", "auth_user": "shop", "token_address": "/token"}
        )

    def test_oauth_fetches_a_token_once_and_renews_it_once(self):
        self.use_oauth()
        self.fake.script["/api/Bonuses/SetBalance"] = [401, 200]
        event = self.capture_some(operation="balance_set")
        self.deliver()
        self.assertEqual(event.state, "done")
        paths = [request["path"] for request in self.fake.requests]
        self.assertEqual(paths, ["/token", "/api/Bonuses/SetBalance"] * 2)
        self.assertEqual(
            self.fake.requests[1]["headers"]["Authorization"], f"Bearer {TOKEN}"
        )
        log = str(self.env["inboost.request.log"].search([]).read())
        self.assertNotIn(TOKEN, log)
        self.assertNotIn("s3cret-key", log)

    def test_a_refused_client_pauses_the_backend_and_loses_nothing(self):
        self.use_oauth()
        self.fake.script["/token"] = [401]
        event = self.capture_some(operation="balance_set")
        self.deliver()
        self.assertEqual(self.backend.state, "paused")
        self.assertEqual(event.state, "pending")

    def test_oauth_needs_an_address_of_tokens(self):
        refused = self.assertRaisesRegex(ValidationError, "access tokens")
        with refused, self.env.cr.savepoint():
            self.backend.auth_kind = "oauth"

    def test_the_end_of_a_token_is_announced_and_the_alarm_goes_with_a_new_one(self):
        alarms = self.env["inboost.alarm"]

        def reminders():
            alarms._refresh(self.backend)
            return self.backend.alarm_ids.filtered(lambda a: a.code == "secret_ends")

        for days, expected in ((60, None), (29.5, 30), (6.5, 7), (0.5, 1), (-3, 1)):
            end = datetime.now() + timedelta(days=days)
            claims = json.dumps({"exp": int(end.timestamp())}).encode()
            middle = base64.urlsafe_b64encode(claims).decode().rstrip("=")
            self.backend.secret_entry = f"e30.{middle}.c2ln"
            found = reminders()
            self.assertEqual((found.arguments or {}).get("days"), expected)
            self.assertEqual(len(found.activity_ids) > 0, expected is not None)
        self.assertIn(fields.Date.to_string(self.backend.secret_ends), found.text)
        before = found.activity_ids
        self.backend.secret_entry = "another-key"
        self.assertFalse(reminders())
        self.assertFalse(before.exists())

    # -- wrong settings, each with its message and place ---------------------------

    def test_wrong_settings_are_refused_with_their_place(self):
        self.refuse(
            r"Body.*no function fone\(\).*character 5: fone", body="{a: fone(phone)}"
        )
        self.refuse(r"Body.*ends too early.*at the end", body="{a: b")
        self.refuse("Query.*character 5", query="{a: ?}")
        self.refuse("Body.*yyyy-nn", body="{d: date(time, 'yyyy-nn')}")
        self.refuse("Body.*digits", body="{d: phone(phone, 'swiss')}")
        self.refuse("address.*telephone is not known.*phone", address="/c/{telephone}")
        self.refuse("address.*not closed.*character 4", address="/c/{phone")
        self.refuse("GET has no body", method="GET")
        self.refuse("https", address="ftp://elsewhere.example/")

    def test_no_phone_in_an_address_where_none_is_known(self):
        for operation in ("connection_test", "customers_list", "bonuses_expiring"):
            self.refuse(
                "phone is not known when this is sent",
                operation,
                address=f"{self.fake.url}/c/{{phone}}",
            )

    def test_misspelt_names_and_wrong_pages_are_warned_of(self):
        endpoint = self.endpoint("balance_set")
        self.assertFalse(endpoint.warnings)
        endpoint.body = "{a: amuont, b: phone}"
        self.assertIn("amuont", endpoint.warnings)
        pages = self.endpoint("customers_list")
        self.assertFalse(pages.warnings)
        pages.write({"body": "{n: page}", "paging": "cursor"})
        self.assertIn("cursor", pages.warnings)
        pages.write({"query": "{after: cursor}", "row_map": "{phone: p, firstnam: f}"})
        self.assertNotIn("cursor", pages.warnings)
        self.assertIn("firstnam", pages.warnings)

    # -- what is shown -------------------------------------------------------------

    def test_the_request_is_shown_as_it_leaves_with_secrets_as_dots(self):
        endpoint = self.endpoint("balance_set")
        endpoint.write({"address": "/c/{phone}", "query": "{q: amount}"})
        first, *rest = endpoint.preview.splitlines()
        self.assertEqual(first, f"POST {self.fake.url}/c/%2B380671234567?q=45.0")
        self.assertIn("Authorization: ••••••••", rest)
        self.assertIn('"userPhoneNumber": "380671234567"', endpoint.preview)
        self.assertNotIn("s3cret-key", endpoint.preview)
        self.assertIn('"event_id"', endpoint.sample_fact)
        self.assertNotIn("purchase-token", self.endpoint("purchase").preview)

    def test_a_real_record_is_shown_instead_of_the_sample(self):
        event = self.capture_some()
        endpoint = self.endpoint("purchase")
        endpoint.sample_event_id = event
        self.assertIn(event.event_id, endpoint.preview)
        self.assertIn(event.event_id, endpoint.sample_fact)

    def test_what_is_wrong_with_the_request_stands_where_it_is_shown(self):
        endpoint = self.endpoint("balance_set")
        endpoint.headers = "{Host: 'x'}"
        self.assertIn("cannot be set: host", endpoint.preview)
        endpoint.write({"headers": False, "body": "round('a', `1`)"})
        self.assertIn("body: round", endpoint.preview)

    def try_out(self, operation, answer, status=200):
        body = json.dumps(answer).encode()
        endpoint = self.endpoint(operation)
        self.fake.script[endpoint.address] = [(status, {}, body)]
        with self.enter_registry_test_mode():
            endpoint.action_send_sample()
        return endpoint.last_answer

    def test_try_says_what_is_made_of_an_answer(self):
        self.assertIn("Arrived", self.try_out("balance_set", {"ok": 1}))
        refused = self.try_out("balance_set", {"success": False, "message": "No Olena"})
        self.assertIn("The content is refused", refused)
        self.assertIn("No Olena", refused)
        self.endpoint("balance_set").failure_path = "length(error) > `0`"
        self.assertIn("\nRefusal: ", self.try_out("balance_set", {"error": 5}))

    def test_try_shows_the_rows_as_they_were_read(self):
        rows = [
            {"id": 7, "userPhoneNumber": "380671234567", "userName": "Olena"},
            {"id": 8, "userPhoneNumber": "x"},
        ]
        shown = self.try_out("customers_list", {"data": rows, "totalCount": 2})
        self.assertIn("Rows: 2", shown)
        self.assertIn(f'"phone": "{PHONE}", "firstname": "Olena"', shown)
        self.assertIn("✗", shown)
        nothing = self.try_out("customers_list", {"items": rows})
        self.assertIn("no list", nothing)

    def test_try_reads_a_row_as_a_synchronisation_does(self):
        row = {"id": 7, "userPhoneNumber": "380671234567"}
        self.backend.time_zone = "Europe/Kyiv"
        row["birth"] = "1990-05-16T17:30:00Z"
        self.assertIn(
            '"birthdate": "1990-05-17"', self.try_out("customers_list", [row])
        )
        row["birth"] = "1900-01-01"
        odd = self.env["inboost.problem"]._word(
            "placeholder_date", {"field": "birthdate", "value": "1900-01-01"}
        )
        self.assertIn(odd, self.try_out("customers_list", [row]))

    def test_every_function_is_explained_with_an_example(self):
        shown = self.endpoint("balance_set").functions_help
        for function in FUNCTIONS.values():
            self.assertIn(str(escape(function.usage)), shown)
            self.assertIn(str(escape(function.example)), shown)
        self.assertIn("The product of two numbers.", shown)

    def test_a_person_who_presses_try_learns_what_does_not_fit(self):
        self.endpoint("balance_set").body = "round('a', `1`)"
        with self.assertRaisesRegex(UserError, "bonus balance: body: round"):
            self.endpoint("balance_set").action_send_sample()

    def test_a_confirmed_endpoint_says_so(self):
        self.endpoint("balance_set").action_confirm()
        self.assertEqual(self.endpoint("balance_set").known, "confirmed")
        self.endpoint("balance_set").action_reset()
        self.assertEqual(self.endpoint("balance_set").known, "assumed")

    def test_what_is_known_of_a_request_is_not_known_of_another(self):
        endpoint = self.endpoint("balance_set")
        endpoint.action_confirm()
        endpoint.write({"method": endpoint.method, "timeout": 10})
        self.assertEqual(endpoint.known, "confirmed")
        endpoint.body = "{points: amount}"
        self.assertEqual(endpoint.known, "assumed")
        webhook = self.endpoint("purchase")
        webhook.action_confirm()
        webhook.address = f"{self.fake.url}/api/webhok/another-token/"
        self.assertEqual(webhook.known, "confirmed")

    def history_of(self, endpoint):
        self.env.flush_all()
        self.env.cr.precommit.run()
        return [
            (
                message.author_id,
                message.tracking_value_ids.mapped("new_value_text")
                + message.tracking_value_ids.mapped("new_value_char"),
                str(message.body),
            )
            for message in endpoint.message_ids
        ]

    def test_the_history_says_who_changed_what(self):
        # As it is outside of tests.
        endpoint = self.endpoint("balance_set").with_context(
            tracking_disable=False, mail_notrack=False
        )
        endpoint.write({"body": "{points: amount}", "failure_path": "no == `1`"})
        endpoint.address = "/points/{phone}"
        said = self.history_of(endpoint)
        self.assertEqual(
            {author for author, _v, _b in said}, {self.env.user.partner_id}
        )
        self.assertIn("{points: amount}", str(said))
        self.assertIn("no == `1`", str(said))
        self.assertIn("/api/Bonuses/SetBalance → /points/{phone}", str(said))

    def test_every_part_of_an_operation_has_a_history(self):
        """The address has one of its own, see inboost.endpoint._log_address."""
        tracked = self.env["inboost.endpoint"]._track_get_fields()
        self.assertEqual(set(OF_ENDPOINT) - tracked, {"address"})

    def test_the_history_does_not_tell_a_secret_address(self):
        webhook = self.endpoint("purchase")
        webhook.address_entry = f"{self.fake.url}/api/webhok/another-token/"
        said = str(self.history_of(webhook))
        self.assertIn("Address", said)
        self.assertNotIn("token", said)

    def test_the_request_follows_what_is_typed_before_it_is_saved(self):
        with Form(self.endpoint("balance_set")) as form:
            form.address_entry = "/points/{phone}"
            self.assertIn("/points/%2B380671234567", form.preview)
            form.body = "{points: amount}"
            self.assertIn('"points": 45.0', form.preview)
            self.assertIn("/points/%2B380671234567", form.preview)
            form.body = "{a: fone(phone)}"
            self.assertEqual(form.problems["body"]["position"], 4)
            self.assertIn("fone", form.problems["body"]["text"])
            form.body = "{a: amount}"
            self.assertFalse(form.problems)
        self.assertEqual(self.endpoint("balance_set").address, "/points/{phone}")

    def test_several_backends_of_one_company_are_warned_of(self):
        self.assertFalse(self.backend.other_names)
        other = self.backend.copy()
        other.name = "Second portal"
        self.assertFalse(self.backend.other_names, "a draft gets nothing")
        self.assertEqual(other.other_names, "Test portal")
        other.state = "paused"
        self.backend.invalidate_recordset()
        self.assertEqual(self.backend.other_names, "Second portal")
        branch = self.env["res.company"].create(
            {"name": "Branch", "parent_id": self.backend.company_id.id}
        )
        other.company_id = branch
        self.backend.invalidate_recordset()
        self.assertEqual(self.backend.other_names, "Second portal")
        other.company_id = self.env["res.company"].create({"name": "Stranger"})
        self.backend.invalidate_recordset()
        self.assertFalse(self.backend.other_names)
