import contextlib
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
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

    def ask(self, typed):
        """As the register does it when nobody there has the phone."""
        partners = self.Partner.with_user(self.cashier)
        return partners.inboost_find_at_register(self.config.id, typed)

    def search(self, typed):
        return self.ask(typed)["records"].get("res.partner", [])

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

    def test_linked_in_another_spelling_asks_nobody(self):
        partner = self.contact(1, phone=self.phone(1))
        self.link(partner)
        answer = self.ask("050 0000001")
        self.assertEqual(answer["state"], "linked")
        self.assertEqual(answer["records"]["res.partner"][0]["id"], partner.id)
        self.assertFalse(self.asked())

    def test_here_but_not_linked_is_linked_at_the_till(self):
        partner = self.contact(1)
        self.known()
        answer = self.ask("050 0000001")
        self.assertEqual(answer["state"], "found")
        [found] = answer["records"]["res.partner"]
        self.assertEqual(found["id"], partner.id)
        self.assertTrue(found["is_inboost_customer"])
        self.assertEqual(self.link_of(1).partner_id, partner)

    def test_here_and_unknown_there_is_shown_all_the_same(self):
        partner = self.contact(1)
        self.fake.script[FIND] = [404]
        answer = self.ask("050 0000001")
        self.assertEqual(answer["state"], "unknown")
        self.assertEqual(answer["records"]["res.partner"][0]["id"], partner.id)

    def test_only_a_cashier_asks(self):
        user = new_test_user(self.env, "nobody_", "base.group_user")
        with self.assertRaises(AccessError):
            self.Partner.with_user(user).inboost_find_at_register(
                self.config.id, "0500000001"
            )

    def test_no_phone_no_question(self):
        for typed in ("Zzz", "4820000000017", "0500", "zz@example.com", "+3805x"):
            self.assertEqual(self.ask(typed)["state"], "invalid")
        self.assertFalse(self.asked())

    def test_unknown_there(self):
        for answer in (self.answer({}), self.answer(None), self.answer([]), 404):
            self.fake.script[FIND] = [answer]
            answer = self.ask("0500000001")
            self.assertEqual((answer["state"], answer["records"]), ("unknown", {}))
        self.assertFalse(self.endpoint("customer_find").paused)
        self.assertEqual(self.endpoint("customer_find").failures, 0)

    def test_trouble_is_not_taken_for_a_customer_who_is_unknown(self):
        for answer in (500, 401, "close", self.answer("text"), self.answer([7])):
            self.fake.script[FIND] = [answer]
            with mute_logger("odoo.addons.inboost_connector.models"):
                answer = self.ask("0500000001")
            self.assertEqual((answer["state"], answer["records"]), ("silent", {}))
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
        cls = type(self.env["inboost.connection"])
        exchange = cls._exchange

        def listen(self, endpoint, fact=None, within=None, **envelope):
            timeouts.append(within)
            return exchange(self, endpoint, fact, within, **envelope)

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
            state = "silent" if endpoint.enabled else "off"
            self.assertEqual(self.ask("0500000001")["state"], state)
        endpoint.paused = False
        self.backend._pause("text", {"text": "for a test"})
        self.assertEqual(self.ask("0500000001")["state"], "off")
        self.assertFalse(self.asked())

    # -- in Contacts ---------------------------------------------------------------

    def test_find_by_phone_in_contacts(self):
        self.known()
        wizard = self.env["inboost.customer.find"].create({"phone": "050 000 0001"})
        self.assertEqual(wizard.backend_id, self.backend)
        action = wizard.action_find()
        self.assertEqual(action["res_id"], self.link_of(1).partner_id.id)

    def test_what_is_not_found_is_answered_in_the_same_window(self):
        find = self.env["inboost.customer.find"]
        self.fake.script[FIND] = [self.answer({})]
        wizard = find.create({"phone": "0500000002"})
        action = wizard.action_find()
        self.assertEqual((action["res_id"], wizard.state), (wizard.id, "unknown"))
        self.assertIn(self.phone(2), wizard.answer)
        action = wizard.action_create_contact()
        self.assertEqual(action["context"], {"default_phone": self.phone(2)})
        wizard = find.create({"phone": "050 12"})
        wizard.action_find()
        self.assertEqual(wizard.state, "invalid")
        self.assertIn("“050 12” is not a valid phone: it is too short", wizard.answer)
        self.fake.script[FIND] = [503]
        wizard = find.create({"phone": "0500000002"})
        wizard.action_find()
        self.assertEqual(wizard.state, "trouble")

    def test_a_look_up_is_read_by_its_own_mapping(self):
        self.endpoint(
            "customer_find"
        ).row_map = "{inboost_id: number, phone: mobile, firstname: called}"
        self.fake.script[FIND] = [
            self.answer({"number": "n-1", "mobile": "380500000001", "called": "Olena"})
        ]
        [found] = self.search("0500000001")
        self.assertEqual(found["name"], "Olena")

    def test_synchronise_a_contact_now(self):
        partner = self.contact(1)
        self.known(email="one@example.com")
        action = partner.action_inboost_synchronise()
        self.assertEqual(action["params"]["type"], "success")
        self.assertEqual(partner.email, "one@example.com")
        self.assertEqual(self.link_of(1).history_state, "waiting")
        self.fake.script[FIND] = [503]
        with self.assertRaises(UserError):
            partner.action_inboost_synchronise()
        mute = self.contact(2, phone=False)
        with self.assertRaisesRegex(UserError, "no valid phone"):
            mute.action_inboost_synchronise()
        # Among several one is told of and stops nobody.
        self.known(lastName="Other")
        action = (mute + partner).action_inboost_synchronise()
        self.assertIn("1 of 2", action["params"]["message"])
        self.assertIn("no valid phone", action["params"]["message"])
