from unittest.mock import patch

from odoo.tests import tagged

from ...lib.facts import iso
from ...lib.operations import OPERATIONS
from ..common import DETAILS, WEBHOOK, InboostCase
from ..common_bonus import ACCRUAL, BALANCE, REDEMPTION, BonusCase
from ..common_customer import UPSERT

CONSENT = "{out: opted_out, by: opted_out_by, at: opted_out_at}"


@tagged("post_install", "-at_install")
class TestConsentSent(BonusCase):
    """Whatever leaves about a customer can say whether they want no messages, who said
    so and since when, as it is when it leaves."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.backend.respect_opt_out = False
        for endpoint in cls.backend.sudo().endpoint_ids:
            if OPERATIONS[endpoint.operation].body and endpoint.method != "GET":
                endpoint.body = CONSENT
        cls.endpoint("customer_upsert").enabled = True

    def setUp(self):
        super().setUp()
        self.phone = self.customer.phone_sanitized

    def opt_out(self):
        """:return: what is sent of it"""
        entry = self.env["phone.blacklist"].sudo().add(self.phone)
        return {"out": True, "by": "odoo", "at": iso(entry.write_date)}

    def test_each_fact_about_a_customer_says_it(self):
        self.sell(self.customer)
        card = self.make_card(10)
        card.points = 4
        self.capture_some(operation="customer_upsert")
        said = self.opt_out()
        self.deliver()
        for path in (WEBHOOK, DETAILS, ACCRUAL, REDEMPTION, BALANCE, UPSERT):
            with self.subTest(path):
                self.assertEqual(self.fake.bodies(path)[-1:], [said])

    def test_it_is_what_it_is_when_it_leaves_and_that_is_kept(self):
        order = self.sell(self.customer)
        details = self.events_of(order)[-1]
        self.fake.script[DETAILS] = [503, 200]
        self.deliver()
        self.assertEqual(self.fake.bodies(DETAILS), [{}], "nobody objected yet")
        said = self.opt_out()
        details.sudo().next_try = details.create_date
        self.endpoint("purchase_details").sudo().rest_until = False
        self.deliver()
        self.assertEqual(self.fake.bodies(DETAILS), [{}, said])
        self.assertTrue(details.sent["opted_out"])
        self.env["phone.blacklist"].sudo().remove(self.phone)
        self.assertIn('"out": true', details.body_text)

    def test_a_notice_says_who_opted_out_since_it_was_made(self):
        self.program.inboost_validity_days = 5
        other = self.env["res.partner"].create({"name": "O", "phone": "+380501112233"})
        self.make_card(10)
        self.make_card(7, other)
        self.endpoint("bonuses_expiring").body = (
            "{all: customers[].{phone: phone, out: opted_out, by: opted_out_by},"
            " left: customers[?!opted_out].phone}"
        )
        event = self.env["inboost.bonus.notice"]._capture(self.backend)
        self.opt_out()
        self.deliver()
        [body] = self.fake.bodies("/api/webhok/bonuses-expiring-token/")
        self.assertEqual(
            body["all"],
            [
                {"phone": "380501112233"},
                {"phone": "380671234567", "out": True, "by": "odoo"},
            ],
        )
        self.assertEqual(body["left"], ["380501112233"])
        self.assertEqual(event.state, "done")
        self.assertEqual(event.sent["customers"][1]["opted_out_by"], "odoo")

    def test_what_waits_is_shown_as_it_would_leave(self):
        details = self.events_of(self.sell(self.customer))[-1]
        self.opt_out()
        self.assertIn('"by": "odoo"', details.body_text)

    def test_nothing_is_read_where_no_expression_reads_it(self):
        for endpoint in self.backend.sudo().endpoint_ids:
            endpoint.body = OPERATIONS[endpoint.operation].body
        self.sell(self.customer)
        self.make_card(10)
        self.opt_out()
        consent = type(self.env["inboost.customer.consent"])
        with patch.object(consent, "_describe", side_effect=AssertionError):
            self.deliver()
        self.assertEqual(len(self.fake.bodies(DETAILS)), 1)
        self.assertEqual(len(self.fake.bodies(BALANCE)), 1)


@tagged("post_install", "-at_install")
class TestConsentCapture(InboostCase):
    """Who opted out gets nothing that starts campaigns; details still go."""

    def opt_out(self, partner):
        self.env["phone.blacklist"].sudo().add(partner.phone_sanitized)

    def test_no_webhook_for_who_opted_out(self):
        self.opt_out(self.customer)
        order = self.sell(self.customer)
        self.assertEqual(
            self.events_of(order).mapped("operation"), ["purchase_details"]
        )

    def test_a_backend_may_send_it_all_the_same(self):
        self.opt_out(self.customer)
        self.backend.respect_opt_out = False
        order = self.sell(self.customer)
        self.assertEqual(
            self.events_of(order).mapped("operation"), ["purchase", "purchase_details"]
        )

    def test_a_phone_that_opted_out_releases_details_only(self):
        order = self.sell(self.other_customer)
        self.env["phone.blacklist"].sudo().add("+380501112233")
        self.other_customer.phone = "+380501112233"
        states = {e.operation: e.state for e in self.events_of(order)}
        self.assertEqual(
            states, {"purchase": "cancelled", "purchase_details": "pending"}
        )

    def test_what_waits_when_somebody_opts_out_does_not_go(self):
        order = self.sell(self.customer)
        entry = self.env["phone.blacklist"].sudo().add(self.customer.phone_sanitized)
        [webhook, details] = self.events_of(order)
        self.assertEqual(
            (webhook.state, webhook.reason_code), ("cancelled", "opted_out")
        )
        self.assertEqual(details.state, "pending")
        # And so when they do it again.
        entry.action_archive()
        order = self.sell(self.customer)
        self.opt_out(self.customer)
        states = [e.state for e in self.events_of(order)]
        self.assertEqual(states, ["cancelled", "pending"])

    def test_what_waits_goes_where_a_backend_sends_it_all_the_same(self):
        self.backend.respect_opt_out = False
        order = self.sell(self.customer)
        self.opt_out(self.customer)
        self.assertEqual(set(self.events_of(order).mapped("state")), {"pending"})
