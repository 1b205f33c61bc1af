from urllib.parse import urlsplit

from odoo import api, fields, models
from odoo.orm.models import NO_ACCESS

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

    def _compute_secret_entry(self):
        for record in self:
            record.secret_entry = DOTS if record.sudo().secret else False

    def _inverse_secret_entry(self):
        # The dots are what was shown, and no secret.
        for record in self.filtered(lambda r: r.secret_entry != DOTS):
            record.sudo().secret = record.secret_entry

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        # What was typed is in no cache, where whoever asks next would find it.
        records.invalidate_recordset(["secret_entry"])
        return records

    def write(self, vals):
        before = {record: record._get_hosts() for record in self}
        result = super().write(vals)
        if not {"secret", "secret_entry"} & vals.keys():
            # Or somebody could have it sent to a server of their own.
            moved = self.filtered(lambda r: r._get_hosts() - before[r])
            moved.sudo().filtered("secret").secret = False
        if "secret_entry" in vals:
            self.invalidate_recordset(["secret_entry"])
        return result

    def _get_hosts(self):
        """:return: set of (scheme, host with port) that the secret is sent to"""
        return {urlsplit(self.address or "")[:2]}
