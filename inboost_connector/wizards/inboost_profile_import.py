import base64
from urllib.parse import quote

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..lib.redact import DOTS


class InboostProfileImport(models.TransientModel):
    """A profile that somebody looks at before it is applied."""

    _name = "inboost.profile.import"
    _description = "Import a Profile of Endpoints"

    backend_id = fields.Many2one("inboost.backend", required=True, ondelete="cascade")
    source = fields.Selection("_get_sources", "Profile", required=True, default="file")
    file = fields.Binary(help="A JSON file that was exported from a backend.")
    exported = fields.Binary(
        "Its Own Profile",
        compute="_compute_exported",
        help="All endpoints as they are, without secrets and addresses of webhooks.",
    )
    exported_name = fields.Char(compute="_compute_exported")
    changes = fields.Text(
        "What Will Change", compute="_compute_changes", help="Nothing else is touched."
    )

    @api.model
    def _get_sources(self):
        shipped = self.env["inboost.profile"]._get_shipped()
        return [*shipped.items(), ("file", self.env._("A file"))]

    @api.depends("source", "file", "backend_id")
    def _compute_changes(self):
        for wizard in self:
            try:
                profile = wizard._get_profile()
            except UserError as error:
                wizard.changes = str(error)
                continue
            wizard.changes = profile and wizard._describe(profile)

    def _get_profile(self):
        """:return: a profile, None when no file was chosen yet"""
        profiles = self.env["inboost.profile"]
        if self.source != "file":
            return profiles._load(self.source)
        if not self.file:
            return None
        try:
            text = base64.b64decode(self.with_context(bin_size=False).file).decode()
        except ValueError as error:
            raise UserError(self.env._("This file is not text.")) from error
        return profiles._parse(text)

    def _describe(self, profile):
        lines = []
        changes = self.env["inboost.profile"]._compare(self.backend_id, profile)
        for record, values in changes:
            lines.append(record.display_name)
            for name, value in values.items():
                label = record._fields[name].get_description(self.env)["string"]
                before = record[name] or "–"
                if name == "address" and record._has_secret_address():
                    before = DOTS
                lines.append(f"    {label}: {before} → {value or '–'}")
        return "\n".join(lines) or self.env._("Nothing: all is so already.")

    @api.depends("backend_id")
    def _compute_exported(self):
        profiles = self.env["inboost.profile"]
        for wizard in self:
            text = profiles._dump(profiles._export(wizard.backend_id))
            wizard.exported = base64.b64encode(text.encode())
            wizard.exported_name = f"{wizard.backend_id.name}.json".replace("/", "-")

    def action_export(self):
        """Download the backend's own profile."""
        self.ensure_one()
        place = f"/web/content/{self._name}/{self.id}/exported"
        return {
            "type": "ir.actions.act_url",
            "url": f"{place}/{quote(self.exported_name)}?download=true",
            "target": "self",
        }

    def action_apply(self):
        self.ensure_one()
        self.backend_id.check_access("write")
        profile = self._get_profile()
        if profile is None:
            raise UserError(self.env._("Choose a file."))
        self.env["inboost.profile"]._apply(self.backend_id, profile)
        return {"type": "ir.actions.act_window_close"}
