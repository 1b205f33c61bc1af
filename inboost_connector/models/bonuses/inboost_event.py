from odoo import fields, models

from ...lib.facts import iso


class InboostEvent(models.Model):
    """Balances on their way, and what a notice of expiring points was about."""

    _inherit = "inboost.event"

    amount_sent = fields.Float(
        "Balance Sent", readonly=True, help="The balance as it left."
    )
    notified_move_ids = fields.Many2many(
        "inboost.bonus.move",
        "inboost_event_notified_rel",
        "event_id",
        "move_id",
        "Points Notified Of",
        readonly=True,
        help="What this notice of expiring points was about.",
    )

    def _read_newest(self):
        self.amount_sent = self.backend_id._balances_of([self.phone])[self.phone]
        return {"amount": self.amount_sent, "time": iso(fields.Datetime.now())}
