from odoo import api, models
from odoo.tools import SQL

from ...lib.facts import Purchase, PurchaseLine, iso
from ...lib.priority import LIVE

PAID = ("paid", "done", "invoiced")
#: Orders one reconciliation takes at most; the next one takes the rest.
RECONCILE_BATCH = 500


class PosOrder(models.Model):
    _name = "pos.order"
    _inherit = ["pos.order", "inboost.document.mixin"]

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

    def _inboost_capture(self, again=""):
        event = self.env["inboost.event"]
        for order in self:
            backends = event.env["inboost.backend"]._for_company(order.company_id)
            if not backends:
                continue
            with event._guard(order.name):
                for backend in backends:
                    order.sudo()._inboost_capture_for(backend, again)

    def _inboost_capture_for(self, backend, again="", priority=LIVE):
        self.ensure_one()
        fact = self._inboost_fact_for(backend)
        if not fact:
            return self.env["inboost.event"]
        return self._inboost_capture_purchase(
            backend, fact, f"pos:{self.uuid}", self.date_order, again, priority
        )

    def _inboost_set_customer(self):
        event = self.env["inboost.event"]
        for order in self.filtered("partner_id"):
            with event._guard(order.name):
                event.sudo().search(
                    [
                        ("res_model", "=", self._name),
                        ("res_id", "=", order.id),
                        ("state", "=", "parked"),
                        # Points belong to their card's customer.
                        ("operation", "=like", "purchase%"),
                    ]
                )._set_customer(order.sudo().partner_id)

    @api.model
    def _inboost_reconcile(self, backend, since):
        """Record paid orders since ``since`` that have no event in ``backend``."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT o.id
                  FROM pos_order o
                 WHERE o.state = ANY(%(paid)s)
                   AND o.company_id = ANY(%(companies)s)
                   AND o.date_order >= %(since)s
                   AND %(linked)s
                   AND NOT EXISTS (
                       SELECT FROM inboost_event e
                        WHERE e.backend_id = %(backend)s
                          AND e.operation LIKE 'purchase%%'
                          AND e.priority = %(live)s
                          AND e.key = 'pos:' || o.uuid)
              ORDER BY o.id
                 LIMIT %(limit)s
                """,
                paid=list(PAID),
                companies=backend._companies().ids,
                since=since,
                backend=backend.id,
                linked=backend._linked_sql(SQL("o.partner_id"), SQL("o.date_order")),
                live=LIVE,
                limit=RECONCILE_BATCH,
            )
        )
        event = self.env["inboost.event"]
        for order in self.browse(row[0] for row in rows):
            with event._guard(order.name):
                order._inboost_capture_for(backend)

    @api.model
    def _inboost_history(self, backend, partners, since):
        """Paid orders of ``partners`` since ``since`` that are not in the outbox."""
        self.flush_model(["uuid", "state", "partner_id", "date_order"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT o.id
                  FROM pos_order o
                 WHERE o.state = ANY(%(paid)s)
                   AND o.company_id = ANY(%(companies)s)
                   AND o.partner_id = ANY(%(partners)s)
                   AND o.date_order >= %(since)s
                   AND NOT EXISTS (
                       SELECT FROM inboost_event e
                        WHERE e.backend_id = %(backend)s
                          AND e.operation = 'purchase_details'
                          AND e.key = 'pos:' || o.uuid)
              ORDER BY o.date_order, o.id
                """,
                paid=list(PAID),
                companies=backend._companies().ids,
                partners=partners.ids,
                since=since,
                backend=backend.id,
            )
        )
        return self.browse(row[0] for row in rows)

    # -- fact ----------------------------------------------------------------------

    def _inboost_fact_for(self, backend):
        """The purchase as ``backend`` should have it; None when it has it already."""
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

    # -- points ----

    def confirm_coupon_programs(self, coupon_data):
        # The register hands in the net of an order. What it spent is on its reward
        # lines, which know their card only afterwards.
        with self.env["inboost.bonus.move"]._recording(
            order=self.sudo(),
            order_uuid=self.uuid,
            reversed_uuid=self.sudo().refunded_order_id[:1].uuid or "",
            kind="reversal" if self.is_refund else "",
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


class PosOrderLine(models.Model):
    _inherit = "pos.order.line"

    def _inboost_discount(self):
        """What the percentage took off, in the currency, with tax as in the total."""
        if not self.discount or self.discount >= 100:
            return self.price_unit * self.qty if self.discount else 0.0
        return self.price_subtotal_incl * self.discount / (100 - self.discount)

    def _inboost_purchase_line(self):
        """:rtype: lib.facts.PurchaseLine"""
        product = self.product_id
        order = self.order_id
        return PurchaseLine(
            uuid=self.uuid or None,
            sku=product.default_code or None,
            barcode=product.barcode or None,
            name=self.full_product_name or product.display_name,
            category=product.categ_id.name or None,
            quantity=self.qty,
            unit_price=self.price_unit,
            discount=self.discount,
            untaxed=order._inboost_round(self.price_subtotal),
            tax=order._inboost_round(self.price_subtotal_incl - self.price_subtotal),
            total=order._inboost_round(self.price_subtotal_incl),
            is_reward=self.is_reward_line,
            note=self.customer_note or None,
        )
