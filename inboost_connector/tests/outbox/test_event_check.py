"""Where the platform tells whether it received an event, nobody has to guess."""

import json
from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from ..common import WEBHOOK, InboostCase


@tagged("post_install", "-at_install")
class TestEventCheck(InboostCase):
    def setUp(self):
        super().setUp()
        self.endpoint("event_check").write(
            {"enabled": True, "address": "/events/{event_id}"}
        )
        # The answer to a webhook is lost.
        self.fake.script[WEBHOOK] = ["close", 200]
        self.event = self.capture_some()
        self.deliver()
        self.assertEqual(self.event.state, "held")
        self.fake.requests.clear()

    def wait(self, time):
        """As if it had been held for so long."""
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE inboost_event SET write_date = %s WHERE id = %s",
            (fields.Datetime.now() - time, self.event.id),
        )
        self.env.invalidate_all()

    def raised(self):
        self.env["inboost.alarm"]._refresh(self.backend)
        return "held" in self.backend.alarm_ids.mapped("code")

    def check(self, answer, status=200, later=timedelta(minutes=5)):
        path = f"/events/{self.event.event_id}"
        self.fake.script[path] = [(status, {}, json.dumps(answer).encode())]
        self.wait(later)
        with self.enter_registry_test_mode():
            cron = self.env.ref("inboost_connector.ir_cron_event_check")
            cron.method_direct_trigger()
        self.env.invalidate_all()
        return [request["path"] for request in self.fake.requests]

    def test_one_that_was_received_is_done_and_its_alarm_is_gone(self):
        self.wait(timedelta(minutes=11))
        self.assertTrue(self.raised())
        asked = self.check({"received": True})
        self.assertEqual(asked, [f"/events/{self.event.event_id}"])
        self.assertEqual(self.event.state, "done")
        self.assertIn("asked", self.event.reason)
        self.assertNotIn("held", self.backend.alarm_ids.mapped("code"))

    def test_one_that_was_not_is_sent_again_under_its_id(self):
        self.check({"received": False})
        self.assertEqual(self.event.state, "pending")
        self.deliver()
        self.assertEqual(self.event.state, "done")
        sent = [r for r in self.fake.requests if r["path"] == WEBHOOK]
        self.assertEqual(len(sent), 1)
        self.assertEqual(sent[0]["body"]["eventId"], self.event.event_id)

    def test_a_person_hears_of_it_when_asking_did_not_help(self):
        self.assertFalse(self.raised(), "it may settle itself")
        self.check({})
        self.assertFalse(self.raised())
        self.wait(timedelta(minutes=11))
        self.assertTrue(self.raised())

    def test_a_person_hears_of_it_at_once_where_nobody_is_asked(self):
        self.endpoint("event_check").enabled = False
        self.assertTrue(self.raised())

    def test_no_clear_answer_leaves_it_to_a_person(self):
        for status, answer in (
            (200, {"data": {"received": False}}),
            (404, {"code": "unknown"}),
            (500, {"received": False}),
        ):
            self.check(answer, status)
            self.assertEqual(self.event.state, "held", answer)

    def test_a_server_that_may_still_be_busy_with_it_is_not_asked(self):
        self.assertEqual(self.check({"received": False}, later=timedelta(0)), [])
        self.assertEqual(self.event.state, "held")

    def test_nobody_is_asked_where_the_operation_is_off(self):
        self.endpoint("event_check").enabled = False
        self.assertEqual(self.check({"received": True}), [])

    def test_what_a_person_decided_meanwhile_stands(self):
        self.event.action_cancel()
        self.env["inboost.event.check"]._settle(self.event, received=False)
        self.assertEqual(self.event.state, "cancelled")
