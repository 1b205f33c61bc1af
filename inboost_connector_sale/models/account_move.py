from odoo import models


class AccountMove(models.Model):
    """Paying the invoice of a sale order may make it a purchase."""

    _inherit = "account.move"

    def _invoice_paid_hook(self):
        result = super()._invoice_paid_hook()
        # Comes with none, several, and again after a payment was taken off. Whoever
        # may register a payment need not read orders, of the register or of sales.
        invoices = self.sudo().filtered(
            lambda move: move.move_type == "out_invoice" and not move.pos_order_ids
        )
        orders = invoices.line_ids.sale_line_ids.order_id
        if orders:
            orders._inboost_capture()
        return result
