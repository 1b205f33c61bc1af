from datetime import timedelta

from odoo import fields, models


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
        "InBoost is told. This cannot be undone: look at Expired Points first, to "
        "see whom it would touch. Off: expired points stay usable.",
    )

    _inboost_validity = models.Constraint(
        "CHECK(inboost_validity_days BETWEEN 0 AND 36500)",
        "Choose a validity from 0 to 36500 days; 0 is for ever.",
    )

    # -- actions -------------------------------------------------------------------

    def action_inboost_expiring(self):
        """What expires when, on all cards of the program."""
        return self._inboost_preview(self.env._("Expiring Points"), {})

    def action_inboost_expired(self):
        """Whom burning would touch."""
        last = fields.Date.today() - timedelta(days=1)
        return self._inboost_preview(self.env._("Expired Points"), {"last": last})

    def _inboost_preview(self, title, between):
        self.ensure_one()
        self.check_access("read")
        found = self.env["inboost.bonus.expiry"].sudo()._find_lots(self, **between)
        entries = sorted(found, key=lambda entry: entry.day)
        # The preview shows those whom the user may see.
        partners = (
            self.env["res.partner"]
            .sudo()
            .browse({entry.partner_id for entry in entries if entry.partner_id})
        )
        phones = {row["id"]: row["phone"] for row in partners.read(["phone"])}
        return self.env["inboost.expiring.preview"]._show(
            title, [(entry, phones.get(entry.partner_id)) for entry in entries]
        )
