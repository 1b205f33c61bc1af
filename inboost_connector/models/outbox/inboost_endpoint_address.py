from odoo import api, fields, models

from ...lib import redact


class InboostEndpoint(models.Model):
    """The address of a webhook is a secret: whoever knows it can start campaigns. It
    can be replaced, and nobody reads it back."""

    _inherit = "inboost.endpoint"

    has_address = fields.Boolean(
        compute="_compute_has_address",
        search="_search_has_address",
        compute_sudo=True,
    )
    address_entry = fields.Char(
        "Address",
        compute="_compute_address_entry",
        inverse="_inverse_address_entry",
        copy=False,
        groups="inboost_connector.group_inboost_manager",
        help="API: a path below the backend's address. Webhook: the full address that "
        "you made in the InBoost portal; it is a secret, and once saved no more than "
        "its end is shown. Empty: nothing is recorded or sent here.",
    )

    def _compute_has_address(self):
        for endpoint in self:
            endpoint.has_address = bool(endpoint.address)

    def _search_has_address(self, operator, value):
        if operator != "in":
            return NotImplemented
        return [("id", "in" if True in value else "not in", self._find_addressed())]

    @api.model
    def _find_addressed(self):
        return self.sudo()._search([("address", "not in", (False, ""))])

    @api.depends("kind")
    def _compute_address_entry(self):
        for endpoint in self:
            endpoint.address_entry = endpoint._get_shown_address()

    def _inverse_address_entry(self):
        for endpoint in self:
            # What was shown is no address.
            if endpoint.address_entry != endpoint._get_shown_address():
                endpoint.sudo().address = endpoint.address_entry
        self.invalidate_recordset(["address_entry", "has_address"])

    def _get_shown_address(self):
        """The address as an administrator sees it: a path as it is, of a full address
        no more than the end of its token."""
        self.ensure_one()
        address = self.sudo().address
        if not address or (self.kind == "api" and "://" not in address):
            return address
        return redact.url(address)
