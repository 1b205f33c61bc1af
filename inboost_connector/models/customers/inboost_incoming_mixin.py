from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.orm.models import NO_ACCESS

from ...lib import door

MANAGER = "inboost_connector.group_inboost_manager"
#: Where a customer usually stands in an announcement.
PATH = "data || customer || client || @"


class InboostIncomingMixin(models.AbstractModel):
    """How we know that it is the portal who announces something."""

    _name = "inboost.incoming.mixin"
    _inherit = "inboost.secret.mixin"
    _description = "InBoost Way In"

    incoming_open = fields.Boolean(
        "Accept Announcements",
        copy=False,
        help="InBoost announces a new or changed customer, or an opt-out, and nobody "
        "waits for the next synchronisation, which goes on as before.",
    )
    incoming_ready = fields.Boolean(
        compute="_compute_incoming_ready", compute_sudo=True
    )
    incoming_address = fields.Char(
        "Address to Enter in InBoost",
        compute="_compute_incoming_address",
        help="InBoost sends a POST with JSON here, with the token in the header "
        '"Authorization: Bearer …".',
    )
    incoming_token = fields.Char("Stored Token", groups=NO_ACCESS, copy=False)
    incoming_token_entry = fields.Char(
        "Token",
        compute="_compute_secret_entry",
        inverse="_inverse_secret_entry",
        copy=False,
        groups=MANAGER,
        help="At least 24 characters that nobody can guess. Enter the same in InBoost. "
        "Once saved it can be replaced, and is never shown again.",
    )
    incoming_secret = fields.Char(
        "Stored Incoming Secret", groups=NO_ACCESS, copy=False
    )
    incoming_secret_entry = fields.Char(
        "Secret of the Signature",
        compute="_compute_secret_entry",
        inverse="_inverse_secret_entry",
        copy=False,
        groups=MANAGER,
        help="Standard Webhooks: whsec_ and at least 24 bytes as base64, from InBoost. "
        "Where it is set, what is not signed with it is not accepted.",
    )
    incoming_next_secret = fields.Char(
        "Stored Next Incoming Secret", groups=NO_ACCESS, copy=False
    )
    incoming_next_secret_entry = fields.Char(
        "Next Secret of the Signature",
        compute="_compute_secret_entry",
        inverse="_inverse_secret_entry",
        copy=False,
        groups=MANAGER,
        help="While one secret replaces the other, either of them may have signed.",
    )
    incoming_path = fields.Char(
        "Customer in an Announcement",
        default=PATH,
        help="JMESPath over an announcement: the customer, or a list of them, as they "
        "stand in the list of customers. Of each only the phone is required; what is "
        "not there stays as it was.",
    )

    @api.depends("incoming_open")
    def _compute_incoming_ready(self):
        for backend in self:
            backend.incoming_ready = backend._prepare_door().is_open

    def _compute_incoming_address(self):
        for backend in self:
            base = backend.get_base_url()
            backend.incoming_address = f"{base}/inboost/webhook/{backend._origin.id}"

    @api.constrains("incoming_path")
    def _check_incoming_path(self):
        for backend in self:
            if backend.incoming_path:
                mappings = self.env["inboost.mapping"]
                mappings._check_expression(backend, "incoming_path")

    @api.model
    def _get_secrets(self):
        return {
            **super()._get_secrets(),
            "incoming_token_entry": "incoming_token",
            "incoming_secret_entry": "incoming_secret",
            "incoming_next_secret_entry": "incoming_next_secret",
        }

    @api.model
    def _prepare_secret(self, entry, value):
        if value and entry == "incoming_token_entry":
            return self._prepare_token(value)
        if value and entry.startswith("incoming_"):
            self._check_signing_secret(value)
        return super()._prepare_secret(entry, value)

    @api.model
    def _prepare_token(self, value):
        """What is kept of a token."""
        try:
            door.check_token(value)
        except ValueError as error:
            raise ValidationError(
                self.env._(
                    "A token has at least %s characters: letters, digits and signs, "
                    "without blanks. Let a password manager make one.",
                    door.MIN_TOKEN,
                )
            ) from error
        return door.digest(value)

    def _prepare_door(self):
        """:rtype: lib.door.Door"""
        self.ensure_one()
        backend = self.sudo()
        if not backend.incoming_open or backend.state == "draft":
            return door.Door()
        both = (backend.incoming_secret, backend.incoming_next_secret)
        return door.Door(backend.incoming_token or "", tuple(filter(None, both)))

    def action_view_announcements(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "inboost_connector.inboost_announcement_action"
        )
        action["domain"] = [("backend_id", "=", self.id)]
        return action
