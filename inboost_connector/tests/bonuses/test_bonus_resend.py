from unittest.mock import patch

from odoo.tests import tagged

from ...lib.priority import HISTORY
from ..common_bonus import BALANCE, BonusCase


@tagged("post_install", "-at_install")
class TestBonusResend(BonusCase):
    """Whatever changes a balance sends it, also where no points changed."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_customer.phone = "+380501112233"
        cls.second = cls.make_program("Second")
        cls.backend.program_ids |= cls.second

    def setUp(self):
        super().setUp()
        self.make_card(10)
        self.make_card(4, program=self.second)
        self.make_card(7, self.other_customer)
        self.sent()

    def run_cron(self):
        cron = self.env.ref("inboost_connector.ir_cron_bonus_resend")
        with self.enter_registry_test_mode():
            cron.method_direct_trigger()
        self.env.invalidate_all()

    def sent(self):
        """:return: {phone: the last balance that arrived}"""
        self.run_cron()
        self.deliver()
        found = {b["userPhoneNumber"]: b["amount"] for b in self.fake.bodies(BALANCE)}
        self.fake.requests.clear()
        return found

    def test_a_program_archived_and_unarchived(self):
        """odoo#183323"""
        self.second.active = False
        self.assertEqual(self.sent(), {"380671234567": 10})
        self.second.active = False
        self.assertEqual(self.sent(), {}, "nothing changed")
        self.second.active = True
        self.assertEqual(self.sent(), {"380671234567": 14})

    def test_a_program_taken_off_the_backend_and_added(self):
        self.backend.program_ids -= self.second
        self.assertEqual(self.sent(), {"380671234567": 10})
        self.backend.program_ids |= self.second
        self.assertEqual(self.sent(), {"380671234567": 14})
        self.backend.program_ids = self.program
        self.backend.program_ids = self.program
        self.assertEqual(self.sent(), {"380671234567": 10})

    def test_they_go_behind_what_happens_now(self):
        self.program.active = False
        self.run_cron()
        events = self.events("balance_set")[-2:]
        self.assertEqual(set(events.mapped("priority")), {HISTORY})

    def test_many_go_in_batches_that_end_in_time(self):
        self.program.active = False
        row = self.env["inboost.bonus.resend"].search([])
        self.assertEqual(len(row), 1)
        module = "odoo.addons.inboost_connector.models.bonuses.inboost_bonus_resend"
        cron = self.env.ref("inboost_connector.ir_cron_bonus_resend")
        # One customer at once, and no time left after it.
        with (
            patch(f"{module}.CUSTOMERS_AT_ONCE", 1),
            patch(f"{module}.BATCH_SECONDS", 11),
        ):
            self.run_cron()
            self.assertTrue(row.exists().last_partner_id)
            triggers = self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)])
            self.assertTrue(triggers, "the next run goes on")
            self.run_cron()
            self.run_cron()
        self.assertFalse(row.exists())

    def test_a_contact_archived_and_unarchived(self):
        self.customer.active = False
        self.assertEqual(self.sent(), {"380671234567": 0})
        self.customer.active = True
        self.assertEqual(self.sent(), {"380671234567": 14})

    def test_a_contact_deleted(self):
        partner = self.env["res.partner"].create(
            {"name": "Short", "phone": "+380631111111"}
        )
        card = self.make_card(3, partner)
        self.assertEqual(self.sent(), {"380631111111": 3})
        partner.unlink()
        self.assertEqual(self.sent(), {"380631111111": 0})
        self.assertTrue(card.exists())

    def test_phones_that_a_companys_country_makes_valid(self):
        company = self.env.company
        company.country_id = self.env.ref("base.us")
        self.sent()
        partner = self.env["res.partner"].create(
            {"name": "Local", "phone": "067 765 43 21", "country_id": False}
        )
        self.make_card(3, partner)
        self.assertEqual(self.sent(), {})
        company.country_id = self.env.ref("base.ua")
        self.assertEqual(self.sent()["380677654321"], 3)
