import io
import json
import zipfile

from odoo.exceptions import AccessError
from odoo.tests import HttpCase, new_test_user, tagged

from .test_alarms import AlarmCase

TOKEN = "a-token-of-the-operator"


@tagged("post_install", "-at_install")
class TestMonitor(AlarmCase, HttpCase):
    """Health for machines."""

    def setUp(self):
        super().setUp()
        self.parameters = self.env["ir.config_parameter"].sudo()
        self.parameters.set_param("inboost_connector.health_token", TOKEN)
        self.parameters.set_param("inboost_connector.health_seconds", "300")

    def ask(self, path="/inboost/health", token=TOKEN):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return self.url_open(path, headers=headers)

    def test_without_a_token_in_the_settings_there_is_nothing(self):
        self.parameters.set_param("inboost_connector.health_token", False)
        for path in ("/inboost/health", "/inboost/metrics"):
            self.assertEqual(self.ask(path).status_code, 404)
            self.assertEqual(self.ask(path, "").status_code, 404)

    def test_who_has_no_token_learns_nothing(self):
        for path in ("/inboost/health", "/inboost/metrics"):
            for token in ("", "another", TOKEN[:-1]):
                answer = self.ask(path, token)
                self.assertEqual(answer.status_code, 401)
                self.assertNotIn("backend", answer.text)
            answer = self.url_open(f"{path}?token={TOKEN}")
            self.assertEqual(answer.status_code, 401, "logs have what is in addresses")

    def test_well_as_long_as_events_leave(self):
        self.waiting(minutes=20)
        answer = self.ask()
        self.assertEqual(answer.status_code, 200, "the delivery ran just now")
        [found] = [
            one
            for one in answer.json()["backends"]
            if one["backend"] == self.backend.id
        ]
        self.assertAlmostEqual(found["oldest_due_seconds"], 1200, delta=60)

    def test_503_when_what_is_due_waits_and_nothing_runs(self):
        event = self.waiting(minutes=20)
        self.cron.lastcall = self.ago(minutes=4)
        self.assertEqual(self.ask().status_code, 200)
        self.cron.lastcall = self.ago(minutes=6)
        answer = self.ask()
        self.assertEqual(answer.status_code, 503)
        self.assertFalse(answer.json()["ok"])
        self.parameters.set_param("inboost_connector.health_seconds", "600")
        self.assertEqual(self.ask().status_code, 200)
        self.parameters.set_param("inboost_connector.health_seconds", "300")
        self.in_state(event, "done")
        self.assertEqual(self.ask().status_code, 200, "nothing is due")

    def test_what_waits_for_good_reasons_is_no_standstill(self):
        self.waiting(minutes=20)
        self.cron.lastcall = self.ago(minutes=20)
        endpoint = self.endpoint("purchase")
        for values, mend in (
            ({"paused": True}, {"paused": False}),
            ({"rest_until": self.ago(minutes=-5)}, {"rest_until": False}),
            ({"enabled": False}, {"enabled": True}),
        ):
            endpoint.write(values)
            self.assertEqual(self.ask().status_code, 200, values)
            endpoint.write(mend)
            self.assertEqual(self.ask().status_code, 503, mend)
        self.backend.action_pause()
        self.assertEqual(self.ask().status_code, 200)

    def test_one_that_waits_behind_another_is_not_due(self):
        first, second = self.capture_some(2)
        first.sudo().next_try = self.ago(minutes=-30)
        second.sudo().next_try = self.ago(minutes=20)
        self.cron.lastcall = self.ago(minutes=20)
        self.assertEqual(self.ask().status_code, 200)

    def test_metrics(self):
        self.in_state(self.capture_some(), "held", "timeout")
        self.waiting(minutes=20)
        answer = self.ask("/inboost/metrics")
        self.assertEqual(answer.status_code, 200)
        label = f'backend="{self.backend.id}"'
        self.assertIn(f'inboost_events{{{label},state="held"}} 1.0', answer.text)
        self.assertIn(f'inboost_events{{{label},state="waiting"}} 1.0', answer.text)
        self.assertIn(f"inboost_connected{{{label}}} 1.0", answer.text)
        names = {
            line.split()[2]
            for line in answer.text.splitlines()
            if line.startswith("# HELP")
        }
        self.assertGreaterEqual(len(names), 12)

    def test_metrics_without_the_library_say_what_to_install(self):
        from ...controllers import health

        self.patch(health, "prometheus_client", None)
        answer = self.ask("/inboost/metrics")
        self.assertEqual(answer.status_code, 501)
        self.assertIn("pip install prometheus_client", answer.text)


