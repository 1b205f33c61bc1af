from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    # Settings are open to people who have no business with InBoost.
    inboost_backend_count = fields.Integer(
        compute="_compute_inboost_backend_count",
        groups="inboost_connector.group_inboost_manager",
    )

    def _compute_inboost_backend_count(self):
        count = self.env["inboost.backend"].search_count(
            [("company_id", "=", self.env.company.id)]
        )
        self.inboost_backend_count = count

    def action_inboost_backends(self):
        return self.env["ir.actions.act_window"]._for_xml_id(
            "inboost_connector.inboost_backend_action"
        )
