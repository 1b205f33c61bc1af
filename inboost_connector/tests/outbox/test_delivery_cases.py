from datetime import timedelta
from unittest.mock import patch

from psycopg2.errors import SerializationFailure

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ...lib import backoff, batch, sending
from ...lib.client import Client
from ...lib.desk import SUSPICIOUS, Desk
from ...models.outbox import inboost_delivery, inboost_delivery_settle
from ..common import DETAILS, WEBHOOK
from ..common_bonus import ACCRUAL, BALANCE, BonusCase

TEST = "/api/Users/GetPortalUser"
DELIVERY = "odoo.addons.inboost_connector.models.outbox.inboost_delivery"
CAPTURE = "odoo.addons.inboost_connector.models.outbox.inboost_capture"
JSON = {"Content-Type": "application/json"}
PAGE = (403, {"Content-Type": "text/html"}, b"<html>Forbidden by our firewall</html>")
LOGIN = (200, {"Content-Type": "text/html"}, b"<!DOCTYPE html><title>Sign in</title>")


class DeliveryCase(BonusCase):
    def setUp(self):
        super().setUp()
        self.other_customer.phone = "+380501112233"
        self.deliver()
        self.fake.requests.clear()

    def capture(self, operation="purchase", partner=None, occurred_at=None, **fact):
        """One event, with a fact of its own."""
        number = str(self.env["inboost.event"].search_count([]))
        time = fields.Datetime.now()
        fact = {
            "number": number,
            "uuid": number,
            "time": f"{time.isoformat()}Z",
            **fact,
        }
        return self.env["inboost.capture"]._capture(
            self.backend,
            [(operation, f"test:{number}", fact, occurred_at or time)],
            self.customer if partner is None else partner,
        )

    def partners(self, count):
        return [
            self.env["res.partner"].create(
                {"name": f"Customer {number}", "phone": f"+3805077700{number:02}"}
            )
            for number in range(count)
        ]

    def due_now(self, events):
        events.sudo().write({"next_try": self.ago(seconds=1)})
        self.backend.endpoint_ids.write({"rest_until": False})

    def ago(self, **time):
        return fields.Datetime.now() - timedelta(**time)

    def paths(self):
        return [request["path"] for request in self.fake.requests]

    def activities(self):
        return self.backend.activity_ids.filtered(
            lambda activity: activity.user_id == self.env.user
        )


