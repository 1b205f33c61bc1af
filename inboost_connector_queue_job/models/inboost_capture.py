from odoo import api, models


class InboostCapture(models.AbstractModel):
    """A sale wakes the job runner, too."""

    _inherit = "inboost.capture"

    @api.model
    def _note_woken(self):
        self.env["inboost.delivery"]._enqueue()
        return super()._note_woken()
