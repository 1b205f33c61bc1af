"""Who may do what: each role by itself, with the rights of its group and no others."""

from odoo.exceptions import AccessError
from odoo.tests import Form, new_test_user, tagged

from ..common_customer import FIND, CustomerCase

GROUPS = {
    "user": "inboost_connector.group_inboost_user",
    "manager": "inboost_connector.group_inboost_manager",
    "cashier": "base.group_user,point_of_sale.group_pos_user",
    "pos manager": "base.group_user,point_of_sale.group_pos_manager",
    "salesperson": "base.group_user,sales_team.group_sale_salesman",
    "accountant": "base.group_user,account.group_account_invoice",
    "contact editor": "base.group_user,base.group_partner_manager",
    "portal": "base.group_portal",
    "public": "base.group_public",
}
OURS = {"user", "manager"}
#: What is done, by the name of the method below -> the roles that may do it.
TABLE = {
    "open_backend": OURS,
    "list_backends": OURS,
    "make_backend": {"manager"},
    "change_backend": {"manager"},
    "delete_backend": {"manager"},
    "pause_backend": {"manager"},
    "press_test": {"manager"},
    "open_endpoint": OURS,
    "change_endpoint": {"manager"},
    "send_sample": {"manager"},
    "synchronise": OURS,
    "find_in_inboost": OURS,
    "synchronise_contact": OURS,
    "open_event": OURS,
    "open_request_log": OURS,
    "open_missed_capture": OURS,
    "send_again": OURS,
    "mark_delivered": {"manager"},
    "cancel": {"manager"},
    "change_fact": set(),
    "delete_event": set(),
    "open_customer": OURS,
    "settle_conflict": OURS,
    "ignore_customer": OURS,
    "choose_contact": {"manager"},
    "open_announcement": {"manager"},
    "process_announcement_again": {"manager"},
    "change_announcement": set(),
    "open_ledger": OURS | {"pos manager"},
    "search_ledger_by_program": OURS | {"pos manager"},
    "change_ledger": set(),
    "preview_notice": OURS,
    "read_expiry": OURS,
}


