from uuid import uuid4

from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.inboost_connector.lib import keys
from odoo.addons.inboost_connector.lib.facts import iso
from odoo.addons.inboost_connector.lib.purchase import Order, Rows, build
from odoo.addons.inboost_connector.lib.reversal import taken_back

from .sale_order import ORDER, RECORDED

READ = """
    SELECT d.id,
           COALESCE((
               SELECT json_agg(json_build_object(
                          'uuid', NULL,
                          'product_id', l.product_id,
                          'sku', p.default_code,
                          'barcode', p.barcode,
                          'name', COALESCE(NULLIF(l.name, ''), %(product)s),
                          'category', a.name,
                          'quantity', -l.quantity,
                          'unit_price', l.price_unit,
                          'discount', l.discount,
                          'untaxed', l.price_subtotal,
                          'total', l.price_total,
                          'program_id', b.id,
                          'program_type', b.program_type,
                          'points', s.points_cost,
                          'note', NULL) ORDER BY l.sequence, l.id)
                 FROM account_move_line l
            LEFT JOIN product_product p ON p.id = l.product_id
            LEFT JOIN product_template t ON t.id = p.product_tmpl_id
            LEFT JOIN product_category a ON a.id = t.categ_id
            LEFT JOIN LATERAL (
                SELECT o.reward_id, o.points_cost
                  FROM sale_order_line_invoice_rel x
                  JOIN sale_order_line o ON o.id = x.order_line_id
                 WHERE x.invoice_line_id = l.id
              ORDER BY o.id
                 LIMIT 1) s ON TRUE
            LEFT JOIN loyalty_reward w ON w.id = s.reward_id
            LEFT JOIN loyalty_program b ON b.id = w.program_id
                WHERE l.move_id = d.id
                  AND l.display_type = 'product'), '[]'),
           'sale',
           d.name,
           d.inboost_uuid,
           d.inboost_posted_at,
           COALESCE(%(team)s, k.name),
           c.name,
           c.decimal_places,
           d.amount_tax::float8,
           (r.amount - d.amount_total)::float8,
           -r.amount::float8,
           json_build_object('number', f.name, 'uuid', f.inboost_uuid)
      FROM account_move d
      JOIN res_company k ON k.id = d.company_id
      JOIN res_currency c ON c.id = d.currency_id
 LEFT JOIN crm_team g ON g.id = d.team_id
CROSS JOIN LATERAL (
           SELECT COALESCE(SUM(l.amount_currency), 0) AS amount
             FROM account_move_line l
            WHERE l.move_id = d.id
              AND l.display_type = 'rounding') r
 LEFT JOIN sale_order f ON f.id = %(order)s
     WHERE d.id = ANY(%(ids)s)
"""
#: The sale order that credit note ``d`` is about; the first of several.
ORDER_OF = """
    (SELECT MIN(o.order_id)
       FROM account_move_line i
       JOIN sale_order_line_invoice_rel x ON x.invoice_line_id = i.id
       JOIN sale_order_line o ON o.id = x.order_line_id
      WHERE i.move_id = d.id)
"""


