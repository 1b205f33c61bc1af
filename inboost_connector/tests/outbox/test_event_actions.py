from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from ...lib.states import IllegalMove
from ..common import WEBHOOK, InboostCase


@tagged("post_install", "-at_install")
class TestEventActions(InboostCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = new_test_user(
            cls.env, "inboost-user", "inboost_connector.group_inboost_user"
        )
        cls.user.write(
            {"company_ids": [(4, cls.env.company.id)], "company_id": cls.env.company.id}
        )

    def held(self):
        event = self.capture_some()
        states = {"state": "sending"}
        event.sudo().write(states)
        event.sudo()._finish("held", "text", {"text": "a test"})
        return event

    def test_no_code_moves_an_event_where_it_must_not_go(self):
        event = self.capture_some()
        event._finish("done")
        for state in ("pending", "sending", "failed", "parked"):
            with self.assertRaises(IllegalMove):
                event.sudo().write({"state": state})
        self.assertEqual(event.state, "done")

    def test_send_again_keeps_the_id_and_leaves_a_trace(self):
        event = self.held()
        before = event.event_id
        event.with_user(self.user).action_send_again()
        self.assertEqual(event.state, "pending")
        self.deliver()
        self.assertEqual(event.state, "done")
        self.assertEqual(self.fake.bodies(WEBHOOK)[0]["eventId"], before)
        trace = event.decision_ids
        self.assertEqual(trace.action, "send_again")
        self.assertEqual(trace.user_id, self.user)

    def test_mark_delivered_and_cancel_are_for_administrators(self):
        event = self.held()
        for action in ("action_mark_delivered", "action_cancel"):
            with self.assertRaises(AccessError):
                getattr(event.with_user(self.user), action)()
        event.action_mark_delivered()
        self.assertEqual(event.state, "done")
        other = self.held()
        other.action_cancel()
        self.assertEqual(other.state, "cancelled")
        self.deliver()
        self.assertFalse(self.fake.requests)

    def test_delivered_cannot_be_sent_again(self):
        event = self.capture_some()
        self.deliver()
        with self.assertRaises(UserError):
            event.action_send_again()

    def test_undelivered_is_never_deleted(self):
        with self.assertRaises(UserError):
            self.capture_some().unlink()

    def test_users_cannot_write_by_rpc(self):
        event = self.capture_some().with_user(self.user)
        with self.assertRaises(AccessError):
            event.write({"state": "done"})
        with self.assertRaises(AccessError):
            event.log_ids.create({"backend_id": self.backend.id})

    def test_cashier_sees_nothing(self):
        cashier = new_test_user(self.env, "till", "point_of_sale.group_pos_user")
        for model in ("inboost.event", "inboost.request.log", "inboost.backend"):
            with self.assertRaises(AccessError):
                self.env[model].with_user(cashier).search([])
        with self.assertRaises(AccessError):
            self.held().with_user(cashier).action_send_again()

    def test_other_company_sees_nothing(self):
        event = self.capture_some()
        company = self.env["res.company"].create({"name": "Another"})
        stranger = new_test_user(
            self.env,
            "stranger",
            "inboost_connector.group_inboost_manager",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )
        for record in (event, self.backend, self.endpoint("purchase")):
            found = self.env[record._name].with_user(stranger).search([])
            self.assertNotIn(record, found)
            with self.assertRaises(AccessError):
                record.with_user(stranger).check_access("read")

    def test_retention_removes_delivered_only(self):
        delivered = self.capture_some()
        self.deliver()
        held = self.held()
        old = fields.Datetime.subtract(fields.Datetime.now(), days=400)
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE inboost_event SET write_date = %s WHERE id = ANY(%s)",
            (old, (delivered + held).ids),
        )
        self.env.cr.execute(
            "UPDATE inboost_request_log SET create_date = %s WHERE backend_id = %s",
            (old, self.backend.id),
        )
        self.env.invalidate_all()
        self.env["inboost.event"]._gc_delivered()
        self.assertFalse(delivered.exists())
        self.assertTrue(held.exists())
        self.env["inboost.request.log"]._gc_request_log()
        self.assertFalse(
            self.env["inboost.request.log"].search(
                [("backend_id", "=", self.backend.id)]
            )
        )
