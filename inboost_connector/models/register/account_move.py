from uuid import uuid4

from odoo import api, fields, models
from odoo.tools import SQL

from ...lib import keys
from ...lib.facts import iso
from ...lib.purchase import RECORDED, Rows, read_order
from ...lib.reversal import taken_back

#: After the lines, the columns are the keys of lib.purchase.Order.
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
            LEFT JOIN LATERAL (%(reward)s) s ON TRUE
            LEFT JOIN loyalty_reward w ON w.id = s.reward_id
            LEFT JOIN loyalty_program b ON b.id = w.program_id
                WHERE l.move_id = d.id
                  AND l.display_type = 'product'), '[]'),
           f.source,
           d.name,
           d.inboost_uuid,
           d.inboost_posted_at,
           f.shop,
           c.name,
           c.decimal_places,
           d.amount_tax::float8,
           (r.amount - d.amount_total)::float8,
           -r.amount::float8,
           json_build_object('number', f.number, 'uuid', f.uuid)
      FROM account_move d
      JOIN res_currency c ON c.id = d.currency_id
CROSS JOIN LATERAL (
           SELECT COALESCE(SUM(l.amount_currency), 0) AS amount
             FROM account_move_line l
            WHERE l.move_id = d.id
              AND l.display_type = 'rounding') r
CROSS JOIN LATERAL (%(original)s) f
     WHERE d.id = ANY(%(ids)s)
"""


class AccountMove(models.Model):
    """A credit note of what was a purchase is a refund. A register's own credit notes
    are none: they belong to its orders."""

    _name = "account.move"
    _inherit = ["account.move", "inboost.document.mixin"]

    _inboost_source = "note"
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

    def _post(self, soft=True):
        posted = super()._post(soft)
        # Whoever may post one need not read orders, of the register or of sales.
        posted.sudo()._inboost_filter_refunds()._inboost_capture()
        return posted

    def button_draft(self):
        notes = self.sudo().filtered("inboost_uuid")
        result = super().button_draft()
        # A register whose session is open refuses it without an error.
        notes = notes.filtered(lambda note: note.state == "draft")
        notes._inboost_take_back()
        # Posted again, they are other refunds.
        notes.write({"inboost_uuid": False, "inboost_posted_at": False})
        return result

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

    def _inboost_get_originals(self):
        """The purchases that the credit note gives back, all of one kind."""
        return self.reversed_entry_id.pos_order_ids

    def _inboost_filter_refunds(self):
        return self.filtered(
            lambda move: (
                move.move_type == "out_refund"
                and not move.pos_order_ids
                and move._inboost_get_originals()
            )
        )

    def _inboost_is_purchase(self, backend):
        """Whether the credit note gives back what ``backend`` has as a purchase. What
        was credited before the order was a purchase, paid altogether, is none of it."""
        self.ensure_one()
        if self.state != "posted" or not self.sudo()._inboost_filter_refunds():
            return False
        originals = self.sudo()._inboost_get_originals()
        if not originals._inboost_filter_recorded(backend):
            return False
        return self._inboost_get_moment(backend) >= min(
            original._inboost_get_moment(backend) for original in originals
        )

    def _inboost_get_key(self):
        self._inboost_identify()
        return super()._inboost_get_key()

    def _inboost_get_moment(self, backend):
        return self.inboost_posted_at or self.create_date

    def _inboost_get_partner(self):
        # Whom the purchase was recorded for, not who gets the invoice.
        return self.sudo()._inboost_get_originals().sorted("id")[:1].partner_id

    @api.model
    def _inboost_counts_sql(self):
        return SQL(
            "d.move_type = 'out_refund' AND d.state = 'posted' AND NOT EXISTS ("
            "SELECT FROM pos_order own WHERE own.account_move = d.id)"
        )

    @api.model
    def _inboost_moment_sql(self):
        return SQL("COALESCE(d.inboost_posted_at, d.create_date)")

    @api.model
    def _inboost_partner_sql(self):
        return SQL("(SELECT f.partner_id FROM (%s) f)", self._inboost_original_sql())

    @api.model
    def _inboost_shops_sql(self):
        # Where what comes back was sold.
        return {
            model: SQL(
                """(SELECT %s
                      FROM (SELECT d.reversed_entry_id AS id) invoice
                      JOIN pos_order d ON d.account_move = invoice.id
                  ORDER BY d.id
                     LIMIT 1)""",
                shop,
            )
            for model, shop in self.env["pos.order"]._inboost_shops_sql().items()
        }

    @api.model
    def _inboost_about_shop_sql(self, backend):
        # It goes where its order went.
        return SQL("TRUE")

    def _inboost_is_sold_for(self, backend):
        return True

    @api.model
    def _inboost_is_purchase_sql(self, backend):
        """Of some shops only, a refund is one where its order is known."""
        if not backend._get_recording()["shops"]:
            return SQL("TRUE")
        return SQL(
            """
            EXISTS (SELECT FROM inboost_event e
                      JOIN (%s) f ON e.key = %s
                     WHERE e.backend_id = %s
                       AND e.operation = ANY(%s))
            """,
            self._inboost_original_sql(),
            SQL("f.source || %s || f.uuid", keys.of_document("", "")),
            backend.id,
            RECORDED,
        )

    @api.model
    def _inboost_bought_sql(self, backend):
        # Whoever has one has bought by an order.
        return SQL("FALSE")

    @api.model
    def _inboost_last_purchase_sql(self):
        return SQL("NULL::timestamp")

    @api.model
    def _inboost_total_sql(self):
        return SQL("-d.amount_total::float8")

    # -- fact ----------------------------------------------------------------------

    def _inboost_read_rows(self):
        for note in self:
            note._inboost_identify()
        self.env.flush_all()
        return {
            move_id: Rows(read_order(order), lines, [])
            for move_id, lines, *order in self.env.execute_query(
                SQL(
                    READ,
                    product=self.env["product.template"]._field_to_sql("t", "name"),
                    reward=self._inboost_reward_sql(),
                    original=self._inboost_original_sql(),
                    ids=self.ids,
                )
            )
        }

    @api.model
    def _inboost_original_sql(self):
        """What credit note ``d`` is about, the first of several: source, number, uuid,
        shop, partner_id."""
        return SQL(
            """
            SELECT 'pos' AS source, COALESCE(o.pos_reference, o.name) AS number,
                   o.uuid, g.name AS shop, o.partner_id
              FROM pos_order o
              JOIN pos_config g ON g.id = o.config_id
             WHERE o.account_move = d.reversed_entry_id
          ORDER BY o.id
             LIMIT 1
            """
        )

    @api.model
    def _inboost_reward_sql(self):
        """The reward that line ``l`` of credit note ``d`` gives back: reward_id,
        points_cost. A register's invoice does not say of which line a line is."""
        return SQL(
            """
            SELECT r.reward_id, r.points_cost
              FROM pos_order o
              JOIN pos_order_line r ON r.order_id = o.id
             WHERE o.account_move = d.reversed_entry_id
               AND r.is_reward_line
               AND r.product_id = l.product_id
          ORDER BY r.id
             LIMIT 1
            """
        )
