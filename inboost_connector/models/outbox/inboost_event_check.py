import logging
import time
from datetime import datetime, timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from ...lib import facts
from ...lib.outcome import Verdict, classify, read_received

_logger = logging.getLogger(__name__)

#: How long a server may still be busy with what it was sent, before "no" is believed.
SETTLED = timedelta(minutes=1)
#: By when an event has been asked about: the job comes every five minutes.
ASKED = timedelta(minutes=10)
#: Seconds that a run goes on asking.
MAX_RUN = 20.0
#: Events that are asked about in one run of a backend.
MAX_EVENTS = 200


class InboostEventCheck(models.AbstractModel):
    """Asking instead of guessing: where the platform tells whether it received an
    event, those of which nobody knows settle themselves."""

    _name = "inboost.event.check"
    _description = "InBoost Check of Unknown Events"

    @api.model
    def _cron_check(self):
        end = time.monotonic() + MAX_RUN
        backends = self.env["inboost.backend"].search([("state", "=", "connected")])
        for backend in backends._filter_sendable():
            self._check_backend(backend, end)

    @api.model
    def _check_backend(self, backend, end):
        """Ask about one event after the other, until there is no answer to be had."""
        endpoint = backend._endpoint("event_check")
        settled = False
        for event in self._find_unknown(backend):
            if time.monotonic() > end or not endpoint._may_ask():
                break
            received = self._ask(endpoint, event)
            if received is not None:
                self._settle(event, received)
                settled = True
            # Each answer counts for itself, and no transaction waits for the next.
            self.env["ir.cron"]._commit_progress(1)
        if settled:
            self.env["inboost.alarm"]._refresh(backend)

    @api.model
    def _find_unknown(self, backend):
        """Held events, except those that have been tried for as long as we try."""
        now = fields.Datetime.now()
        return self.env["inboost.event"].search(
            [
                ("backend_id", "=", backend.id),
                ("state", "=", "held"),
                ("write_date", "<", now - SETTLED),
                ("queued_at", ">", now - timedelta(days=backend.retry_days)),
            ],
            order="id",
            limit=MAX_EVENTS,
        )

    @api.model
    def _get_asked_before(self, backend):
        """Events that are held since an earlier moment do not settle themselves any
        more: a person has to hear of them."""
        endpoint = backend._endpoint("event_check")
        is_asked = endpoint._filter_recording() and not endpoint.paused
        return fields.Datetime.now() - ASKED if is_asked else datetime.max

    @api.model
    def _ask(self, endpoint, event):
        """:return: whether InBoost has ``event``; None when nobody knows"""
        about = facts.describe_sent(event.operation, event.fact or {})
        try:
            exchange = self.env["inboost.connection"]._exchange(
                endpoint, about, **event._envelope()
            )
        except UserError as error:
            _logger.info("InBoost: event %s is not asked about: %s", event.id, error)
            return None
        rules = endpoint._get_rules()
        found = classify(exchange, rules)
        endpoint._note_apart(found)
        if found.verdict is Verdict.CREDENTIALS:
            endpoint._pause(found.code, found.args)
        return read_received(exchange, rules, endpoint.received_path or "")

    @api.model
    def _settle(self, event, received):
        """As a person would have decided, unless one did meanwhile."""
        if not event.try_lock_for_update():
            return
        event.invalidate_recordset(["state"])
        if event.state != "held":
            return
        if received:
            event._finish("done", "received")
        else:
            event._queue()
