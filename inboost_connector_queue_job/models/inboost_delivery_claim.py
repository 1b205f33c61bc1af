from odoo import api, models


class InboostDeliveryClaim(models.AbstractModel):
    """Who cannot take all calls the next server."""

    _inherit = "inboost.delivery.claim"

    @api.model
    def _claim(self, desk, wanted, open_tasks, lease):
        tasks = super()._claim(desk, wanted, open_tasks, lease)
        # A run that had its hands free has them full. It ends somewhere: each call
        # follows events that were taken.
        if not open_tasks and len(tasks) >= wanted:
            self.env["inboost.delivery"]._enqueue()
        return tasks
