"""A person who wants to be forgotten is: what waited does not leave, nothing of ours
names them, and nothing is sent twice because of it."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..common import DETAILS, WEBHOOK
from ..common_customer import FIND, CustomerCase

NAME, SURNAME, MAIL = "Zoryana", "Voloshynenko", "zoryana@voloshynenko.example"
BORN = "1987-03-21"
TRACES = ("67123456", "67 123 45", NAME, SURNAME, MAIL, BORN, "21.03.1987")


@tagged("post_install", "-at_install")
class TestErasure(CustomerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = new_test_user(
            cls.env,
            "inboost-manager",
            "inboost_connector.group_inboost_manager",
            company_id=cls.env.company.id,
            company_ids=[(6, 0, cls.env.company.ids)],
        )
        cls.endpoint("customer_upsert").enabled = True

    def setUp(self):
        super().setUp()
        self.person = self.Partner.create(
            {
                "firstname": NAME,
                "lastname": SURNAME,
                "email": MAIL,
                "birthdate_date": BORN,
                "phone": "067 123 45 69",
                "country_id": self.env.ref("base.ua").id,
            }
        )

    def erase(self, partner=None):
        (partner or self.person).with_user(self.manager).action_inboost_erase()

    def traces(self):
        """Where something of ours still names the person."""
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT table_name FROM information_schema.tables"
            " WHERE table_name LIKE 'inboost%' AND table_type = 'BASE TABLE'"
        )
        tables = {name: "TRUE" for (name,) in self.env.cr.fetchall()}
        tables["mail_message"] = "model LIKE 'inboost%%' OR body LIKE '%%InBoost%%'"
        tables["mail_tracking_value"] = (
            "mail_message_id IN"
            " (SELECT id FROM mail_message WHERE model LIKE 'inboost%%')"
        )
        tables["mail_activity"] = "res_model LIKE 'inboost%%'"
        found = []
        for table, condition in tables.items():
            self.env.cr.execute(
                f"SELECT t::text FROM {table} t WHERE ({condition})"
                " AND t::text ILIKE ANY(%s)",
                ([f"%{trace}%" for trace in TRACES],),
            )
            found += [f"{table}: {row}" for (row,) in self.env.cr.fetchall()]
        return found

    def leave_traces(self):
        """The person is in everything that we keep."""
        partner = self.person
        row = self.row(
            5,
            userPhoneNumber="380671234569",
            userName=NAME,
            lastName=SURNAME,
            email=MAIL,
            birth=BORN,
        )
        self.pull([row, self.row(6)])
        self.fake.script[FIND] = [self.answer(row)]
        with self.enter_registry_test_mode():
            partner.action_inboost_synchronise()
        self.make_card(50, partner=partner)
        order = self.sell(partner)
        self.deliver()
        echo = f'{{"message": "unknown: 067 123 45 69, {NAME} {SURNAME}"}}'.encode()
        self.fake.script[WEBHOOK] = self.fake.script[DETAILS] = [(422, {}, echo)]
        failed = self.capture_some(partner=partner)
        self.deliver()
        self.assertEqual(failed.state, "failed")
        self.fake.script.clear()
        self.env["inboost.capture.failure"]._record(
            f"the phone of {partner.display_name}",
            (partner, "_inboost_capture_balances", ["+380671234569"]),
            ValueError(f"{NAME} has no card"),
        )
        body = f"What of {NAME} {SURNAME}?"
        self.backend.message_post(body=body)
        self.backend.activity_schedule(
            "mail.mail_activity_data_warning", summary=f"{MAIL} was refused"
        )
        return order

    def test_nothing_of_ours_names_them_afterwards(self):
        self.leave_traces()
        self.assertTrue(self.traces())
        self.erase()
        self.assertEqual(self.traces(), [])

    def test_deleting_the_contact_does_the_same(self):
        self.pull([self.row(5, userPhoneNumber="380671234569", userName=NAME)])
        self.capture_some(partner=self.person)
        self.assertTrue(self.traces())
        self.person.unlink()
        self.assertEqual(self.traces(), [])

    def test_what_waits_does_not_leave(self):
        """Pending, parked, held and failed alike."""
        events = self.capture_some(4, partner=self.person)
        for event, state in zip(events, ("pending", "parked", "held"), strict=False):
            self.env.cr.execute(
                "UPDATE inboost_event SET state = %s WHERE id = %s", (state, event.id)
            )
        self.env.invalidate_all()
        self.erase()
        self.assertEqual(set(events.mapped("state")), {"cancelled"})
        self.assertEqual(set(events.mapped("reason_code")), {"erased"})
        self.assertEqual(events.mapped("phone"), [False] * 4)
        self.deliver()
        self.assertFalse(self.fake.requests)

    def test_what_was_sent_stays_sent(self):
        order = self.leave_traces()
        before = len(self.fake.requests)
        keys = self.events_of(order).mapped("key")
        self.erase()
        self.assertEqual(self.events_of(order).mapped("key"), keys)
        self.assertTrue(all(self.events_of(order).mapped("fact")))
        # Everything that could send it again.
        order.action_pos_order_paid()
        self.env["inboost.backend"]._cron_reconcile()
        self.pull([self.row(6)])
        self.backend.action_send_history()
        self.run_cron("history")
        self.deliver()
        sent = [r for r in self.fake.requests[before:] if "380671234569" in str(r)]
        self.assertEqual(sent, [])

    def test_keys_and_sums_stay(self):
        order = self.sell(self.person)
        self.erase()
        [webhook, details] = self.events_of(order)
        self.assertAlmostEqual(details.fact["total"], order.amount_total)
        self.assertEqual(details.fact["uuid"], order.uuid)
        card = self.make_card(7, partner=self.person)
        self.assertLedger(card)
        self.erase()
        self.assertLedger(card)
        self.assertEqual(self.moves_of(card).partner_id, self.person)

    def test_a_later_pull_does_not_bring_them_back(self):
        row = self.row(5, userPhoneNumber="380671234569", userName=NAME)
        self.pull([row])
        self.erase()
        self.pull([row])
        self.assertEqual(self.link_of(5).state, "ignored")
        self.assertFalse(self.link_of(5).phone)

    def test_they_are_found_by_a_phone_that_they_had(self):
        self.capture_some(partner=self.person)
        self.person.phone = "050 765 43 21"
        self.env["inboost.request.log"].sudo().create(
            {"backend_id": self.backend.id, "answer": "no user 067 123 45 69"}
        )
        self.erase()
        self.assertEqual(self.traces(), [])

    def test_a_phone_that_two_contacts_have_is_taken_from_one_only(self):
        twin = self.person.copy({"name": "Taras Petrenko", "phone": self.person.phone})
        mine = self.capture_some(partner=self.person)
        theirs = self.capture_some(partner=twin)
        self.erase()
        self.assertFalse(mine.sudo().phone)
        self.assertEqual(theirs.sudo().phone, "+380671234569")
        self.assertEqual(theirs.state, "pending")

    def test_a_notice_to_many_goes_on_without_them(self):
        notice = self.env["inboost.capture"]._capture(
            self.backend,
            [
                (
                    "bonuses_expiring",
                    "expiring:2026-02-01",
                    {"phones": ["380671234569", "380501112233"]},
                    self.backend.create_date,
                )
            ],
            self.Partner,
        )
        # A moment ago is not too old.
        self.capture_some(partner=self.person)
        self.erase()
        self.assertEqual(notice.fact["phones"], ["380501112233"])

    def test_what_is_in_flight_is_waited_for(self):
        event = self.capture_some(partner=self.person)
        self.env.cr.execute(
            "UPDATE inboost_event SET state = 'sending' WHERE id = %s", (event.id,)
        )
        self.env.invalidate_all()
        with self.assertRaises(UserError):
            self.erase()

    def test_a_merge_forgets_nobody(self):
        twin = self.person.copy({"phone": self.person.phone})
        event = self.capture_some(partner=twin)
        wizard = self.env["base.partner.merge.automatic.wizard"].sudo()
        wizard._merge((self.person | twin).ids, self.person, extra_checks=False)
        self.assertFalse(twin.exists())
        event.invalidate_recordset()
        self.assertEqual(event.partner_id, self.person)
        self.assertTrue(event.sudo().phone)
        self.assertEqual(event.state, "pending")

    # -- export, and who may -------------------------------------------------------

    def test_all_of_it_is_exported(self):
        self.leave_traces()
        data = self.env["inboost.privacy"]._export(self.person)
        self.assertEqual(data["contact"][0]["email"], MAIL)
        self.assertEqual(data["customers"][0]["fact"]["lastname"], SURNAME)
        self.assertTrue(data["bonuses"])
        operations = {event["operation"] for event in data["events"]}
        self.assertLessEqual({"purchase", "balance_set"}, operations)
        self.assertTrue(any(NAME in str(row) for row in data["requests"]))

    def test_it_is_for_administrators_only(self):
        user = new_test_user(
            self.env, "inboost-user", "inboost_connector.group_inboost_user"
        )
        for action in ("action_inboost_erase", "action_inboost_export"):
            with self.assertRaises(AccessError):
                getattr(self.person.with_user(user), action)()

    @mute_logger("odoo.addons.base.models.ir_rule")
    def test_what_another_company_keeps_is_not_erased_by_this_one(self):
        company = self.env["res.company"].sudo().create({"name": "Another"})
        other = (
            self.env["inboost.backend"]
            .sudo()
            .with_company(company)
            .create(
                {
                    "name": "Its portal",
                    "address": "https://b.inboost.ai",
                    "company_id": company.id,
                }
            )
        )
        self.Link.create({"backend_id": other.id, "partner_id": self.person.id})
        with self.assertRaisesRegex(AccessError, "Another"):
            self.erase()
