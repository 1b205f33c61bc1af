from odoo import api, fields, models


class InboostBackend(models.Model):
    """Orders of the point of sale are purchases, credit notes of theirs refunds."""

    _inherit = "inboost.backend"

    pos_config_ids = fields.Many2many(
        "pos.config",
        string="Registers",
        copy=False,
        domain="[('company_id', 'child_of', company_id)]",
        help="Shops whose purchases are sent: of these registers, warehouses and sales "
        "teams. Nothing chosen: of all. Balances are about all the bonus programs that "
        "are chosen, wherever points come from.",
    )
    warehouse_ids = fields.Many2many(
        "stock.warehouse",
        string="Warehouses",
        copy=False,
        domain="[('company_id', 'child_of', company_id)]",
        help="Shops by where their goods come from: of registers by their operation "
        "type.",
    )

    @api.model
    def _get_shop_fields(self):
        return [*super()._get_shop_fields(), "pos_config_ids", "warehouse_ids"]

    @api.model
    def _get_document_models(self):
        return [*super()._get_document_models(), "pos.order", "account.move"]
