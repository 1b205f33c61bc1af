import json

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from ...lib import mapping, states
from ...lib.operations import OPERATIONS, TITLES
from ...lib.priority import LIVE, MARKETING

#: Characters of a fact or body on the screen: a notice may have 100,000 phones.
MAX_SHOWN = 20_000
#: What a capture settled for good: a snapshot has to stay what it was.
SNAPSHOT = {"backend_id", "operation", "key", "event_id", "fact", "occurred_at"}


class InboostEvent(models.Model):
    """One fact on its way to one endpoint: a row of the outbox. Capture and delivery
    write these rows in sets; people act on them by the methods here."""

    _name = "inboost.event"
    _description = "InBoost Event"
    _inherit = ["inboost.event.words", "inboost.event.shop"]
    _order = "id desc"
    _rec_name = "event_id"

    backend_id = fields.Many2one(
        "inboost.backend", required=True, ondelete="restrict", readonly=True
    )
    company_id = fields.Many2one(
        "res.company",
        readonly=True,
        index=True,
        help="Whose sale it is: the backend's company, or a branch of it.",
    )
    endpoint_id = fields.Many2one(
        "inboost.endpoint",
        required=True,
        ondelete="restrict",
        readonly=True,
        index=True,
    )
    operation = fields.Selection(TITLES, required=True, readonly=True)
    key = fields.Char(
        required=True,
        readonly=True,
        help="Made of the fact's own uuid: one event per fact and endpoint.",
    )
    event_id = fields.Char(
        "Event ID",
        required=True,
        readonly=True,
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
    document_readable = fields.Boolean(compute="_compute_document_readable")
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
            ("expired", "Expired"),
        ],
        required=True,
        default="pending",
        readonly=True,
        help="Parked: waits for a customer with a valid phone. Pending: on its way. "
        "Held: nobody knows whether it arrived; look at what was sent, then mark it "
        "delivered or send it again. Failed: InBoost refused its content. Expired: too "
        "old to be news when it could be sent.",
    )
    reason_code = fields.Selection(
        lambda self: self.env["inboost.reason"]._get_selection(),
        "Cause",
        readonly=True,
    )
    reason_args = fields.Json(readonly=True)
    reason = fields.Char(compute="_compute_reason")
    advice = fields.Char(
        "What to Do", compute="_compute_reason", help="What a person can do about it."
    )
    duplicate = fields.Boolean(
        readonly=True, help="InBoost said that it knew the event already."
    )
    attempts = fields.Integer(readonly=True, aggregator=None)
    next_try = fields.Datetime(readonly=True)
    queued_at = fields.Datetime(readonly=True)
    lease = fields.Char(readonly=True, groups="base.group_system")
    lease_until = fields.Datetime(readonly=True, groups="base.group_system")
    done_at = fields.Datetime("Delivered On", readonly=True)
    sent = fields.Json(
        readonly=True, help="What was read when it left, of a state such as a balance."
    )
    decision_ids = fields.One2many("inboost.event.decision", "event_id", readonly=True)
    log_ids = fields.One2many("inboost.request.log", "event_id", readonly=True)

    _fact_unique = models.Constraint(
        "UNIQUE(backend_id, operation, key)",
        "This fact is in the outbox already.",
    )
    _document = models.Index("(res_model, res_id)")
    # Partial on what is not settled: a million delivered rows cost nothing. What waits
    # changes by the minute: by statistics of a quiet moment there is nothing of it, any
    # index is as good as another, and a claim reads the whole backlog for each row of
    # it. Of an expression there are none, and PostgreSQL assumes a share.
    _due = models.Index("(endpoint_id, priority, id) WHERE lower(state) = 'pending'")
    _next = models.Index("(endpoint_id, next_try) WHERE lower(state) = 'pending'")
    # In words of its own: two indexes that are taken together look as if they left
    # nothing, and all that waits is read.
    _waiting = models.Index(
        "(endpoint_id, occurred_at) WHERE upper(state) IN ('PENDING', 'PARKED')"
    )
    _in_order = models.Index(
        "(backend_id, phone, priority, id) WHERE lower(state) = 'pending'"
    )
    _newest = models.Index(
        "(backend_id, phone, id, state)"
        " WHERE state IN ('pending', 'parked') AND operation = 'balance_set'"
    )
    _leased = models.Index("(backend_id, phone) WHERE state = 'sending'")
    _unsettled = models.Index(
        "(backend_id, state, partner_id)"
        " WHERE state IN ('parked', 'pending', 'sending', 'held', 'failed')"
    )
    # Purchases that are not sent, and why.
    _unsent = models.Index(
        "(backend_id, id)"
        " WHERE state IN ('parked', 'expired') OR reason_code = 'opted_out'"
    )
    # Rows come in the order of time: tiny, and nothing to keep in a sale.
    _times = models.Index(
        "USING brin (occurred_at, done_at)"
        " WITH (pages_per_range = 16, autosummarize = on)"
    )
    _expired = models.Index("(backend_id, write_date) WHERE state = 'expired'")
    _purge = models.Index(
        "(backend_id, write_date)"
        " WHERE state IN ('done', 'cancelled', 'superseded', 'expired')"
    )

    # -- computes ------------------------------------------------------------------

    @api.depends("reason_code", "reason_args", "state")
    @api.depends_context("lang")
    def _compute_reason(self):
        reasons = self.env["inboost.reason"]
        for event in self:
            event.reason = reasons._word(event.reason_code, event.reason_args)
            event.advice = reasons._advise(event.state)

    @api.depends("fact", "phone")
    def _compute_texts(self):
        for event in self:
            event.fact_text = self._shown(event.fact)
            try:
                target = event.endpoint_id.sudo()._prepare_target()
                request = target.prepare_request(
                    event._get_known(), **event._envelope()
                )
                event.body_text = self._shown(request.body)
            except mapping.MappingError as error:
                event.body_text = self.env["inboost.mapping"]._word_error(error)

    def _compute_document_readable(self):
        """Whoever sees events need not have rights on sales."""
        for event in self:
            known = event.res_id and event.res_model in self.env
            document = known and self.env[event.res_model].browse(event.res_id).exists()
            event.document_readable = bool(document) and document.has_access("read")

    @staticmethod
    def _shown(value):
        text = json.dumps(value, indent=2, ensure_ascii=False)
        return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}\n…"

    # -- CRUD ----------------------------------------------------------------------

    def init(self):
        """A row is written a few times while it is on its way, and never again. By
        PostgreSQL's defaults a fifth of all rows would have to be dead before anybody
        tidies up, and whoever looks for what waits would step over them. What an
        operator has set stays."""
        self.env.cr.execute(
            SQL("SELECT reloptions FROM pg_class WHERE oid = %s::regclass", self._table)
        )
        if not self.env.cr.fetchone()[0]:
            self.env.cr.execute(
                SQL(
                    "ALTER TABLE %s SET (autovacuum_vacuum_threshold = 1000,"
                    " autovacuum_vacuum_scale_factor = 0.01)",
                    SQL.identifier(self._table),
                )
            )

    def write(self, vals):
        if SNAPSHOT & vals.keys():
            raise AccessError(self.env._("A recorded fact cannot be changed."))
        if "state" in vals:
            for state in set(self.mapped("state")) - {vals["state"]}:
                states.check_move(state, vals["state"])
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_by_retention_only(self):
        """A row is what stops a repeat: deleted, its fact would be captured anew."""
        if not self.env.context.get("inboost_retention"):
            raise UserError(
                self.env._(
                    "Events are not deleted by hand: their facts would be sent again. "
                    "Cancel them instead."
                )
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
            code, arguments = "no_customer", False
        elif partner.phone:
            code, arguments = "invalid_phone", {"phone": partner.phone}
        else:
            code, arguments = "no_phone", False
        return {
            "partner_id": partner.id,
            "state": "parked",
            "reason_code": code,
            "reason_args": arguments,
        }

    @api.model
    def _prepare_ready_values(self):
        """Values of an event that may go now."""
        now = fields.Datetime.now()
        return {
            "state": "pending",
            "reason_code": False,
            "reason_args": False,
            "queued_at": now,
            "next_try": now,
        }

    @api.model
    def _begin_anew(self, endpoints):
        """What waited while nothing could be sent has all its tries before it."""
        self.flush_model()
        self.env.execute_query(
            SQL(
                """
                UPDATE inboost_event SET queued_at = %s
                 WHERE endpoint_id = ANY(%s) AND lower(state) = 'pending'
             RETURNING id
                """,
                fields.Datetime.now(),
                endpoints.ids,
            )
        )
        self.invalidate_model(["queued_at"])

    def _set_customer(self, partner):
        """The customer of parked events became known."""
        for event in self.filtered(lambda e: e.state == "parked"):
            marketable = event.backend_id._filter_marketable(partner)
            if event.operation in MARKETING and not marketable:
                event._finish("cancelled", "opted_out")
            else:
                event.write(self._prepare_address_values(partner))
        self._trigger_delivery()

    @api.model
    def _release_parked(self, partners=None):
        """Parked events whose customer has a valid phone by now go out.

        :param partners: those who changed; all when None
        """
        domain = [
            ("state", "=", "parked"),
            ("partner_id.phone_sanitized", "!=", False),
        ]
        if partners is not None:
            domain.append(("partner_id", "in", partners.ids))
        for partner, events in self.sudo()._read_group(
            domain, ["partner_id"], ["id:recordset"]
        ):
            events._set_customer(partner)

    def _finish(self, state, code=False, arguments=False):
        self.sudo().write(
            {
                "state": state,
                "reason_code": code,
                "reason_args": arguments,
                "lease": False,
                "lease_until": False,
                "next_try": False,
                "done_at": fields.Datetime.now() if state == "done" else False,
            }
        )

    @api.model
    def _trigger_delivery(self, at=None):
        """Wake the delivery, once for all that one transaction captures. As the
        scheduler's own ``_trigger`` does, but for reading the scheduled action: a sale
        has no statement to spare."""
        woken = self.env.cr.precommit.data
        if at is None and woken.get("inboost_woken"):
            return
        cron_id = self.env["ir.model.data"]._xmlid_to_res_id(
            "inboost_connector.ir_cron_deliver", raise_if_not_found=False
        )
        if not cron_id:
            return
        self.env["ir.cron.trigger"].sudo().create(
            {"cron_id": cron_id, "call_at": at or fields.Datetime.now()}
        )
        if at is None:
            woken["inboost_woken"] = True
            self.env.cr.postcommit.add(self.env["inboost.watch"]._wake_scheduler)

    @api.model
    def _read_consent(self, phones):
        """Who wants no messages; the storey that knows it fills this in.

        :return: {phone: lib.facts.Consent}
        """
        return {}

    @api.model
    def _read_consents(self, task, phones):
        """The same of the customers in a list.

        :return: {phone of ``task``, which is none: the keys of the fact that change}
        """
        return {}

    @api.model
    def _read_newest(self, backend, phones):
        """What a state is now; the storey that has the operation fills this in.

        :return: {phone: the keys of the fact that change}
        """
        return {}

    def _split_too_large(self):
        """What InBoost finds too large may go in parts; the storey that has such
        operations fills this in."""

    # -- cron ----------------------------------------------------------------------

    @api.autovacuum
    def _gc_delivered(self):
        """Only what was delivered or given up by a person goes, in small batches."""
        return self.env["inboost.retention"]._purge(
            self._name,
            days="event_retention_days",
            moment="write_date",
            which=SQL("state = ANY(%s)", list(states.SETTLED)),
        )
