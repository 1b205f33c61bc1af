from odoo import Command

from odoo.addons.inboost_connector.tests.common_bonus import BonusCase


class SaleCase(BonusCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.user.group_ids |= cls.env.ref("sales_team.group_sale_manager")
        cls.env.user.group_ids |= cls.env.ref("account.group_account_manager")
        cls.program.write({"sale_ok": True})
        (cls.tea + cls.cup).write({"invoice_policy": "order"})

    def make_order(self, partner=None, quantity=1, product=None):
        return self.env["sale.order"].create(
            {
                "partner_id": (partner or self.customer).id,
                "order_line": [
                    Command.create(
                        {
                            "product_id": (product or self.tea).id,
                            "product_uom_qty": quantity,
                            "tax_ids": False,
                        }
                    )
                ],
            }
        )

    def claim(self, order, card):
        """Apply the program's reward, as the salesperson does."""
        order._update_programs_and_rewards()
        order._apply_program_reward(self.program.reward_ids, card)
        return order.order_line.filtered("is_reward_line")

    def invoice_and_pay(self, order):
        invoice = order._create_invoices()
        invoice.action_post()
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        ).create({})._create_payments()
        return invoice

    def told(self, order, operation=None):
        return self.events_of(order).filtered(
            lambda e: e.operation.startswith(operation or "purchase")
        )
