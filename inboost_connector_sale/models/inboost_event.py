from odoo import api, fields, models


class InboostEvent(models.Model):
    """Which team sold it."""

    _inherit = "inboost.event"

    team_id = fields.Many2one(
        "crm.team",
        "Sales Team",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
        help="The team that sold it; of a refund, that sold what came back.",
    )

    @api.model
    def _get_shop_fields(self):
        return [*super()._get_shop_fields(), "team_id"]
