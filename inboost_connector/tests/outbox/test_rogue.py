"""An administrator of InBoost without other rights has a server of his own."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..common_customer import CustomerCase


@tagged("post_install", "-at_install")
class TestRogue(CustomerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rogue = new_test_user(
            cls.env,
            "inboost-rogue",
            "inboost_connector.group_inboost_manager",
            company_id=cls.env.company.id,
            company_ids=[(6, 0, cls.env.company.ids)],
        )
        cls.editor = new_test_user(
            cls.env,
            "inboost-editor",
            "inboost_connector.group_inboost_manager,base.group_partner_manager",
            company_id=cls.env.company.id,
            company_ids=[(6, 0, cls.env.company.ids)],
        )
        cls.other = cls.env["res.company"].sudo().create({"name": "Another company"})

    def test_who_may_not_edit_contacts_has_none_overwritten(self):
        with self.assertRaises(AccessError):
            self.backend.with_user(self.rogue).policy_email = "overwrite"
        self.backend.with_user(self.editor).policy_email = "overwrite"
        self.assertEqual(self.backend.policy_email, "overwrite")

    def test_nor_by_a_new_backend(self):
        values = {
            "name": "Rogue",
            "address": "https://rogue.example.com",
            "policy_email": "overwrite",
        }
        with self.assertRaises(AccessError):
            self.env["inboost.backend"].with_user(self.rogue).create(values)
        self.env["inboost.backend"].with_user(self.editor).create(values)

    def test_nor_by_another_server_or_reading_of_its_answer(self):
        self.backend.sudo().policy_email = "overwrite"
        backend = self.backend.with_user(self.rogue)
        with self.assertRaises(AccessError):
            backend.address = "https://rogue.example.com"
        endpoint = self.endpoint("customers_list").with_user(self.rogue)
        for values in (
            {"row_map": "{phone: phone, email: 'rogue@example.com'}"},
            {"address_entry": "/another"},
            {"rows_path": "rogue"},
        ):
            with self.assertRaises(AccessError):
                endpoint.write(values)
        # What contacts do not depend on is his.
        self.endpoint("purchase").with_user(self.rogue).timeout = 9
        backend.name = "Renamed"

    @mute_logger("odoo.addons.base.models.ir_rule")
    def test_he_reaches_no_other_company(self):
        with self.assertRaises(AccessError):
            self.env["inboost.backend"].with_user(self.rogue).create(
                {
                    "name": "Rogue",
                    "address": "https://rogue.example.com",
                    "company_id": self.other.id,
                }
            )
        with self.assertRaises(AccessError):
            self.backend.with_user(self.rogue).company_id = self.other

    def test_no_contact_of_another_company_is_linked(self):
        theirs = self.Partner.sudo().create(
            {"name": "Theirs", "company_id": self.other.id}
        )
        link = self.link(self.customer, 1, state="conflict")
        with self.assertRaises(UserError):
            link.with_user(self.rogue).partner_id = theirs

    def test_what_a_link_says_is_not_typed_in(self):
        link = self.link(self.customer, 1).with_user(self.rogue)
        for values in ({"inboost_id": "x"}, {"phone": "+380501112233"}):
            with self.assertRaises(AccessError):
                link.write(values)

    def test_points_of_another_company_are_not_sent(self):
        theirs = self.make_program("Theirs", company_id=self.other.id)
        with self.assertRaises(UserError):
            self.backend.with_user(self.rogue).program_ids = theirs


@tagged("post_install", "-at_install")
class TestBranches(CustomerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.branch, cls.sibling = (
            cls.env["res.company"]
            .sudo()
            .create({"name": name, "parent_id": cls.env.company.id})
            for name in ("Branch of ours", "Sibling branch")
        )
        cls.clerk = new_test_user(
            cls.env,
            "inboost-clerk",
            "inboost_connector.group_inboost_user",
            company_id=cls.branch.id,
            company_ids=[(6, 0, cls.branch.ids)],
        )

    def sale_of(self, company):
        """An event about a sale of ``company``."""
        order = self.sell(self.customer)
        events = self.events_of(order)
        self.assertEqual(events.company_id, self.env.company)
        order = order.sudo()
        self.forget(events)
        self.env.cr.execute(
            "UPDATE pos_order SET company_id = %s WHERE id = %s", (company.id, order.id)
        )
        order.invalidate_recordset()
        order._inboost_capture_missed()
        return self.events_of(order)

    @mute_logger("odoo.addons.base.models.ir_rule")
    def test_a_branch_sees_its_own_sales_and_no_others(self):
        own, others = self.sale_of(self.branch), self.sale_of(self.sibling)
        self.assertEqual(own.company_id, self.branch)
        own.with_user(self.clerk).read(["display_name", "body_text", "backend_id"])
        with self.assertRaises(AccessError):
            others.with_user(self.clerk).read(["display_name"])
        # The company above sees both.
        self.assertEqual(
            self.env["inboost.event"].search([("id", "in", (own + others).ids)]),
            (own + others).sorted("id", reverse=True),
        )

    @mute_logger("odoo.addons.base.models.ir_rule")
    def test_a_branch_reads_the_portal_and_does_not_change_it(self):
        self.backend.with_user(self.clerk).read(["name", "state"])
        self.clerk.group_ids |= self.env.ref("inboost_connector.group_inboost_manager")
        with self.assertRaises(AccessError):
            self.backend.with_user(self.clerk).name = "Renamed"
        with self.assertRaises(AccessError):
            self.endpoint("purchase").with_user(self.clerk).timeout = 7

    def missed_of(self, company):
        """The capture of a sale of ``company`` that an error of ours prevented."""
        order = self.sell(self.customer).sudo()
        self.env.cr.execute(
            "UPDATE pos_order SET company_id = %s WHERE id = %s", (company.id, order.id)
        )
        order.invalidate_recordset()
        net = (order, "_inboost_capture_missed", [])
        return self.env["inboost.capture.failure"]._record("a sale", net, KeyError())

    @mute_logger("odoo.addons.base.models.ir_rule")
    def test_what_others_missed_is_not_shown(self):
        own, others = self.missed_of(self.branch), self.missed_of(self.sibling)
        missed = self.env["inboost.capture.failure"].with_user(self.clerk)
        self.assertEqual(missed.search([("id", "in", (own + others).ids)]), own)
        own.with_user(self.clerk).read(["what", "arguments", "trace"])
        with self.assertRaises(AccessError):
            others.with_user(self.clerk).read(["trace"])
        # The company above sees both, and hears of both.
        above = self.env["inboost.capture.failure"].search([("solved_at", "=", False)])
        self.assertLessEqual(own + others, above)
        others.attempts = 2
        self.assertTrue(missed._is_stuck(self.backend))

    def test_what_a_company_without_a_portal_missed_is_everybodys(self):
        foreign = self.env["res.company"].sudo().create({"name": "Foreign"})
        partners = self.customer.with_company(foreign)
        net = (partners, "_inboost_release_parked", [])
        missed = self.env["inboost.capture.failure"]._record("a phone", net, KeyError())
        self.assertFalse(missed.company_id)
        missed.with_user(self.clerk).read(["what"])

    def test_what_another_company_missed_is_no_alarm_of_ours(self):
        foreign = self.env["res.company"].sudo().create({"name": "Foreign"})
        theirs = self.backend.sudo().copy(
            {"company_id": foreign.id, "program_ids": False}
        )
        theirs.state = "paused"
        missed = self.missed_of(foreign)
        missed.attempts = 2
        stuck = self.env["inboost.capture.failure"]._is_stuck
        self.assertEqual((stuck(self.backend), stuck(theirs)), (False, True))
        said = self.env["inboost.support"]._describe_failures(self.backend)["missed"]
        self.assertEqual(said, [])

    def test_points_of_others_are_not_shown(self):
        """Expiring points: those of the reader's companies."""
        self.program.inboost_validity_days = 30
        self.make_card(5)
        foreign = self.env["res.company"].sudo().create({"name": "Foreign"})
        theirs = self.Partner.sudo().create(
            {"name": "Theirs", "company_id": foreign.id, "phone": "+380501112233"}
        )
        self.program.sudo().company_id = False
        self.env["loyalty.card"].sudo().create(
            {"program_id": self.program.id, "partner_id": theirs.id, "points": 7}
        )
        reader = new_test_user(
            self.env,
            "inboost-reader",
            "inboost_connector.group_inboost_user",
            company_id=self.env.company.id,
            company_ids=[(6, 0, self.env.company.ids)],
        )
        action = self.program.with_user(reader).action_inboost_expiring()
        preview = self.env[action["res_model"]].sudo().browse(action["res_id"])
        self.assertEqual(preview.line_ids.partner_id, self.customer)
