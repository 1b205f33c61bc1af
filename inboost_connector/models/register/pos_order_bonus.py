from odoo import models


class PosOrder(models.Model):
    """The points that an order of a register should move."""

    _inherit = "pos.order"

    # -- refunds -------------------------------------------------------------------

    def action_pos_order_paid(self):
        result = super().action_pos_order_paid()
        # The register asks for no points of a refund, so that nothing confirms them.
        self._inboost_take_points_back()
        return result

    def _inboost_take_points_back(self):
        for order in self.filtered("lines.refunded_orderline_id"):
            with self.env["inboost.capture"]._guard(
                self.env._("the points of %s", order.display_name),
                (order, "_inboost_return_points", []),
            ):
                order._inboost_return_points()

    def _inboost_return_points(self):
        for original in self.lines.refunded_orderline_id.order_id:
            self.env["inboost.bonus.refund"]._take_back(
                original.sudo(), self.sudo(), self._inboost_share_of(original)
            )

    def _inboost_share_of(self, original):
        """:return: how much of the amount of ``original`` this order refunds: 0 to 1"""
        goods = original.lines.filtered(lambda line: not line.is_reward_line)
        total = sum(goods.mapped("price_subtotal_incl"))
        refunded = sum(
            line.refunded_orderline_id.price_subtotal_incl
            * abs(line.qty / line.refunded_orderline_id.qty)
            for line in self.lines
            if line.refunded_orderline_id in goods and line.refunded_orderline_id.qty
        )
        return refunded / total if total else float(bool(refunded))

    def _inboost_get_confirmed_kind(self):
        """What the register confirms of this order: values of a recording."""
        if not self.is_refund:
            return {}
        original = self.sudo().refunded_order_id[:1].uuid or ""
        if original and self._inboost_has_returned(original):
            # The refund's own points are returned already: these are of other lines.
            return {}
        return {"kind": "reversal", "reversed_uuid": original}

    def _inboost_has_returned(self, original):
        rows = self.env["inboost.bonus.move"].sudo()._find_returned(original, self.uuid)
        return any(row.program_id.inboost_refund_points != "none" for row in rows)

    # -- points that never came ----------------------------------------------------

    def _inboost_estimate_points(self, programs):
        self.ensure_one()
        if self.source != "pos":
            # A kiosk gives none.
            return {}
        programs &= self.config_id._get_program_ids()
        return {
            program: (
                sum(self._inboost_rule_points(rule) for rule in program.rule_ids),
                self._inboost_program_cost(program),
            )
            for program in programs.filtered("is_nominative")
        }

    def _inboost_program_cost(self, program):
        rewards = self.lines.filtered(lambda line: line.reward_id in program.reward_ids)
        return sum(rewards.mapped("points_cost"))

    def _inboost_rule_points(self, rule):
        """What the register gives by ``rule``, which may know more than is kept."""
        if rule.mode == "with_code":
            return 0.0
        lines = self.lines.filtered(lambda line: line._inboost_counts_for(rule))
        goods = lines.filtered(lambda line: not line.is_reward_line)
        quantity = sum(goods.filtered(lambda li: not li.combo_parent_id).mapped("qty"))
        with_tax = rule.minimum_amount_tax_mode == "incl"
        amount = "price_subtotal_incl" if with_tax else "price_subtotal"
        if (
            quantity < max(rule.minimum_qty, 0)
            or sum(lines.mapped(amount)) < rule.minimum_amount
            or not goods
        ):
            return 0.0
        if rule.reward_point_mode == "money":
            paid = sum(lines.mapped("price_subtotal_incl"))
            return max(round(rule.reward_point_amount * paid, 2), 0.0)
        if rule.reward_point_mode == "unit":
            return max(rule.reward_point_amount * quantity, 0.0)
        return rule.reward_point_amount
