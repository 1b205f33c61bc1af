import contextlib
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..common_customer import FIND, CustomerCase


@tagged("post_install", "-at_install")
class TestCustomerLookup(CustomerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cashier = new_test_user(
            cls.env, "cashier_", "point_of_sale.group_pos_user,base.group_user"
        )

    def setUp(self):
        super().setUp()
        # Logs and circuits are written by a cursor of their own.
        self.enterContext(self.enter_registry_test_mode())

    def search(self, typed, offset=0):
        """As the register does it when the cashier presses Enter."""
        names = ("name", "phone_mobile_search", "email", "barcode")
        domain = ["|"] * (len(names) - 1) + [[n, "ilike", f"{typed}%"] for n in names]
        partners = self.Partner.with_user(self.cashier)
        found = partners.get_new_partner(self.config.id, domain, offset)
        return found["res.partner"]

    def known(self, number=1, **values):
        self.fake.script[FIND] = [self.answer(self.row(number, **values))]

    def asked(self):
        return [body["userPhone"] for body in self.fake.bodies(FIND)]

    def test_signed_up_five_minutes_ago(self):
        self.known()
        [found] = self.search("050 000 00 01")
        self.assertEqual(found["name"], "First1 Last1")
        self.assertEqual(found["phone"], self.phone(1))
        self.assertTrue(found["is_inboost_customer"])
        self.assertEqual(self.link_of(1).partner_id.id, found["id"])
        # Now they are here.
        [again] = self.search("050 000 00 01")
        self.assertEqual(again["id"], found["id"])
        self.assertEqual(self.asked(), ["380500000001"])

    def test_known_here_in_another_spelling_asks_nobody(self):
        partner = self.contact(1, phone=self.phone(1))
        [found] = self.search("050 0000001")
        self.assertEqual(found["id"], partner.id)
        self.assertFalse(self.asked())

    def test_no_phone_no_question(self):
        for typed in ("Zzz", "4820000000017", "0500", "zz@example.com", "+3805x"):
            self.assertEqual(self.search(typed), [])
        self.assertEqual(self.search("0500000001", offset=100), [])
        self.assertFalse(self.asked())

    def test_unknown_there(self):
        for answer in (self.answer({}), self.answer(None), self.answer([]), 404):
            self.fake.script[FIND] = [answer]
            self.assertEqual(self.search("0500000001"), [])
        self.assertFalse(self.endpoint("customer_find").paused)
        self.assertEqual(self.endpoint("customer_find").failures, 0)

    def test_trouble_is_the_normal_empty_answer(self):
        for answer in (500, 401, "close", self.answer("text"), self.answer([7])):
            self.fake.script[FIND] = [answer]
            with mute_logger("odoo.addons.inboost_connector.models"):
                self.assertEqual(self.search("0500000001"), [])
        self.assertEqual(self.backend.state, "connected")

    def test_the_customer_of_another_phone_is_not_taken(self):
        self.known(2)
        self.assertEqual(self.search("0500000001"), [])
        self.assertFalse(self.link_of(2))

    def test_a_circuit_opens(self):
        endpoint = self.endpoint("customer_find")
        endpoint.write({"failures": 4})
        endpoint.flush_recordset()
        self.fake.script[FIND] = [503]
        # At the till a savepoint is around it, which in a test takes this back too.
        with contextlib.suppress(UserError):
            self.env["inboost.customer.lookup"].sudo()._find(
                self.backend.sudo(), "+380500000001"
            )
        self.env.invalidate_all()
        self.assertEqual(endpoint.failures, 5)
        self.assertTrue(endpoint.rest_until)
        self.known()
        self.assertEqual(self.search("0500000001"), [])
        self.assertEqual(len(self.asked()), 1)
        endpoint.rest_until = False
        endpoint.flush_recordset()
        self.assertTrue(self.search("0500000001"))
        self.env.invalidate_all()
        self.assertEqual(endpoint.failures, 0)

    def test_two_seconds_at_most(self):
        self.known()
        timeouts = []
        cls = type(self.backend)
        exchange = cls._exchange

        def listen(self, operation, fact=None, within=None, **envelope):
            timeouts.append(within)
            return exchange(self, operation, fact, within, **envelope)

        with patch.object(cls, "_exchange", listen):
            self.search("0500000001")
        self.assertEqual(timeouts, [2])

    def test_one_till_probes_after_a_rest(self):
        endpoint = self.endpoint("customer_find")
        endpoint.write({"failures": 5, "rest_until": "2020-01-01 00:00:00"})
        endpoint.flush_recordset()
        self.assertTrue(endpoint._may_ask())
        self.env.invalidate_all()
        self.assertFalse(endpoint._may_ask(), "another till waits for the outcome")

    def test_a_trouble_with_unarchiving_is_the_normal_empty_answer(self):
        self.contact(1, active=False)
        self.known()
        with (
            patch.object(type(self.Partner), "message_post", side_effect=KeyError),
            mute_logger(
                "odoo.addons.inboost_connector.models.customers.inboost_customer_lookup"
            ),
        ):
            self.assertEqual(self.search("0500000001"), [])

    def test_archived_and_back_at_the_till(self):
        partner = self.contact(1, active=False)
        self.known()
        [found] = self.search("0500000001")
        self.assertEqual(found["id"], partner.id)
        self.assertTrue(partner.active)
        self.assertIn("Back at the register", partner.message_ids[0].body)

    def test_off_paused_or_not_connected(self):
        self.known()
        endpoint = self.endpoint("customer_find")
        for values in ({"enabled": False}, {"enabled": True, "paused": True}):
            endpoint.write(values)
            self.assertEqual(self.search("0500000001"), [])
        endpoint.paused = False
        self.backend._pause("text", {"text": "for a test"})
        self.assertEqual(self.search("0500000001"), [])
        self.assertFalse(self.asked())

    # -- in Contacts ---------------------------------------------------------------

    def test_find_by_phone_in_contacts(self):
        self.known()
        wizard = self.env["inboost.customer.find"].create({"phone": "050 000 0001"})
        self.assertEqual(wizard.backend_id, self.backend)
        action = wizard.action_find()
        self.assertEqual(action["res_id"], self.link_of(1).partner_id.id)
        self.fake.script[FIND] = [self.answer({})]
        with self.assertRaisesRegex(UserError, "knows no customer"):
            self.env["inboost.customer.find"].create(
                {"phone": "0500000002"}
            ).action_find()
        with self.assertRaisesRegex(UserError, "not a valid phone"):
            self.env["inboost.customer.find"].create({"phone": "12"}).action_find()

    def test_synchronise_a_contact_now(self):
        partner = self.contact(1)
        self.known(email="one@example.com")
        action = partner.action_inboost_synchronise()
        self.assertEqual(action["params"]["type"], "success")
        self.assertEqual(partner.email, "one@example.com")
        self.assertEqual(self.link_of(1).history_state, "waiting")
        self.fake.script[FIND] = [503]
        with self.assertRaisesRegex(UserError, "trouble of its own"):
            partner.action_inboost_synchronise()
        mute = self.contact(2, phone=False)
        with self.assertRaisesRegex(UserError, "no valid phone"):
            mute.action_inboost_synchronise()
        # Among several one is told of and stops nobody.
        self.known(lastName="Other")
        action = (mute + partner).action_inboost_synchronise()
        self.assertIn("1 of 2", action["params"]["message"])
        self.assertIn("no valid phone", action["params"]["message"])
