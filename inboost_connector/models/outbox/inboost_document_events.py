from odoo import api, fields, models


class InboostDocumentEvents(models.AbstractModel):
    """A document that shows what was sent about it, to who may see that."""

    _name = "inboost.document.events"
    _description = "InBoost Events of a Document"

    inboost_event_ids = fields.One2many(
        "inboost.event",
        "res_id",
        "InBoost Events",
        domain=lambda self: [("res_model", "=", self._name)],
        readonly=True,
        copy=False,
        groups="inboost_connector.group_inboost_user",
    )
    inboost_event_count = fields.Integer(
        compute="_compute_inboost_event_count",
        groups="inboost_connector.group_inboost_user",
    )

    def _compute_inboost_event_count(self):
        counts = dict(
            self.env["inboost.event"]._read_group(
                [("res_model", "=", self._name), ("res_id", "in", self.ids)],
                ["res_id"],
                ["__count"],
            )
        )
        for document in self:
            document.inboost_event_count = counts.get(document.id, 0)

    @api.model
    def _get_view_cache_key(self, view_id=None, view_type="form", **options):
        """The list of events on a form has the backend where there are several."""
        key = super()._get_view_cache_key(view_id, view_type, **options)
        if view_type != "form" or not self.env.user.has_group(
            "inboost_connector.group_inboost_user"
        ):
            return key
        return (*key, self.env["inboost.event"]._has_several())

    def action_view_inboost_events(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "inboost_connector.inboost_event_action"
        )
        action["domain"] = [("res_model", "=", self._name), ("res_id", "=", self.id)]
        action["context"] = {}
        return action
