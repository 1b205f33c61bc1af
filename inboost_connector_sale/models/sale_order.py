from uuid import uuid4

from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.inboost_connector.lib import keys
from odoo.addons.inboost_connector.lib.facts import Purchase, iso
from odoo.addons.inboost_connector.lib.reversal import cancellation, negated


class SaleOrder(models.Model):
    """A sale order: a purchase when it is confirmed, or when it is paid."""

    _name = "sale.order"
    _inherit = ["sale.order", "inboost.document.mixin"]

    _inboost_source = "sale"
    _inboost_uuid_field = "inboost_uuid"

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
        self.sudo()._inboost_capture()
        return result

    def _inboost_identify(self):
        """The uuid of this confirmation, drawn when there is none."""
        self.ensure_one()
        if not self.inboost_uuid:
            self.inboost_uuid = str(uuid4())
        return self.inboost_uuid

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

    def _inboost_get_key(self):
        self._inboost_identify()
        return super()._inboost_get_key()

    @api.model
    def _inboost_counts_sql(self):
        return SQL("d.state = 'sale'")

    def _inboost_prepare_fact(self, backend):
        self._inboost_identify()
        return self._inboost_purchase()

    def _inboost_capture_in(self, backends, again=""):
        # What was confirmed before the connection is history, also when it is paid now.
        live = backends.filtered(
            lambda backend: (
                backend.sale_moment == "paid"
                or self.date_order >= backend.connected_since
            )
        )
        return super()._inboost_capture_in(live, again)

    def _inboost_capture_cancelled(self, uuid, fact=None):
        """Take a purchase back, in the backends that have it.

        :param str uuid: of the confirmation that was cancelled
        :param lib.facts.Purchase fact: of the cancelled order, made while it had its
            rewards; by default what was recorded, negated
        """
        key = keys.of_document(self._inboost_source, uuid)
        recorded = self.env["inboost.event"].search(
            [
                ("key", "=", key),
                ("operation", "in", ("purchase", "purchase_details")),
            ]
        )
        for backend, events in recorded.grouped("backend_id").items():
            taken = fact or negated(events[0].fact)
            self._inboost_capture_purchase(
                backend,
                taken,
                keys.of_document(self._inboost_source, taken["uuid"]),
                fields.Datetime.now(),
            )

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
            uuid=cancellation(uuid) if cancelled else uuid,
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
