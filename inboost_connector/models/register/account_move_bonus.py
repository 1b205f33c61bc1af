from odoo import api, models


class AccountMove(models.Model):
    """The points that a credit note takes back and gives back."""

    _inherit = "account.move"

    def _post(self, soft=True):
        posted = super()._post(soft)
        posted.sudo()._inboost_filter_refunds()._inboost_take_points_back()
        return posted

    def _inboost_take_back(self):
        result = super()._inboost_take_back()
        self._inboost_undo_points()
        return result

    def _inboost_take_points_back(self):
        for note in self:
            note._inboost_identify()
            with self.env["inboost.capture"]._guard(
                self.env._("the points of %s", note.display_name),
                (note, "_inboost_return_points", []),
            ):
                note._inboost_return_points()

    def _inboost_return_points(self):
        # Taken back meanwhile, it is no refund any more.
        for original in self.filtered("inboost_uuid")._inboost_get_originals():
            self.env["inboost.bonus.refund"]._take_back(
                original, self, self._inboost_share_of(original)
            )

    def _inboost_undo_points(self):
        """Its refund is none: what it did to points is undone."""
        for note in self:
            uuid = note.inboost_uuid
            with self.env["inboost.capture"]._guard(
                self.env._("the points of %s", note.display_name),
                (note, "_inboost_undo_points_of", [uuid]),
            ):
                note._inboost_undo_points_of(uuid)

    def _inboost_undo_points_of(self, uuid):
        self.env["inboost.bonus.refund"]._undo(self, uuid)

    def _inboost_share_of(self, original):
        """:return: how much of the amount of ``original`` the note gives back: 0 to 1.
        An invoice of several orders says nothing of each
        """
        lines = self._inboost_get_originals().lines
        rewards = lines.filtered("is_reward_line")
        credited = self.invoice_line_ids.filtered(
            lambda line: line.product_id not in rewards.product_id
        )
        total = sum((lines - rewards).mapped("price_subtotal_incl"))
        return self._inboost_get_share(credited, total)

    @api.model
    def _inboost_get_share(self, credited, total):
        amount = sum(credited.mapped("price_total"))
        return amount / total if total else float(bool(credited))
