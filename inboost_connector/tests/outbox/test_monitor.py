import io
import json
import zipfile

from lxml import html

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .test_alarms import AlarmCase


@tagged("post_install", "-at_install")
class TestMonitor(AlarmCase):
    """Health for machines; the addresses themselves are tested end to end."""

    def setUp(self):
        super().setUp()
        self.limit(300)

    def limit(self, value):
        self.env["ir.config_parameter"].sudo().set_param(
            "inboost_connector.health_seconds", value
        )

    def report(self):
        self.env.invalidate_all()
        return self.env["inboost.monitor"].sudo()._report()

    def test_well_as_long_as_events_leave(self):
        self.waiting(minutes=20)
        report = self.report()
        self.assertTrue(report["ok"], "the delivery ran just now")
        [found] = [b for b in report["backends"] if b["backend"] == self.backend.id]
        self.assertAlmostEqual(found["oldest_due_seconds"], 1200, delta=60)

    def test_ill_when_what_is_due_waits_and_nothing_runs(self):
        event = self.waiting(minutes=20)
        self.cron.lastcall = self.ago(minutes=4)
        self.assertTrue(self.report()["ok"])
        self.cron.lastcall = self.ago(minutes=6)
        self.assertFalse(self.report()["ok"])
        self.limit(600)
        self.assertTrue(self.report()["ok"])
        self.limit("soon")
        self.assertTrue(self.report()["ok"], "no number: the default")
        self.limit(300)
        self.in_state(event, "done")
        self.assertTrue(self.report()["ok"], "nothing is due")

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
            self.assertTrue(self.report()["ok"], values)
            endpoint.write(mend)
            self.assertFalse(self.report()["ok"], mend)
        self.backend.action_pause()
        self.assertTrue(self.report()["ok"])

    def test_one_that_waits_behind_another_is_not_due(self):
        first, second = self.capture_some(2).sorted("id")
        first.sudo().next_try = self.ago(minutes=-30)
        second.sudo().next_try = self.ago(minutes=20)
        self.cron.lastcall = self.ago(minutes=20)
        self.assertTrue(self.report()["ok"])


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
        self.assertEqual(mail.subject, "How yesterday went: Test portal and InBoost")
        self.assertIn("/odoo/inboost", mail.body_html)
        self.assertEqual(
            self.lines_of(mail),
            [
                f"Hello {self.reader.name},",
                "Here is how yesterday went between Test portal and InBoost.",
                "Nothing was sent.",
                "Sent, but not known to have arrived: 1",
                "This needs your attention:",
                "Nobody knows whether some events reached InBoost. Open InBoost > "
                "Events, choose the filter Held, and decide what becomes of them.",
                "Open InBoost in Odoo",
                "You get this mail because you are listed under Daily Digest To on the "
                "backend. Take yourself off that list to stop it.",
            ],
        )

    def test_what_it_says_when_all_is_well(self):
        self.backend.digest_user_ids = self.reader
        self.capture_some()
        self.refresh()
        [mail] = self.send()
        self.assertEqual(
            self.lines_of(mail)[2:5],
            [
                "Nothing was sent.",
                "Still on the way: 1",
                "Nothing needs your attention.",
            ],
        )

    def lines_of(self, mail):
        nodes = html.fromstring(mail.body_html).iter("p", "li")
        lines = [" ".join(node.text_content().split()) for node in nodes]
        return [line for line in lines if line]

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
        counts = self.env["inboost.digest"]._count(self.backend)
        self.assertEqual(counts["sent"], 14)

    def day(self, days):
        return self.ago(hours=0) - self.ago(days=days)