@tagged("post_install", "-at_install")
class TestRoles(CustomerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = {
            role: new_test_user(
                cls.env,
                f"inboost-{role.replace(' ', '-')}",
                group,
                company_id=cls.env.company.id,
                company_ids=[(6, 0, cls.env.company.ids)],
            )
            for role, group in GROUPS.items()
            # The sale addon brings salespeople.
            if cls.env.ref(group.rpartition(",")[2], raise_if_not_found=False)
        }

    def setUp(self):
        super().setUp()
        self.card = self.make_card(10)
        # The first synchronisation of all is an administrator's.
        self.backend.sudo().pull_released = True
        self.event = self.capture_some()
        self.event.sudo().state = "sending"
        self.event.sudo().state = "held"
        self.link_row = self.link(
            self.customer, 1, state="conflict", question="phone:x:y", reason="Which?"
        )
        self.failure = self.env["inboost.capture.failure"]._record(
            "a sale", (self.customer, "_inboost_release_parked", []), ValueError("x")
        )
        self.announcement = (
            self.env["inboost.announcement"]
            .sudo()
            .create(
                {
                    "backend_id": self.backend.id,
                    "message_id": "m-1",
                    "body": {"phone": "+380671234567"},
                    "state": "failed",
                }
            )
        )
        self.fake.script[FIND] = [
            self.answer(self.row(1, userPhoneNumber="380671234567"))
        ]

    def test_each_role_may_do_what_it_is_made_for_and_nothing_else(self):
        self.assertEqual(set(self.users) | {"salesperson"}, set(GROUPS))
        for what, allowed in TABLE.items():
            for role, user in self.users.items():
                with self.subTest(what=what, role=role):
                    refusal = self.refusal(getattr(self, what), user)
                    if role in allowed:
                        self.assertFalse(refusal)
                    else:
                        self.assertTrue(refusal, "was allowed")

    def refusal(self, act, user):
        """What ``user`` hears who may not do it; None when it was done. Nothing is
        left behind."""
        with self.enter_registry_test_mode():
            try:
                with self.env.cr.savepoint():
                    act(self.env(user=user.id, su=False))
                    self.env.flush_all()
                    raise Done
            except AccessError as error:
                return str(error) or "refused"
            except Done:
                return None
            finally:
                self.env.invalidate_all()

    # -- the backend ---------------------------------------------------------------

    def open_backend(self, env):
        Form(self.backend.with_env(env))

    def list_backends(self, env):
        env["inboost.backend"].web_search_read([], {"name": {}, "state": {}})

    def make_backend(self, env):
        form = Form(env["inboost.backend"])
        form.name, form.address = "Another", "https://another.inboost.ai"
        form.save()

    def change_backend(self, env):
        form = Form(self.backend.with_env(env))
        form.name = "Renamed"
        form.save()

    def delete_backend(self, env):
        backend = self.env["inboost.backend"].create(
            {"name": "Another", "address": "https://another.inboost.ai"}
        )
        backend.with_env(env).unlink()

    def pause_backend(self, env):
        self.backend.with_env(env).action_pause()

    def press_test(self, env):
        self.backend.with_env(env).action_test_connection()

    def open_endpoint(self, env):
        Form(self.endpoint("purchase").with_env(env))

    def change_endpoint(self, env):
        form = Form(self.endpoint("purchase").with_env(env))
        form.timeout = 7
        form.save()

    def send_sample(self, env):
        self.endpoint("purchase").with_env(env).action_send_sample()

    # -- customers -----------------------------------------------------------------

    def synchronise(self, env):
        action = self.backend.with_env(env).action_synchronise()
        env[action["res_model"]].browse(action["res_id"]).web_read({"state": {}})

    def find_in_inboost(self, env):
        wizard = Form(env["inboost.customer.find"])
        wizard.phone = "067 123 45 67"
        wizard.save().action_find()

    def synchronise_contact(self, env):
        self.customer.with_env(env).action_inboost_synchronise()

    def open_customer(self, env):
        Form(self.link_row.with_env(env))

    def settle_conflict(self, env):
        self.link_row.with_env(env).action_settle()

    def ignore_customer(self, env):
        self.link_row.with_env(env).action_ignore()

    def choose_contact(self, env):
        twin = self.customer.copy({"phone": self.customer.phone})
        self.link_row.with_env(env).partner_id = twin

    def open_announcement(self, env):
        Form(self.announcement.with_env(env))

    def process_announcement_again(self, env):
        self.announcement.with_env(env).action_replay()

    def change_announcement(self, env):
        self.announcement.with_env(env).state = "done"

    # -- events --------------------------------------------------------------------

    def open_event(self, env):
        Form(self.event.with_env(env))

    def open_request_log(self, env):
        env["inboost.request.log"].web_search_read([], {"url": {}, "answer": {}})

    def open_missed_capture(self, env):
        self.failure.with_env(env).web_read({"what": {}, "trace": {}})

    def send_again(self, env):
        self.event.with_env(env).action_send_again()

    def mark_delivered(self, env):
        self.event.with_env(env).action_mark_delivered()

    def cancel(self, env):
        self.event.with_env(env).action_cancel()

    def change_fact(self, env):
        self.event.with_env(env).fact = {}

    def delete_event(self, env):
        self.event.sudo().state = "cancelled"
        self.event.with_env(env).unlink()

    # -- the ledger ----------------------------------------------------------------

    def open_ledger(self, env):
        rows = env["inboost.bonus.move"].search([("card_id", "=", self.card.id)])
        self.assertTrue(rows)
        Form(rows[0])

    def search_ledger_by_program(self, env):
        moves = env["inboost.bonus.move"]
        moves.check_access("read")
        found = env["loyalty.program"].name_search(self.program.name)
        self.assertTrue(moves.search([("program_id", "in", [f[0] for f in found])]))
        self.assertTrue(moves.search([("program_id", "ilike", self.program.name)]))

    def change_ledger(self, env):
        self.moves_of(self.card).with_env(env).reason = "changed"

    def preview_notice(self, env):
        self.backend.with_env(env).action_preview_notice()

    def read_expiry(self, env):
        self.customer.with_env(env).read(["inboost_expiry"])


class Done(Exception):
    """It was done."""
