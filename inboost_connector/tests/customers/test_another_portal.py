from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import Form, new_test_user, tagged

from ..common_customer import LIST, CustomerCase
from ..fake_inboost import FakeInBoost


@tagged("post_install", "-at_install")
class TestAnotherPortal(CustomerCase):
    """A backend whose address changes: an InBoost administrator says who is there, and
    with another portal nobody is taken for whoever had their number in the first."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = FakeInBoost()
        cls.addClassCleanup(cls.other.close)
        cls.manager = new_test_user(
            cls.env,
            "inboost-moving",
            "inboost_connector.group_inboost_manager",
            company_id=cls.env.company.id,
            company_ids=[(6, 0, cls.env.company.ids)],
        )

    def setUp(self):
        super().setUp()
        self.backend.pull_released = True
        self.mine = self.backend.with_user(self.manager)

    def move(self):
        """The other portal's address and secret, as they are typed."""
        with Form(self.mine) as form:
            form.address = self.other.url
            form.secret_entry = "its-own"

    def connect(self):
        with self.enter_registry_test_mode():
            return self.mine.action_connect()

    def refusal(self, act):
        """Not by assertRaises, which rolls back what was asked of the server."""
        try:
            with self.enter_registry_test_mode():
                act()
        except UserError as error:
            return str(error)

    def pull_there(self, *rows):
        self.fake, fake = self.other, self.fake
        try:
            return self.pull([*rows])
        finally:
            self.fake = fake

    def test_an_equal_number_over_there_is_somebody_else(self):
        one, two = self.contact(1), self.contact(2)
        self.pull([self.row(1), self.row(2)])
        links = self.link_of(1) + self.link_of(2)
        self.assertEqual(links.partner_id, one + two)
        self.move()
        self.assertTrue(self.mine.is_moved)
        said = self.mine.action_change_portal()["params"]["message"]
        self.assertIn("found by their phones again", said)
        self.assertFalse(any(links.mapped("inboost_id")))
        self.connect()
        # The numbers are those of the others.
        swapped = [self.row(1, id="id-2"), self.row(2, id="id-1")]
        run = self.pull_there(*swapped)
        self.assertEqual((run.state, run.conflict_count), ("done", 0))
        self.assertEqual(self.link_of(2).partner_id, one)
        self.assertEqual(self.link_of(1).partner_id, two)
        self.assertEqual(self.link_of(1) + self.link_of(2), links.sorted("id")[::-1])
        self.assertEqual([one.phone, two.phone], ["050 0000001", "050 0000002"])

    def test_nothing_goes_on_before_somebody_says_who_is_there(self):
        self.pull([self.row(1)])
        self.move()
        for act in (self.mine.action_connect, self.mine.action_dry_run):
            self.assertIn("another portal or the same", self.refusal(act) or "")
        self.assertEqual(self.backend.state, "draft")
        self.assertTrue(self.link_of(1), "nothing is forgotten yet")
        self.env["inboost.setup"].with_user(self.manager)._resume(self.mine)
        setup = self.mine.setup_ids
        self.assertTrue(self.refusal(setup.action_dry_run))
        setup.action_change_portal()
        self.connect()
        self.assertEqual(self.backend.state, "connected")
        self.assertIn("nothing to decide", self.refusal(self.mine.action_keep_portal))

    def test_the_same_portal_at_a_new_address_changes_nothing(self):
        event = self.capture_some()
        self.pull([self.row(1)])
        link = self.link_of(1)
        self.move()
        self.mine.action_keep_portal()
        self.connect()
        self.assertEqual(link.inboost_id, "id-1")
        self.assertEqual(event.state, "pending")
        self.assertFalse(self.backend.doubt_decision)

    def test_what_waits_for_the_first_is_asked_about(self):
        event = self.capture_some()
        self.move()
        self.mine.action_change_portal()
        self.connect()
        self.deliver()
        self.assertEqual(event.state, "held")
        self.assertEqual(self.backend.doubt_count, 1)

    def test_two_customers_of_the_first_with_one_phone(self):
        one, two = self.contact(1), self.contact(2)
        stands = self.link(one, 1, phone=self.phone(1))
        self.link(two, 2, phone=self.phone(1))
        nobody = self.Partner
        self.link(nobody, 3, phone=self.phone(1), state="conflict")
        ignored = self.link(nobody, 4, phone=self.phone(4), state="ignored")
        self.link(nobody, 5, phone=False, state="ignored")
        self.move()
        self.mine.action_change_portal()
        left = self.Link.search([("backend_id", "=", self.backend.id)])
        self.assertEqual(left, ignored + stands)
        self.connect()
        self.pull_there(self.row(1), self.row(2), self.row(4))
        self.assertEqual(self.link_of(1), stands)
        self.assertEqual(self.link_of(2).partner_id, two, "found by the phone")
        self.assertEqual(ignored.state, "ignored", "it was decided about this phone")

    def test_who_opted_out_there_is_not_opted_in_by_another(self):
        self.endpoint(
            "customers_list"
        ).row_map = "{inboost_id: id, phone: userPhoneNumber, opted_out: unsubscribed}"
        self.contact(1)
        self.pull([self.row(1, unsubscribed=True)])
        listed = [("number", "=", self.phone(1))]
        self.assertTrue(self.env["phone.blacklist"].search(listed))
        self.move()
        self.mine.action_change_portal()
        self.connect()
        self.pull_there(self.row(1, unsubscribed=False))
        self.assertTrue(self.env["phone.blacklist"].search(listed))

    def test_what_the_first_was_saying_is_left_behind(self):
        """A page on its way, what it announced, and the lines of its runs."""
        one, two = self.contact(1), self.contact(2)
        self.pull([self.row(2)])
        line = self.Run.search([], limit=1).line_ids
        announced = self.env["inboost.announcement"].sudo()
        announced._store(self.backend.id, "m-1", {"id": "id-9"})
        connection = type(self.env["inboost.connection"])
        ask = connection._ask

        def move_meanwhile(connection, endpoint, request, *args, **kwargs):
            exchange = ask(connection, endpoint, request, *args, **kwargs)
            if LIST in request.url:
                self.move()
                self.mine.action_change_portal()
            return exchange

        with patch.object(connection, "_ask", move_meanwhile):
            run = self.pull([self.row(1)])
        self.assertEqual(run.state, "cancelled")
        self.assertFalse(self.link_of(1))
        self.assertFalse(one.inboost_customer_ids)
        message = announced.search([("message_id", "=", "m-1")])
        self.assertEqual(message.state, "failed")
        self.assertIn("another portal is there", message.text)
        self.link(one, 2)
        self.assertEqual(line.customer_id.partner_id, two)
