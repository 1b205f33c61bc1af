from odoo import models


class InboostPortalMixin(models.AbstractModel):
    """Another portal has customers with numbers of their own."""

    _inherit = "inboost.portal.mixin"

    def _leave_portal(self):
        """An equal number over there is somebody else."""
        mine = [("backend_id", "=", self.id)]
        open_runs = [*mine, ("state", "in", ("queued", "running"))]
        for run in self.env["inboost.sync.run"].search(open_runs):
            run._finish("cancelled")
        waiting = [*mine, ("state", "=", "waiting")]
        for announcement in self.env["inboost.announcement"].search(waiting):
            announcement._fail("other_portal", {})
        self.env["inboost.customer"]._forget_numbers(self)
        self.env["inboost.sync.line"]._forget_numbers(self)
        return super()._leave_portal()
