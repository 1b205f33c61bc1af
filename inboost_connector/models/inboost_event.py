import json
import logging
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import uuid4

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from ..lib.operations import OPERATIONS

_logger = logging.getLogger(__name__)

LIVE, HISTORY = 0, 10
PURGE_BATCH = 5000
#: Characters of a fact or body on the screen: a notice may have 100,000 phones.
MAX_SHOWN = 20_000
#: What a capture settled for good: a snapshot has to stay what it was.
SNAPSHOT = {"backend_id", "operation", "key", "event_id", "fact", "occurred_at"}


class Capture(NamedTuple):
    """A fact on its way into the outbox.

    :ivar partner: the customer; none, or one without a phone: parked
    :ivar record: the document, for the smart buttons, or None
    :ivar phone: E.164, where it is not the customer's present one"""

    operation: str
    key: str
    fact: dict
    occurred_at: datetime
    partner: models.Model
    record: models.Model | None
    phone: str | None = None


class InboostEvent(models.Model):
    """One fact on its way to one endpoint: a row of the outbox."""

    _name = "inboost.event"
    _description = "InBoost Event"
    _inherit = ["mail.thread"]
    _order = "id desc"
    _rec_name = "event_id"

    backend_id = fields.Many2one(
        "inboost.backend", required=True, ondelete="restrict", readonly=True
    )
    company_id = fields.Many2one(
        "res.company", related="backend_id.company_id", store=True, index=True
    )
    endpoint_id = fields.Many2one(
        "inboost.endpoint",
        required=True,
        ondelete="restrict",
        readonly=True,
        index=True,
    )
    operation = fields.Char(required=True, readonly=True)
    key = fields.Char(
        required=True,
        readonly=True,
        help="Made of the fact's own uuid: one event per fact and endpoint.",
    )
    event_id = fields.Char(
        "Event ID",
        required=True,
        readonly=True,
        default=lambda self: str(uuid4()),
        index=True,
        help="The same over all tries, so that InBoost can tell a repeat.",
    )
    fact = fields.Json(readonly=True)
    fact_text = fields.Text("Recorded Fact", compute="_compute_texts")
    body_text = fields.Text("Body", compute="_compute_texts")
    partner_id = fields.Many2one(
        "res.partner", "Customer", ondelete="set null", index="btree_not_null"
    )
    phone = fields.Char(readonly=True, index="btree_not_null")
    occurred_at = fields.Datetime(required=True, readonly=True)
    priority = fields.Integer(
        default=LIVE, readonly=True, aggregator=None, help="History goes behind live."
    )
    res_model = fields.Char(readonly=True)
    res_id = fields.Many2oneReference(model_field="res_model", readonly=True)
    res_name = fields.Char("Document", readonly=True)
    state = fields.Selection(
        [
            ("parked", "Parked"),
            ("pending", "Pending"),
            ("sending", "Sending"),
            ("done", "Delivered"),
            ("held", "Held"),
            ("failed", "Failed"),
            ("cancelled", "Cancelled"),
            ("superseded", "Superseded"),
        ],
        required=True,
        default="pending",
        readonly=True,
        help="Parked: waits for a customer with a valid phone. Pending: on its way. "
        "Held: nobody knows whether it arrived; look at what was sent, then mark it "
        "delivered or send it again. Failed: InBoost refused its content.",
    )
    reason = fields.Char(readonly=True)
    duplicate = fields.Boolean(
        readonly=True, help="InBoost said that it knew the event already."
    )
    attempts = fields.Integer(readonly=True, aggregator=None)
    next_try = fields.Datetime(readonly=True)
    queued_at = fields.Datetime(readonly=True)
    lease = fields.Char(readonly=True, groups="base.group_system")
    lease_until = fields.Datetime(readonly=True, groups="base.group_system")
    done_at = fields.Datetime("Delivered On", readonly=True)
    log_ids = fields.One2many("inboost.request.log", "event_id", readonly=True)

    _fact_unique = models.Constraint(
        "UNIQUE(backend_id, operation, key)",
        "This fact is in the outbox already.",
    )
    _document = models.Index("(res_model, res_id)")
    # Partial on what is not settled: a million delivered rows cost nothing.
    _due = models.Index("(priority, id) WHERE state = 'pending'")
    _in_order = models.Index(
        "(backend_id, phone, id) WHERE state IN ('pending', 'sending')"
    )
    _leased = models.Index("(lease_until) WHERE state = 'sending'")
    _attention = models.Index(
        "(state, partner_id) WHERE state IN ('parked', 'held', 'failed')"
    )

    # -- computes ------------------------------------------------------------------

    @api.depends("fact", "phone")
    def _compute_texts(self):
        for event in self:
            event.fact_text = self._shown(event.fact)
            try:
                body = event.endpoint_id._map(event.fact or {}, **event._envelope())
                event.body_text = self._shown(body)
            except ValueError as error:
                event.body_text = str(error)

    @staticmethod
    def _shown(value):
        text = json.dumps(value, indent=2, ensure_ascii=False)
        return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}\n…"

    @api.depends("endpoint_id", "res_name", "partner_id", "key")
    def _compute_display_name(self):
        for event in self:
            about = event.res_name or event.partner_id.display_name or event.key
            event.display_name = f"{event.endpoint_id.display_name} {about or ''}"

    # -- CRUD ----------------------------------------------------------------------

    def write(self, vals):
        if SNAPSHOT & vals.keys():
            raise AccessError(self.env._("A recorded fact cannot be changed."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_only_settled(self):
        if any(e.state not in ("done", "cancelled", "superseded") for e in self):
            raise UserError(
                self.env._(
                    "An event that was not delivered is never deleted. Cancel it first."
                )
            )

    # -- actions -------------------------------------------------------------------

    def action_send_again(self):
        """Held, failed or cancelled: back to the queue, under the same event id."""
        self._decide(
            ("held", "failed", "cancelled"), self.env._("sent again"), self._queue
        )

    def action_mark_delivered(self):
        self._check_manager()
        self._decide(
            ("held", "failed", "parked", "pending"),
            self.env._("marked as delivered"),
            lambda: self._finish("done"),
        )

    def action_cancel(self):
        self._check_manager()
        self._decide(
            ("held", "failed", "parked", "pending"),
            self.env._("cancelled"),
            lambda: self._finish("cancelled"),
        )

    def action_view_document(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "views": [(False, "form")],
        }

    def _check_manager(self):
        if not self.env.user.has_group("inboost_connector.group_inboost_manager"):
            raise AccessError(self.env._("Only an InBoost administrator may do this."))

    def _decide(self, states, what, act):
        """A person's decision, checked against the state under a lock and kept in the
        chatter.

        :param act: called on nothing; works on ``self``"""
        if not self.env.user.has_group("inboost_connector.group_inboost_user"):
            raise AccessError(self.env._("Only an InBoost user may do this."))
        self.check_access("read")
        events = self.sudo()
        events.lock_for_update()
        events.invalidate_recordset(["state"])
        wrong = events.filtered(lambda event: event.state not in states)
        if wrong:
            raise UserError(
                self.env._(
                    "%(event)s is %(state)s and cannot be %(what)s.",
                    event=wrong[0].display_name,
                    state=dict(self._fields["state"]._description_selection(self.env))[
                        wrong[0].state
                    ],
                    what=what,
                )
            )
        before = {event: event.state for event in events}
        act()
        for event in events:
            event.message_post(
                body=self.env._(
                    "%(user)s: %(what)s (was %(state)s).",
                    user=self.env.user.name,
                    what=what,
                    state=before[event],
                ),
                author_id=self.env.user.partner_id.id,
            )

    # -- capture -------------------------------------------------------------------

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

    # -- state ---------------------------------------------------------------------

    def _envelope(self):
        """What is known of the event besides the fact, for the mapping."""
        self.ensure_one()
        return {"event_id": self.event_id, "phone": self.phone, "key": self.key}

    def _queue(self):
        """To the end of the queue of what is due now."""
        for event in self.sudo():
            event.write(
                self._addressed_to(event.partner_id)
                if not event.phone and OPERATIONS[event.operation].personal
                else self._ready()
            )
        self._trigger_delivery()

    def _finish(self, state, **values):
        self.sudo().write(
            {
                "state": state,
                "lease": False,
                "lease_until": False,
                "next_try": False,
                "done_at": fields.Datetime.now() if state == "done" else False,
                **values,
            }
        )

    @api.model
    def _trigger_delivery(self, at=None):
        cron = self.env.ref(
            "inboost_connector.ir_cron_deliver", raise_if_not_found=False
        )
        if cron:
            cron.sudo()._trigger(at)

    # -- cron ----------------------------------------------------------------------

    @api.autovacuum
    def _gc_delivered(self):
        """Only what was delivered or given up by a person goes, in small batches."""
        done = 0
        more = False
        backends = self.env["inboost.backend"].with_context(active_test=False)
        for backend in backends.search([]):
            limit = fields.Datetime.now() - timedelta(days=backend.event_retention_days)
            events = self.sudo().search(
                [
                    ("backend_id", "=", backend.id),
                    ("state", "in", ("done", "cancelled", "superseded")),
                    ("write_date", "<", limit),
                ],
                order="id",
                limit=PURGE_BATCH,
            )
            done += len(events)
            more = more or len(events) == PURGE_BATCH
            events.unlink()
        return done, more
