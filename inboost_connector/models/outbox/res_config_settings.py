from odoo import api, fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    # Settings are open to people who have no business with InBoost.
    inboost_summary = fields.Text(
        "InBoost Portals",
        compute="_compute_inboost_summary",
        groups="inboost_connector.group_inboost_manager",
    )
    inboost_has_live = fields.Boolean(
        compute="_compute_inboost_summary",
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

    @api.depends("company_id")
    def _compute_inboost_summary(self):
        for settings in self:
            backends = self.env["inboost.backend"].search(
                [("company_id", "=", settings.company_id.id)]
            )
            settings.inboost_has_live = any(b.state != "draft" for b in backends)
            settings.inboost_summary = "\n".join(
                map(self._describe_inboost, backends)
            ) or self.env._("No portal is set up.")

    @api.model
    def _describe_inboost(self, backend):
        if backend.state == "draft":
            return self.env._("%s: its setup is not finished.", backend.name)
        if backend.state == "paused":
            return self.env._(
                "%(name)s: paused. %(reason)s",
                name=backend.name,
                reason=backend.pause_reason,
            )
        return self.env._(
            "%(name)s: connected. Waiting: %(waiting)s. Need attention: %(attention)s.",
            name=backend.name,
            waiting=backend.event_waiting_count,
            attention=backend.event_attention_count,
        )

    def action_inboost_backends(self):
        return self.env["ir.actions.act_window"]._for_xml_id(
            "inboost_connector.inboost_backend_action"
        )
