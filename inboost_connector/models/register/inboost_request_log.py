from odoo import fields, models


class InboostRequestLog(models.Model):
    """In which shop that happened which the request was about."""

    _inherit = "inboost.request.log"

    pos_config_id = fields.Many2one(related="event_id.pos_config_id")
    warehouse_id = fields.Many2one(related="event_id.warehouse_id")