@tagged("post_install", "-at_install")
class TestCases(DeliveryCase):
    """What people reported about connectors, one test each."""

    def test_a_paused_endpoint_holds_nothing_else_of_its_customer(self):
        self.fake.script[DETAILS] = [404]
        self.capture("purchase_details")
        self.deliver()
        self.assertTrue(self.endpoint("purchase_details").paused)
        self.fake.requests.clear()
        self.capture("purchase_details")
        self.sell(self.customer)
        self.make_card(5)
        self.deliver()
        self.assertEqual(set(self.paths()), {WEBHOOK, ACCRUAL, BALANCE})

    def unknown_customer(self):
        self.fake.script[BALANCE] = [
            (404, JSON, b'{"code": "document_not_found"}'),
            200,
        ]
        unknown = self.capture("balance_set", amount=1)
        self.deliver()
        other = self.capture("balance_set", self.other_customer, amount=2)
        self.deliver()
        return unknown, other

    def test_a_customer_whom_inboost_does_not_know_is_one_events_failure(self):
        self.endpoint("balance_set").proven = True
        unknown, other = self.unknown_customer()
        self.assertEqual((unknown.state, other.state), ("failed", "done"))
        self.assertIn("document_not_found", unknown.reason)
        self.assertFalse(self.endpoint("balance_set").paused)

    def test_also_when_it_is_the_first_answer_of_all(self):
        self.endpoint("balance_set").proven = False
        unknown, other = self.unknown_customer()
        self.assertEqual((unknown.state, other.state), ("failed", "done"))

    def test_404_of_an_address_that_never_worked_is_a_wrong_address(self):
        self.endpoint("balance_set").proven = False
        self.fake.script[BALANCE] = [(404, JSON, b'{"message": "No such route"}')]
        event = self.capture("balance_set", amount=1)
        self.deliver()
        self.assertTrue(self.endpoint("balance_set").paused)
        self.assertEqual(event.state, "pending", "nothing is lost")

    def test_a_firewall_that_dislikes_one_text_fails_one_event(self):
        self.fake.script = {DETAILS: [PAGE, 200], TEST: [200]}
        disliked = self.capture("purchase_details", shop="Крем зимовий")
        self.deliver()
        other = self.capture("purchase_details", self.other_customer)
        self.deliver()
        self.assertEqual((disliked.state, other.state), ("failed", "done"))
        self.assertEqual(self.backend.state, "connected")
        self.assertIn("403", disliked.reason)

    def test_success_false_is_a_refusal_by_the_shipped_defaults(self):
        for body, text in (
            (b'{"success":false,"errors":[{"code":"CLIENT_NOT_FOUND"}]}', "CLIENT_NOT"),
            (b'{"success": false, "message": "Unknown client"}', "Unknown client"),
            (b'{"error": "No such client"}', "No such client"),
            (b'{"errors": [{"message": "Bad phone"}]}', "Bad phone"),
        ):
            self.fake.script = {WEBHOOK: [(200, JSON, body)]}
            event = self.capture()
            self.deliver()
            self.assertEqual(event.state, "failed", body)
            self.assertIn(text, event.reason)
        for body in (
            b'{"success": true, "errors": []}',
            b'{"error": null}',
            b"",
            b"ok",
        ):
            self.fake.script = {WEBHOOK: [(200, JSON, body)]}
            event = self.capture()
            self.deliver()
            self.assertEqual(event.state, "done", body)

    def test_an_error_after_processing_is_held_and_arrives_once(self):
        for status in (500, 502):
            self.fake.requests.clear()
            self.fake.script[WEBHOOK] = [status, 200]
            event = self.capture()
            self.deliver()
            self.deliver()
            self.assertEqual(event.state, "held", status)
            self.assertEqual(len(self.fake.bodies(WEBHOOK)), 1)

    def test_still_being_processed_is_not_delivered(self):
        self.fake.script[BALANCE] = ["close", 409, 200]
        event = self.capture("balance_set", amount=1)
        for state in ("pending", "pending", "done"):
            self.due_now(event)
            self.deliver()
            self.assertEqual(event.state, state)
        ids = {request["headers"]["Idempotency-Key"] for request in self.fake.requests}
        self.assertEqual(ids, {event.event_id})

    def test_an_odd_value_in_a_mapping_is_one_events_failure(self):
        endpoint = self.endpoint("purchase_details")
        endpoint.body = "{id: event_id, contact: phone(lines[0].note, 'national')}"
        odd = self.capture("purchase_details", lines=[{"note": "без пакета"}])
        even = self.capture("purchase_details", self.other_customer, lines=[{}])
        self.deliver()
        self.assertEqual((odd.state, even.state), ("failed", "done"))
        self.assertIn("без пакета", odd.reason)
        self.assertEqual(self.paths(), [DETAILS])
        endpoint.sample_event_id = odd
        self.assertIn("без пакета", endpoint.preview, "its form opens, and says it")
        self.assertIn("без пакета", odd.body_text, "and so does the event's")

    def test_an_outage_is_one_activity_that_goes_by_itself(self):
        self.fake.script = {WEBHOOK: [503], TEST: [503]}
        events = self.capture()
        for partner in self.partners(2):
            events += self.capture(partner=partner)
        for _ in range(12):
            self.due_now(events)
            self.deliver()
        raised = self.activities()
        self.assertEqual(len(raised), 1, "in the first hour")
        events.sudo().write({"queued_at": self.ago(days=2)})
        self.env["inboost.alarm"]._refresh()
        self.assertEqual(self.activities(), raised, "and no other later")
        self.fake.script.clear()
        self.due_now(events)
        self.deliver()
        self.assertEqual(set(events.mapped("state")), {"done"})
        self.assertFalse(self.activities(), "it is over")

    def test_sales_without_customer_leave_nothing(self):
        count = self.env["inboost.event"].search_count([])
        for _ in range(50):
            self.capture(partner=self.env["res.partner"])
        order = self.sell()
        self.assertEqual(self.env["inboost.event"].search_count([]), count)
        self.assertFalse(self.activities())
        order.partner_id = self.customer
        self.assertEqual(
            self.events_of(order).mapped("operation"), ["purchase", "purchase_details"]
        )

    def test_a_phone_that_comes_months_later_starts_no_campaign(self):
        self.customer.phone = False
        old = self.capture() + self.capture("purchase_details")
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE inboost_event SET occurred_at = %s WHERE id = ANY(%s)",
            (self.ago(days=150), old.ids),
        )
        old.invalidate_recordset()
        self.customer.phone = "067 123 45 67"
        self.deliver()
        self.assertEqual(old.mapped("state"), ["expired", "done"])
        self.assertEqual(self.paths(), [DETAILS], "its details go as history")

    def test_what_waited_for_a_paused_backend_is_no_news(self):
        self.backend._pause("paused_by", {"user": "Olena"})
        past = self.ago(days=14)
        webhook = self.capture()
        details = self.capture("purchase_details")
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE inboost_event SET occurred_at = %(past)s, queued_at = %(past)s"
            " WHERE id = ANY(%(ids)s)",
            {"past": past, "ids": (webhook + details).ids},
        )
        self.env.invalidate_all()
        self.fake.script[DETAILS] = [503, 200]
        self.backend._connect()
        self.deliver()
        self.assertEqual(webhook.state, "expired")
        self.assertEqual(details.state, "pending", "it has all its tries before it")
        self.due_now(details)
        self.deliver()
        self.assertEqual(details.state, "done")

    def test_what_is_captured_too_late_is_expired_at_once(self):
        webhook = self.capture(occurred_at=self.ago(days=4))
        details = self.capture("purchase_details", occurred_at=self.ago(days=4))
        self.assertEqual((webhook.state, details.state), ("expired", "pending"))
        self.assertIn("3 days", webhook.reason)

    def test_a_login_page_is_no_connection(self):
        self.backend.state = "draft"
        self.fake.script[TEST] = [LOGIN]
        with self.enter_registry_test_mode():
            try:
                self.backend.action_connect()
                message = ""
            except UserError as error:
                message = str(error)
        self.assertIn("web page", message)
        self.assertIn("check the address", message)
        self.assertEqual(self.backend.state, "draft")


