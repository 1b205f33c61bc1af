import json
import logging
from datetime import timedelta
from uuid import uuid4

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ...lib import backoff, mapping
from ...lib.operations import OPERATIONS
from ...lib.outcome import Verdict
from ...lib.priority import LIVE, NEWEST_ONLY

_logger = logging.getLogger(__name__)

PURGE_BATCH = 5000
#: Characters of a fact or body on the screen: a notice may have 100,000 phones.
MAX_SHOWN = 20_000
#: What a capture settled for good: a snapshot has to stay what it was.
SNAPSHOT = {"backend_id", "operation", "key", "event_id", "fact", "occurred_at"}


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

    # -- state ---------------------------------------------------------------------

    def _envelope(self):
        """What is known of the event besides the fact, for the mapping."""
        self.ensure_one()
        return {"event_id": self.event_id, "phone": self.phone, "key": self.key}

    def _queue(self):
        """To the end of the queue of what is due now."""
        for event in self.sudo():
            event.write(
                self._prepare_address_values(event.partner_id)
                if not event.phone and OPERATIONS[event.operation].personal
                else self._prepare_ready_values()
            )
        self._trigger_delivery()

    @api.model
    def _prepare_address_values(self, partner, phone=None):
        """Values that say whom an event is about, or why it has to wait."""
        phone = phone or partner.phone_sanitized
        if phone and phone.startswith("+"):
            return {
                "partner_id": partner.id,
                "phone": phone,
                **self._prepare_ready_values(),
            }
        if not partner:
            reason = self.env._("No customer")
        elif partner.phone:
            reason = self.env._("%s is not a valid phone", partner.phone)
        else:
            reason = self.env._("The customer has no phone")
        return {"partner_id": partner.id, "state": "parked", "reason": reason}

    @api.model
    def _prepare_ready_values(self):
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
            event.write(self._prepare_address_values(partner))
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

    def _prepare_request(self):
        return self.endpoint_id._request(
            self._prepare_sending_fact(), **self._envelope()
        )

    def _prepare_sending_fact(self):
        """The fact as it leaves: a state is read only now."""
        self.ensure_one()
        fact = self.fact or {}
        return (
            {**fact, **self._read_newest()} if self.operation in NEWEST_ONLY else fact
        )

    def _read_newest(self):
        """What a state is now, noted on the event: the storey that has the operation
        fills this in.

        :return: the keys of the fact that change
        """
        return {}

    def _is_repeat(self, exchange):
        path = self.endpoint_id.repeat_path
        if not path or exchange is None or exchange.data is None:
            return False
        try:
            return bool(mapping.apply(path, exchange.data))
        except mapping.MappingError:
            _logger.warning("InBoost: %s does not fit the answer", path)
            return False

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

    def _move(self, verdict, reason, wait=None):
        """To the state that ``verdict`` means."""
        if verdict in (Verdict.DONE, Verdict.DUPLICATE):
            duplicate = verdict is Verdict.DUPLICATE
            self._finish("done", duplicate=duplicate, reason=False)
        elif verdict is Verdict.UNKNOWN:
            self._finish(
                "held", reason=self.env._("Nobody knows whether it arrived: %s", reason)
            )
        elif verdict is Verdict.FAILED:
            self._finish("failed", reason=reason)
        else:
            if verdict is Verdict.PAUSE_BACKEND:
                self.backend_id._pause(
                    self.env._(
                        "InBoost refused the credentials: %s. Check them, then press "
                        "Connect.",
                        reason,
                    )
                )
            elif verdict is Verdict.PAUSE_ENDPOINT:
                self.endpoint_id._pause(reason)
            self._retry(reason, wait)

    def _retry(self, reason, wait=None):
        """Back to the queue; its place among the customer's events stays."""
        seconds = max(wait or 0, backoff.delay(self.attempts))
        self._finish(
            "pending",
            reason=reason,
            next_try=fields.Datetime.now() + timedelta(seconds=seconds),
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
