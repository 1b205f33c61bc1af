from contextlib import closing
from unittest.mock import patch

import psycopg2
from psycopg2 import IntegrityError, OperationalError

from odoo import fields
from odoo.exceptions import AccessError
from odoo.sql_db import connection_info_for
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ...lib import wakeup
from ..common import DETAILS, WEBHOOK, InboostCase

EVENT = "odoo.addons.inboost_connector.models.outbox.inboost_capture"
WATCH = "odoo.addons.inboost_connector.models.outbox.inboost_watch"


@tagged("post_install", "-at_install")
class TestCapture(InboostCase):
    def test_sale_is_captured_once_for_each_endpoint(self):
        order = self.sell(self.customer)
        events = self.events_of(order)
        self.assertEqual(events.mapped("operation"), ["purchase", "purchase_details"])
        self.assertEqual(set(events.mapped("state")), {"pending"})
        self.assertEqual(set(events.mapped("phone")), {"+380671234567"})
        self.assertEqual(set(events.mapped("key")), {f"pos:{order.uuid}"})

    def test_details_equal_the_order(self):
        order = self.sell(self.customer)
        self.deliver()
        [sent] = self.fake.bodies(DETAILS)
        self.assertEqual(sent["userPhoneNumber"], "380671234567")
        self.assertAlmostEqual(sent["total"], order.amount_total)
        self.assertAlmostEqual(sent["tax"], order.amount_tax)
        self.assertEqual(len(sent["lines"]), 2)
        for line, row in zip(order.lines, sent["lines"], strict=True):
            self.assertAlmostEqual(row["quantity"], line.qty)
            self.assertAlmostEqual(row["price"], line.price_unit)
            self.assertAlmostEqual(row["discount"], line.discount)
            self.assertAlmostEqual(row["total"], line.price_subtotal_incl)
        self.assertEqual(sent["lines"][0]["sku"], "TEA-01")
        self.assertNotIn("sku", sent["lines"][1], "nulls are left out")
        [hook] = self.fake.bodies(WEBHOOK)
        self.assertEqual(hook["orderId"], order.uuid)

    def test_same_order_again_is_stopped_and_recorded(self):
        order = self.sell(self.customer)
        order.action_pos_order_paid()
        events = self.events_of(order)
        self.assertEqual(len(events), 2)
        stopped = self.env["inboost.request.log"].search(
            [("event_id", "in", events.ids), ("kind", "=", "duplicate")]
        )
        self.assertEqual(len(stopped), 2)

    def test_key_is_unique_in_the_database(self):
        event = self.capture_some()
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            self.env.cr.execute(
                "INSERT INTO inboost_event (backend_id, endpoint_id, operation, key,"
                " event_id, occurred_at, state) SELECT backend_id, endpoint_id,"
                " operation, key, 'other', occurred_at, state FROM inboost_event"
                " WHERE id = %s",
                event.ids,
            )

    def test_rolled_back_with_the_fact(self):
        before = self.env["inboost.event"].search_count([])
        with self.assertRaises(ZeroDivisionError), self.env.cr.savepoint():
            self.sell(self.customer)
            raise ZeroDivisionError
        self.assertEqual(self.env["inboost.event"].search_count([]), before)

    def test_fact_is_immutable(self):
        event = self.capture_some()
        for name in ("fact", "key", "event_id", "operation"):
            with self.assertRaises(AccessError):
                event.sudo().write({name: "other"})

    def test_failing_capture_saves_the_order_and_is_reconciled(self):
        order_class = type(self.env["pos.order"])
        with (
            patch.object(
                order_class, "_inboost_prepare_facts", side_effect=KeyError("bug")
            ),
            mute_logger(EVENT),
        ):
            order = self.sell(self.customer)
        self.assertEqual(order.state, "paid")
        self.assertFalse(self.events_of(order))
        self.env["inboost.backend"]._cron_reconcile()
        self.assertEqual(len(self.events_of(order)), 2)
        self.env["inboost.backend"]._cron_reconcile()
        self.assertEqual(len(self.events_of(order)), 2)

    def test_failure_of_a_query_in_capture_saves_the_order(self):
        def broken(order, backend):
            order.env.cr.execute("SELECT 1 / 0")

        order_class = type(self.env["pos.order"])
        with (
            patch.object(order_class, "_inboost_prepare_facts", broken),
            mute_logger(EVENT, "odoo.sql_db"),
        ):
            order = self.sell(self.customer)
        self.assertEqual(order.state, "paid")

    def test_no_connection_to_wake_anybody_fails_no_sale(self):
        """The scheduler is woken over a second connection, after the commit."""
        full = OperationalError("sorry, too many clients already")
        self.env.cr.postcommit.clear()
        with (
            patch.object(wakeup, "waker", wakeup.Waker()),
            patch.object(wakeup.psycopg2, "connect", side_effect=full) as it,
            self.assertLogs(WATCH, "WARNING"),
        ):
            self.capture_some()
            self.env.cr.postcommit.run()
        it.assert_called()

    def test_the_scheduler_is_woken_over_one_connection_and_over_another_if_it_is_lost(
        self,
    ):
        _name, postgres = connection_info_for("postgres")
        waker = wakeup.Waker()

        def wake(text):
            waker.wake(postgres, "pg_notify", "cron_trigger", text)
            return waker._connection.info.backend_pid

        with closing(psycopg2.connect(**postgres)) as scheduler:
            scheduler.autocommit = True
            with scheduler.cursor() as cr:
                cr.execute("LISTEN cron_trigger")
                first = wake("one")
                self.assertEqual(wake("two"), first)
                cr.execute("SELECT pg_terminate_backend(%s, 5000)", [first])
                self.assertNotEqual(wake("three"), first)
                cr.execute("SELECT 1")
            woken = [one.payload for one in scheduler.notifies]
        waker._connection.close()
        ours = [payload for payload in woken if payload in ("one", "two", "three")]
        self.assertEqual(ours, ["one", "two", "three"])

    def test_a_connection_that_was_idle_for_long_is_not_trusted(self):
        _name, postgres = connection_info_for("postgres")
        waker = wakeup.Waker()
        waker.wake(postgres, "pg_notify", "cron_trigger", "one")
        first = waker._connection
        with patch.object(wakeup, "MAX_IDLE", 0):
            waker.wake(postgres, "pg_notify", "cron_trigger", "two")
        self.assertTrue(first.closed)
        waker._connection.close()

    def test_refund_has_its_original_and_starts_no_campaign(self):
        order = self.sell(self.customer)
        refund = order._refund()
        payment = self.env["pos.make.payment"].with_context(
            active_ids=refund.ids, active_id=refund.id
        )
        payment.create(
            {
                "amount": refund.amount_total,
                "payment_method_id": self.cash_pm1.id,
            }
        ).check()
        [event] = self.events_of(refund)
        self.assertEqual(event.operation, "purchase_details")
        self.assertTrue(event.fact["is_refund"])
        self.assertLess(event.fact["total"], 0)
        self.assertEqual(event.fact["refund_of"]["uuid"], order.uuid)

    def test_refund_webhook_where_one_is_set(self):
        self.endpoint("purchase_refund").enabled = True
        order = self.sell(self.customer)
        refund = order._refund()
        self.env["pos.make.payment"].with_context(active_id=refund.id).create(
            {"amount": refund.amount_total, "payment_method_id": self.cash_pm1.id}
        ).check()
        self.assertIn("purchase_refund", self.events_of(refund).mapped("operation"))

    def test_nothing_without_customer_until_one_is_set(self):
        order = self.sell()
        self.assertFalse(self.events_of(order))
        order.partner_id = self.customer
        events = self.events_of(order)
        self.assertEqual(set(events.mapped("state")), {"pending"})
        self.assertEqual(set(events.mapped("phone")), {"+380671234567"})

    def test_parked_without_phone_until_one_is_entered(self):
        order = self.sell(self.other_customer)
        events = self.events_of(order)
        self.assertEqual(set(events.mapped("state")), {"parked"})
        self.deliver()
        self.assertFalse(self.fake.requests)
        self.other_customer.phone = "+380501112233"
        self.assertEqual(set(events.mapped("state")), {"pending"})
        self.deliver()
        self.assertEqual(len(self.fake.requests), 2)

    def test_parked_with_an_invalid_phone(self):
        self.other_customer.phone = "12"
        order = self.sell(self.other_customer)
        events = self.events_of(order)
        self.assertEqual(set(events.mapped("state")), {"parked"})
        self.assertIn("12", events[0].reason)

    def test_cashier_without_rights_sells(self):
        cashier = new_test_user(
            self.env,
            "inboost-cashier",
            "base.group_user,point_of_sale.group_pos_user",
            company_id=self.env.company.id,
            company_ids=[(6, 0, self.env.company.ids)],
        )
        self.open_new_session()
        data = self.create_ui_order_data(
            [(self.tea, 1)],
            customer=self.customer,
            pos_order_ui_args={"state": "paid"},
        )
        found = self.env["pos.order"].with_user(cashier).sync_from_ui([data])
        order = self.env["pos.order"].browse(found["pos.order"][0]["id"])
        self.assertEqual(len(self.events_of(order)), 2)

    def test_draft_backend_records_nothing(self):
        self.backend.state = "draft"
        self.assertFalse(self.events_of(self.sell(self.customer)))

    def test_paused_backend_records_and_waits(self):
        self.backend._pause("text", {"text": "for a test"})
        events = self.events_of(self.sell(self.customer))
        self.deliver()
        self.assertEqual(set(events.mapped("state")), {"pending"})
        self.assertFalse(self.fake.requests)

    def test_reconciliation_leaves_orders_from_before_the_connection(self):
        self.backend.state = "draft"
        order = self.sell(self.customer)
        self.backend.write(
            {
                "state": "connected",
                "connected_since": fields.Datetime.add(order.date_order, seconds=1),
            }
        )
        self.env["inboost.backend"]._cron_reconcile()
        self.assertFalse(self.events_of(order))

    def test_merge_of_contacts_keeps_events(self):
        order = self.sell(self.other_customer)
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        both = self.customer + self.other_customer
        wizard._merge(both.ids, self.customer)
        self.assertEqual(self.events_of(order).partner_id, self.customer)
        self.env["inboost.backend"]._cron_reconcile()
        self.assertEqual(set(self.events_of(order).mapped("state")), {"pending"})
