from odoo import api, fields, models

#: What the sanitised phone is computed from.
PHONE_FIELDS = {"phone", "country_id", "company_id"}


class ResPartner(models.Model):
    """The customer of an event: a phone releases what waits for one."""

    _inherit = "res.partner"

    # Odoo keeps it stored but not indexed; a million contacts are searched by it.
    phone_sanitized = fields.Char(index="btree_not_null")
    inboost_event_count = fields.Integer(
        compute="_compute_inboost_event_count",
        groups="inboost_connector.group_inboost_user",
    )

    def _compute_inboost_event_count(self):
        counts = dict(
            self.env["inboost.event"]._read_group(
                [("partner_id", "in", self.ids)], ["partner_id"], ["__count"]
            )
        )
        for partner in self:
            partner.inboost_event_count = counts.get(partner, 0)

    def action_view_inboost_customer_events(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "inboost_connector.inboost_event_action"
        )
        action["domain"] = [("partner_id", "=", self.id)]
        action["context"] = {}
        return action

    # -- personal data -------------------------------------------------------------

    def action_inboost_export(self):
        """All that is kept of the contact, as a file."""
        self.ensure_one()
        self.env["inboost.privacy"]._check_may_decide(self)
        return {
            "type": "ir.actions.act_url",
            "url": f"/inboost/personal_data/{self.id}",
            "target": "download",
        }

    def action_inboost_erase(self):
        """Forget these people; their contacts stay as they are."""
        privacy = self.env["inboost.privacy"]
        privacy._check_may_decide(self)
        privacy._erase(self)
        return self.env["inboost.backend"]._notify(
            self.env._("What was kept of them was erased."), "success"
        )

    @api.ondelete(at_uninstall=False)
    def _inboost_forget(self):
        privacy = self.env["inboost.privacy"].sudo()
        # Of most contacts nothing is kept; nor of those that were merged into another.
        if known := self.filtered(privacy._is_known):
            privacy._erase(known, gone=True)

    # -- phone ---------------------------------------------------------------------

    def write(self, vals):
        if not PHONE_FIELDS & vals.keys():
            return super().write(vals)
        before = {partner: partner.phone_sanitized for partner in self}
        result = super().write(vals)
        for partner, phone in before.items():
            if partner.phone_sanitized != phone:
                partner._inboost_change_phone(phone)
        return result

    def _inboost_change_phone(self, before):
        """The customer has another phone now.

        :param str before: E.164, or False
        """
        with self.env["inboost.capture"]._guard(
            self.env._("the phone of %s", self.display_name),
            (self, "_inboost_release_parked", []),
        ):
            self._inboost_release_parked()

    def _inboost_release_parked(self):
        self.env["inboost.event"]._release_parked(self)