@tagged("post_install", "-at_install")
class TestOneEventsFailure(DeliveryCase):
    """An exception about one event is that event's failure, and no other notices."""

    def setUp(self):
        super().setUp()
        self.bad = self.capture("balance_set", amount=1)
        # Threads ask for it, and have no cursor.
        self.bad_id = self.bad.event_id
        self.good = self.env["inboost.event"]
        for partner in self.partners(4):
            self.good += self.capture("balance_set", partner, amount=2)

    def deliver_all(self):
        with mute_logger(DELIVERY, f"{DELIVERY}_claim", f"{DELIVERY}_settle"):
            self.deliver()
        self.assertEqual(set(self.good.mapped("state")), {"done"})
        self.assertFalse(
            self.env["inboost.event"].search([("state", "=", "sending")]), "none open"
        )

    def test_reading_its_state(self):
        Event = type(self.env["inboost.event"])
        read = Event._read_newest

        def broken(events, backend, phones):
            if self.bad.phone in phones:
                raise KeyError("bug")
            return read(events, backend, phones)

        with patch.object(Event, "_read_newest", broken):
            self.deliver_all()
        self.assertEqual(self.bad.state, "failed")
        self.assertIn("bug", self.bad.reason)

    def test_reading_it_by_a_statement_that_fails(self):
        Event = type(self.env["inboost.event"])
        read = Event._read_newest

        def broken(events, backend, phones):
            if self.bad.phone in phones:
                events.env.cr.execute("SELECT 1 / 0")
            return read(events, backend, phones)

        with patch.object(Event, "_read_newest", broken), mute_logger("odoo.sql_db"):
            self.deliver_all()
        self.assertEqual(self.bad.state, "failed")

    def test_sending(self):
        send = Client.send

        def broken(client, request):
            if request.event_id == self.bad_id:
                raise KeyError("bug")
            return send(client, request)

        with patch.object(Client, "send", broken):
            self.deliver_all()
        self.assertEqual(self.bad.state, "failed")

    def test_reading_its_answer(self):
        classify = sending.classify

        def broken(exchange, rules):
            if exchange.request.event_id == self.bad_id:
                raise RecursionError("bug")
            return classify(exchange, rules)

        with patch.object(sending, "classify", broken):
            self.deliver_all()
        self.assertEqual(self.bad.state, "pending", "unknown: again with the same id")

    def test_concluding(self):
        conclude = Desk.conclude

        def broken(desk, landed, now):
            if landed.task.id == self.bad.id and landed.log:
                raise KeyError("bug")
            return conclude(desk, landed, now)

        with patch.object(Desk, "conclude", broken):
            self.deliver_all()
        self.assertEqual(self.bad.state, "pending")
        self.assertIn("bug", self.bad.reason)

    def test_writing_its_log_row(self):
        describe = sending.describe

        def broken(exchange, rules):
            row = describe(exchange, rules)
            if exchange.request.event_id == self.bad_id:
                row["status"] = 2**40
            return row

        with patch.object(sending, "describe", broken), mute_logger("odoo.sql_db"):
            self.deliver_all()
        self.assertEqual(self.bad.state, "pending")
        self.assertFalse(self.bad.log_ids)
        self.assertEqual(len(self.good.log_ids), 4, "once each")

    def test_splitting_what_is_too_large(self):
        self.fake.script[WEBHOOK] = [413]
        event = self.capture()
        with (
            patch.object(
                type(event), "_split_too_large", side_effect=KeyError("bug")
            ) as split,
            mute_logger(CAPTURE),
        ):
            self.deliver_all()
        self.assertTrue(split.called)
        self.assertEqual(event.state, "failed")
        failure = self.env["inboost.capture.failure"].sudo().search([])
        self.assertEqual(failure.method, "_split_too_large", "it is made up for")

    def test_the_connection_test_that_decides(self):
        self.fake.script[DETAILS] = [401]
        event = self.capture("purchase_details")
        connection = type(self.env["inboost.connection"])
        with patch.object(connection, "_exchange", side_effect=KeyError("bug")):
            self.deliver_all()
        self.assertEqual(event.state, "pending", "tried again when it can be asked")
        self.assertEqual(self.backend.state, "connected")

    def test_results_that_another_transaction_kept_from_being_written(self):
        Log = type(self.env["inboost.request.log"])
        record, calls = Log._record_all, []

        def busy(logs, rows):
            calls.append(rows)
            if len(calls) <= 2:
                raise SerializationFailure()
            return record(logs, rows)

        self.fake.script[BALANCE] = [503]
        everything = self.bad + self.good
        with patch.object(Log, "_record_all", busy):
            self.deliver()
        self.assertEqual(set(everything.mapped("state")), {"pending"})
        self.assertEqual(len(everything.log_ids), 5)
        self.assertEqual(self.endpoint("balance_set").failures, 5, "each counts once")

    def test_what_lands_after_the_backend_was_paused(self):
        desk = self.part("desk")._read(Desk())
        tasks = self.part("claim")._claim(desk, 9, [], "a lease")
        self.backend._pause("paused_by", {"user": "Olena"})
        self.part("desk")._read(desk)
        with self.env["inboost.connection"]._client(1) as http:
            landed = [sending.perform(http, task) for task in tasks]
        self.part("settle")._settle(desk, landed, "a lease")
        self.env.invalidate_all()
        self.assertEqual(set((self.bad + self.good).mapped("state")), {"done"})


