from odoo import api, models

from ...lib.points import rounded


class InboostBonusRefund(models.AbstractModel):
    """What a refund does to points, where a program says so: points that the purchase
    won are taken back, points that it spent are given back."""

    _name = "inboost.bonus.refund"
    _description = "InBoost Points of a Refund"

    @api.model
    def _take_back(self, original, refund, share):
        """Undo what ``original`` did to points, once for each refund of it.

        :param original, refund: documents of the document mixin, one each
        :param float share: of the original's amount that is refunded: 0 to 1
        :return: the rows of the ledger, none where there was nothing to undo
        """
        moves = self.env["inboost.bonus.move"].sudo()
        uuid = original._inboost_get_uuid()
        done = moves._find_returned(uuid)
        if refund._inboost_get_uuid() in done.mapped("order_uuid"):
            return moves
        changes = {}
        for card, rows in moves._find_of_order(uuid).grouped("card_id").items():
            part = self._get_share(card.program_id, share)
            back = done.filtered(lambda row, card=card: row.card_id == card)
            won = self._get_part(rows.mapped("won"), back.mapped("spent"), part)
            spent = self._get_part(rows.mapped("spent"), back.mapped("won"), part)
            if card and (won or spent):
                changes[card] = (won, spent)
        return self._apply(changes, original, refund) if changes else moves

    @api.model
    def _get_share(self, program, share):
        if program.inboost_refund_points == "all":
            return 1.0
        if program.inboost_refund_points == "proportion":
            return min(max(share, 0.0), 1.0)
        return 0.0

    @api.model
    def _get_part(self, amounts, undone, share):
        """:return: the share of ``amounts``, no more than what was not undone"""
        total = sum(amounts)
        return rounded(max(min(total * share, total - sum(undone)), 0.0))

    @api.model
    def _apply(self, changes, original, refund):
        """:param changes: {card: (points to take, points to give)}"""
        reason = self.env._("Refund of %s", original.display_name)
        with self.env["inboost.bonus.move"]._recording(
            apart=True,
            kind="reversal",
            order=refund.sudo(),
            order_uuid=refund._inboost_get_uuid(),
            reversed_uuid=original._inboost_get_uuid(),
            gross={card.id: won for card, (won, _spent) in changes.items()},
            reason=reason,
        ):
            for card, (won, spent) in changes.items():
                card.points += spent - won
        # Without the order: Odoo would take it for the points of the order itself.
        self.env["loyalty.history"].sudo().create(
            [
                {
                    "card_id": card.id,
                    "description": reason,
                    "used": won,
                    "issued": spent,
                }
                for card, (won, spent) in changes.items()
            ]
        )
        return (
            self.env["inboost.bonus.move"]
            .sudo()
            ._find_returned(original._inboost_get_uuid(), refund._inboost_get_uuid())
        )
