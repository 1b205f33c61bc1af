from odoo import api, fields, models

from ...lib.facts import iso


class InboostEvent(models.Model):
    """Balances on their way, and what a notice of expiring points was about."""

    _inherit = "inboost.event"

    amount_sent = fields.Float(
        "Balance Sent", compute="_compute_amount_sent", help="The balance as it left."
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

    @api.depends("sent")
    def _compute_amount_sent(self):
        for event in self:
            event.amount_sent = (event.sent or {}).get("amount", 0.0)

    def _split_too_large(self):
        for event in self.filtered(
            lambda e: e.operation == "bonuses_expiring" and e.state == "failed"
        ):
            self.env["inboost.bonus.notice"]._split_notice(event)

    @api.model
    def _read_newest(self, backend, phones):
        now = iso(fields.Datetime.now())
        return {
            phone: {"amount": amount, "time": now}
            for phone, amount in self.env["inboost.bonus.balance"]
            ._read_amounts(backend, phones)
            .items()
        }