@tagged("post_install", "-at_install")
class TestOrder(DeliveryCase):
    """Only what may go now, or is on its way, holds a later event of its customer."""

    def setUp(self):
        super().setUp()
        self.first = self.capture("purchase_details")
        self.later = self.capture()
        # Not due: by itself it would hold the later one.
        self.first.sudo().next_try = fields.Datetime.now() + timedelta(minutes=5)

    def assertHeld(self, held, why=""):
        self.deliver()
        self.assertEqual(self.later.state, "pending" if held else "done", why)

    def test_one_that_will_be_tried_again_soon_holds(self):
        self.assertHeld(True)

    def test_one_of_another_customer_holds_nobody(self):
        self.later = self.capture(partner=self.other_customer)
        self.assertHeld(False)

    def test_an_endpoint_that_sends_nothing_holds_nobody(self):
        for values in (
            {"paused": True},
            {"enabled": False},
            {"address": False},
            {"rest_until": fields.Datetime.now() + timedelta(minutes=5)},
            {"failures": backoff.CIRCUIT_THRESHOLD},
        ):
            with self.subTest(values):
                endpoint = self.endpoint("purchase_details")
                before = endpoint.read(list(values), load="")[0]
                endpoint.write(values)
                self.assertHeld(False, values)
                del before["id"]
                endpoint.write(before)
                self.later = self.capture()

    def test_what_waits_for_a_person_holds_nobody(self):
        for state in ("failed", "held", "expired", "cancelled", "parked", "done"):
            with self.subTest(state):
                self.env.cr.execute(
                    "UPDATE inboost_event SET state = %s WHERE id = %s",
                    (state, self.first.id),
                )
                self.env.invalidate_all()
                self.assertHeld(False, state)
                self.first, self.later = self.capture(), self.capture()

    def on_its_way(self, event):
        event.sudo().write(
            {
                "state": "sending",
                "lease": "of another process",
                "lease_until": fields.Datetime.now() + timedelta(minutes=1),
            }
        )

    def test_what_is_on_its_way_holds(self):
        self.on_its_way(self.first)
        self.assertHeld(True)

    def test_history_on_its_way_holds_too(self):
        self.first._finish("cancelled")
        facts = [("purchase_details", "test:old", {}, self.ago(days=9))]
        history = self.env["inboost.capture"]._capture(
            self.backend, facts, self.customer, priority=10
        )
        self.on_its_way(history)
        self.assertHeld(True)

    def test_what_is_on_its_way_holds_though_its_endpoint_was_paused(self):
        self.on_its_way(self.first)
        self.endpoint("purchase_details").paused = True
        self.assertHeld(True)

    def test_the_same_endpoint_keeps_its_order_while_it_is_probed(self):
        self.first._finish("cancelled")
        second = self.capture()
        self.later.sudo().next_try = fields.Datetime.now() + timedelta(minutes=5)
        self.endpoint("purchase").failures = backoff.CIRCUIT_THRESHOLD
        self.deliver()
        self.assertEqual(second.state, "pending")


