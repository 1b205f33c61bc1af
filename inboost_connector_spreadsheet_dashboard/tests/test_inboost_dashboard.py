import json
from datetime import timedelta

from odoo import fields
from odoo.exceptions import ValidationError
from odoo.tests import new_test_user, tagged

from odoo.addons.inboost_connector.lib.priority import HISTORY
from odoo.addons.inboost_connector.tests.common import InboostCase

MODULE = "inboost_connector_spreadsheet_dashboard"
USER = "inboost_connector.group_inboost_user"


@tagged("post_install", "-at_install")
class TestInboostDashboard(InboostCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.dashboard = cls.env.ref(f"{MODULE}.spreadsheet_dashboard_inboost").sudo()
        cls.report = cls.env["inboost.event.report"]

    def event(self, state, minutes=None, **values):
        """One that happened an hour ago and arrived so many minutes later."""
        [event] = self.capture_some()
        happened = fields.Datetime.now() - timedelta(hours=1)
        done = happened + timedelta(minutes=minutes) if minutes is not None else None
        values |= {"state": state, "occurred_at": happened, "done_at": done}
        self.env.flush_all()
        names = ", ".join(f"{name} = %s" for name in values)
        self.env.cr.execute(
            f"UPDATE inboost_event SET {names} WHERE id = %s",
            (*values.values(), event.id),
        )
        self.env.invalidate_all()
        return event

    def measure(self, *groups):
        return self.report.formatted_read_group(
            [("backend_id", "=", self.backend.id)],
            groups,
            ["__count", "delivered:avg", "prompt:avg", "delay:avg"],
        )

    # -- the sheet -----------------------------------------------------------------

    def test_its_models_fields_and_menus_exist(self):
        """By Odoo's own check, which runs in tests only."""
        self.dashboard._check_spreadsheet_data()

    def test_a_field_that_is_none_is_found(self):
        """So that the check can fail."""
        data = json.loads(self.dashboard.spreadsheet_data)
        data["pivots"]["1"]["rows"] = [{"fieldName": "no_such_field"}]
        with self.assertRaisesRegex(ValidationError, "no_such_field"):
            self.dashboard.spreadsheet_data = json.dumps(data)

    def test_each_measure_group_and_filter_can_be_asked_for(self):
        data = json.loads(self.dashboard.spreadsheet_data)
        self.event("done", 2)
        filters = {each["id"] for each in data["globalFilters"]}
        for pivot in data["pivots"].values():
            measures = [
                f"{one['fieldName']}:{one['aggregator']}"
                if "aggregator" in one
                else one["fieldName"]
                for one in pivot["measures"]
            ]
            groups = [row["fieldName"] for row in pivot["rows"]]
            found = self.env[pivot["model"]].formatted_read_group(
                [("backend_id", "=", self.backend.id)], groups, measures
            )
            self.assertEqual(set(pivot["fieldMatching"]), filters)
            self.assertTrue(found or pivot["domain"])
        for figure in data["sheets"][0]["figures"]:
            if figure["data"]["type"].startswith("odoo_"):
                self.assertEqual(set(figure["data"]["fieldMatching"]), filters)

    def test_users_of_inboost_see_it_and_others_do_not(self):
        dashboards = self.env["spreadsheet.dashboard"]
        user = new_test_user(self.env, "sees", USER)
        other = new_test_user(self.env, "blind", "base.group_user")
        self.assertIn(self.dashboard, dashboards.with_user(user).search([]))
        self.assertNotIn(self.dashboard, dashboards.with_user(other).search([]))

    # -- the figures ---------------------------------------------------------------

    def test_shares_and_delays(self):
        self.event("done", 0.5)
        self.event("done", 6.5)
        self.event("done", 90_000, priority=HISTORY)
        self.event("failed", reason_code="http_status")
        self.event("parked", reason_code="no_phone")
        self.event("cancelled")
        [row] = self.measure()
        self.assertEqual(row["__count"], 6)
        self.assertEqual(row["delivered:avg"], 0.75, "3 of 4 that have ended")
        self.assertEqual(row["prompt:avg"], 0.5, "history is no news")
        self.assertEqual(row["delay:avg"], 3.5)

    def test_what_is_under_way_is_in_no_share(self):
        self.capture_some()
        [row] = self.measure()
        self.assertEqual(row["__count"], 1)
        self.assertFalse(row["delivered:avg"] or row["delay:avg"])

    def test_causes_and_operations_have_the_words_of_events(self):
        self.event("failed", reason_code="http_status")
        self.assertEqual(
            [row["reason_code"] for row in self.measure("reason_code")], ["http_status"]
        )
        events = self.env["inboost.event"].fields_get()
        found = self.report.fields_get()
        for name in ("operation", "state", "reason_code"):
            self.assertEqual(found[name]["selection"], events[name]["selection"])

    def test_each_sees_the_sales_of_own_companies(self):
        self.event("done", 1)
        company = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = new_test_user(
            self.env, "stranger", USER, company_id=company.id, company_ids=company.ids
        )
        domain = [("backend_id", "=", self.backend.id)]
        self.assertEqual(self.report.search_count(domain), 1)
        self.assertEqual(self.report.with_user(stranger).search_count(domain), 0)
