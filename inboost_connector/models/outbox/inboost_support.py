import io
import json
import platform
import zipfile
from importlib import metadata

from odoo import api, models, release
from odoo.exceptions import AccessError
from odoo.fields import Domain

from ...lib import redact
from ...lib.redact import MASK

#: Rows of what failed last.
FAILURES = 50
#: Of a setting only this is said: whether there is one.
SECRET = ("secret", "secret_entry", "fingerprint", "token", "password")
LIBRARIES = (
    *("babel", "certifi", "jmespath", "phonenumbers", "requests", "urllib3"),
    *("psycopg2", "prometheus-client"),
)
SIMPLE = ("boolean", "char", "date", "datetime", "float", "integer", "selection")
MODULES = [
    *("inboost_connector%", "point_of_sale", "pos_loyalty", "sale_loyalty", "loyalty"),
    *("queue_job", "partner_firstname", "partner_contact_birthdate"),
]


class InboostSupport(models.AbstractModel):
    """What somebody who helps has to know, as one file: no secret, no customer."""

    _name = "inboost.support"
    _description = "InBoost Support Bundle"

    @api.model
    def _build(self, backend):
        """:return: bytes of a ZIP
        :raise AccessError: for others than administrators of the backend"""
        if not self.env.user.has_group("inboost_connector.group_inboost_manager"):
            raise AccessError(self.env._("Only an InBoost administrator may do this."))
        backend.check_access("write")
        # What is said of scheduled actions and modules needs no right of a person.
        backend = backend.sudo()
        parts = {
            "versions.json": self._describe_versions(),
            "settings.json": self._describe_settings(backend),
            "profile.json": self.env["inboost.profile"].sudo()._export(backend),
            "health.json": self._describe_health(backend),
            "failures.json": self._describe_failures(backend),
        }
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bundle:
            for name, part in parts.items():
                text = json.dumps(part, indent=2, ensure_ascii=False, default=str)
                bundle.writestr(name, self._mask(text, backend))
        return file.getvalue()

    @api.model
    def _mask(self, text, backend):
        """Whatever path a secret came by."""
        addresses = backend.endpoint_ids.filtered(lambda e: e._has_secret_address())
        secrets = [backend.secret]
        for address in addresses.mapped("address"):
            secrets += redact.url_secrets(address or "")
        secrets.append(self.env["inboost.monitor"].sudo()._get_token())
        return redact.text(text, secrets)

    @api.model
    def _describe_versions(self):
        modules = self.env["ir.module.module"].sudo()
        found = modules.search(
            Domain.OR([[("name", "=like", name)] for name in MODULES])
            & Domain("state", "=", "installed")
        )
        return {
            "odoo": release.version,
            "python": platform.python_version(),
            "system": platform.platform(),
            "postgresql": self.env.cr._cnx.server_version,
            "modules": {module.name: module.installed_version for module in found},
            "libraries": {name: self._find_version(name) for name in LIBRARIES},
        }

    @api.model
    def _find_version(self, name):
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            return None

    @api.model
    def _describe_settings(self, backend):
        token = self.env["inboost.monitor"].sudo()._get_token()
        return {
            "backend": self._read(backend),
            "endpoints": [self._read(endpoint) for endpoint in backend.endpoint_ids],
            "company": {
                "country": backend.company_id.country_id.code,
                "branches": len(backend._get_companies()) - 1,
            },
            "languages": self.env["res.lang"].sudo().search([]).mapped("code"),
            "monitor_token": "set" if token else "unset",
        }

    @api.model
    def _read(self, record):
        """Stored settings; of a secret, whether it is set, of others, how many."""
        values = {}
        for name, field in record._fields.items():
            if not field.store or field.type not in (*SIMPLE, "many2many"):
                continue
            value = record[name]
            if field.type == "many2many":
                value = len(value)
            hidden = name in SECRET or (name == "address" and self._hides(record))
            values[name] = ("set" if value else "unset") if hidden else value
        return values

    @api.model
    def _hides(self, record):
        return record._name == "inboost.endpoint" and (
            record.kind == "webhook" or record._has_secret_address()
        )

    @api.model
    def _describe_health(self, backend):
        return {
            "health": self.env["inboost.health"]._describe(backend),
            "jobs": self.env["inboost.health"]._describe_jobs(),
        }

    @api.model
    def _describe_failures(self, backend):
        """Reasons and answers, without who they are about."""
        errors = ("retry", "unknown", "failed", "credentials", "address")
        logs = (
            self.env["inboost.request.log"]
            .sudo()
            .search(
                [("backend_id", "=", backend.id), ("verdict", "in", errors)],
                limit=FAILURES,
            )
        )
        events = (
            self.env["inboost.event"]
            .sudo()
            .search(
                [("backend_id", "=", backend.id), ("state", "in", ("held", "failed"))],
                limit=FAILURES,
            )
        )
        failures = self.env["inboost.capture.failure"].sudo()
        missed = failures.search(failures._get_domain_of(backend), limit=FAILURES)
        return {
            "requests": [self._describe_log(log) for log in logs],
            "events": [self._describe_event(event) for event in events],
            "missed": [
                {
                    "time": one.create_date,
                    "what": one.what,
                    "error": redact.personal_text(one.error or ""),
                    "attempts": one.attempts,
                }
                for one in missed
            ],
        }

    @api.model
    def _describe_log(self, log):
        return {
            "time": log.create_date,
            "operation": log.operation,
            "outcome": log.outcome,
            "duration": log.duration,
            "attempt": log.attempt,
            "error": redact.personal_text(log.error or ""),
            "answer": self._mask_json(log.answer),
            "request": self._mask_json(log.request_body),
        }

    @api.model
    def _describe_event(self, event):
        return {
            "event_id": event.event_id,
            "operation": event.operation,
            "state": event.state,
            "attempts": event.attempts,
            "reason": redact.personal_text(event.reason or ""),
        }

    @api.model
    def _mask_json(self, text):
        try:
            return redact.personal(json.loads(text or "null"), people=True)
        except ValueError:
            # A web page, or cut: nobody knows what is in it.
            return MASK
