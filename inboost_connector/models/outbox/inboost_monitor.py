from datetime import datetime

from odoo import api, fields, models

# Names of settings.
TOKEN = "inboost_connector.health_token"
LIMIT = "inboost_connector.health_seconds"
#: Seconds that what is due may wait while nothing sends, where nobody set another.
DEFAULT_LIMIT = 600
#: (metric, figure, help): of times, how long ago they were.
METRICS = (
    ("oldest_waiting_seconds", "oldest_waiting", "Age of the oldest waiting event."),
    ("oldest_due_seconds", "oldest_due", "Age of the oldest that could leave."),
    ("stalled_seconds", "stalled", "Since when due events wait and nothing runs."),
    ("requests_last_hour", "hour_requests", "Requests of the last hour."),
    ("accepted_last_hour", "hour_arrived", "Of these, accepted by InBoost."),
    ("answer_seconds_p95", "hour_p95", "95th percentile of the last hour."),
    ("sent_today", "sent_today", "Accepted since midnight in the shop."),
    ("duplicates_7_days", "duplicates", "Stopped duplicates of 7 days."),
)
STATES = ("waiting", "parked", "held", "failed", "expired")


class InboostMonitor(models.AbstractModel):
    """Health for a supervisor and for Prometheus. No names, no phones: numbers."""

    _name = "inboost.monitor"
    _description = "InBoost Monitor"

    @api.model
    def _get_token(self):
        return self.env["ir.config_parameter"].get_param(TOKEN) or ""

    @api.model
    def _get_limit(self):
        """Seconds; a setting that is no number is none."""
        value = self.env["ir.config_parameter"].get_param(LIMIT) or ""
        return int(value) if value.isdigit() and int(value) else DEFAULT_LIMIT

    @api.model
    def _get_backends(self):
        return self.env["inboost.backend"].search([("state", "!=", "draft")])

    @api.model
    def _report(self):
        """:return: JSON; ``ok`` is false when due events wait for longer than the
        limit and no delivery ran meanwhile"""
        limit = self._get_limit()
        found = [self._describe(backend) for backend in self._get_backends()]
        stalled = max((one["stalled_seconds"] for one in found), default=0)
        return {"ok": stalled <= limit, "limit_seconds": limit, "backends": found}

    @api.model
    def _describe(self, backend):
        figures = self.env["inboost.health.figures"]._measure(backend)
        return {
            "backend": backend.id,
            "state": backend.state,
            "oldest_due_seconds": int(self._get_number(figures["oldest_due"])),
            "stalled_seconds": figures["stalled"],
        }

    @api.model
    def _get_number(self, figure):
        """:return: a number as it is, of a time for how many seconds it is past"""
        if isinstance(figure, datetime):
            return (fields.Datetime.now() - figure).total_seconds()
        return figure or 0

    @api.model
    def _find_metrics(self):
        """:return: iterator of (name, help, names of labels, [(labels, number)])"""
        backends = self._get_backends()
        measure = self.env["inboost.health.figures"]._measure
        found = {str(backend.id): measure(backend) for backend in backends}
        yield (
            "inboost_connected",
            "1: events are sent to the backend. 0: it is paused.",
            ["backend"],
            [((str(b.id),), int(b.state == "connected")) for b in backends],
        )
        yield (
            "inboost_events",
            "Events by state, counted up to 10001; expired ones of 7 days.",
            ["backend", "state"],
            [
                ((id_, state), one[state])
                for id_, one in found.items()
                for state in STATES
            ],
        )
        for name, figure, about in METRICS:
            numbers = [
                ((id_,), self._get_number(one[figure])) for id_, one in found.items()
            ]
            yield f"inboost_{name}", about, ["backend"], numbers
        yield (
            "inboost_alarms",
            "Causes that a person should know of.",
            ["backend"],
            [((str(b.id),), len(b.alarm_ids)) for b in backends],
        )
        yield (
            "inboost_secret_ends_seconds",
            "Until the secret ends, where it says so.",
            ["backend"],
            [
                ((str(b.id),), -self._get_number(b.secret_ends))
                for b in backends.filtered("secret_ends")
            ],
        )