@tagged("post_install", "-at_install")
class TestCircuit(DeliveryCase):
    def setUp(self):
        super().setUp()
        self.webhook = self.endpoint("purchase")
        self.events = self.env["inboost.event"]
        for partner in self.partners(3):
            self.events += self.capture(partner=partner)
        self.webhook.failures = backoff.CIRCUIT_THRESHOLD

    def test_the_connection_test_is_the_probe_rather_than_a_purchase(self):
        self.fake.script[TEST] = [503]
        self.deliver()
        self.assertEqual(self.paths(), [TEST])
        self.assertEqual(set(self.events.mapped("state")), {"pending"})
        self.assertEqual(self.webhook.failures, backoff.CIRCUIT_THRESHOLD + 1)
        self.assertGreater(self.webhook.rest_until, fields.Datetime.now())

    def test_a_server_that_is_well_again_gets_one_and_then_all(self):
        self.deliver()
        self.assertEqual(self.paths(), [TEST] + [WEBHOOK] * 3)
        self.assertEqual(set(self.events.mapped("state")), {"done"})
        self.assertEqual(self.webhook.failures, 0)

    def test_another_server_is_probed_by_itself(self):
        self.webhook.address = self.webhook.address.replace("127.0.0.1", "localhost")
        self.fake.script[WEBHOOK] = [503]
        self.deliver()
        self.assertEqual(self.paths(), [WEBHOOK], "one purchase")

    def test_an_event_that_may_be_repeated_is_a_probe_itself(self):
        self.webhook.guarantee = "at_least_once"
        self.fake.script[WEBHOOK] = [503]
        self.deliver()
        self.assertEqual(self.paths(), [WEBHOOK])

    def test_a_refused_content_closes_the_circuit(self):
        self.fake.script[WEBHOOK] = [422, 200]
        self.deliver()
        self.assertEqual(self.webhook.failures, 0)
        self.assertEqual(self.events.mapped("state"), ["failed", "done", "done"])

    def test_another_process_takes_the_probe(self):
        # Both looked before either probed.
        mine, other = (
            self.part("desk")._read(Desk()),
            self.part("desk")._read(Desk()),
        )
        self.assertEqual(len(self.part("claim")._claim(mine, 9, [], "mine")), 1)
        self.env.flush_all()
        self.assertFalse(self.part("claim")._claim(other, 9, [], "other"))


