from urllib.parse import urlsplit

from odoo import api, fields, models
from odoo.api import NewId
from odoo.exceptions import ValidationError

from ...lib import redact
from ...lib.redact import DOTS


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
        help="API: a path below the backend's address, or a full address. Webhook: the "
        "full address that you made in the InBoost portal. Of a full address no more "
        "than the end is shown once it is saved: it may be a secret. {phone} and every "
        "other {expression} is replaced by its value. Empty: nothing is recorded or "
        "sent here.",
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

    @api.constrains("address", "kind", "authorised")
    def _check_credentials(self):
        """The secret belongs to the backend's host."""
        for endpoint in self.sudo().filtered(lambda e: e.address and e.authorised):
            own = urlsplit(endpoint.backend_id.address or "")[:2]
            if urlsplit(endpoint._url())[:2] != own:
                raise ValidationError(
                    self.env._(
                        "%s: requests to another host than the backend's carry no "
                        "credentials. Switch Authorised off, or choose an address of "
                        "the backend.",
                        endpoint.display_name,
                    )
                )

    def write(self, vals):
        if "kind" in vals and "address" not in vals:
            # What was a secret must not be shown as a path of the API, and a path is
            # no webhook's address.
            self.sudo().filtered(lambda e: e.kind != vals["kind"]).address = False
        before = {e: (e.sudo().address, e._get_known_address()) for e in self}
        result = super().write(vals)
        if "address" in vals:
            for endpoint, (address, shown) in before.items():
                if (endpoint.sudo().address or False) != (address or False):
                    endpoint._log_address(shown)
        return result

    def _log_address(self, before):
        """Who changed it and when is history; a secret is not."""
        self._message_log(
            body=self.env._(
                "Address: %(before)s → %(after)s",
                before=before or "–",
                after=self._get_known_address() or "–",
            )
        )

    def _get_known_address(self):
        """The address as it may be kept."""
        return DOTS if self._has_secret_address() else self.sudo().address

    def _take_typed_address(self):
        """On a form that is not saved yet, so that the request is shown with it."""
        typed = self.address_entry
        if not self._origin or typed == self._origin._get_shown_address():
            return
        if isinstance(self.id, NewId):
            self.address = typed

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
        return redact.url(address) if self._has_secret_address() else address

    def _has_secret_address(self):
        """A full address is shown to nobody: it may be a webhook's, pasted before its
        kind was chosen."""
        address = self.sudo().address or ""
        return bool(address) and (self.kind == "webhook" or "://" in address)
