from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    # Settings are open to people who have no business with InBoost.
    inboost_backend_count = fields.Integer(
        compute="_compute_inboost_backend_count",
        groups="inboost_connector.group_inboost_manager",
    )
    inboost_health_token = fields.Char(
        "Monitoring Token",
        config_parameter="inboost_connector.health_token",
        groups="base.group_system",
        help="Who asks /inboost/health and /inboost/metrics sends it. Empty: neither "
        "exists.",
    )
    inboost_health_seconds = fields.Integer(
        "Nothing Sent For (Seconds)",
        config_parameter="inboost_connector.health_seconds",
        groups="base.group_system",
        default=600,
        help="/inboost/health answers 503 when what is due waits for so long and "
        "nothing sends it.",
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
