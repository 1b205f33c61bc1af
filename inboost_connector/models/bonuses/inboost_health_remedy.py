from odoo import api, models
from odoo.tools.translate import LazyTranslate

_lt = LazyTranslate(__name__)

MENDS = {
    "points_missing": ("open_missing_points",),
    "programs_unused": ("open_backend",),
}
LABELS = {"open_missing_points": _lt("Credit Them")}


class InboostHealthRemedy(models.AbstractModel):
    """What mends trouble with points."""

    _inherit = "inboost.health.remedy"

    @api.model
    def _get_mends(self):
        return {**super()._get_mends(), **MENDS}

    @api.model
    def _get_labels(self):
        return {**super()._get_labels(), **LABELS}

    @api.model
    def _open_missing_points(self, backend, endpoint):
        return self._get_action("inboost_connector.inboost_bonus_missing_action")
