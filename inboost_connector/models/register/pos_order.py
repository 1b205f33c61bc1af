from odoo import api, models
from odoo.tools import SQL

from ...lib.purchase import Line, Rows, read_order

PAID = ("paid", "done", "invoiced")

#: After the lines and the payments, the columns are the keys of lib.purchase.Order.
READ = """
    SELECT d.id,
           %(lines)s,
           COALESCE((
               SELECT json_agg(
                          json_build_object('method', %(method)s, 'amount', y.amount)
                          ORDER BY y.id)
                 FROM pos_payment y
                 JOIN pos_payment_method m ON m.id = y.payment_method_id
                WHERE y.pos_order_id = d.id), '[]'),
           'pos',
           COALESCE(d.pos_reference, d.name),
           d.uuid,
           d.date_order,
           g.name,
           c.name,
           c.decimal_places,
           d.amount_tax::float8,
           d.amount_total::float8,
           (d.amount_paid - d.amount_total)::float8,
           (SELECT json_build_object(
                       'number', COALESCE(o.pos_reference, o.name), 'uuid', o.uuid)
              FROM pos_order_line l
              JOIN pos_order_line r ON r.id = l.refunded_orderline_id
              JOIN pos_order o ON o.id = r.order_id
             WHERE l.order_id = d.id
          ORDER BY l.id
             LIMIT 1)
      FROM pos_order d
      JOIN pos_config g ON g.id = d.config_id
      JOIN res_currency c ON c.id = g.currency_id
     WHERE d.id = ANY(%(ids)s)
"""


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
        self._inboost_capture(again="paid_again")
        return result

    def write(self, vals):
        result = super().write(vals)
        if "partner_id" in vals:
            # The customer of a paid order was entered later.
            self.filtered(lambda order: order.state in PAID)._inboost_set_customer()
        return result

    def _inboost_set_customer(self):
        """What waited for a customer goes, and what nothing was recorded of is. What
        was sold before the connection is history."""
        for order in self.filtered("partner_id"):
            with self.env["inboost.capture"]._guard(
                order.display_name, (order, "_inboost_capture_with_customer", [])
            ):
                order.sudo()._inboost_capture_with_customer()

    def _inboost_capture_with_customer(self):
        self.ensure_one()
        self.env["inboost.event"].search(
            [
                ("res_model", "=", self._name),
                ("res_id", "=", self.id),
                ("state", "=", "parked"),
                # Points belong to their card's customer.
                ("operation", "=like", "purchase%"),
            ]
        )._set_customer(self.partner_id)
        backends = self.env["inboost.backend"]._find_for_company(self.company_id)
        self._inboost_capture_in(
            backends.filtered(lambda b: b.connected_since <= self.date_order)
        )

    # -- fact ----------------------------------------------------------------------

    @api.model
    def _inboost_counts_sql(self):
        return SQL("d.state = ANY(%s)", list(PAID))

    @api.model
    def _inboost_shops_sql(self):
        # A refund goes where what comes back was sold, whichever register takes it.
        config = SQL(
            """(SELECT COALESCE(MIN(o.config_id), d.config_id)
                  FROM pos_order_line l
                  JOIN pos_order_line r ON r.id = l.refunded_orderline_id
                  JOIN pos_order o ON o.id = r.order_id
                 WHERE l.order_id = d.id
                   AND (d.amount_total < 0 OR d.amount_total = 0 AND NOT EXISTS (
                        SELECT FROM pos_order_line n
                         WHERE n.order_id = d.id
                           AND n.qty > 0)))"""
        )
        return self._inboost_shops_of(config)

    @api.model
    def _inboost_event_shops_sql(self):
        return self._inboost_shops_of(SQL("d.config_id"))

    @api.model
    def _inboost_shops_of(self, config):
        """:param SQL config: id of the register"""
        warehouse = SQL(
            """(SELECT y.warehouse_id
                  FROM pos_config g
                  JOIN stock_picking_type y ON y.id = g.picking_type_id
                 WHERE g.id = %s)""",
            config,
        )
        return {"pos.config": config, "stock.warehouse": warehouse}

    def _inboost_read_rows(self):
        self.env.flush_all()
        names = list(self.env["pos.order.line"]._inboost_line_columns())
        return {
            order_id: Rows(
                read_order(order),
                [Line(zip(names, line, strict=True)) for line in lines],
                payments,
            )
            for order_id, lines, payments, *order in self.env.execute_query(
                SQL(
                    READ,
                    lines=self.env["pos.order.line"]._inboost_lines_sql(),
                    method=self.env["pos.payment.method"]._field_to_sql("m", "name"),
                    ids=self.ids,
                )
            )
        }

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
            cards = self.env["loyalty.card"].browse(list(operation.before))
            cards._inboost_pass_on(operation)
        return result

    def _inboost_points_spent(self):
        """:return: {card id: points}"""
        spent = {}
        for line in self.lines:
            if line.is_reward_line and line.coupon_id:
                card = line.coupon_id.id
                spent[card] = spent.get(card, 0.0) + line.points_cost
        return spent
