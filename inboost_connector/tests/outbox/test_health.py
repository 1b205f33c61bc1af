from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from ...models.outbox.inboost_alarm import CAUSES
from .test_alarms import AlarmCase


@tagged("post_install", "-at_install")
class TestHealth(AlarmCase):
    """The first screen, as those see it who work with it."""

    def setUp(self):
        super().setUp()
        self.env.company.country_id = self.env.ref("base.ua")
        self.user = new_test_user(
            self.env, "viewer", "inboost_connector.group_inboost_user"
        )
        self.manager = new_test_user(
            self.env, "mender", "inboost_connector.group_inboost_manager"
        )
        self.env["inboost.traffic"].search([]).unlink()
        endpoints = self.backend.endpoint_ids
        endpoints.filtered(lambda e: not e.has_address).enabled = False

    def look(self, user=None):
        report = self.env["inboost.health"].with_user(user or self.user).get_report()
        [found] = [b for b in report["backends"] if b["id"] == self.backend.id]
        return found

    def troubles(self):
        """{code: trouble}, of those that matter."""
        return {t["code"]: t for t in self.look()["troubles"] if t["level"] != "info"}

    def figure(self, name):
        return next(f for f in self.look()["figures"] if f["name"] == name)

    def mend(self, name, endpoint=None, user=None):
        remedy = self.env["inboost.health.remedy"].with_user(user or self.manager)
        return remedy.mend(self.backend.id, name, endpoint and endpoint.id)

    def log(self, count=1, verdict="done", ago=5, **values):
        self.env["inboost.request.log"].sudo().create(
            [
                {
                    "backend_id": self.backend.id,
                    "operation": "purchase",
                    "verdict": verdict,
                    "duration": 0.2,
                    **values,
                }
            ]
            * count
        )
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE inboost_request_log SET create_date = %s"
            " WHERE id IN (SELECT id FROM inboost_request_log ORDER BY id DESC"
            " LIMIT %s)",
            [self.ago(minutes=ago), count],
        )
        self.env.invalidate_all()

    def test_nobody_else_sees_it(self):
        other = new_test_user(self.env, "other", "base.group_user")
        with self.assertRaises(AccessError):
            self.env["inboost.health"].with_user(other).get_report()

    def test_only_administrators_mend(self):
        endpoint = self.endpoint("purchase")
        endpoint._pause("no_such_address", {"status": 404})
        with self.assertRaises(AccessError):
            self.mend("resume", endpoint, user=self.user)
        self.assertTrue(endpoint.paused)
        self.mend("resume", endpoint)
        self.assertFalse(endpoint.paused)
        self.assertNotIn("endpoint_paused", self.troubles())

    def test_a_portal_of_another_company_is_neither_seen_nor_mended(self):
        company = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = new_test_user(
            self.env,
            "stranger",
            "inboost_connector.group_inboost_manager",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )
        health = self.env["inboost.health"].with_user(stranger)
        self.assertEqual(health.get_report()["backends"], [])
        with self.assertRaises(AccessError):
            self.mend("open_backend", user=stranger)

    def test_all_is_well(self):
        self.assertFalse(self.troubles())
        self.assertEqual(self.look()["level"], "success")
        self.assertIn("nothing waits", self.look()["sentence"])
        self.capture_some(3)
        self.assertIn("3 events", self.look()["sentence"])

    def test_each_cause_is_said_with_what_mends_it(self):
        for code in CAUSES:
            with self.subTest(code):
                cure = getattr(self, f"raise_{code}")()
                self.assertIn(code, self.troubles(), "seen before the alarm is raised")
                self.refresh()
                found = self.troubles()[code]
                self.assertNotIn("%(", found["text"])
                self.assertTrue(found["since"])
                self.assertTrue(found["remedies"] or code == "crons")
                for remedy in found["remedies"]:
                    if remedy["name"].startswith("open_"):
                        endpoint = self.backend.endpoint_ids.browse(
                            found["endpoint_id"] or []
                        )
                        action = self.mend(remedy["name"], endpoint)
                        self.assertIn(action["res_model"], self.env)
                cure()
                self.assertNotIn(code, self.troubles())
                self.refresh()

    def test_the_buttons_mend(self):
        self.cron.active = False
        self.mend("start_crons")
        self.assertTrue(self.cron.active)
        self.env.ref("inboost_connector.ir_cron_pull").sudo().unlink()
        self.mend("repair_crons")
        self.assertFalse({"crons_missing", "crons_off"} & self.troubles().keys())
        self.backend._pause("wrong_credentials", {"status": 401})
        self.assertEqual(self.look()["level"], "danger")
        with self.enter_registry_test_mode():
            self.mend("connect")
        self.assertEqual(self.backend.state, "connected")

    def test_a_pause_by_a_person_is_said(self):
        self.backend.with_user(self.manager).action_pause()
        self.assertIn("mender", self.troubles()["paused_by"]["text"])

    def test_what_had_better_be_repaired(self):
        self.env.company.country_id = False
        self.endpoint("purchase").address = False
        self.env.invalidate_all()
        found = self.troubles()
        self.assertIn("Purchase", found["no_address"]["text"])
        self.assertIn("no country", found["no_country"]["text"])

    def test_what_waits_and_what_was_decided_is_counted(self):
        self.waiting(minutes=40)
        self.waiting(minutes=50)
        for state in ("parked", "held", "failed", "expired"):
            self.in_state(self.capture_some(), state)
        values = {f["name"]: f["value"] for f in self.look()["figures"]}
        for name in ("parked", "held", "failed", "expired"):
            self.assertEqual(values[name], "1", name)
        self.assertEqual(values["waiting"], "2")
        oldest = fields.Datetime.from_string(self.figure("oldest_waiting")["moment"])
        self.assertAlmostEqual(
            fields.Datetime.now() - oldest,
            timedelta(minutes=50),
            delta=timedelta(seconds=20),
        )

    def test_the_last_hour(self):
        self.env.cr.execute("UPDATE inboost_backend SET create_date = '2026-01-01'")
        self.log(3)
        self.log(1, "retry", duration=3)
        self.log(5, "retry", ago=70)
        self.assertEqual(self.figure("success")["value"], "75.0 %")
        self.assertEqual(self.figure("success")["level"], "warning")
        self.assertEqual(self.figure("p95")["value"], "2.58 s")
        self.log(2, "duplicate", kind="duplicate", duration=0)
        self.assertEqual(self.figure("duplicates")["value"], "2")
        self.assertEqual(self.figure("success")["value"], "75.0 %")

    def test_sums_of_hours_and_what_came_since_are_one_number(self):
        self.backend.time_zone = "UTC"
        self.env.cr.execute("UPDATE inboost_backend SET create_date = '2026-01-01'")
        now = fields.Datetime.now()
        since_midnight = (now - now.replace(hour=0, minute=0, second=0)).seconds // 60
        for ago in (since_midnight + 60, since_midnight // 2, 1):
            self.log(4, ago=ago)
            self.log(2, operation="customer_find", ago=ago)
            self.log(3, "duplicate", kind="duplicate", ago=ago)
        before = self.figure("sent_today")["value"]
        self.env["inboost.traffic"]._sum_up()
        self.assertTrue(self.env["inboost.traffic"].search_count([]))
        self.assertEqual(before, "8")
        self.assertEqual(self.figure("sent_today")["value"], "8")
        self.assertEqual(self.figure("duplicates")["value"], "9")

    def test_hours_are_summed_up_once(self):
        self.env.cr.execute("UPDATE inboost_backend SET create_date = '2026-01-01'")
        self.log(4, ago=125)
        self.log(2, "retry", ago=125, duration=1.0, operation="balance_set")
        traffic = self.env["inboost.traffic"]
        traffic._sum_up()
        rows = traffic.search([("requests", ">", 0)])
        self.assertEqual(
            {(r.operation, r.requests, r.arrived) for r in rows},
            {("all", 6, 4), ("purchase", 4, 4), ("balance_set", 2, 0)},
        )
        whole = rows.filtered(lambda r: r.operation == "all")
        self.assertAlmostEqual(whole.median, 0.2, 3)
        self.assertAlmostEqual(whole.p95, 1.0, 3)
        self.log(9, ago=125)
        traffic._sum_up()
        self.assertEqual(traffic.search_count([("requests", ">", 0)]), 3)

    def test_charts(self):
        self.env.cr.execute("UPDATE inboost_backend SET create_date = '2026-01-01'")
        self.log(4, ago=60 * 26)
        self.env["inboost.traffic"]._sum_up()
        charts = self.env["inboost.health"].with_user(self.user).get_report()["charts"]
        self.assertEqual(len(charts["days"]), 7)
        [purchases] = charts["operations"]
        self.assertEqual(
            (purchases["title"], sum(purchases["counts"])), ("Purchase", 4)
        )
        self.assertEqual(
            [round(h["p95"], 3) for h in charts["latency"]],
            [0.2],
        )

    def test_jobs(self):
        self.cron.active = False
        jobs = self.env["inboost.health"].with_user(self.user).get_report()["jobs"]
        states = {job["name"]: job["state"] for job in jobs}
        self.assertEqual(states["deliver events"], "off")
        self.assertEqual(states["pull customers"], "on")
