from datetime import timedelta
from uuid import uuid4

from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.inboost_connector.lib import keys
from odoo.addons.inboost_connector.lib.facts import iso
from odoo.addons.inboost_connector.lib.purchase import (
    RECORDED,
    Rows,
    plus,
    read_order,
)
from odoo.addons.inboost_connector.lib.reversal import cancellation, taken_back

#: After the lines and the payments, the columns are the keys of lib.purchase.Order.
READ = """
    SELECT d.id,
           %(lines)s,
           %(down_payments)s,
           COALESCE((
               SELECT json_agg(
                          json_build_object('method', %(method)s, 'amount', y.amount)
                          ORDER BY y.id)
                 FROM sale_order_transaction_rel x
                 JOIN payment_transaction y ON y.id = x.transaction_id
                 JOIN payment_method m ON m.id = y.payment_method_id
                WHERE x.sale_order_id = d.id
                  AND y.state IN ('authorized', 'done')), '[]'),
           'sale',
           d.name,
           d.inboost_uuid,
           d.date_order,
           COALESCE(%(team)s, k.name),
           c.name,
           c.decimal_places,
           d.amount_tax::float8,
           d.amount_total::float8,
           0.0::float8,
           NULL
      FROM sale_order d
      JOIN res_company k ON k.id = d.company_id
      JOIN res_currency c ON c.id = d.currency_id
 LEFT JOIN crm_team t ON t.id = d.team_id
     WHERE d.id = ANY(%(ids)s)
"""


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
        if self.currency_id.is_zero(self.amount_total):
            # Paid by bonuses altogether: there is no invoice to wait for.
            return True
        invoices = self._inboost_get_invoices()
        return (
            self.invoice_status in ("invoiced", "upselling")
            and bool(invoices)
            and all(i.payment_state in ("paid", "in_payment") for i in invoices)
        )

    def _inboost_get_invoices(self):
        """Posted ones, without those that were credited and issued again."""
        return self.invoice_ids.filtered(
            lambda move: (
                move.state == "posted"
                and move.move_type == "out_invoice"
                and move.payment_state != "reversed"
            )
        )

    def _inboost_at_register(self):
        """Whether a register took the order over; pos_sale need not be installed. A
        down payment there leaves the rest to be reported."""
        return "pos_order_line_ids" in self._fields and bool(
            self.pos_order_line_ids.filtered(
                lambda line: (
                    line.order_id.state != "draft"
                    and not line.sale_order_line_id.is_downpayment
                )
            )
        )

    def _inboost_get_moment(self, backend):
        if backend.sale_moment == "confirmed":
            return self.date_order
        parts = self._inboost_get_invoices().line_ids.matched_credit_ids
        return max(parts.mapped("create_date"), default=self.date_order)

    def _inboost_get_key(self):
        self._inboost_identify()
        return super()._inboost_get_key()

    @api.model
    def _inboost_counts_sql(self):
        return SQL("d.state = 'sale'")

    @api.model
    def _inboost_is_purchase_sql(self, backend):
        """As :meth:`_inboost_is_purchase` has it."""
        apart = self._inboost_at_register_sql()
        if backend.sale_moment == "confirmed":
            return SQL("NOT %s", apart)
        return SQL(
            """
            NOT %s AND (d.amount_total = 0
                OR d.invoice_status IN ('invoiced', 'upselling') AND NOT EXISTS (
                    SELECT FROM sale_order_line n
                      JOIN sale_order_line_invoice_rel x ON x.order_line_id = n.id
                      JOIN account_move_line i ON i.id = x.invoice_line_id
                      JOIN account_move v ON v.id = i.move_id
                     WHERE n.order_id = d.id
                       AND v.state = 'posted'
                       AND v.move_type = 'out_invoice'
                       AND v.payment_state NOT IN ('paid', 'in_payment', 'reversed')))
            """,
            apart,
        )

    @api.model
    def _inboost_at_register_sql(self):
        if "pos_order_line_ids" not in self._fields:
            return SQL("FALSE")
        return SQL(
            """
            EXISTS (
                SELECT FROM pos_order_line r
                  JOIN pos_order o ON o.id = r.order_id
             LEFT JOIN sale_order_line n ON n.id = r.sale_order_line_id
                 WHERE r.sale_order_origin_id = d.id
                   AND o.state <> 'draft'
                   AND n.is_downpayment IS NOT TRUE)
            """
        )

    @api.model
    def _inboost_since_sql(self, since):
        """Confirmed or paid since, whatever the setting is: it may have been another
        when the order was confirmed."""
        return SQL(
            """
            (d.date_order >= %(since)s OR d.id IN (
                SELECT l.order_id
                  FROM account_partial_reconcile r
                  JOIN account_move_line v ON v.id = r.debit_move_id
                  JOIN account_move_line i ON i.move_id = v.move_id
                  JOIN sale_order_line_invoice_rel x ON x.invoice_line_id = i.id
                  JOIN sale_order_line l ON l.id = x.order_line_id
                 WHERE r.create_date >= %(since)s))
            """,
            since=since,
        )

    def _inboost_capture_in(self, backends, again=""):
        return super()._inboost_capture_in(
            backends.filtered(self._inboost_is_live), again
        )

    def _inboost_is_live(self, backend):
        """What was confirmed before the connection is history, also when it is paid
        now; and a purchase stays one when its event was deleted by age."""
        if backend.sale_moment == "paid":
            return True
        kept = timedelta(days=backend.event_retention_days)
        forgotten = self.inboost_uuid and self.date_order < fields.Datetime.now() - kept
        return self.date_order >= backend.connected_since and not forgotten

    def _inboost_capture_cancelled(self, uuid):
        """Take a purchase back, in the backends that have it, but for what credit
        notes took back before.

        :param str uuid: of the confirmation that was cancelled
        """
        notes = self._inboost_get_credit_notes()
        sources = {
            uuid: self._inboost_source,
            **dict.fromkeys(notes.mapped("inboost_uuid"), notes._inboost_source),
        }
        recorded = self.env["inboost.event"].search(
            [
                ("operation", "in", RECORDED),
                (
                    "key",
                    "in",
                    [
                        keys.of_document(source, one)
                        for known, source in sources.items()
                        for one in (known, cancellation(known))
                    ],
                ),
            ]
        )
        for backend, events in recorded.grouped("backend_id").items():
            facts = {event.fact["uuid"]: event.fact for event in events}
            purchase = facts.pop(uuid, None)
            # A credit note of several orders is of the first of them.
            credited = [f for f in facts.values() if f["refund_of"]["uuid"] in sources]
            now = fields.Datetime.now()
            taken = purchase and taken_back(purchase, iso(now), credited)
            if taken:
                self._inboost_capture_purchase(
                    backend,
                    ["purchase_refund", "purchase_details"],
                    keys.of_document(self._inboost_source, taken["uuid"]),
                    taken,
                    now,
                )

    def _inboost_get_credit_notes(self):
        """Those that are refunds."""
        return self.order_line.invoice_lines.move_id.filtered(
            lambda move: move.move_type == "out_refund" and move.inboost_uuid
        )

    # -- fact ----------------------------------------------------------------------

    @api.model
    def _inboost_shops_sql(self):
        shops = {"crm.team": SQL("d.team_id")}
        if "warehouse_id" in self._fields:
            # Stock is sold from, and not booked only.
            shops["stock.warehouse"] = SQL("d.warehouse_id")
        return shops

    def _inboost_read_rows(self):
        for order in self:
            order._inboost_identify()
        self.env.flush_all()
        lines = self.env["sale.order.line"]
        return {
            order_id: plus(Rows(read_order(order), sold, payments), advance)
            for order_id, sold, advance, payments, *order in self.env.execute_query(
                SQL(
                    READ,
                    lines=lines._inboost_lines_sql(),
                    down_payments=lines._inboost_down_payments_sql(),
                    team=self.env["crm.team"]._field_to_sql("t", "name"),
                    method=self.env["payment.method"]._field_to_sql("m", "name"),
                    ids=self.ids,
                )
            )
        }
