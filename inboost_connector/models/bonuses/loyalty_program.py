from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models, tools
from odoo.tools import SQL


class LoyaltyProgram(models.Model):
    """How long points live, and whether they are burned."""

    _inherit = "loyalty.program"

    inboost_validity_days = fields.Integer(
        "Points Valid For (Days)",
        help="Points expire so many days after they were won, the oldest first. "
        "0: never. A change counts for points that there are already.",
    )
    inboost_burn_expired = fields.Boolean(
        "Burn Expired Points",
        help="Once a day, points past their last day are taken off the cards, and "
        "InBoost is notified. This cannot be undone: look at Expired Points first, to "
        "see whom it would touch. Off: expired points stay usable.",
    )
    inboost_refund_points = fields.Selection(
        [
            ("none", "Stay as they are"),
            ("proportion", "Are returned in proportion"),
            ("all", "Are returned altogether"),
        ],
        "On a Refund, Points",
        required=True,
        default="none",
        help="What a refund, at the register or by credit note, does to the points of "
        "the purchase. Returned: points that it won are taken back, and points that it "
        "spent are given back; in proportion to the amount that is refunded, or all of "
        "them at the first refund. A balance may fall below zero where the points "
        "were spent since.",
    )

    _inboost_validity = models.Constraint(
        "CHECK(inboost_validity_days BETWEEN 0 AND 36500)",
        "Choose a validity from 0 to 36500 days; 0 is for ever.",
    )

    # -- CRUD ----------------------------------------------------------------------

    def write(self, vals):
        if "active" not in vals:
            return super().write(vals)
        before = self.filtered("active")
        result = super().write(vals)
        changed = self - before if vals["active"] else before
        if changed:
            self.env.registry.clear_cache()
            # Points of an archived program count for no balance.
            backends = (
                self.env["inboost.backend"]
                .sudo()
                .search(
                    [
                        ("program_ids", "in", changed.ids),
                        ("state", "!=", "draft"),
                    ]
                )
            )
            self.env["inboost.bonus.resend"]._queue(backends, changed)
        return result

    def _inboost_find_backends(self):
        """The backends in use to which the points of these programs are bonuses.

        :return: {program: backends}
        """
        found = defaultdict(self.env["inboost.backend"].browse)
        for backend_id, program_ids in self._inboost_read_bonuses():
            backend = self.env["inboost.backend"].sudo().browse(backend_id)
            for program in self:
                if program.id in program_ids:
                    found[program] |= backend
        return found

    @api.model
    @tools.ormcache()
    def _inboost_read_bonuses(self):
        """Kept in memory: the register confirms points with each sale.

        :return: list of (id of a backend in use, ids of its bonus programs)
        """
        backends = self.env["inboost.backend"].sudo().search([("state", "!=", "draft")])
        return [(backend.id, set(backend.program_ids.ids)) for backend in backends]

    # -- actions -------------------------------------------------------------------

    def action_inboost_expiring(self):
        """What expires when, on all cards of the program."""
        return self._inboost_preview(
            self.env._("Expiring Points"), self.env._("No points expire.")
        )

    def action_inboost_expired(self):
        """Whom burning would touch."""
        self.ensure_one()
        today = self.env["inboost.bonus.lots"].sudo()._get_today(self.sudo())
        return self._inboost_preview(
            self.env._("Expired Points"),
            self.env._("No points have expired."),
            last=today - timedelta(days=1),
        )

    def _inboost_preview(self, title, nothing, **between):
        self.ensure_one()
        self.check_access("read")
        lots = self.env["inboost.bonus.lots"].sudo()._lots_sql(self, **between)
        table = SQL(
            "SELECT lot.*, p.phone_sanitized AS phone FROM (%s) lot"
            " LEFT JOIN res_partner p ON p.id = lot.partner_id",
            lots,
        )
        return self.env["inboost.expiring.preview"]._show(title, table, nothing)
