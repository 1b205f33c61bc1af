from odoo.tests import tagged

from ..common import InboostCase


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
