from odoo import fields, models


class InboostRequestLog(models.Model):
    """Which team sold what the request was about."""

    _inherit = "inboost.request.log"

    team_id = fields.Many2one(related="event_id.team_id")