class AccountMove(models.Model):
    """Paying the invoice of a sale order may make it a purchase; a credit note of what
    was a purchase is a refund."""

    _name = "account.move"
    _inherit = ["account.move", "inboost.document.mixin"]

    _inboost_source = "sale"
    _inboost_uuid_field = "inboost_uuid"

    inboost_uuid = fields.Char(
        "InBoost UUID",
        copy=False,
        readonly=True,
        index="btree_not_null",
        help="Of a credit note, drawn when it is posted: reset to draft and posted "
        "again, it is another refund.",
    )
    inboost_posted_at = fields.Datetime(
        "InBoost Refund Time",
        copy=False,
        readonly=True,
        help="When the credit note was posted.",
    )

    # History and reconciliation read credit notes only.
    _inboost_credit_notes = models.Index("(id) WHERE move_type = 'out_refund'")

    # -- capture -------------------------------------------------------------------

    def _invoice_paid_hook(self):
        result = super()._invoice_paid_hook()
        # Comes with none, several, and again after a payment was taken off. Whoever
        # may register a payment need not read orders, of the register or of sales.
        invoices = self.sudo().filtered(
            lambda move: move.move_type == "out_invoice" and not move.pos_order_ids
        )
        invoices.line_ids.sale_line_ids.order_id._inboost_capture()
        return result

    def _post(self, soft=True):
        posted = super()._post(soft)
        sold = posted.sudo().filtered("line_ids.sale_line_ids")
        sold.filtered(lambda move: move.move_type == "out_refund")._inboost_capture()
        sold.filtered(
            lambda move: move.move_type == "out_invoice"
        )._inboost_take_back_credited()
        return posted

    def button_draft(self):
        notes = self.sudo().filtered("inboost_uuid")
        result = super().button_draft()
        notes._inboost_take_back()
        # Posted again, they are other refunds.
        notes.write({"inboost_uuid": False, "inboost_posted_at": False})
        return result

    def _inboost_take_back_credited(self):
        """What was credited and is invoiced again, so that all of the order is, was no
        refund after all."""
        for order in self.line_ids.sale_line_ids.order_id:
            lines = order.order_line.filtered(
                lambda line: not line.display_type and not line.is_downpayment
            )
            if all(x.qty_invoiced_posted >= x.product_uom_qty for x in lines):
                order._inboost_get_credit_notes()._inboost_take_back()

    def _inboost_take_back(self):
        for note in self:
            uuid = note.inboost_uuid
            with self.env["inboost.capture"]._guard(
                note.display_name, (note, "_inboost_capture_taken_back", [uuid])
            ):
                note._inboost_capture_taken_back(uuid)

    def _inboost_capture_taken_back(self, uuid):
        """A credit note is one no more: what was recorded of it is taken back, by the
        details only, since nothing was bought.

        :param str uuid: that it had
        """
        recorded = self.env["inboost.event"].search(
            [
                ("key", "=", keys.of_document(self._inboost_source, uuid)),
                ("operation", "in", RECORDED),
            ]
        )
        now = fields.Datetime.now()
        for backend, events in recorded.grouped("backend_id").items():
            fact = taken_back(events[0].fact, iso(now))
            key = keys.of_document(self._inboost_source, fact["uuid"])
            self._inboost_capture_purchase(
                backend, ["purchase_details"], key, fact, now
            )

    def _inboost_identify(self):
        """The uuid of this posting, drawn when there is none."""
        self.ensure_one()
        if not self.inboost_uuid:
            self.write(
                {
                    "inboost_uuid": str(uuid4()),
                    "inboost_posted_at": fields.Datetime.now(),
                }
            )
        return self.inboost_uuid

    def _inboost_capture_in(self, backends, again=""):
        # Before it is asked whether it is a refund: its time decides.
        if self.state == "posted":
            self._inboost_identify()
        return super()._inboost_capture_in(backends, again)

    # -- contract of a document ----------------------------------------------------

    def _inboost_is_purchase(self, backend):
        """Whether the credit note gives back what ``backend`` has as a purchase. What
        was credited before the order was a purchase, paid altogether, is none of it."""
        self.ensure_one()
        orders = self.line_ids.sale_line_ids.order_id
        if self.state != "posted" or self.sudo().pos_order_ids or not orders:
            return False
        if not orders._inboost_filter_recorded(backend):
            return False
        return self._inboost_get_moment(backend) >= min(
            order._inboost_get_moment(backend) for order in orders
        )

    def _inboost_get_key(self):
        self._inboost_identify()
        return super()._inboost_get_key()

    def _inboost_get_moment(self, backend):
        return self.inboost_posted_at or self.create_date

    def _inboost_get_partner(self):
        # Whom the purchase was recorded for, not who gets the invoice.
        return self.line_ids.sale_line_ids.order_id.sorted("id")[:1].partner_id

    @api.model
    def _inboost_counts_sql(self):
        return SQL("d.move_type = 'out_refund' AND d.state = 'posted'")

    @api.model
    def _inboost_moment_sql(self):
        return SQL("COALESCE(d.inboost_posted_at, d.create_date)")

    @api.model
    def _inboost_partner_sql(self):
        return SQL(
            "(SELECT n.partner_id FROM sale_order n WHERE n.id = %s)", SQL(ORDER_OF)
        )

    @api.model
    def _inboost_about_shop_sql(self, backend):
        # It goes where its order went.
        return SQL("TRUE")

    def _inboost_is_sold_for(self, backend):
        return True

    @api.model
    def _inboost_bought_sql(self, backend):
        # Whoever has one has bought by an order.
        return SQL("FALSE")

    @api.model
    def _inboost_last_purchase_sql(self):
        return SQL("NULL::timestamp")

    # -- fact ----------------------------------------------------------------------

    def _inboost_prepare_facts(self, backend):
        programs = backend._get_recording()["programs"]
        return {
            move_id: build(rows, programs)
            for move_id, rows in self._inboost_read_rows().items()
        }

    def _inboost_read_rows(self):
        """:return: {id: lib.purchase.Rows}, by one statement"""
        for note in self:
            note._inboost_identify()
        self.env.flush_all()
        return {
            move_id: Rows(Order(zip(ORDER, order, strict=True)), lines, [])
            for move_id, lines, *order in self.env.execute_query(
                SQL(
                    READ,
                    product=self.env["product.template"]._field_to_sql("t", "name"),
                    team=self.env["crm.team"]._field_to_sql("g", "name"),
                    order=SQL(ORDER_OF),
                    ids=self.ids,
                )
            )
        }