@tagged("post_install", "-at_install")
class TestSupport(AlarmCase):
    """What is sent to somebody who helps."""

    def build(self, user=None):
        manager = new_test_user(
            self.env, "asks", "inboost_connector.group_inboost_manager"
        )
        support = self.env["inboost.support"].with_user(user or manager)
        backend = self.backend.with_user(user or manager)
        with zipfile.ZipFile(io.BytesIO(support._build(backend))) as bundle:
            return {name: bundle.read(name).decode() for name in bundle.namelist()}

    def test_only_for_administrators(self):
        user = new_test_user(self.env, "looks", "inboost_connector.group_inboost_user")
        with self.assertRaises(AccessError):
            self.build(user)

    def test_no_secret_and_no_customer_is_in_it(self):
        event = self.capture_some()
        self.in_state(event, "failed", "http_status")
        self.env["inboost.request.log"].sudo().create(
            {
                "backend_id": self.backend.id,
                "operation": "purchase",
                "verdict": "failed",
                "status": 400,
                "error": "+380671234567 is not known, mail olena@example.com",
                "request_body": '{"UserPhoneNumber": "380671234567", "total": 10}',
                "answer": '{"userName": "Olena", "key": "s3cret-key"}',
            }
        )
        parts = self.build()
        whole = "\n".join(parts.values())
        for hidden in (
            "s3cret-key",
            "purchase-token",
            "380671234567",
            "0671234567",
            "olena@example.com",
            "Olena",
            self.customer.name,
        ):
            self.assertNotIn(hidden, whole)
        settings = json.loads(parts["settings.json"])
        self.assertEqual(settings["backend"]["secret"], "set")
        addresses = {one["operation"]: one["address"] for one in settings["endpoints"]}
        self.assertEqual(addresses["purchase"], "set")
        self.assertEqual(addresses["bonus_accrual"], "unset")
        self.assertIn("is not known", parts["failures.json"])
        self.assertIn('"total": 10', parts["failures.json"])

    def test_what_it_has(self):
        parts = {name: json.loads(text) for name, text in self.build().items()}
        self.assertIn("inboost_connector", parts["versions.json"]["modules"])
        self.assertTrue(parts["versions.json"]["libraries"]["requests"])
        self.assertIn("purchase", parts["profile.json"]["endpoints"])
        self.assertTrue(parts["health.json"]["jobs"])
        self.assertEqual(set(parts["failures.json"]), {"requests", "events", "missed"})


@tagged("post_install", "-at_install")
class TestDigest(AlarmCase):
    """One mail a day, for those who want it."""

    def setUp(self):
        super().setUp()
        self.reader = new_test_user(
            self.env,
            "reader",
            "inboost_connector.group_inboost_user",
            email="reader@example.com",
        )

    def send(self):
        before = self.env["mail.mail"].sudo().search([])
        self.env["inboost.digest"]._cron_send()
        return self.env["mail.mail"].sudo().search([]) - before

    def test_nobody_gets_one_who_was_not_chosen(self):
        self.assertFalse(self.send())

    def test_what_it_says(self):
        self.backend.digest_user_ids = self.reader
        self.in_state(self.capture_some(), "held", "timeout")
        self.refresh()
        [mail] = self.send()
        self.assertIn("reader@example.com", mail.email_to)
        self.assertIn("Hello reader", mail.body_html)
        self.assertIn("yesterday nothing was sent", mail.body_html)
        self.assertIn("nobody knows", mail.body_html)
        self.assertIn("It is not known of some events", mail.body_html)
        self.assertIn("/odoo/inboost", mail.body_html)

    def test_yesterday_is_counted(self):
        self.backend.digest_user_ids = self.reader
        self.backend.time_zone = "UTC"
        self.env["inboost.traffic"].sudo().search([]).unlink()
        rows = [(hours, "purchase", 7) for hours in (0, 12)]
        today = self.env["inboost.health.figures"]._get_midnight(
            self.backend, self.ago(hours=0)
        )
        self.env["inboost.traffic"].sudo().create(
            [
                {
                    "backend_id": self.backend.id,
                    "hour": today.replace(hour=hour) - self.day(days),
                    "operation": operation,
                    "requests": count,
                    "arrived": count,
                }
                for days in (0, 1, 2)
                for hour, operation, count in rows
            ]
        )
        digest = self.env["inboost.digest"]._prepare(self.backend)
        self.assertEqual(digest["sent"], 14)

    def day(self, days):
        return self.ago(hours=0) - self.ago(days=days)
