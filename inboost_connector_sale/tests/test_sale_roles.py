"""What Odoo lets people do they may still do, with the rights of their group alone."""

from odoo import Command, fields
from odoo.tests import new_test_user, tagged

from .common import SaleCase


@tagged("post_install", "-at_install")
class TestSaleRoles(SaleCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.salesperson = cls.make_user("salesperson", "sales_team.group_sale_salesman")
        cls.accountant = cls.make_user("accountant", "account.group_account_invoice")
        cls.contact_editor = cls.make_user("editor", "base.group_partner_manager")
        cls.cashier = cls.make_user("cashier", "point_of_sale.group_pos_user")

    @classmethod
    def make_user(cls, name, group):
        return new_test_user(
            cls.env,
            f"inboost-{name}",
            f"base.group_user,{group}",
            company_id=cls.env.company.id,
            company_ids=[(6, 0, cls.env.company.ids)],
        )

    def pay(self, invoice):
        self.env["account.payment.register"].with_user(self.accountant).with_context(
            active_model="account.move", active_ids=invoice.ids
        ).create({}).action_create_payments()

    def make_invoice(self, kind="out_invoice"):
        invoice = (
            self.env["account.move"]
            .with_user(self.accountant)
            .create(
                {
                    "move_type": kind,
                    "partner_id": self.customer.id,
                    "invoice_date": fields.Date.today(),
                    "invoice_line_ids": [
                        Command.create(
                            {"name": "Tea", "quantity": 1, "price_unit": 10.0}
                        )
                    ],
                }
            )
        )
        invoice.action_post()
        return invoice

    def test_an_accountant_registers_a_payment_of_any_invoice(self):
        invoice = self.make_invoice()
        self.pay(invoice)
        self.assertIn(invoice.payment_state, ("paid", "in_payment"))

    def test_an_accountant_registers_the_payment_of_a_sale(self):
        """Which makes it a purchase."""
        self.backend.sale_moment = "paid"
        order = self.make_order()
        order.action_confirm()
        invoice = order._create_invoices()
        invoice.action_post()
        self.pay(invoice)
        self.assertIn("purchase", self.events_of(order).mapped("operation"))

    def test_an_accountant_credits_an_invoice(self):
        invoice = self.make_invoice()
        self.pay(invoice)
        wizard = (
            self.env["account.move.reversal"]
            .with_user(self.accountant)
            .with_context(active_model="account.move", active_ids=invoice.ids)
            .create({"journal_id": invoice.journal_id.id, "reason": "returned"})
        )
        wizard.modify_moves()
        self.pay(self.make_invoice("out_refund"))

    def test_a_salesperson_confirms_changes_and_cancels_an_order(self):
        # Of an order that wins points, Odoo lets only their administrators cancel it.
        self.program.active = False
        order = self.make_order()
        order.user_id = self.salesperson
        order = order.with_user(self.salesperson)
        order.action_confirm()
        self.assertIn("purchase", self.events_of(order).mapped("operation"))
        order.order_line[0].product_uom_qty = 3
        order._action_cancel()
        self.assertEqual(order.state, "cancel")

    def test_a_cashier_sells_and_takes_back(self):
        self.config.current_session_id or self.open_new_session()
        card = self.make_card(10)
        with self.as_user(self.cashier):
            order = self.sell_with_points(card, 5)
        self.assertEqual(card.points, 15)
        self.assertIn("purchase", self.events_of(order.sudo()).mapped("operation"))

    def as_user(self, user):
        """What the register does is done by ``user``."""
        case = self

        class AsUser:
            def __enter__(self):
                self.env, case.env = case.env, case.env(user=user.id, su=False)

            def __exit__(self, *error):
                case.env = self.env

        return AsUser()

    def test_a_contact_editor_edits_merges_and_deletes(self):
        contacts = self.env["res.partner"].with_user(self.contact_editor)
        one = contacts.create({"name": "Olena", "phone": "050 111 22 33"})
        two = contacts.create({"name": "Olena", "phone": "050 111 22 33"})
        self.capture_some(partner=two.sudo())
        one.phone = "050 111 22 44"
        one.active = False
        one.active = True
        wizard = self.env["base.partner.merge.automatic.wizard"].with_user(
            self.contact_editor
        )
        wizard._merge((one | two).ids, one)
        self.assertFalse(two.exists())
        one.unlink()
        self.assertFalse(one.exists())
