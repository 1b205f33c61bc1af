from odoo import api, models
from odoo.tools import SQL


class AccountMove(models.Model):
    """Paying the invoice of a sale order may make it a purchase; a credit note of it is
    a refund."""

    _inherit = "account.move"

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
        posted.sudo().filtered(
            lambda move: move.move_type == "out_invoice"
        )._inboost_take_back_credited()
        return posted

    def _inboost_take_back_credited(self):
        """What was credited and is invoiced again, so that all of the order is, was no
        refund after all."""
        for order in self.line_ids.sale_line_ids.order_id:
            lines = order.order_line.filtered(
                lambda line: not line.display_type and not line.is_downpayment
            )
            if all(x.qty_invoiced_posted >= x.product_uom_qty for x in lines):
                order._inboost_get_credit_notes()._inboost_take_back()

    # -- a refund of a sale order --------------------------------------------------

    def _inboost_get_originals(self):
        orders = self.line_ids.sale_line_ids.order_id
        return orders or super()._inboost_get_originals()

    def _inboost_share_of(self, original):
        if original._name != "sale.order":
            return super()._inboost_share_of(original)
        goods = original.order_line.filtered(
            lambda line: (
                not line.display_type
                and not line.is_reward_line
                and not line.is_downpayment
            )
        )
        credited = self.invoice_line_ids.filtered(lambda x: x.sale_line_ids & goods)
        return self._inboost_get_share(credited, sum(goods.mapped("price_total")))

    @api.model
    def _inboost_shops_sql(self):
        shops = super()._inboost_shops_sql()
        for model, shop in self.env["sale.order"]._inboost_shops_sql().items():
            sold = SQL(
                """(SELECT %s
                      FROM (SELECT d.id) note
                      JOIN account_move_line i ON i.move_id = note.id
                      JOIN sale_order_line_invoice_rel x ON x.invoice_line_id = i.id
                      JOIN sale_order_line n ON n.id = x.order_line_id
                      JOIN sale_order d ON d.id = n.order_id
                  ORDER BY d.id
                     LIMIT 1)""",
                shop,
            )
            shops[model] = SQL("COALESCE(%s, %s)", sold, shops.get(model, SQL("NULL")))
        return shops

    @api.model
    def _inboost_original_sql(self):
        return SQL(
            """
            SELECT *
              FROM ((SELECT 'sale' AS source, o.name AS number,
                            o.inboost_uuid AS uuid, COALESCE(%s, k.name) AS shop,
                            o.partner_id
                       FROM account_move_line i
                       JOIN sale_order_line_invoice_rel x ON x.invoice_line_id = i.id
                       JOIN sale_order_line n ON n.id = x.order_line_id
                       JOIN sale_order o ON o.id = n.order_id
                       JOIN res_company k ON k.id = o.company_id
                  LEFT JOIN crm_team g ON g.id = d.team_id
                      WHERE i.move_id = d.id
                   ORDER BY o.id
                      LIMIT 1)
                    UNION ALL (%s)) known
             LIMIT 1
            """,
            self.env["crm.team"]._field_to_sql("g", "name"),
            super()._inboost_original_sql(),
        )

    @api.model
    def _inboost_reward_sql(self):
        return SQL(
            """
            SELECT *
              FROM ((SELECT o.reward_id, o.points_cost
                       FROM sale_order_line_invoice_rel x
                       JOIN sale_order_line o ON o.id = x.order_line_id
                      WHERE x.invoice_line_id = l.id
                   ORDER BY o.id
                      LIMIT 1)
                    UNION ALL (%s)) known
             LIMIT 1
            """,
            super()._inboost_reward_sql(),
        )
