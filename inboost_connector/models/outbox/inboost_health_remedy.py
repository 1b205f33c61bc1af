from odoo import api, models
from odoo.exceptions import AccessError
from odoo.tools.translate import LazyTranslate

_lt = LazyTranslate(__name__)

MODULE = "inboost_connector"
EVENTS = f"{MODULE}.inboost_event_action"
LOG = f"{MODULE}.inboost_request_log_action"
#: {code of a trouble: names of what mends it}. A code without any is mended elsewhere,
#: as its words say.
MENDS = {
    "backend_paused": ("connect", "open_backend"),
    "paused_by": ("connect",),
    "draft": ("open_backend",),
    "endpoint_paused": ("resume", "open_endpoint"),
    "endpoint_failing": ("open_log",),
    "waiting": ("open_waiting",),
    "crons_missing": ("repair_crons",),
    "crons_off": ("start_crons",),
    "held": ("open_held",),
    "failed": ("open_failed",),
    "restored": ("open_backend",),
    "secret_ends": ("open_backend",),
    "missed": ("open_missed",),
    "no_address": ("open_backend",),
    "no_country": ("open_company",),
}
LABELS = {
    "connect": _lt("Connect"),
    "resume": _lt("Resume"),
    "repair_crons": _lt("Make Them Again"),
    "start_crons": _lt("Switch Them On"),
    "open_backend": _lt("Open the Backend"),
    "open_endpoint": _lt("Open the Endpoint"),
    "open_company": _lt("Open the Company"),
    "open_log": _lt("See the Answers"),
    "open_waiting": _lt("See What Waits"),
    "open_held": _lt("Decide"),
    "open_failed": _lt("See What Failed"),
    "open_missed": _lt("See What Was Missed"),
}


class InboostHealthRemedy(models.AbstractModel):
    """The buttons beside a trouble, for administrators. Upper storeys add theirs by
    ``super()``."""

    _name = "inboost.health.remedy"
    _description = "InBoost Remedy"

    @api.model
    def mend(self, backend_id, name, endpoint_id=False):
        """What a button does, with the rights of who presses it.

        :param str name: one of LABELS
        :return: an action to open, or None
        """
        if not self.env.user.has_group(f"{MODULE}.group_inboost_manager"):
            raise AccessError(self.env._("Only an InBoost administrator may do this."))
        if name not in self._get_labels():
            raise ValueError(f"there is no remedy {name!r}")
        backend = self.env["inboost.backend"].browse(backend_id)
        endpoint = self.env["inboost.endpoint"].browse(endpoint_id or [])
        (endpoint or backend).check_access("write")
        return getattr(self, f"_{name}")(backend, endpoint)

    @api.model
    def _describe(self, code):
        """:return: list of {name, label} of what mends the trouble"""
        labels = self._get_labels()
        return [
            {"name": name, "label": self.env._(labels[name])}
            for name in self._get_mends().get(code, ())
        ]

    @api.model
    def _get_mends(self):
        return MENDS

    @api.model
    def _get_labels(self):
        """:return: {name: label}; the method ``_<name>(backend, endpoint)`` does it"""
        return LABELS

    # -- what mends by itself ------------------------------------------------------

    @api.model
    def _connect(self, backend, endpoint):
        return backend.action_connect()

    @api.model
    def _resume(self, backend, endpoint):
        return endpoint.action_resume()

    @api.model
    def _repair_crons(self, backend, endpoint):
        self.env["inboost.watch"]._repair_crons()
        self.env["inboost.alarm"]._refresh()

    @api.model
    def _start_crons(self, backend, endpoint):
        self.env["inboost.watch"]._start_crons()
        self.env["inboost.alarm"]._refresh()

    # -- where a person mends it ---------------------------------------------------

    @api.model
    def _open_backend(self, backend, endpoint):
        return self._open(backend)

    @api.model
    def _open_endpoint(self, backend, endpoint):
        return self._open(endpoint)

    @api.model
    def _open_company(self, backend, endpoint):
        return self._open(backend.company_id)

    @api.model
    def _open_log(self, backend, endpoint):
        domain = [("operation", "=", endpoint.operation)]
        return self._list(LOG, backend, "errors", domain)

    @api.model
    def _open_waiting(self, backend, endpoint):
        return self._list(EVENTS, backend, "waiting")

    @api.model
    def _open_held(self, backend, endpoint):
        return self._list(EVENTS, backend, "held")

    @api.model
    def _open_failed(self, backend, endpoint):
        return self._list(EVENTS, backend, "failed")

    @api.model
    def _open_missed(self, backend, endpoint):
        return self._get_action(f"{MODULE}.inboost_capture_failure_action")

    @api.model
    def _open(self, record):
        return {
            "type": "ir.actions.act_window",
            "res_model": record._name,
            "res_id": record.id,
            "views": [(False, "form")],
        }

    @api.model
    def _list(self, xmlid, backend, name, domain=()):
        return {
            **self._get_action(xmlid),
            "domain": [("backend_id", "=", backend.id), *domain],
            "context": {f"search_default_{name}": 1},
        }

    @api.model
    def _get_action(self, xmlid):
        return self.env["ir.actions.act_window"]._for_xml_id(xmlid)
