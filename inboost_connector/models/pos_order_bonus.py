from odoo import models


class PosOrder(models.Model):
    _inherit = "pos.order"

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
