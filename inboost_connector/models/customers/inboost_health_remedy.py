from odoo import api, models
from odoo.tools.translate import LazyTranslate

_lt = LazyTranslate(__name__)

MENDS = {"pull_failed": ("open_run",), "pull_waits": ("open_backend",)}
LABELS = {"open_run": _lt("Open the Synchronisation")}


class InboostHealthRemedy(models.AbstractModel):
    """What mends trouble with customers."""

    _inherit = "inboost.health.remedy"

    @api.model
    def _get_mends(self):
        return {**super()._get_mends(), **MENDS}

    @api.model
    def _get_labels(self):
        return {**super()._get_labels(), **LABELS}

    @api.model
    def _open_run(self, backend, endpoint):
        return self._open(backend.last_run_id)
