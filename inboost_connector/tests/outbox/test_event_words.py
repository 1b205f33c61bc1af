from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .test_alarms import AlarmCase


@tagged("post_install", "-at_install")
class TestEventWords(AlarmCase):
    """An event and a request as people read them, look for them, decide about them."""

    def setUp(self):
        super().setUp()
        self.user = new_test_user(
            self.env, "reads", "inboost_connector.group_inboost_user"
        )
        self.env.company.country_id = self.env.ref("base.ua")

    def find(self, word, user=None):
        events = self.env["inboost.event"].with_user(user or self.user)
        return events.search([("about", "ilike", word)])

    # -- titles --------------------------------------------------------------------

    def test_a_title_says_what_and_who(self):
        event = self.capture_some(operation="bonus_accrual", partner=self.customer)
        self.assertFalse(event, "bonuses without an address are not recorded")
        order = self.sell(self.customer)
        event = self.events_of(order).filtered(lambda e: e.operation == "purchase")
        self.assertEqual(
            event.display_name, f"Purchase {order.name} · {self.customer.name}"
        )
        self.assertAlmostEqual(event.amount, order.amount_total)

    def test_a_bonus_bears_its_points(self):
        event = self.capture_some()
        for operation, amount, title in (
            ("bonus_accrual", 5.0, "Bonus accrual +5 ·"),
            ("bonus_redemption", 12.5, "Bonus redemption −12.50 ·"),
        ):
            self.env.cr.execute(
                "UPDATE inboost_event SET operation = %s, endpoint_id = %s,"
                " fact = jsonb_build_object('amount', %s::numeric)",
                [operation, self.endpoint(operation).id, amount],
            )
            self.env.invalidate_all()
            self.assertIn(title, event.display_name)

    def test_causes_are_words_when_grouped(self):
        titles = dict(
            self.env["inboost.event"].fields_get(["reason_code"])["reason_code"][
                "selection"
            ]
        )
        for code, title in titles.items():
            self.assertNotIn("%(", title, code)
        self.in_state(self.capture_some(), "failed", "http_status")
        groups = self.env["inboost.event"].formatted_read_group(
            [("state", "=", "failed")], ["reason_code"], ["__count"]
        )
        self.assertEqual(groups[0]["reason_code"], "http_status")

    # -- searching -----------------------------------------------------------------

    def test_a_phone_is_found_in_any_spelling(self):
        event = self.capture_some()
        self.assertEqual(event.phone, "+380671234567")
        for spelling in (
            "+380671234567",
            "380671234567",
            "0671234567",
            "067 123-45-67",
            "+38 (067) 123 45 67",
        ):
            self.assertIn(event, self.find(spelling), spelling)
        self.assertFalse(self.find("0671234568"))

    def test_an_order_a_receipt_a_name_and_an_id_are_found(self):
        order = self.sell(self.customer)
        events = self.events_of(order)
        self.assertTrue(events)
        for word in (
            order.name,
            order.pos_reference,
            self.customer.name,
            events[0].event_id,
        ):
            self.assertIn(events[0], self.find(word), word)
        self.assertFalse(self.find("no such thing"))

    def test_what_is_found_is_what_one_may_see(self):
        order = self.sell(self.customer)
        company = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = new_test_user(
            self.env,
            "elsewhere",
            "inboost_connector.group_inboost_user",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )
        self.assertFalse(self.find(order.name, stranger))

    # -- why it waits --------------------------------------------------------------

    def test_a_pending_event_says_why_it_waits(self):
        first, second = self.capture_some(2).sorted("id").with_user(self.user)
        self.assertFalse(first.waiting)
        self.assertEqual(second.behind_id, first)
        self.assertIn("earlier event", second.waiting)
        endpoint = self.endpoint("purchase")
        endpoint._pause("no_such_address", {"status": 404})
        first.invalidate_recordset()
        self.assertIn("Nothing is at this address", first.waiting)
        endpoint.write({"paused": False, "rest_until": self.ago(minutes=-5)})
        first.invalidate_recordset()
        self.assertIn("rests", first.waiting)
        endpoint.write({"rest_until": False, "enabled": False})
        first.invalidate_recordset()
        self.assertIn("switched off", first.waiting)
        self.backend._pause("wrong_credentials", {"status": 401})
        first.invalidate_recordset()
        self.assertIn("presses Connect", first.waiting)

    # -- deciding ------------------------------------------------------------------

    def test_several_are_counted_before_anything_is_done(self):
        events = self.capture_some(3)
        self.in_state(events[0], "held", "timeout")
        self.in_state(events[1], "failed", "http_status")
        self.in_state(events[2], "parked", "no_phone")
        as_user = events.with_user(self.user)
        action = as_user.with_context(inboost_decide="send_again").action_decide()
        wizard = self.env["inboost.event.decide"].with_user(self.user)
        wizard = wizard.browse(action["res_id"])
        self.assertIn("sent again: 2", wizard.summary)
        self.assertIn("Parked: 1", wizard.summary)
        self.assertIn("may have 1 of them", wizard.summary)
        self.assertEqual(events.mapped("state"), ["held", "failed", "parked"])
        wizard.action_decide()
        self.env.invalidate_all()
        self.assertEqual(events.mapped("state"), ["pending", "pending", "parked"])

    def test_none_that_fits(self):
        event = self.capture_some().with_user(self.user)
        action = event.with_context(inboost_decide="send_again").action_decide()
        wizard = self.env["inboost.event.decide"].browse(action["res_id"])
        self.assertEqual(wizard.fitting_count, 0)
        self.assertIn("Pending: 1", wizard.summary)

    def test_users_settle_nothing_by_the_dialog_either(self):
        event = self.capture_some()
        action = event.with_user(self.user).with_context(inboost_decide="cancel")
        wizard = self.env["inboost.event.decide"].with_user(self.user)
        wizard = wizard.browse(action.action_decide()["res_id"])
        with self.assertRaises(AccessError):
            wizard.action_decide()
        self.assertEqual(event.state, "pending")

    def test_a_mark_is_taken_back_and_named(self):
        event = self.capture_some()
        self.in_state(event, "held", "timeout")
        event.action_mark_delivered()
        self.assertEqual(event.marked_by_id, self.env.user)
        self.assertTrue(event.marked_on)
        with self.assertRaises(AccessError):
            event.with_user(self.user).action_undo_delivered()
        event.action_undo_delivered()
        self.assertEqual(event.state, "held")
        self.assertFalse(event.marked_by_id)
        self.assertEqual(event.decision_ids.sorted("id")[-1].action, "undo_delivered")

    def test_what_inboost_accepted_stays_delivered(self):
        event = self.capture_some()
        self.deliver()
        self.assertEqual(event.state, "done")
        with self.assertRaises(UserError):
            event.action_undo_delivered()

    # -- requests ------------------------------------------------------------------

    def test_a_request_says_what_came_back(self):
        values = {"backend_id": self.backend.id, "operation": "purchase"}
        refused, silent, stopped = (
            self.env["inboost.request.log"]
            .sudo()
            .create(
                [
                    {**values, "status": 400, "verdict": "failed", "answer": "no"},
                    {**values, "verdict": "retry", "error": "timeout"},
                    {**values, "kind": "duplicate", "verdict": "duplicate"},
                ]
            )
        )
        self.assertEqual(refused.display_name, "Purchase: Refused (HTTP 400)")
        self.assertEqual(refused.said, "no")
        self.assertEqual(silent.outcome, "Will be retried (no answer)")
        self.assertEqual(silent.said, "timeout")
        self.assertEqual(stopped.outcome, "Stopped duplicate")

    def test_backends_are_shown_where_there_are_several(self):
        def column():
            view = (
                self.env["inboost.event"]
                .with_user(self.user)
                .get_view(view_type="list")
            )
            return 'name="backend_id"' in view["arch"] and (
                'column_invisible="1"' not in view["arch"].split("backend_id")[1][:90]
            )

        self.env["inboost.backend"].search(
            [("id", "!=", self.backend.id)]
        ).active = False
        self.assertFalse(column())
        self.backend.copy()
        self.assertTrue(column())
