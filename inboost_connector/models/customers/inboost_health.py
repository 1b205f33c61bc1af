from datetime import timedelta

from odoo import api, models


class InboostHealth(models.AbstractModel):
    """When customers were pulled, and when they are next."""

    _inherit = "inboost.health"

    @api.model
    def _find_repairs(self, backend):
        yield from super()._find_repairs(backend)
        if backend.state != "connected" or not backend.pull_customers:
            return
        run = backend.last_run_id
        if not backend.pull_released:
            text = self.env._(
                "Customers are not synchronised yet: look at a dry run on the backend, "
                "then press Synchronise Now."
            )
            yield "pull_waits", text, "info", None, False
        elif run.state in ("failed", "incomplete"):
            text = self.env._(
                "The last synchronisation of customers did not read all: %s",
                run.reason or "",
            )
            yield "pull_failed", text, "warning", run.finished_at, False

    @api.model
    def _describe_figures(self, backend, figures):
        return [
            *super()._describe_figures(backend, figures),
            *self._describe_pulls(backend),
        ]

    @api.model
    def _describe_pulls(self, backend):
        if not backend.pull_customers:
            return
        run = backend.last_run_id
        yield self._figure(
            "last_pull",
            self.env._("Customers Pulled"),
            moment=run.finished_at or run.started_at,
            opens=("inboost_connector.inboost_sync_run_action", ""),
            hint=self.env._("When customers were read from InBoost last."),
        )
        if backend.pull_released and backend.state == "connected" and run:
            yield self._figure(
                "next_pull",
                self.env._("Next Pull"),
                moment=run.create_date + timedelta(minutes=int(backend.pull_interval)),
                hint=self.env._("When they are read again."),
            )
