from urllib.parse import urlsplit

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.orm.models import NO_ACCESS

from ...lib import auth


class InboostAuthMixin(models.AbstractModel):
    """How a platform knows that it is us, by the one secret of every kind. Whoever
    inherits has ``address``."""

    _name = "inboost.auth.mixin"
    _inherit = "inboost.secret.mixin"
    _description = "InBoost Authorisation"

    auth_kind = fields.Selection(
        [
            ("header", "Header"),
            ("basic", "Basic: user and secret"),
            ("oauth", "OAuth 2: client credentials"),
            ("oauth_form", "OAuth 2: client credentials in the form"),
            ("none", "None"),
        ],
        "Authorisation",
        required=True,
        default="header",
        help="How InBoost knows that it is you. OAuth 2: an access token is fetched "
        "with the client id and the secret, kept until it runs out, and renewed.",
    )
    auth_user = fields.Char("User or Client Id")
    token_address = fields.Char(
        help="OAuth 2: where access tokens come from, a path below the portal's "
        "address or a full address."
    )
    token_scope = fields.Char("Scope", help="OAuth 2: may be empty.")
    secret_ends = fields.Datetime(
        compute="_compute_secret_ends",
        compute_sudo=True,
        help="When it is a token that says so (a JWT). You are reminded in time.",
    )
    auth_header = fields.Char(
        "Authorisation Header",
        default="Authorization",
        help="The HTTP header that carries the secret.",
    )
    auth_prefix = fields.Char(
        "Prefix",
        default="Bearer",
        help="Written before the secret, with a blank between. May be empty.",
    )

    signing_secret = fields.Char("Stored Signing Secret", groups=NO_ACCESS, copy=False)
    signing_secret_entry = fields.Char(
        "Signing Secret",
        compute="_compute_secret_entry",
        inverse="_inverse_secret_entry",
        copy=False,
        groups="inboost_connector.group_inboost_manager",
        help="Signs what goes to webhooks, as Standard Webhooks describes it: whsec_ "
        "and at least 24 bytes as base64. Empty: webhooks are not signed.",
    )
    next_signing_secret = fields.Char(
        "Stored Next Signing Secret", groups=NO_ACCESS, copy=False
    )
    next_signing_secret_entry = fields.Char(
        "Next Signing Secret",
        compute="_compute_secret_entry",
        inverse="_inverse_secret_entry",
        copy=False,
        groups="inboost_connector.group_inboost_manager",
        help="While one secret replaces the other, both sign.",
    )

    @api.depends("secret")
    def _compute_secret_ends(self):
        for record in self:
            record.secret_ends = auth.read_expiry(record.secret or "")

    @api.constrains("address", "auth_kind", "token_address")
    def _check_token_address(self):
        for record in self:
            credentials = record._get_auth()
            if not credentials.needs_token:
                continue
            if not record.token_address:
                raise ValidationError(
                    self.env._("OAuth 2 needs the address of the access tokens.")
                )
            self.env["inboost.connection"]._check_url(credentials.token_url)

    @api.model
    def _get_secrets(self):
        return {
            **super()._get_secrets(),
            "signing_secret_entry": "signing_secret",
            "next_signing_secret_entry": "next_signing_secret",
        }

    @api.model
    def _prepare_secret(self, entry, value):
        if value and entry in ("signing_secret_entry", "next_signing_secret_entry"):
            self._check_signing_secret(value)
        return super()._prepare_secret(entry, value)

    def _get_signing_secrets(self):
        """:return: tuple of those that sign what goes to webhooks"""
        backend = self.sudo()
        both = (backend.signing_secret, backend.next_signing_secret)
        return tuple(filter(None, both))

    def _get_hosts(self):
        # OAuth sends the secret to where the tokens come from.
        credentials = self._get_auth()
        if not credentials.needs_token:
            return super()._get_hosts()
        return super()._get_hosts() | {urlsplit(credentials.token_url)[:2]}

    def _get_auth(self):
        """:rtype: lib.auth.Auth"""
        self.ensure_one()
        return auth.Auth(
            kind=self.auth_kind,
            header=self.auth_header or "",
            prefix=self.auth_prefix or "",
            user=self.auth_user or "",
            secret=self.sudo().secret or "",
            token_url=self._join(self.token_address or ""),
            scope=self.token_scope or "",
        )

    def _join(self, path):
        """:return: ``path`` below our address; a full address as it is"""
        if "://" in path.partition("?")[0]:
            return path
        return (self.address or "").rstrip("/") + "/" + path.lstrip("/")
