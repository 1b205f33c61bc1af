from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..common import DETAILS, WEBHOOK
from ..common_bonus import BALANCE
from ..common_customer import UPSERT, CustomerCase


@tagged("post_install", "-at_install")
class TestCustomerHistory(CustomerCase):
    def setUp(self):
        super().setUp()
        self.partner = self.contact(1)

    def history(self):
        self.run_cron("history")
        self.deliver()

    def sent(self):
        return [body["orderId"] for body in self.fake.bodies(DETAILS)]

    def test_the_last_months_go_to_the_details_only(self):
        orders = [self.old_order(self.partner, days) for days in (200, 89, 60, 1)]
        self.pull([self.row(1)])
        link = self.link_of(1)
        self.assertEqual(link.history_state, "waiting")
        self.history()
        self.assertEqual(self.sent(), [order.uuid for order in orders[1:]])
        self.assertFalse(self.fake.bodies(WEBHOOK))
        self.assertEqual((link.history_state, link.history_count), ("done", 3))

    def test_one_bad_order_stops_nobody(self):
        other = self.contact(2)
        bad, good = self.old_order(self.partner, 10), self.old_order(other, 9)
        self.pull([self.row(1), self.row(2)])
        facts = type(bad)._inboost_prepare_facts

        def broken(self, backend):
            if bad in self:
                raise KeyError("bug")
            return facts(self, backend)

        with (
            patch.object(type(bad), "_inboost_prepare_facts", broken),
            mute_logger(
                "odoo.addons.inboost_connector.models.customers.inboost_customer_history"
            ),
        ):
            self.history()
        self.assertEqual(self.sent(), [good.uuid])
        states = [self.link_of(n).history_state for n in (1, 2)]
        self.assertEqual(states, ["waiting", "done"])
        self.history()
        self.assertEqual(self.sent(), [good.uuid, bad.uuid])

    def test_large_facts_are_compressed_by_the_fast_method_where_there_is_one(self):
        self.env.cr.execute(
            "SELECT CASE WHEN 'lz4' = ANY(enumvals) THEN 'lz4' ELSE setting END"
            " FROM pg_settings WHERE name = 'default_toast_compression'"
        )
        [fastest] = self.env.cr.fetchone()
        order = self.old_order(self.partner, 10)
        order.lines.full_product_name = "Tea in large leaves, " * 200
        self.pull([self.row(1)])
        self.history()
        self.env.cr.execute(
            "SELECT pg_column_compression(fact) FROM inboost_event"
            " WHERE operation = 'purchase_details' AND partner_id = %s",
            [self.partner.id],
        )
        self.assertEqual(self.env.cr.fetchall(), [(fastest,)])

    def test_history_waits_for_an_address(self):
        self.old_order(self.partner, 10)
        path = self.endpoint("purchase_details").address
        self.endpoint("purchase_details").address = False
        self.pull([self.row(1)])
        self.history()
        self.assertEqual(self.link_of(1).history_state, "waiting")
        self.endpoint("purchase_details").address = path
        self.history()
        self.assertEqual(len(self.sent()), 1)

    def test_what_went_live_does_not_go_again(self):
        live = self.sell(self.partner)
        self.deliver()
        old = self.old_order(self.partner, 10)
        self.pull([self.row(1)])
        self.history()
        self.assertEqual(self.sent(), [live.uuid, old.uuid])

    def test_repeated_and_nothing_goes_twice(self):
        self.old_order(self.partner, 10)
        self.make_card(12, self.partner)
        self.pull([self.row(1)])
        self.history()
        before = len(self.fake.requests)
        self.backend.action_send_history()
        self.history()
        self.link_of(1).action_send_history()
        self.history()
        self.assertEqual(len(self.fake.requests), before)
        found = self.old_order(self.partner, 5)
        self.link_of(1).action_send_history()
        self.history()
        self.assertEqual(self.sent()[-1], found.uuid)

    def test_refunds_are_history_too(self):
        order = self.old_order(self.partner, 10)
        refund = self.env["pos.order"].browse(order.refund()["res_id"])
        refund.state = "paid"
        refund.date_order = fields.Datetime.subtract(fields.Datetime.now(), days=9)
        self.forget(self.events_of(refund))
        self.pull([self.row(1)])
        self.history()
        self.assertEqual(self.sent(), [order.uuid, refund.uuid])
        self.assertTrue(self.fake.bodies(DETAILS)[1]["isRefund"])

    def test_behind_live_events(self):
        self.old_order(self.partner, 10)
        self.pull([self.row(1)])
        self.run_cron("history")
        live = self.sell(self.partner)
        self.deliver()
        paths = [r["path"] for r in self.fake.requests if r["path"] != "/wapi/Clients"]
        self.assertEqual(paths[:2], [WEBHOOK, DETAILS])
        self.assertEqual(self.sent()[0], live.uuid)
        self.assertEqual(len(self.sent()), 2)

    def test_a_live_capture_that_failed_is_live_though_history_was_first(self):
        order = self.sell(self.partner)
        self.forget(self.events_of(order))
        self.pull([self.row(1)])
        self.history()
        self.env["inboost.backend"]._cron_reconcile()
        self.deliver()
        self.assertEqual(len(self.fake.bodies(WEBHOOK)), 1)
        self.assertEqual(self.sent(), [order.uuid])

    def test_the_balance_goes_with_it(self):
        self.make_card(12, self.partner)
        self.forget()
        self.pull([self.row(1)])
        self.history()
        [body] = self.fake.bodies(BALANCE)
        self.assertEqual(body["amount"], 12)
        link = self.link_of(1)
        self.assertEqual(link.balance_sent, 12)
        self.assertTrue(link.balance_sent_on)

    def test_created_from_inboost_has_no_history(self):
        self.pull([self.row(2)])
        self.history()
        self.assertEqual({r["path"] for r in self.fake.requests}, {"/wapi/Clients"})

    def test_other_contacts_with_the_phone_are_the_same_customer(self):
        twin = self.contact(1, name="Twin")
        orders = [self.old_order(self.partner, 5), self.old_order(twin, 4)]
        self.pull([self.row(1)])
        self.history()
        self.assertEqual(self.sent(), [order.uuid for order in orders])

    # -- customers made here -------------------------------------------------------

    def test_made_here_and_offered_once(self):
        self.backend.send_new_customers = True
        for _run in range(2):
            self.pull([])
        self.fake.requests.clear()
        self.partner.write({"firstname": "Olena", "lastname": "Kovalenko"})
        self.sell(self.partner)
        self.deliver()
        paths = [r["path"] for r in self.fake.requests]
        self.assertEqual(paths, [UPSERT, WEBHOOK, DETAILS])
        [body] = self.fake.bodies(UPSERT)
        self.assertEqual(body["userPhoneNumber"], "380500000001")
        self.assertEqual((body["userName"], body["lastName"]), ("Olena", "Kovalenko"))
        self.sell(self.partner)
        self.pull([])
        self.deliver()
        self.assertEqual(len(self.fake.bodies(UPSERT)), 1)

    def test_offered_after_a_pull_that_did_not_list_them(self):
        self.backend.send_new_customers = True
        self.old_order(self.partner, 10)
        self.forget()
        nobody = self.contact(2)
        known = self.contact(3)
        self.make_card(1, known)
        self.forget()
        for _run in range(2):
            self.pull([self.row(3)])
        self.deliver()
        phones = [body["userPhoneNumber"] for body in self.fake.bodies(UPSERT)]
        self.assertEqual(phones, ["380500000001"])
        self.assertTrue(nobody)

    def test_an_offer_that_failed_is_made_up_for(self):
        self.backend.send_new_customers = True
        self.old_order(self.partner, 10)
        self.forget()
        offer = type(self.env["inboost.customer.offer"])
        capture = "odoo.addons.inboost_connector.models.outbox.inboost_capture"
        with (
            patch.object(offer, "_prepare_fact", side_effect=KeyError("bug")),
            mute_logger(capture),
        ):
            for _run in range(2):
                self.pull([self.row(3)])
        self.assertFalse(self.events("customer_upsert"))
        self.env["inboost.backend"]._cron_reconcile()
        self.assertEqual(self.events("customer_upsert").partner_id, self.partner)

    def test_nobody_is_offered_before_all_were_read_or_who_was_ignored(self):
        self.backend.send_new_customers = True
        self.sell(self.partner)
        self.assertFalse(self.events("customer_upsert"))
        self.pull([self.row(1), self.row(1, id="id-2")])
        self.link_of(1).action_ignore()
        self.link_of(2).action_ignore()
        self.sell(self.partner)
        for _run in range(2):
            self.pull([])
        self.assertFalse(self.events("customer_upsert"))

    def test_twins_of_the_linked_hold_nobody_up(self):
        self.backend.send_new_customers = True
        twin = self.contact(1, name="Twin")
        late = self.contact(2)
        for partner in (twin, late):
            self.make_card(1, partner)
        self.forget()
        models = "odoo.addons.inboost_connector.models.customers"
        with patch(f"{models}.inboost_customer_offer.OFFERED", 1):
            for _run in range(2):
                self.pull([self.row(1)])
        self.assertEqual(self.events("customer_upsert").partner_id, late)

    def test_off_by_default(self):
        self.sell(self.partner)
        self.pull([])
        self.deliver()
        self.assertFalse(self.backend.send_new_customers)
        self.assertFalse(self.fake.bodies(UPSERT))

    # -- only customers of InBoost -------------------------------------------------

    def test_only_linked_customers(self):
        self.backend.scope = "linked"
        order = self.sell(self.partner)
        self.make_card(3, self.partner)
        self.env["inboost.backend"]._cron_reconcile()
        self.assertFalse(self.env["inboost.event"].search([]))
        self.pull([self.row(1)])
        live = self.sell(self.partner)
        self.env["inboost.backend"]._cron_reconcile()
        self.history()
        hooks = [body["orderId"] for body in self.fake.bodies(WEBHOOK)]
        self.assertEqual(hooks, [live.uuid])
        self.assertEqual(sorted(self.sent()), sorted([order.uuid, live.uuid]))
        self.assertEqual(self.fake.bodies(BALANCE)[-1]["amount"], 3)
