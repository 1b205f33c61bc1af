from odoo import api, fields, models


class InboostEvent(models.Model):
    """In which shop it happened: at which register, and of which warehouse."""

    _inherit = "inboost.event"

    pos_config_id = fields.Many2one(
        "pos.config",
        "Register",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
        help="Where it happened; of a credit note, where the goods were sold.",
    )
    warehouse_id = fields.Many2one(
        "stock.warehouse",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
        help="Where what was sold comes from.",
    )

    @api.model
    def _get_shop_fields(self):
        return [*super()._get_shop_fields(), "pos_config_id", "warehouse_id"]
