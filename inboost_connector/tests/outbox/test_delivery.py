from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from ...lib import backoff
from ...lib.desk import Desk
from ...models.outbox import inboost_delivery_claim
from ..common import DETAILS, WEBHOOK, InboostCase

TEST = "/api/Users/GetPortalUser"
DELIVERY = "odoo.addons.inboost_connector.models.outbox.inboost_delivery"


@tagged("post_install", "-at_install")
class TestDelivery(InboostCase):
    def due_now(self, events):
        events.sudo().write({"next_try": fields.Datetime.now() - timedelta(seconds=1)})
        self.backend.endpoint_ids.write({"rest_until": False})

    def test_delivered_and_logged(self):
        event = self.capture_some()
        self.deliver()
        self.assertEqual(event.state, "done")
        self.assertTrue(event.done_at)
        self.assertFalse(event.sudo().lease)
        [row] = event.log_ids
        self.assertEqual((row.status, row.attempt, row.verdict), (200, 1, "done"))
        self.assertEqual(row.event_uuid, event.event_id)
        [request] = self.fake.requests
        self.assertEqual(request["headers"]["Idempotency-Key"], event.event_id)

    def test_capture_triggers_the_cron(self):
        cron = self.env.ref("inboost_connector.ir_cron_deliver")
        triggers = self.env["ir.cron.trigger"].search_count([("cron_id", "=", cron.id)])
        self.capture_some()
        self.capture_some()
        self.assertEqual(
            self.env["ir.cron.trigger"].search_count([("cron_id", "=", cron.id)]),
            triggers + 1,
            "one for all that a transaction captures",
        )

    def test_refused_is_retried_under_the_same_id(self):
        for status in (425, 429, 503):
            self.fake.requests.clear()
            self.fake.script[WEBHOOK] = [status, 200]
            event = self.capture_some()
            self.deliver()
            self.assertEqual(event.state, "pending", status)
            self.assertGreater(event.next_try, fields.Datetime.now())
            self.due_now(event)
            self.deliver()
            self.assertEqual(event.state, "done", status)
            ids = {body["eventId"] for body in self.fake.bodies(WEBHOOK)}
            self.assertEqual(ids, {event.event_id})
            self.assertEqual(event.attempts, 2)

    def test_retry_after_rests_the_endpoint(self):
        self.fake.script[WEBHOOK] = [(429, {"Retry-After": "120"}), 200]
        event = self.capture_some()
        self.deliver()
        soon = fields.Datetime.now() + timedelta(seconds=100)
        self.assertGreater(event.next_try, soon)
        self.assertGreater(self.endpoint("purchase").rest_until, soon)
        other = self.capture_some(partner=self.partner_of("+380501110001"))
        self.deliver()
        self.assertEqual(other.state, "pending", "the endpoint rests")
        self.assertEqual(len(self.fake.requests), 1)

    def partner_of(self, phone):
        return self.env["res.partner"].create({"name": phone, "phone": phone})

    def test_repeat_is_done_and_marked(self):
        self.endpoint("purchase").conflict = "repeat"
        self.fake.script[WEBHOOK] = [409]
        event = self.capture_some()
        self.deliver()
        self.assertEqual((event.state, event.duplicate), ("done", True))
        self.assertEqual(event.log_ids.verdict, "duplicate")

    def test_repeat_told_by_the_answer(self):
        self.endpoint("purchase").repeat_path = "known"
        self.fake.script[WEBHOOK] = [(200, {}, b'{"known": true}')]
        event = self.capture_some()
        self.deliver()
        self.assertTrue(event.duplicate)

    def test_refused_content_fails_and_is_kept(self):
        self.fake.script[WEBHOOK] = [422]
        event = self.capture_some()
        self.deliver()
        self.assertEqual(event.state, "failed")
        self.assertIn("422", event.reason)

    def test_credentials_pause_the_backend_and_tell(self):
        self.fake.script[DETAILS] = [401]
        self.fake.script[TEST] = [401]
        event = self.capture_some(operation="purchase_details")
        self.deliver()
        self.assertEqual(self.backend.state, "paused")
        self.assertEqual(event.state, "pending", "nothing is lost")
        self.assertIn(self.env.user, self.backend.activity_ids.user_id)

    def test_wrong_address_pauses_the_endpoint_only(self):
        self.fake.script[WEBHOOK] = [404, 200]
        event = self.capture_some()
        details = self.capture_some(
            operation="purchase_details", partner=self.partner_of("+380501110002")
        )
        self.deliver()
        self.assertTrue(self.endpoint("purchase").paused)
        self.assertEqual(event.state, "pending")
        self.assertEqual(details.state, "done")
        self.assertTrue(self.backend.activity_ids)
        self.endpoint("purchase").action_resume()
        self.due_now(event)
        self.deliver()
        self.assertEqual(event.state, "done")

    def test_unknown_is_held_or_sent_again_as_guaranteed(self):
        self.endpoint("purchase_details").guarantee = "at_least_once"
        for answer in ("close", 500, 502, 504, 599):
            self.fake.requests.clear()
            self.fake.script = {WEBHOOK: [answer, 200], DETAILS: [answer, 200]}
            held = self.capture_some()
            again = self.capture_some(
                operation="purchase_details", partner=self.other_customer_with_phone()
            )
            self.deliver()
            self.assertEqual(held.state, "held", answer)
            self.assertEqual(again.state, "pending", answer)
            self.due_now(again)
            self.deliver()
            self.assertEqual(again.state, "done")
            self.assertEqual(len(self.fake.bodies(WEBHOOK)), 1, "never sent blindly")
            ids = {body["eventId"] for body in self.fake.bodies(DETAILS)}
            self.assertEqual(ids, {again.event_id})

    def other_customer_with_phone(self):
        self.other_customer.phone = "+380501112233"
        return self.other_customer

    def test_nothing_answers(self):
        self.endpoint("purchase").address = "http://127.0.0.1:1/api/webhok/x/"
        event = self.capture_some()
        self.deliver()
        self.assertEqual(event.state, "pending")
        self.assertIn("connect error", event.reason)

    def test_redirect_is_not_followed(self):
        self.fake.script[WEBHOOK] = [(302, {"Location": f"{self.fake.url}/elsewhere"})]
        event = self.capture_some()
        self.deliver()
        self.assertEqual(event.state, "failed")
        self.assertEqual([r["path"] for r in self.fake.requests], [WEBHOOK])

    def test_killed_worker_is_settled_by_the_guarantee(self):
        self.endpoint("purchase_details").guarantee = "at_least_once"
        held = self.capture_some()
        again = self.capture_some(
            operation="purchase_details", partner=self.other_customer_with_phone()
        )
        (held + again).sudo().write(
            {
                "state": "sending",
                "lease": "of-a-dead-process",
                "lease_until": fields.Datetime.now() - timedelta(seconds=1),
            }
        )
        self.deliver()
        self.assertEqual(held.state, "held")
        self.assertEqual(again.state, "pending")
        self.assertFalse(self.fake.requests)

    def test_leased_by_another_is_left_alone(self):
        event = self.capture_some()
        event.sudo().write(
            {
                "state": "sending",
                "lease": "of-another-process",
                "lease_until": fields.Datetime.now() + timedelta(minutes=1),
            }
        )
        self.deliver()
        self.assertEqual(event.state, "sending")
        self.assertFalse(self.fake.requests)

    def test_one_customer_in_order_and_others_not_held(self):
        self.fake.script[WEBHOOK] = [503, 200]
        first = self.capture_some()
        second = self.capture_some()
        other = self.capture_some(
            operation="purchase_details", partner=self.other_customer_with_phone()
        )
        self.deliver()
        self.assertEqual(first.state, "pending")
        self.assertEqual(second.state, "pending", "waits for the first")
        self.assertEqual(other.state, "done")
        self.due_now(first)
        self.deliver()
        self.assertEqual((first + second).mapped("state"), ["done", "done"])
        sent = [body["eventId"] for body in self.fake.bodies(WEBHOOK)]
        self.assertEqual(sent, [first.event_id, first.event_id, second.event_id])

    def test_many_of_one_customer_do_not_hide_the_others(self):
        """Only the oldest are looked at first."""
        first, *_others = self.capture_some(30)
        other = self.capture_some(partner=self.other_customer_with_phone())
        desk = self.part("desk")._read(Desk())
        with patch.object(inboost_delivery_claim, "LOOKED_AT", (1, 2, 100)):
            tasks = self.part("claim")._claim(desk, 4, [], "a lease")
        self.assertEqual([task.id for task in tasks], [first.id, other.id])

    def test_waiting_in_order_is_bounded(self):
        first = self.capture_some()
        second = self.capture_some()
        long_ago = fields.Datetime.now() - timedelta(hours=1)
        first.sudo().write(
            {
                "queued_at": long_ago,
                "next_try": fields.Datetime.now() + timedelta(hours=1),
            }
        )
        self.deliver()
        self.assertEqual(second.state, "done")

    def test_held_does_not_hold_later_ones(self):
        self.fake.script[WEBHOOK] = ["close", 200]
        first = self.capture_some()
        second = self.capture_some()
        self.deliver()
        self.assertEqual(first.state, "held")
        self.assertEqual(second.state, "done")

    def test_what_no_expression_reads_is_not_brought(self):
        order = self.sell(self.customer)
        [webhook, details] = self.events_of(order)
        webhook.sudo()._finish("cancelled")
        self.endpoint("purchase_details").body = "{total: total}"
        self.assertEqual(list(self.claim_fact()), ["total"])
        details.sudo().state = "pending"
        self.endpoint("purchase_details").body = "keys(@)"
        self.assertEqual(self.claim_fact(), details.fact)

    def claim_fact(self):
        self.env.flush_all()
        desk = self.part("desk")._read(Desk())
        [task] = self.part("claim")._claim(desk, 9, [], "a lease")
        self.env.invalidate_all()
        return task.fact

    def test_live_before_history(self):
        history = self.capture_some(3, priority=10)
        live = self.capture_some()
        self.assertEqual(self.claim(1), live)
        # While something live of the customer is on its way, history waits.
        self.assertFalse(self.claim(9))
        live._finish("done")
        self.env.flush_all()
        self.assertEqual(self.claim(9), min(history, key=lambda e: e.id), "in order")

    def claim(self, wanted):
        desk = self.part("desk")._read(Desk())
        tasks = self.part("claim")._claim(desk, wanted, [], "a lease")
        self.env.invalidate_all()
        return self.env["inboost.event"].browse(task.id for task in tasks)

    def test_circuit_opens_and_probes_with_one(self):
        self.fake.script[WEBHOOK] = [503]
        partners = [self.partner_of(f"+3805011100{n:02}") for n in range(20, 32)]
        events = self.env["inboost.event"]
        for partner in partners:
            events += self.capture_some(partner=partner)
        self.deliver()
        endpoint = self.endpoint("purchase")
        self.assertGreaterEqual(endpoint.failures, backoff.CIRCUIT_THRESHOLD)
        self.assertGreater(endpoint.rest_until, fields.Datetime.now())
        self.fake.requests.clear()
        events.sudo().write({"next_try": fields.Datetime.now() - timedelta(seconds=1)})
        self.deliver()
        self.assertFalse(self.fake.requests, "the circuit is open")
        endpoint.rest_until = fields.Datetime.now() - timedelta(seconds=1)
        self.deliver()
        self.assertEqual(len(self.fake.bodies(WEBHOOK)), 1, "one probe")
        self.fake.script[WEBHOOK] = [200]
        self.due_now(events)
        self.deliver()
        self.assertEqual(set(events.mapped("state")), {"done"})
        self.assertEqual(endpoint.failures, 0)

    def test_bad_mapping_fails_one_and_not_the_others(self):
        bad = self.capture_some()
        self.env.cr.execute(
            "UPDATE inboost_event SET fact = %s WHERE id = %s",
            ('{"time": "no date"}', bad.id),
        )
        bad.invalidate_recordset()
        good = self.capture_some(partner=self.other_customer_with_phone())
        self.deliver()
        self.assertEqual((bad.state, good.state), ("failed", "done"))

    def test_result_that_cannot_be_written_takes_no_other_along(self):
        bad = self.capture_some()
        good = self.capture_some(partner=self.other_customer_with_phone())
        conclude = Desk.conclude

        def broken(desk, landed, now):
            if landed.task.id == bad.id and landed.log:
                raise KeyError("bug")
            return conclude(desk, landed, now)

        with patch.object(Desk, "conclude", broken), mute_logger(DELIVERY):
            self.deliver()
        self.assertEqual(good.state, "done")
        self.assertEqual(bad.state, "held", "it left, and nobody knows more")

    def test_next_run_is_planned(self):
        self.fake.script[WEBHOOK] = [503]
        self.capture_some()
        cron = self.env.ref("inboost_connector.ir_cron_deliver")
        self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)]).unlink()
        self.deliver()
        [trigger] = self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)])
        self.assertGreater(trigger.call_at, fields.Datetime.now())
