from datetime import timedelta

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from ..common_customer import CustomerCase


@tagged("post_install", "-at_install")
class TestTill(CustomerCase):
    """What a cashier is shown of a customer, and by what they are found."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cashier = new_test_user(
            cls.env, "cashier_", "point_of_sale.group_pos_user,base.group_user"
        )

    def bonuses(self, partner=None, user=None):
        partners = self.Partner.with_user(user or self.cashier)
        return partners.inboost_bonuses_at_register(
            self.config.id, (partner or self.customer).id
        )

    def test_balance_and_what_expires_first(self):
        self.program.inboost_validity_days = 30
        self.make_card(160.51)
        day = self.env.company._inboost_today() + timedelta(days=30)
        found = self.bonuses()
        self.assertEqual((found["balance"], found["expiring"]), ("160.51", "160.51"))
        self.assertIn(str(day.year), found["day"])

    def test_points_that_do_not_expire_have_no_day(self):
        self.make_card(12)
        self.assertEqual(self.bonuses(), {"balance": "12.00"})

    def test_programs_that_are_no_bonuses_do_not_count(self):
        self.make_card(12, program=self.make_program("Other"))
        self.assertEqual(self.bonuses(), {})

    def test_only_a_cashier_is_shown_them(self):
        user = new_test_user(self.env, "nobody_", "base.group_user")
        with self.assertRaises(AccessError):
            self.bonuses(user=user)

    def map_barcode(self):
        """Where InBoost has it is what an administrator has to know."""
        endpoint = self.endpoint("customers_list")
        endpoint.row_map = endpoint.row_map[:-1] + ", barcode: barcode}"

    def test_no_barcode_is_read_until_somebody_says_where_it_is(self):
        self.pull([self.row(1, barcode="BOT-0001")])
        self.assertFalse(self.link_of(1).partner_id.barcode)

    def test_the_barcode_of_a_card_comes_from_inboost(self):
        self.map_barcode()
        self.pull([self.row(1, barcode="BOT-0001")])
        partner = self.link_of(1).partner_id
        self.assertEqual(partner.barcode, "BOT-0001")
        self.pull([self.row(1, barcode="BOT-0002")])
        self.assertEqual(partner.barcode, "BOT-0001", "it fills what is empty")
        self.backend.policy_barcode = "overwrite"
        self.pull([self.row(1, barcode="BOT-0002")])
        self.assertEqual(partner.barcode, "BOT-0002")

    def test_a_barcode_that_another_has_is_left_there_and_named(self):
        self.map_barcode()
        other = self.contact(9, barcode="BOT-0001")
        rows = [
            self.row(1, barcode="BOT-0001"),
            self.row(2, barcode="BOT-0002"),
            self.row(3, barcode="BOT-0002"),
        ]
        run = self.pull(rows)
        self.assertEqual(self.counts(run), {"created": 3})
        self.assertEqual(other.barcode, "BOT-0001")
        found = [self.link_of(n).partner_id.barcode for n in (1, 2, 3)]
        self.assertEqual(found, [False, "BOT-0002", False])
        self.assertIn("BOT-0001", str(self.link_of(1).warnings))
