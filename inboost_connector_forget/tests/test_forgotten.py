from odoo.tests import new_test_user, tagged

from odoo.addons.inboost_connector.tests.common import InboostCase


@tagged("post_install", "-at_install")
class TestForgotten(InboostCase):
    def anonymize(self):
        """As somebody who has no other right than to anonymize contacts."""
        groups = (
            "base.group_user,base.group_partner_manager,"
            "privacy_partner_to_be_forgotten.group_partner_anonymize"
        )
        user = new_test_user(self.env, "privacy-officer", groups=groups)
        wizard = self.env["partner.anonymize.wizard"].with_user(user)
        wizard.create({"partner_ids": self.customer.ids}).action_confirm()

    def test_who_is_anonymized_is_forgotten(self):
        event = self.capture_some()
        self.anonymize()
        self.assertFalse(event.phone)
        self.assertEqual(event.state, "cancelled")

    def test_nothing_is_sent_about_the_anonymized_contact(self):
        self.capture_some()
        self.anonymize()
        self.deliver()
        self.assertFalse(self.fake.requests)
