from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from .test_alarms import AlarmCase


@tagged("post_install", "-at_install")
class TestClock(AlarmCase):
    """The server's clock was ahead for a while, and is right again."""

    ahead = timedelta(hours=6)

    def later(self):
        return fields.Datetime.now() + self.ahead

    def test_a_sale_of_that_time_leaves_at_once(self):
        event = self.capture_some()
        event.sudo().next_try = self.later()
        self.deliver()
        self.assertEqual(event.state, "done")

    def test_an_endpoint_that_rested_then_rests_no_more(self):
        event = self.capture_some()
        self.endpoint("purchase").rest_until = self.later()
        self.deliver()
        self.assertEqual(event.state, "done")

    def test_a_wait_of_our_own_is_left_alone(self):
        event = self.capture_some()
        event.sudo().next_try = fields.Datetime.now() + timedelta(hours=1)
        self.deliver()
        self.assertEqual(event.state, "pending")

    def test_what_was_in_flight_then_may_land_and_is_not_waited_for_for_hours(self):
        event = self.capture_some()
        event.sudo().write(
            {
                "state": "sending",
                "lease": "of-a-dead-process",
                "lease_until": self.later(),
            }
        )
        self.deliver()
        self.assertEqual(event.state, "sending")
        in_two_minutes = fields.Datetime.now() + timedelta(minutes=2)
        self.assertLess(event.sudo().lease_until, in_two_minutes)

    def test_a_standstill_is_noticed_though_the_delivery_ran_in_the_future(self):
        self.waiting(minutes=20)
        self.cron.lastcall = self.later()
        self.assertIn("crons", self.refresh().mapped("code"))
        self.env.invalidate_all()
        self.assertFalse(self.env["inboost.monitor"].sudo()._report()["ok"])
