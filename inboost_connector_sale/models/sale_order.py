from uuid import NAMESPACE_OID, uuid4, uuid5

from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.inboost_connector.lib.facts import Purchase, iso
from odoo.addons.inboost_connector.lib.priority import LIVE

#: Orders one reconciliation takes at most; the next one takes the rest.
RECONCILE_BATCH = 500


class SaleOrder(models.Model):
    _name = "sale.order"
    _inherit = ["sale.order", "inboost.document.mixin"]

    inboost_uuid = fields.Char(
        "InBoost UUID",
        copy=False,
        readonly=True,
        index="btree_not_null",
        help="Drawn when the order is confirmed: an order that is cancelled and "
        "confirmed again is another purchase.",
    )

    # -- capture -------------------------------------------------------------------

    def _action_confirm(self):
        result = super()._action_confirm()
        self.sudo()._inboost_capture("confirmed")
        return result

    def _inboost_identify(self):
        """The uuid of this confirmation, drawn when there is none."""
        self.ensure_one()
        if not self.inboost_uuid:
            self.inboost_uuid = str(uuid4())
        return self.inboost_uuid

    def _inboost_capture(self, moment):
        """Record the orders as purchases where this is the moment for it."""
        event = self.env["inboost.event"]
        for order in self:
            backends = self.env["inboost.backend"]._for_company(order.company_id)
            for backend in backends.filtered(lambda b: b.sale_moment == moment):
                with event._guard(order.name):
                    if order._inboost_is_purchase(backend):
                        order._inboost_capture_for(backend)

    def _inboost_is_purchase(self, backend):
        """Whether the order counts as one by now, and not at a register."""
        self.ensure_one()
        if self.state != "sale" or self._inboost_at_register():
            return False
        if backend.sale_moment == "confirmed":
            return True
        invoices = self.invoice_ids.filtered(
            lambda move: (
                move.state == "posted"
                and move.move_type == "out_invoice"
                # Credited and issued again.
                and move.payment_state != "reversed"
            )
        )
        if self.currency_id.is_zero(self.amount_total):
            # Paid by bonuses altogether: there is no invoice to wait for.
            return True
        return (
            self.invoice_status in ("invoiced", "upselling")
            and bool(invoices)
            and all(i.payment_state in ("paid", "in_payment") for i in invoices)
        )

    def _inboost_at_register(self):
        """Whether a register took the order over; pos_sale need not be installed."""
        return "pos_order_line_ids" in self._fields and bool(
            self.pos_order_line_ids.filtered(
                lambda line: line.order_id.state != "draft"
            )
        )

    def _inboost_capture_for(self, backend, again="", priority=LIVE):
        self.ensure_one()
        self._inboost_identify()
        return self._inboost_capture_purchase(
            backend,
            self._inboost_purchase(),
            f"sale:{self.inboost_uuid}",
            self.date_order,
            again,
            priority,
        )

    def _inboost_capture_cancelled(self, fact):
        """Take a purchase back, from those who were told of it."""
        told = self.env["inboost.event"].search(
            [
                ("key", "=", f"sale:{self.inboost_uuid}"),
                ("operation", "in", ("purchase", "purchase_details")),
            ]
        )
        for backend in told.backend_id:
            self._inboost_capture_purchase(
                backend, fact, f"sale:{fact['uuid']}", fields.Datetime.now()
            )

    @api.model
    def _inboost_reconcile(self, backend, since):
        """Record orders since ``since`` that count and have no event in ``backend``."""
        self.flush_model(["inboost_uuid", "state", "date_order"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT o.id
                  FROM sale_order o
                 WHERE o.state = 'sale'
                   AND o.company_id = ANY(%(companies)s)
                   AND o.date_order >= %(since)s
                   AND %(linked)s
                   AND NOT EXISTS (
                       SELECT FROM inboost_event e
                        WHERE e.backend_id = %(backend)s
                          AND e.operation LIKE 'purchase%%'
                          AND e.priority = %(live)s
                          AND e.key = 'sale:' || o.inboost_uuid)
              ORDER BY o.id DESC
                 LIMIT %(limit)s
                """,
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
                if order._inboost_is_purchase(backend):
                    order._inboost_capture_for(backend)

    @api.model
    def _inboost_history(self, backend, partners, since):
        """Orders of ``partners`` since ``since`` that count and are not in the
        outbox."""
        orders = self.search(
            [
                ("partner_id", "in", partners.ids),
                ("state", "=", "sale"),
                ("company_id", "in", backend._companies().ids),
                ("date_order", ">=", since),
            ],
            order="date_order, id",
        ).filtered(lambda order: order._inboost_is_purchase(backend))
        known = set(
            self.env["inboost.event"]
            .search(
                [
                    ("backend_id", "=", backend.id),
                    ("operation", "=", "purchase_details"),
                    ("key", "in", [f"sale:{o.inboost_uuid}" for o in orders]),
                ]
            )
            .mapped("key")
        )
        return orders.filtered(lambda o: f"sale:{o.inboost_uuid}" not in known)

    # -- fact ----------------------------------------------------------------------

    def _inboost_purchase(self, cancelled=False):
        """:rtype: lib.facts.Purchase"""
        self.ensure_one()
        sign = -1 if cancelled else 1
        uuid = self.inboost_uuid
        lines = self.order_line.filtered(
            lambda line: not line.display_type and not line.is_downpayment
        )
        payments = self.transaction_ids.filtered(
            lambda tx: tx.state in ("authorized", "done")
        )
        return Purchase(
            source="sale",
            number=self.name,
            uuid=str(uuid5(NAMESPACE_OID, f"{uuid}:cancelled")) if cancelled else uuid,
            time=iso(fields.Datetime.now() if cancelled else self.date_order),
            shop=self.team_id.name or self.company_id.name,
            currency=self.currency_id.name,
            untaxed=sign * self._inboost_round(self.amount_untaxed),
            tax=sign * self._inboost_round(self.amount_tax),
            total=sign * self._inboost_round(self.amount_total),
            discount=sign
            * self._inboost_round(sum(line._inboost_discount() for line in lines)),
            bonuses_spent=sign * sum(lines.mapped("points_cost")),
            is_refund=cancelled,
            refund_of={"number": self.name, "uuid": uuid} if cancelled else None,
            lines=[line._inboost_purchase_line(sign) for line in lines],
            payments=[
                {
                    "method": tx.payment_method_id.name or tx.provider_id.name,
                    "amount": sign * self._inboost_round(tx.amount),
                }
                for tx in payments
            ],
        )

    def _inboost_round(self, amount):
        return self.currency_id.round(amount)
