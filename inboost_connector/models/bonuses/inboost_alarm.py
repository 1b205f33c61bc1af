from odoo import api, models
from odoo.tools.translate import LazyTranslate

_lt = LazyTranslate(__name__)

CAUSES = {
    "points_missing": _lt(
        "Some customers did not get the points of a purchase, because the register's "
        "second call was lost. Open InBoost > Bonuses > Points That Never Came, and "
        "credit them."
    ),
}


class InboostAlarm(models.Model):
    """Trouble with points."""

    _inherit = "inboost.alarm"

    @api.model
    def _get_causes(self):
        return {**super()._get_causes(), **CAUSES}

    @api.model
    def _find_causes(self, backend):
        yield from super()._find_causes(backend)
        if self.env["inboost.bonus.missing"]._count_open(backend):
            yield "points_missing", False, None
