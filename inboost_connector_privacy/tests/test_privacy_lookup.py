from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.inboost_connector.tests.common import InboostCase


@tagged("post_install", "-at_install")
class TestPrivacyLookup(InboostCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.company.country_id = cls.env.ref("base.ua")

    def look_up(self, **values):
        wizard = self.env["privacy.lookup.wizard"].sudo().create(values)
        wizard.action_lookup()
        return wizard

    def test_a_customer_who_has_only_a_phone_is_found(self):
        self.customer.email = False
        wizard = self.look_up(name="?", phone="(067) 123-45-67")
        found = wizard.line_ids.filtered(lambda line: line.res_model == "res.partner")
        self.assertIn(self.customer.id, found.mapped("res_id"))

    def test_an_address_is_looked_for_as_before(self):
        self.customer.email = "olena@example.com"
        wizard = self.look_up(name=self.customer.name, email="olena@example.com")
        self.assertIn(self.customer.id, wizard.line_ids.mapped("res_id"))

    def test_nothing_to_look_for_is_said(self):
        with self.assertRaises(UserError):
            self.look_up(name="?", phone="000")

    def test_whom_it_found_is_erased_and_no_row_of_the_outbox_is_deleted(self):
        event = self.capture_some()
        wizard = self.look_up(name=self.customer.name, phone=self.customer.phone)
        models = wizard.line_ids.mapped("res_model")
        self.assertFalse([name for name in models if name.startswith("inboost.")])
        wizard.action_inboost_erase()
        self.assertFalse(event.sudo().phone)
        self.assertEqual(event.state, "cancelled")
