from odoo import api, models
from odoo.tools import SQL

from ...lib.facts import Purchase, iso

PAID = ("paid", "done", "invoiced")


class PosOrder(models.Model):
    """An order of a register: a purchase or a refund when it is paid."""

    _name = "pos.order"
    _inherit = ["pos.order", "inboost.document.mixin"]

    _inboost_source = "pos"
    # The register confirms an order's points again when it syncs it again.
    _inboost_repeats_points = True

    # -- capture -------------------------------------------------------------------

    def action_pos_order_paid(self):
        # The one place that every way of paying goes through.
        result = super().action_pos_order_paid()
        self._inboost_capture(again=self.env._("The order was paid again"))
        return result

    def write(self, vals):
        result = super().write(vals)
        if "partner_id" in vals:
            # The customer of a paid order was entered later.
            self.filtered(lambda order: order.state in PAID)._inboost_set_customer()
        return result

    def _inboost_set_customer(self):
        for order in self.filtered("partner_id"):
            with self.env["inboost.capture"]._guard(
                order.display_name, (order, "_inboost_set_customer", [])
            ):
                self.env["inboost.event"].sudo().search(
                    [
                        ("res_model", "=", self._name),
                        ("res_id", "=", order.id),
                        ("state", "=", "parked"),
                        # Points belong to their card's customer.
                        ("operation", "=like", "purchase%"),
                    ]
                )._set_customer(order.sudo().partner_id)
                # Nothing is recorded of a sale to nobody.
                order.sudo()._inboost_capture_missed()

    # -- fact ----------------------------------------------------------------------

    @api.model
    def _inboost_counts_sql(self):
        return SQL("d.state = ANY(%s)", list(PAID))

    def _inboost_prepare_fact(self, backend):
        return self._inboost_purchase()

    def _inboost_purchase(self):
        """:rtype: lib.facts.Purchase"""
        self.ensure_one()
        original = self.refunded_order_id[:1]
        sign = -1 if self.is_refund else 1
        return Purchase(
            source="pos",
            number=self.pos_reference or self.name,
            uuid=self.uuid,
            time=iso(self.date_order),
            shop=self.config_id.name,
            currency=self.currency_id.name,
            untaxed=self._inboost_round(self.amount_total - self.amount_tax),
            tax=self._inboost_round(self.amount_tax),
            total=self._inboost_round(self.amount_total),
            discount=self._inboost_round(
                sum(line._inboost_discount() for line in self.lines)
            ),
            bonuses_spent=sign * sum(self.lines.mapped("points_cost")),
            is_refund=self.is_refund,
            refund_of=(
                {
                    "number": original.pos_reference or original.name,
                    "uuid": original.uuid,
                }
                if original
                else None
            ),
            lines=[line._inboost_purchase_line() for line in self.lines],
            payments=[
                {
                    "method": payment.payment_method_id.name,
                    "amount": self._inboost_round(payment.amount),
                }
                for payment in self.payment_ids
            ],
        )

    def _inboost_round(self, amount):
        return self.currency_id.round(amount)

    # -- points --------------------------------------------------------------------

    def confirm_coupon_programs(self, coupon_data):
        # The register hands in the net of an order. What it spent is on its reward
        # lines, which know their card only afterwards.
        with self.env["inboost.bonus.move"]._recording(
            order=self.sudo(),
            order_uuid=self.uuid,
            **self._inboost_get_confirmed_kind(),
        ) as operation:
            result = super().confirm_coupon_programs(coupon_data)
            operation.gross.update(self.sudo()._inboost_points_spent())
        return result

    def _inboost_points_spent(self):
        """:return: {card id: points}"""
        spent = {}
        for line in self.lines:
            if line.is_reward_line and line.coupon_id:
                card = line.coupon_id.id
                spent[card] = spent.get(card, 0.0) + line.points_cost
        return spent
