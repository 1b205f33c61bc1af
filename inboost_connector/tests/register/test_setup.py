from odoo.exceptions import AccessError
from odoo.tests import Form, new_test_user, tagged

from ..common_customer import LIST, CustomerCase

TEST = "/api/Users/GetPortalUser"


@tagged("post_install", "-at_install")
class TestSetup(CustomerCase):
    """The first ten minutes of a portal, as an InBoost administrator and nothing
    more."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = new_test_user(
            cls.env, "setter_", "inboost_connector.group_inboost_manager"
        )
        cls.Setup = cls.env["inboost.setup"].with_user(cls.manager)

    def press(self, record, name):
        """Logs are written by a cursor of their own."""
        with self.enter_registry_test_mode():
            return getattr(record, f"action_{name}")()

    def begin(self, **values):
        """The first step, typed and saved."""
        action = self.Setup._start()
        with Form(self.Setup.with_context(default_name="InBoost")) as form:
            form.address = values.get("address", self.fake.url)
            form.secret_entry = "k3y"
        self.assertEqual(action["res_model"], "inboost.setup")
        return form.record

    def test_each_step_leads_to_the_next_and_back(self):
        setup = self.begin()
        seen = [setup.step]
        for _n in range(8):
            setup.action_next()
            seen.append(setup.step)
        self.assertEqual(
            list(dict.fromkeys(seen)),
            [
                "portal",
                "bonuses",
                "webhooks",
                "sending",
                "customers",
                "history",
                "live",
            ],
        )
        setup.action_back()
        self.assertEqual(setup.step, "history")

    def test_left_and_taken_up_again(self):
        setup = self.begin()
        setup.action_next()
        self.assertEqual(self.Setup._start()["res_id"], setup.id)
        resumed = self.Setup._resume(setup.backend_id)
        self.assertEqual(resumed["res_id"], setup.id)
        self.assertEqual(self.Setup.browse(resumed["res_id"]).step, "bonuses")

    def test_a_backend_made_otherwise_can_be_set_up_too(self):
        backend = self.env["inboost.backend"].create(
            {"name": "By import", "address": self.fake.url}
        )
        setup = self.Setup.browse(self.Setup._resume(backend)["res_id"])
        self.assertEqual((setup.backend_id, setup.step), (backend, "portal"))
        self.assertIn(self.fake.url, backend.setup_checklist)

    def test_what_the_portal_answers_is_said(self):
        setup = self.begin()
        self.fake.script[TEST] = [self.answer({"user": "Olena"})]
        self.press(setup, "test")
        self.assertEqual(setup.test_state, "works")
        self.assertIn("It says: user: Olena", setup.test_answer)
        [asked] = self.fake.requests
        self.assertEqual(asked["headers"]["Authorization"], "Bearer k3y")
        self.fake.script[TEST] = [401]
        self.press(setup, "test")
        self.assertEqual(setup.test_state, "fails")
        self.assertIn("HTTP 401", setup.test_answer)

    def test_another_address_was_not_tested(self):
        setup = self.begin()
        self.press(setup, "test")
        setup.write({"address": f"{self.fake.url}/shop"})
        self.assertFalse(setup.test_state)
        self.assertFalse(setup.test_answer)

    def test_a_secret_stays_with_the_address_that_came_with_it(self):
        setup = self.begin(address="http://127.0.0.1:9")
        setup.write({"secret_entry": "other", "address": self.fake.url})
        self.assertEqual(setup.backend_id.sudo().secret, "other")

    def test_webhooks_are_pasted_and_tried(self):
        setup = self.begin()
        [hook] = setup.webhook_ids.filtered(lambda e: e.operation == "purchase")
        address = f"{self.fake.url}/api/webhok/new-token/"
        setup.write({"webhook_ids": [(1, hook.id, {"address_entry": address})]})
        self.assertEqual(hook.sudo().address, address)
        self.press(hook, "send_sample")
        self.assertEqual(self.fake.requests[-1]["path"], "/api/webhok/new-token/")
        self.assertTrue(hook.last_answer.startswith("Arrived."))
        self.assertNotIn("new-token", str(setup.read(["webhook_ids"])))

    def dry_run(self, setup, *answers):
        self.fake.script[LIST] = [*answers]
        setup.action_dry_run()
        self.run_cron("pull")
        return setup.dry_run_id

    def test_nothing_is_pulled_or_sent_before_the_last_step(self):
        setup = self.begin()
        self.sell(self.customer)
        rows = [self.row(n) for n in range(3)]
        run = self.dry_run(setup, self.answer(rows), self.answer([]))
        self.assertEqual((run.state, run.created_count), ("done", 3))
        self.assertFalse(self.link_of(1))
        backend = setup.backend_id
        self.assertFalse(backend.run_ids - run)
        events = self.env["inboost.event"].sudo()
        self.assertFalse(events.search_count([("backend_id", "=", backend.id)]))
        self.assertIn("new contacts: 3", str(setup.checklist))

    def test_a_dry_run_that_fails_says_why_and_can_be_repeated(self):
        setup = self.begin()
        for answer in (401, 404, 503):
            run = self.dry_run(setup, answer)
            self.assertEqual(run.state, "failed")
            self.assertTrue(setup.dry_run_reason)
        self.assertFalse(setup.backend_id._endpoint("customers_list").paused)
        self.assertEqual(setup.state, "draft")
        rows = self.answer([self.row(1)]), self.answer([])
        self.assertEqual(self.dry_run(setup, *rows).state, "done")

    def test_only_a_dry_run_may_come_before_connecting(self):
        setup = self.begin()
        with self.assertRaisesRegex(Exception, "Connect the backend first"):
            setup.backend_id.action_synchronise()

    def test_history_is_a_yes_or_a_no(self):
        setup = self.begin()
        self.assertEqual((setup.history, setup.history_days), ("yes", 90))
        setup.history = "no"
        self.assertEqual(setup.history_days, 0)
        setup.history = "yes"
        self.assertEqual(setup.history_days, 90)

    def test_going_live_connects_and_customers_come(self):
        setup = self.begin()
        self.dry_run(setup, self.answer([self.row(1)]), self.answer([]))
        result = self.press(setup, "go_live")
        self.assertEqual(result["params"]["next"]["res_id"], setup.backend_id.id)
        self.assertEqual(setup.state, "connected")
        self.fake.script[LIST] = [self.answer([self.row(1)]), self.answer([])]
        self.run_cron("pull")
        self.assertTrue(self.link_of(1).filtered("partner_id"))

    def test_a_user_sets_nothing_up(self):
        user = new_test_user(
            self.env, "no_setter_", "inboost_connector.group_inboost_user"
        )
        with self.assertRaises(AccessError):
            self.env["inboost.setup"].with_user(user).create(
                {"name": "x", "address": self.fake.url}
            )

    def test_settings_say_how_each_portal_stands(self):
        self.begin()
        settings = self.env["res.config.settings"].create({})
        self.assertIn("InBoost: its setup is not finished.", settings.inboost_summary)
        self.assertIn("Test portal: connected. Waiting: 0.", settings.inboost_summary)
        self.assertTrue(settings.inboost_has_live)
        self.backend._pause("paused_by", {"user": "Olena"})
        settings = self.env["res.config.settings"].create({})
        self.assertIn("Test portal: paused.", settings.inboost_summary)
