from odoo import api, models

#: These take points from one customer's balance to another's, or to none.
OWNER_FIELDS = {"partner_id", "active"}


class LoyaltyCard(models.Model):
    """Every way of changing points ends in create, write or unlink."""

    _name = "loyalty.card"
    _inherit = ["loyalty.card", "inboost.bonus.mixin"]

    def _inboost_cards(self):
        return {card: card for card in self}

    @api.model_create_multi
    def create(self, vals_list):
        with self.env["inboost.bonus.move"]._recording() as operation:
            cards = super().create(vals_list)
            operation.before.update(dict.fromkeys(cards.ids, 0.0))
        return cards

    def write(self, vals):
        if "points" not in vals and not OWNER_FIELDS & vals.keys():
            return super().write(vals)
        with self.env["inboost.bonus.move"]._recording() as operation:
            if "points" in vals:
                for card in self.sudo():
                    operation.before.setdefault(card.id, card.points)
            if OWNER_FIELDS & vals.keys():
                operation.owners |= self._inboost_owners()
            result = super().write(vals)
            if OWNER_FIELDS & vals.keys():
                operation.owners |= self._inboost_owners()
        return result

    def unlink(self):
        cards = self.sudo().filtered(lambda c: c.points and c.program_id.is_nominative)
        if cards:
            # The last row takes what is left: the ledger of a deleted card is zero.
            reason = self.env._("The card was deleted")
            with self.env["inboost.bonus.move"]._recording(
                apart=True, kind="adjustment", silent=True, reason=reason
            ):
                cards.write({"points": 0})
        return super().unlink()

    @api.model
    def load(self, fields, data):
        # An import writes card by card; its rows of the ledger are written at once.
        with self.env["inboost.bonus.move"]._recording():
            return super().load(fields, data)

    # -- cards of contacts that were merged ------------------------------------------

    def _inboost_find_heir(self):
        """The card that has the points of this one: another one, where Odoo archived
        it because contacts were merged. Orders still name the one that they knew."""
        if not self or self.active or not self.partner_id:
            return self
        owner = [("partner_id", "=", self.partner_id.id)]
        return (
            self.search([*owner, ("program_id", "=", self.program_id.id)], limit=1)
            or self
        )

    def _inboost_pass_on(self, operation):
        """What happened just now to cards without an owner of their own happens to
        their heirs.

        :param operation: the recording
        """
        for card in self.sudo():
            heir = card._inboost_find_heir()
            change = card.points - operation.before.get(card.id, card.points)
            if heir == card or not change:
                continue
            card.points -= change
            heir.points += change
            gross = operation.gross.pop(card.id, 0.0)
            operation.gross[heir.id] = operation.gross.get(heir.id, 0.0) + gross

    def _inboost_owners(self):
        return {
            (card.partner_id, card.program_id)
            for card in self.sudo()
            if card.partner_id and card.points
        }
