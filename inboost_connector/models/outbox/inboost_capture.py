import logging
from contextlib import contextmanager

from odoo import api, models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from ...lib.capture import Capture
from ...lib.operations import OPERATIONS
from ...lib.priority import LIVE

_logger = logging.getLogger(__name__)


class Guarded:
    """:ivar failed: whether what was guarded failed"""

    failed = False


class InboostCapture(models.AbstractModel):
    """A fact becomes a row of the outbox in the transaction of the fact."""

    _name = "inboost.capture"
    _description = "InBoost Capture"

    @contextmanager
    def _guard(self, what, again):
        """What happens inside never harms the caller's transaction.

        Pending changes are flushed first, so that a failure of the caller's own is
        not taken for ours. Concurrency errors pass: Odoo replays the request then.

        :param str what: what is recorded inside, for people
        :param again: the net that catches a failure: (records, name of a method, list
            of JSON arguments), which the reconciliation calls to make up for it
        :return: :class:`Guarded`
        """
        self.env.flush_all()
        guarded = Guarded()
        try:
            with self.env.cr.savepoint():
                yield guarded
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            raise
        except Exception as error:
            guarded.failed = True
            _logger.exception("InBoost: %s was not recorded", what)
            self._keep_failure(what, again, error)

    def _keep_failure(self, what, again, error):
        try:
            with self.env.cr.savepoint():
                self.env["inboost.capture.failure"]._record(what, again, error)
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            raise
        except Exception:
            # Nothing more can be done without harming the caller.
            _logger.exception("InBoost: that %s was missed could not be kept", what)

    @api.model
    def _capture(self, backend, facts, partner, record=None, **kwargs):
        """Facts about one customer; see :meth:`_capture_all`.

        :param facts: list of (operation, key, fact, occurred_at)
        """
        entries = [Capture(*fact, partner, record) for fact in facts]
        return self._capture_all(backend, entries, **kwargs)

    @api.model
    def _capture_all(self, backend, entries, priority=LIVE, again=""):
        """Put facts into the outbox, each once. A fact that is there already leaves a
        row in the log instead.

        :param backend: one ``inboost.backend``
        :param entries: list of Capture
        :param str again: what came again, for the log of a stopped duplicate;
            empty where coming again is in the nature of the caller
        :return: the new events
        """
        self = self.sudo().with_context(
            tracking_disable=True, mail_create_nolog=True, mail_create_nosubscribe=True
        )
        endpoints = {e.operation: e for e in backend.endpoint_ids._filter_recording()}
        partners = self.env["res.partner"].union(*(entry.partner for entry in entries))
        about = backend._filter_about(partners)
        entries = [
            entry
            for entry in entries
            if entry.operation in endpoints
            and (
                entry.partner <= about
                or entry.operation == "customer_upsert"
                or not OPERATIONS[entry.operation].personal
            )
        ]
        known = {
            (event.operation, event.key): event
            for event in self.env["inboost.event"].search(
                [
                    ("backend_id", "=", backend.id),
                    ("operation", "in", list({e.operation for e in entries})),
                    ("key", "in", [e.key for e in entries]),
                ]
            )
        }
        events = self.env["inboost.event"].create(
            [
                {
                    "backend_id": backend.id,
                    "endpoint_id": endpoints[entry.operation].id,
                    "priority": priority,
                    **self._prepare_event_values(entry),
                }
                for entry in entries
                if (entry.operation, entry.key) not in known
            ]
        )
        if again:
            for event in known.values():
                self.env["inboost.request.log"]._record_duplicate(event, again)
        if events:
            events._trigger_delivery()
        return events

    @api.model
    def _prepare_event_values(self, entry):
        record, event = entry.record, self.env["inboost.event"]
        return {
            "operation": entry.operation,
            "key": entry.key,
            "fact": entry.fact,
            "occurred_at": entry.occurred_at,
            "res_model": record._name if record else False,
            "res_id": record.id if record else False,
            "res_name": record.display_name if record else False,
            **(
                event._prepare_address_values(entry.partner, entry.phone)
                if OPERATIONS[entry.operation].personal
                else event._prepare_ready_values()
            ),
        }
