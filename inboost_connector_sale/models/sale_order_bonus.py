from odoo import models


class SaleOrder(models.Model):
    """The points that an order wins and spends."""

    _inherit = "sale.order"

    def action_confirm(self):
        # One by one: which of them win points is known only while they are confirmed.
        if len(self) > 1:
            return all([order.action_confirm() for order in self])
        with self._inboost_recording() as operation:
            result = super().action_confirm()
            # What was spent is on the lines; the rest of the change was won.
            operation.gross.update(self.sudo()._inboost_points_spent())
        return result

    def _action_cancel(self):
        parts = self._inboost_apart()
        if len(parts) > 1:
            return all([part._action_cancel() for part in parts])
        confirmed = self.filtered(lambda order: order.state == "sale").sudo()
        # What they took back of the order's points goes with all of them.
        confirmed._inboost_get_credit_notes()._inboost_undo_points()
        # Others gave no points yet: a cart that is dropped draws no uuid.
        with confirmed._inboost_recording(kind="reversal") as operation:
            # Read before core deletes it: what the order gave is taken back.
            operation.gross.update(confirmed._inboost_points_given())
            result = super()._action_cancel()
            # The coupons that the order gave are deleted by now.
            cards = self.env["loyalty.card"].browse(list(operation.before)).exists()
            cards._inboost_pass_on(operation)
        for order in confirmed.filtered("inboost_uuid"):
            uuid = order.inboost_uuid
            with self.env["inboost.capture"]._guard(
                order.display_name, (order, "_inboost_capture_cancelled", [uuid])
            ):
                order._inboost_capture_cancelled(uuid)
            # Confirmed again, it is another purchase.
            order.inboost_uuid = False
        return result

    def _add_points_for_coupon(self, coupon_points):
        if self.state != "sale":
            return super()._add_points_for_coupon(coupon_points)
        with self._inboost_recording():
            return super()._add_points_for_coupon(coupon_points)

    def _inboost_apart(self):
        """Orders with points one by one, since each has ledger rows of its own; the
        rest together."""
        if len(self) == 1:
            return [self]
        loyal = self.filtered(
            lambda o: o.coupon_point_ids or o.sudo().order_line.coupon_id
        )
        return [*loyal, *([self - loyal] if self - loyal else [])]

    def _inboost_recording(self, kind=""):
        """Changes of points inside are this order's."""
        order = self.sudo() if len(self) == 1 else None
        return self.env["inboost.bonus.move"]._recording(
            kind=kind,
            order=order,
            order_uuid=order._inboost_identify() if order else "",
        )

    def _inboost_points_spent(self):
        """:return: {card id: points}"""
        spent = {}
        for line in self.order_line.filtered("coupon_id"):
            card = line.coupon_id.id
            spent[card] = spent.get(card, 0.0) + line.points_cost
        return spent

    def _inboost_points_given(self):
        """:return: {card id: points}"""
        given = {}
        for entry in self.coupon_point_ids:
            card = entry.coupon_id.id
            given[card] = given.get(card, 0.0) + entry.points
        return given
