"""Several events in one request keep the promises of one event in one request."""

import json
from unittest.mock import patch

from odoo.exceptions import ValidationError
from odoo.tests import tagged

from ...lib import sending
from ...lib.desk import Desk
from ..common import DETAILS, InboostCase


@tagged("post_install", "-at_install")
class TestBatch(InboostCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.details = cls.endpoint("purchase_details")
        cls.details.write(
            {
                "body": "{id: event_id, n: number}",
                "batch_size": 100,
                "batch_body": "{data: rows}",
                "answers_path": "data",
                "failure_path": "errors || status == 'rejected'",
                "repeat_path": "status == 'duplicate'",
                "text_path": "error",
            }
        )
        cls.partners = cls.env["res.partner"].create(
            [{"name": f"Buyer {n}", "phone": f"+38067000{n:04d}"} for n in range(1, 31)]
        )

    def capture(self):
        """One event for each of thirty customers.

        :return: {event id: event}
        """
        events = self.env["inboost.event"]
        for partner in self.partners:
            events |= self.capture_some(operation="purchase_details", partner=partner)
        self.assertEqual(len(events), 30)
        return {event.event_id: event for event in events}

    def script(self, *answers):
        self.fake.script[DETAILS] = list(answers)

    def answer(self, events, **statuses):
        """One that names each event, in another order; what is not named is
        accepted."""
        rows = [
            {"event": event_id, "status": statuses.get(f"n{number}", "accepted")}
            for number, event_id in enumerate(events)
        ]
        for row in rows:
            if row["status"] == "rejected":
                row["error"] = "No such shop"
        return (200, {}, json.dumps({"data": rows[::-1]}).encode())

    def states(self, events):
        self.env.invalidate_all()
        return [event.state for event in events.values()]

    def test_thirty_leave_in_one_request(self):
        events = self.capture()
        self.script(self.answer(events))
        self.deliver()
        [request] = self.fake.requests
        self.assertEqual({row["id"] for row in request["body"]["data"]}, {*events})
        self.assertEqual(self.states(events), ["done"] * 30)

    def test_two_purchases_of_a_customer_leave_one_after_the_other(self):
        first = self.capture_some(operation="purchase_details")
        second = self.capture_some(operation="purchase_details")
        self.deliver()
        sent = [[row["id"] for row in r["body"]["data"]] for r in self.fake.requests]
        self.assertEqual(sent, [[first.event_id], [second.event_id]])

    def test_each_is_settled_by_its_own_answer(self):
        events = self.capture()
        self.script(self.answer(events, n3="rejected", n7="duplicate"))
        self.deliver()
        states = self.states(events)
        self.assertEqual((states[3], states.count("done")), ("failed", 29))
        listed = [*events.values()]
        self.assertIn("No such shop", listed[3].reason)
        self.assertTrue(listed[7].duplicate)
        self.assertFalse(listed[8].duplicate)

    def test_the_log_of_an_event_says_nothing_of_others(self):
        events = self.capture()
        self.script(self.answer(events))
        self.deliver()
        self.env.invalidate_all()
        for event in events.values():
            [row] = event.log_ids
            said = row.request_body + row.answer
            named = [event_id for event_id in events if event_id in said]
            self.assertEqual(named, [event.event_id])

    def test_a_lost_answer_holds_all_and_nothing_is_sent_again(self):
        events = self.capture()
        self.script("close", 200)
        self.deliver()
        self.deliver()
        self.assertEqual(self.states(events), ["held"] * 30)
        self.assertEqual(len(self.fake.requests), 1)
        self.assertEqual(self.details.failures, 1, "it is one failure, not thirty")

    def test_at_least_once_sends_all_again_under_their_ids(self):
        self.details.guarantee = "at_least_once"
        events = self.capture()
        self.script("close", self.answer(events))
        self.deliver()
        self.assertEqual(self.states(events), ["pending"] * 30)
        self.env["inboost.event"].sudo().search([]).next_try = "2020-01-01"
        self.deliver()
        self.assertEqual(self.states(events), ["done"] * 30)
        first, second = [
            {row["id"] for row in request["body"]["data"]}
            for request in self.fake.requests
        ]
        self.assertEqual(first, second)

    def test_of_whom_nothing_is_said_a_person_decides(self):
        events = self.capture()
        only = [*events][:1]
        self.script(self.answer(only))
        self.deliver()
        self.assertEqual(self.states(events), ["done", *["held"] * 29])
        self.assertIn("other events", [*events.values()][5].reason)

    def test_one_bad_event_takes_no_other_along(self):
        events = self.capture()
        bad = [*events][11]
        encode = sending.Request.encode_body

        def refusing(request):
            rows = request.body["data"]
            is_bad = any(row["id"] == bad for row in rows)
            self.script(422 if is_bad else 200)
            return encode(request)

        with patch.object(sending.Request, "encode_body", refusing):
            self.deliver()
        states = self.states(events)
        self.assertEqual((states[11], states.count("done")), ("failed", 29))

    def test_busy_servers_are_asked_again_later_and_slow_ones_not_hammered(self):
        events = self.capture()
        self.script(429)
        self.deliver()
        self.assertEqual(self.states(events), ["pending"] * 30)
        self.assertEqual(len(self.fake.requests), 1)
        self.assertFalse(self.details.rest_until)

    def test_a_copy_that_was_killed_leaves_each_of_them_unknown(self):
        events = self.capture()
        delivery = self.env["inboost.delivery"].sudo()
        desk = self.part("desk")._read(Desk())
        tasks = self.part("claim")._claim(desk, 1, [], "a lease")
        self.assertEqual(len(tasks), 30, "one request is all that there is room for")
        self.env["inboost.event"].sudo().search([]).lease_until = "2020-01-01"
        delivery._recover_leases()
        self.assertEqual(self.states(events), ["held"] * 30)

    def test_the_request_is_shown_and_tried_as_it_leaves(self):
        self.assertIn('"data": [', self.details.preview)
        self.assertFalse(self.details.warnings)
        self.details.batch_body = "{data: rosw}"
        self.assertIn("rosw", self.details.warnings)
        self.details.batch_body = "{data: rows}"
        answer = {"data": [{"status": "rejected", "error": "No such shop"}]}
        self.script((200, {}, json.dumps(answer).encode()))
        with self.enter_registry_test_mode():
            self.details.action_send_sample()
        self.assertIn("The content is refused", self.details.last_answer)
        self.assertIn("No such shop", self.details.last_answer)

    def test_no_single_customer_is_in_the_address_of_many(self):
        for values, words in (
            ({"address": "/c/{phone}"}, "phone is not known"),
            ({"batch_size": 0}, "batch_size_bounded"),
            ({"batch_size": 1001}, "batch_size_bounded"),
            ({"body_format": "form"}, "JSON body"),
        ):
            refused = self.assertRaisesRegex(Exception, words)
            with refused, self.env.cr.savepoint():
                self.details.write(values)
                self.env.flush_all()
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            self.endpoint("customer_find").batch_size = 2
