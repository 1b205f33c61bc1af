from odoo import api, models


class InboostEvent(models.Model):
    """So does whoever releases what waited."""

    _inherit = "inboost.event"

    @api.model
    def _trigger_delivery(self, at=None):
        # What is due later is the scheduled action's: a job that waits for its time
        # would keep away those that have something to do now.
        if at is None:
            self.env["inboost.delivery"]._enqueue()
        return super()._trigger_delivery(at)