@tagged("post_install", "-at_install")
class TestRefusals(DeliveryCase):
    def test_several_refused_customers_pause_the_webhook(self):
        for status in (401, 403):
            self.fake.script[WEBHOOK] = [status]
            events = self.env["inboost.event"]
            for partner in self.partners(SUSPICIOUS):
                events += self.capture(partner=partner)
            self.deliver()
            webhook = self.endpoint("purchase")
            self.assertTrue(webhook.paused, status)
            self.assertEqual(self.backend.state, "connected")
            self.assertEqual(set(events.mapped("state")), {"failed"}, "replayable")
            self.assertIn(str(SUSPICIOUS), webhook.pause_reason)
            self.assertEqual(len(self.activities()), 2, "paused, failed")
            webhook.action_resume()
            self.assertFalse(webhook.refusals)

    def test_one_customer_refused_again_and_again_pauses_nothing(self):
        self.fake.script[WEBHOOK] = [403]
        for _ in range(SUSPICIOUS + 1):
            self.capture()
            self.deliver()
        self.assertFalse(self.endpoint("purchase").paused)
        self.assertEqual(self.endpoint("purchase").refusals, 1)

    def test_the_connection_test_tells_credentials_from_content(self):
        for answer, state, backend in (
            (200, "failed", "connected"),
            (503, "pending", "connected"),
            (401, "pending", "paused"),
        ):
            inboost_delivery_settle._tests.clear()
            self.fake.script = {DETAILS: [401], TEST: [answer]}
            event = self.capture("purchase_details")
            self.deliver()
            self.assertEqual((event.state, self.backend.state), (state, backend))
            event.action_cancel()

    def test_the_last_try_fails_and_says_so(self):
        self.fake.script[WEBHOOK] = [503]
        event = self.capture()
        event.sudo().queued_at = self.ago(days=self.backend.retry_days, minutes=1)
        self.deliver()
        self.assertEqual(event.state, "failed")
        self.assertIn(f"{self.backend.retry_days} days", event.reason)
        self.assertIn("503", event.reason)
        self.assertEqual(len(self.activities()), 1)

    def test_a_retry_leaves_when_the_server_asked_for_it(self):
        self.fake.script[WEBHOOK] = [(503, {"Retry-After": "3"}), 200]
        event = self.capture()
        before = fields.Datetime.now()
        self.deliver()
        wait = (event.next_try - before).total_seconds()
        self.assertGreaterEqual(wait, 3)
        self.assertLess(wait, 3 + 2 * backoff.BASE)
        trigger = self.env["ir.cron.trigger"].search(
            [("cron_id", "=", self.env.ref("inboost_connector.ir_cron_deliver").id)],
            order="call_at desc",
            limit=1,
        )
        self.assertGreaterEqual(trigger.call_at, event.next_try.replace(microsecond=0))


