from odoo import api, fields, models


class InboostEvent(models.Model):
    """In which shop it happened."""

    _inherit = "inboost.event"

    shop = fields.Char(
        compute="_compute_shop",
        search="_search_shop",
        help="The register's shop, as it was called when it happened.",
    )

    @api.depends("fact")
    def _compute_shop(self):
        for event in self:
            event.shop = (event.fact or {}).get("shop")

    @api.model
    def _search_shop(self, operator, value):
        """By the orders of the shop, which indexes lead to."""
        if operator not in ("ilike", "=", "=ilike", "like"):
            return NotImplemented
        orders = self.env["pos.order"].sudo()
        found = orders._search([("config_id.name", operator, value)])
        return [("res_model", "=", orders._name), ("res_id", "in", found)]
