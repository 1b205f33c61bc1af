from odoo import fields, models


class InboostEventDecision(models.Model):
    """What a person decided about an event: its only trace, since events are too many
    to have a chatter each."""

    _name = "inboost.event.decision"
    _description = "InBoost Decision about an Event"
    _order = "id desc"

    event_id = fields.Many2one(
        "inboost.event", required=True, ondelete="cascade", index=True, readonly=True
    )
    company_id = fields.Many2one("res.company", related="event_id.company_id")
    user_id = fields.Many2one(
        "res.users", "Decided By", required=True, readonly=True, ondelete="restrict"
    )
    action = fields.Selection(
        [
            ("send_again", "Sent again"),
            ("mark_delivered", "Marked as delivered"),
            ("undo_delivered", "Mark taken back"),
            ("cancel", "Cancelled"),
            ("note", "Note"),
        ],
        required=True,
        readonly=True,
    )
    state_before = fields.Char(readonly=True)
    note = fields.Char(readonly=True)