@tagged("post_install", "-at_install")
class TestLeases(DeliveryCase):
    def test_a_lease_is_committed_before_anything_leaves(self):
        Delivery = type(self.env["inboost.delivery"])
        Claim = type(self.part("claim"))
        claim, commit = Claim._claim, Delivery._commit
        hand_over, steps = sending.Senders.hand_over, []

        def claiming(delivery, *arguments):
            tasks = claim(delivery, *arguments)
            steps.extend(["claimed"] if tasks else [])
            return tasks

        def committing(delivery):
            steps.append("committed")
            return commit(delivery)

        def leaving(senders, tasks):
            steps.extend(["left"] if tasks else [])
            return hand_over(senders, tasks)

        self.capture()
        with (
            patch.object(Claim, "_claim", claiming),
            patch.object(Delivery, "_commit", committing),
            patch.object(sending.Senders, "hand_over", leaving),
        ):
            self.deliver()
        begin, left = steps.index("claimed"), steps.index("left")
        self.assertIn("committed", steps[begin:left])

    def test_what_somebody_else_settled_stays_as_it_is(self):
        event = self.capture()
        delivery = self.env["inboost.delivery"].sudo()
        desk = self.part("desk")._read(Desk())
        tasks = self.part("claim")._claim(desk, 9, [], "a lease")
        event.sudo().write({"lease_until": self.ago(seconds=1)})
        delivery._recover_leases()
        self.assertEqual(event.state, "held", "its time was over")
        with self.env["inboost.connection"]._client(1) as http:
            landed = [sending.perform(http, task) for task in tasks]
        self.part("settle")._settle(desk, landed, "a lease")
        self.env.invalidate_all()
        self.assertEqual(event.state, "held", "a person decides, with the log at hand")
        self.assertEqual(event.log_ids.verdict, "done")

    def test_a_result_is_written_though_others_are_in_the_way_for_a_while(self):
        event = self.capture()
        Settle, left = type(self.part("settle")), [SerializationFailure] * 10
        settle = Settle._settle

        def busy(model, desk, landed, lease):
            if landed and left:
                raise left.pop()
            return settle(model, desk, landed, lease)

        with (
            patch.object(Settle, "_settle", busy),
            patch.object(inboost_delivery, "SETTLE_PAUSE", 0),
        ):
            self.deliver()
        self.assertEqual((left, event.state), ([], "done"))

    def test_a_result_that_cannot_be_written_is_said_and_never_given_back(self):
        event = self.capture()
        Settle = type(self.part("settle"))
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            delivery = self.env(cr=cr)["inboost.delivery"].sudo()
            desk = delivery.env["inboost.delivery.desk"]._read(Desk())
            claim = delivery.env["inboost.delivery.claim"]
            tasks = claim._claim(desk, 9, [], "a lease")
            # Of the test's own cursor.
            cr.commit()  # pylint: disable=invalid-commit
            with delivery.env["inboost.connection"]._client(1) as http:
                landed = [sending.perform(http, task) for task in tasks]
            senders = sending.Senders(None, 1, batch.perform_all)
            run = inboost_delivery.Run("a lease", desk, senders, 0.0, landed=landed)
            with (
                patch.object(Settle, "_settle", side_effect=SerializationFailure),
                patch.object(inboost_delivery, "SETTLE_PAUSE", 0),
                self.assertLogs(DELIVERY, "ERROR") as logged,
            ):
                delivery._settle_one_by_one(run)
            delivery._give_back(run)
        self.assertIn(event.event_id, logged.output[0])
        self.assertEqual(event.state, "sending", "it left: it must not go again")
        event.sudo().write({"lease_until": self.ago(seconds=1)})
        self.env["inboost.delivery"].sudo()._recover_leases()
        self.assertEqual(event.state, "held", "the guarantee decides")

    def test_what_no_thread_began_is_given_back_unchanged(self):
        event = self.capture()
        self.part("claim")._claim(self.part("desk")._read(Desk()), 9, [], "a lease")
        self.part("claim")._give_back("a lease", [])
        self.env.invalidate_all()
        self.assertEqual((event.state, event.attempts), ("pending", 0))
