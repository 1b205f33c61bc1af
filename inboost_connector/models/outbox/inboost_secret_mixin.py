from urllib.parse import urlsplit

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.orm.models import NO_ACCESS

from ...lib import signing
from ...lib.redact import DOTS


class InboostSecretMixin(models.AbstractModel):
    """A portal's secret: it can be replaced, and nobody reads it back."""

    _name = "inboost.secret.mixin"
    _description = "InBoost Secret"

    secret = fields.Char("Stored Secret", groups=NO_ACCESS, copy=False)
    secret_entry = fields.Char(
        "Secret",
        compute="_compute_secret_entry",
        inverse="_inverse_secret_entry",
        copy=False,
        groups="inboost_connector.group_inboost_manager",
        help="The key or token that InBoost gave you. Once saved it can be replaced, "
        "and is never shown again. It belongs to the portal's address: with another "
        "host it has to be entered anew.",
    )

    @api.model
    def _get_secrets(self):
        """:return: {field that people fill in: field that keeps it}"""
        return {"secret_entry": "secret"}

    def _compute_secret_entry(self):
        for record in self:
            for entry, kept in self._get_secrets().items():
                record[entry] = DOTS if record.sudo()[kept] else False

    def _inverse_secret_entry(self):
        for record in self:
            # Reading one that was not typed would compute all of them anew.
            typed = {n: record[n] for n in self._get_secrets() if n in record._cache}
            for entry, value in typed.items():
                # The dots are what was shown, and no secret.
                if value != DOTS:
                    kept = self._get_secrets()[entry]
                    record.sudo()[kept] = self._prepare_secret(entry, value)

    @api.model
    def _prepare_secret(self, entry, value):
        """What is kept of what was typed into ``entry``.

        :raise ValidationError: when it cannot be one
        """
        return value

    @api.model
    def _check_signing_secret(self, value):
        try:
            signing.check_secret(value)
        except ValueError as error:
            raise ValidationError(
                self.env._(
                    "This is not a signing secret of Standard Webhooks, which is "
                    "whsec_ and at least 24 bytes as base64. Copy it from where it "
                    "was made."
                )
            ) from error

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        # What was typed is in no cache, where whoever asks next would find it.
        records.invalidate_recordset(list(self._get_secrets()))
        return records

    def write(self, vals):
        before = {record: record._get_hosts() for record in self}
        result = super().write(vals)
        if not {"secret", "secret_entry"} & vals.keys():
            # Or somebody could have it sent to a server of their own.
            moved = self.filtered(lambda r: r._get_hosts() - before[r])
            moved.sudo().filtered("secret").secret = False
        if entries := self._get_secrets().keys() & vals.keys():
            self.invalidate_recordset(list(entries))
        return result

    def _get_hosts(self):
        """:return: set of (scheme, host with port) that the secret is sent to"""
        return {urlsplit(self.address or "")[:2]}
