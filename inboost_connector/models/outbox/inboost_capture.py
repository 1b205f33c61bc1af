import logging
from contextlib import contextmanager

from odoo import api, fields, models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from ...lib.capture import Capture
from ...lib.operations import OPERATIONS
from ...lib.priority import LIVE

_logger = logging.getLogger(__name__)


class InboostEvent(models.Model):
    """Capture: a fact becomes a row of the outbox in the transaction of the fact."""

    _inherit = "inboost.event"

    @contextmanager
    def _guard(self, what):
        """What happens inside never harms the caller's transaction.

        Pending changes are flushed first, so that a failure of the caller's own is
        not taken for ours. Concurrency errors pass: Odoo replays the request then.
        """
        self.env.flush_all()
        try:
            with self.env.cr.savepoint():
                yield
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            raise
        except Exception:
            _logger.exception(
                "InBoost: %s was not recorded; the reconciliation will find it", what
            )

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
        endpoints = {e.operation: e for e in backend.endpoint_ids._records()}
        told = {
            partner: backend._tells_of(partner)
            for partner in {entry.partner for entry in entries}
        }
        entries = [
            entry
            for entry in entries
            if entry.operation in endpoints
            and (
                told[entry.partner]
                or entry.operation == "customer_upsert"
                or not OPERATIONS[entry.operation].personal
            )
        ]
        known = {
            (event.operation, event.key): event
            for event in self.search(
                [
                    ("backend_id", "=", backend.id),
                    ("operation", "in", list({e.operation for e in entries})),
                    ("key", "in", [e.key for e in entries]),
                ]
            )
        }
        events = self.create(
            [
                {
                    "backend_id": backend.id,
                    "endpoint_id": endpoints[entry.operation].id,
                    "priority": priority,
                    **self._captured(entry),
                }
                for entry in entries
                if (entry.operation, entry.key) not in known
            ]
        )
        if again:
            for event in known.values():
                self.env["inboost.request.log"]._record_duplicate(event, again)
        if events:
            self._trigger_delivery()
        return events

    @api.model
    def _captured(self, entry):
        record = entry.record
        return {
            "operation": entry.operation,
            "key": entry.key,
            "fact": entry.fact,
            "occurred_at": entry.occurred_at,
            "res_model": record._name if record else False,
            "res_id": record.id if record else False,
            "res_name": record.display_name if record else False,
            **(
                self._addressed_to(entry.partner, entry.phone)
                if OPERATIONS[entry.operation].personal
                else self._ready()
            ),
        }

    @api.model
    def _addressed_to(self, partner, phone=None):
        """Values that say whom an event is about, or why it has to wait."""
        phone = phone or partner.phone_sanitized
        if phone and phone.startswith("+"):
            return {
                "partner_id": partner.id,
                "phone": phone,
                **self._ready(),
            }
        if not partner:
            reason = self.env._("No customer")
        elif partner.phone:
            reason = self.env._("%s is not a valid phone", partner.phone)
        else:
            reason = self.env._("The customer has no phone")
        return {"partner_id": partner.id, "state": "parked", "reason": reason}

    @api.model
    def _ready(self):
        """Values of an event that may go now."""
        now = fields.Datetime.now()
        return {
            "state": "pending",
            "reason": False,
            "queued_at": now,
            "next_try": now,
        }

    def _set_customer(self, partner):
        """The customer of parked events became known."""
        for event in self.filtered(lambda e: e.state == "parked"):
            event.write(self._addressed_to(partner))
        self._trigger_delivery()

    @api.model
    def _release_parked(self, partners=None):
        """Parked events whose customer has a valid phone by now go out.

        :param partners: those who changed; all when None
        """
        domain = [("state", "=", "parked"), ("partner_id.phone_sanitized", "!=", False)]
        if partners is not None:
            domain.append(("partner_id", "in", partners.ids))
        for partner, events in self.sudo()._read_group(
            domain, ["partner_id"], ["id:recordset"]
        ):
            events._set_customer(partner)
