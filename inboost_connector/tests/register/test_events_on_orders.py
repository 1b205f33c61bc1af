"""The events of one order, side by side on the order."""

import json

from lxml import etree

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from ..common import WEBHOOK
from ..common_bonus import BonusCase

JSON = {"Content-Type": "application/json"}
CASHIER = "base.group_user,point_of_sale.group_pos_user"


@tagged("post_install", "-at_install")
class TestEventsOnOrders(BonusCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        own = {
            "company_id": cls.env.company.id,
            "company_ids": cls.env.company.ids,
        }
        cls.cashier = new_test_user(cls.env, "page-cashier", CASHIER, **own)
        cls.user = new_test_user(
            cls.env,
            "page-user",
            f"{CASHIER},account.group_account_invoice,"
            "inboost_connector.group_inboost_user",
            **own,
        )

    def page_of(self, model, user):
        """:return: the page on the form as ``user`` gets it, or None"""
        view = self.env[model].with_user(user).get_view(view_type="form")
        return etree.fromstring(view["arch"]).find(".//page[@name='inboost_events']")

    def test_an_inboost_user_sees_the_events_of_the_order(self):
        order = self.sell(self.customer)
        self.deliver()
        self.env.invalidate_all()
        page = self.page_of("pos.order", self.user)
        [field] = page.iterfind(".//field[@name='inboost_event_ids']")
        names = [node.get("name") for node in field.iterfind(".//list/field")]
        self.assertEqual(
            [name for name in names if name != "backend_id"],
            ["occurred_at", "operation", "state", "outcome"],
        )
        read = order.with_user(self.user).web_read(
            {"inboost_event_ids": {"fields": {"operation": {}, "outcome": {}}}}
        )
        rows = read[0]["inboost_event_ids"]
        self.assertEqual(
            [row["id"] for row in rows], self.events_of(order).sorted("id").ids[::-1]
        )
        self.assertEqual(
            {row["outcome"] for row in rows if "purchase" in row["operation"]},
            {"Arrived (HTTP 200)"},
        )

    def test_a_cashier_has_no_page_and_reads_no_event(self):
        order = self.sell(self.customer)
        self.assertIsNone(self.page_of("pos.order", self.cashier))
        known = order.with_user(self.cashier)
        self.assertNotIn("inboost_event_ids", known.fields_get())
        with self.assertRaises(AccessError):
            known.read(["inboost_event_ids"])
        self.env.invalidate_all()
        view = known.get_view(view_type="form")
        self.assertNotIn("inboost", view["arch"])

    def test_lists_of_orders_do_not_have_it(self):
        for model in ("pos.order", "account.move"):
            arch = self.env[model].with_user(self.user).get_view(view_type="list")
            self.assertNotIn("inboost_event", arch["arch"])

    def test_a_credit_note_has_it_and_an_invoice_without_events_hides_it(self):
        order = self.sell(self.customer)
        order.with_context(generate_pdf=False).action_pos_order_invoice()
        invoice = order.account_move
        note = invoice._reverse_moves()
        note.action_post()
        page = self.page_of("account.move", self.user)
        self.assertEqual(page.get("invisible"), "not inboost_event_count")
        self.assertEqual(
            [move.with_user(self.user).inboost_event_count for move in (invoice, note)],
            [0, 1],
        )
        self.assertEqual(note.inboost_event_ids, self.events_of(note))

    def test_the_backend_is_a_column_where_there_are_several(self):
        def hidden():
            [field] = self.page_of("pos.order", self.user).iterfind(
                ".//list/field[@name='backend_id']"
            )
            return field.get("column_invisible")

        self.env["inboost.backend"].search(
            [("id", "!=", self.backend.id)]
        ).active = False
        self.assertTrue(hidden())
        self.backend.copy()
        self.assertFalse(hidden())

    def test_the_outcome_is_why_it_waits_or_failed_or_what_came_back(self):
        order = self.sell(self.env["res.partner"].create({"name": "No phone"}))
        parked = self.events_of(order)[0]
        self.assertEqual(self.outcome_of(parked), parked.reason)
        self.assertIn("phone", parked.reason)
        event = self.capture_some()
        self.assertFalse(self.outcome_of(event))
        self.fake.script[WEBHOOK] = [503, self.answer(400, "No such product"), 200]
        for state, words in (
            ("pending", "503"),
            ("failed", "No such product"),
            ("done", "Arrived (HTTP 200)"),
        ):
            event.next_try = fields.Datetime.now()
            if event.state == "failed":
                event.action_send_again()
            self.deliver()
            self.assertEqual(event.state, state)
            self.assertIn(words, self.outcome_of(event))
        self.assertEqual(len(event.log_ids), 3)

    def answer(self, status, message):
        return status, JSON, json.dumps({"message": message}).encode()

    def outcome_of(self, event):
        self.env.invalidate_all()
        return event.with_user(self.user).outcome

    def test_outcomes_of_many_events_cost_what_one_costs(self):
        events = self.capture_some(4)
        self.deliver()
        counts = []
        for some in (events[:1], events):
            self.env.invalidate_all()
            some.mapped("state")
            before = self.env.cr.sql_log_count
            self.assertEqual(set(some.mapped("outcome")), {"Arrived (HTTP 200)"})
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[0], counts[1])
