from odoo import api, models

from ...lib.points import rounded
from ...lib.reversal import cancellation


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
        if not uuid:
            return moves
        done = moves._find_returned(uuid)
        if refund._inboost_get_uuid() in done.mapped("order_uuid"):
            return moves
        changes = {}
        returned = done.grouped(self._find_card)
        for card, rows in moves._find_of_order(uuid).grouped(self._find_card).items():
            part = self._get_share(card.program_id, share)
            back = returned.get(card, moves)
            won = self._get_part(rows.mapped("won"), back.mapped("spent"), part)
            spent = self._get_part(rows.mapped("spent"), back.mapped("won"), part)
            if card and (won or spent):
                changes[card] = (won, spent)
        reason = self.env._("Refund of %s", original.display_name)
        refunded = refund._inboost_get_uuid()
        return self._apply(changes, refund, reason, refunded, uuid)

    @api.model
    def _undo(self, refund, uuid):
        """What a refund did to points is undone, once: it was taken back.

        :param refund: a document of the document mixin
        :param str uuid: that it had
        :return: the rows of the ledger
        """
        moves, undone = self.env["inboost.bonus.move"].sudo(), cancellation(uuid)
        if moves.search_count([("order_uuid", "=", undone)], limit=1):
            return moves
        rows = moves.search([("order_uuid", "=", uuid), ("kind", "=", "reversal")])
        changes = {
            card: (sum(some.mapped("won")), sum(some.mapped("spent")))
            for card, some in rows.grouped(self._find_card).items()
            if card
        }
        reason = self.env._("%s was taken back", refund.display_name)
        return self._apply(changes, refund, reason, undone, uuid)

    @api.model
    def _find_card(self, row):
        """The card that has the points of a row's by now."""
        return row.card_id._inboost_find_heir()

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
    def _apply(self, changes, document, reason, uuid, reversed_uuid):
        """:param changes: {card: (points to take, points to give)}"""
        moves = self.env["inboost.bonus.move"].sudo()
        if not changes:
            return moves
        with moves._recording(
            apart=True,
            kind="reversal",
            order=document.sudo(),
            order_uuid=uuid,
            reversed_uuid=reversed_uuid,
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
        return moves.search([("order_uuid", "=", uuid), ("kind", "=", "reversal")])
