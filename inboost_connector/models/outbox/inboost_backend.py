from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from odoo.addons.base.models.res_partner import _tz_get

from ...lib import codes
from ...lib.states import SETTLED


class InboostBackend(models.Model):
    """One InBoost portal of one company."""

    _name = "inboost.backend"
    _description = "InBoost Backend"
    _inherit = ["mail.thread", "mail.activity.mixin", "inboost.auth.mixin"]
    _check_company_auto = True

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        default=lambda self: self.env.company,
        index=True,
        help="The sales of this company and its branches are sent.",
    )
    address = fields.Char(
        required=True,
        tracking=True,
        help="The portal's address, such as https://myshop.inboost.ai",
    )
    phone_style = fields.Selection(
        [
            ("digits", "Digits: 380671234567"),
            ("e164", "E.164: +380671234567"),
            ("national", "National: 0671234567"),
        ],
        required=True,
        default="digits",
        help="How phones are written in what is sent.",
    )
    time_zone = fields.Selection(
        _tz_get,
        default=lambda self: self.env.company.partner_id.tz or self.env.user.tz,
        help="Of the shop: its days begin and end in it, and times are sent in it.",
    )
    state = fields.Selection(
        [("draft", "Draft"), ("connected", "Connected"), ("paused", "Paused")],
        required=True,
        default="draft",
        copy=False,
        readonly=True,
        tracking=True,
        help="Draft: nothing is recorded or sent. Connected: sales are sent within a "
        "second. Paused: sales are recorded and wait.",
    )
    pause_code = fields.Char(readonly=True, copy=False)
    pause_args = fields.Json(readonly=True, copy=False)
    pause_reason = fields.Char(compute="_compute_pause_reason")
    connected_since = fields.Datetime(
        readonly=True,
        copy=False,
        help="Sales before this moment are not sent as live purchases.",
    )
    fingerprint = fields.Char(
        readonly=True,
        copy=False,
        groups="base.group_system",
        help="Tells this database from a copy of it, which must not send.",
    )
    connected_portal = fields.Char(
        readonly=True, copy=False, help="The portal that was connected last."
    )
    doubt_before = fields.Datetime(
        "Unknown Before",
        readonly=True,
        copy=False,
        help="This database was restored, or connected to another portal: what "
        "happened before this moment may have been sent already.",
    )
    doubt_decision = fields.Selection(
        [
            ("ask", "To be decided"),
            ("send", "Send them"),
            ("delivered", "InBoost has them"),
        ],
        "Events from Before the Restore",
        readonly=True,
        copy=False,
    )
    doubt_count = fields.Integer(
        "Unknown Events", compute="_compute_event_counts", compute_sudo=True
    )
    retry_days = fields.Integer(
        "Try Again For (Days)",
        default=7,
        required=True,
        help="An event that could not be sent for so long is failed: a person decides.",
    )
    pace = fields.Float(
        "Requests a Second",
        help="How many requests InBoost takes in a second; they are spread evenly. "
        "0: no limit of ours. Whatever it is, we slow down when InBoost asks for it.",
    )
    alarm_ids = fields.One2many("inboost.alarm", "backend_id")
    other_alarm_ids = fields.One2many(
        "inboost.alarm", "backend_id", domain=[("code", "!=", "backend_paused")]
    )
    digest_user_ids = fields.Many2many(
        "res.users",
        "inboost_backend_digest_rel",
        "backend_id",
        "user_id",
        "Daily Digest To",
        copy=False,
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
        help="They get one mail a day: what was sent yesterday, and what needs a "
        "person.",
    )
    mask_personal = fields.Boolean(
        "Mask Personal Data in Logs",
        help="Phones, names and e-mail addresses are not kept in the request log.",
    )
    reconcile_days = fields.Integer(
        default=3,
        required=True,
        help="Paid orders of so many days are searched for purchases that were not "
        "recorded.",
    )
    event_retention_days = fields.Integer(
        "Keep Delivered Events (Days)",
        default=365,
        required=True,
        help="Events that were not delivered are never deleted.",
    )
    log_retention_days = fields.Integer(
        "Keep Request Log (Days)", default=30, required=True
    )
    endpoint_ids = fields.One2many("inboost.endpoint", "backend_id")
    event_waiting_count = fields.Integer(
        compute="_compute_event_counts", compute_sudo=True
    )
    event_attention_count = fields.Integer(
        compute="_compute_event_counts", compute_sudo=True
    )
    missing_address_count = fields.Integer(compute="_compute_missing_address_count")

    _retention = models.Constraint(
        "CHECK(event_retention_days >= 120 AND log_retention_days > 0"
        " AND retry_days > 0 AND reconcile_days BETWEEN 1 AND 30)",
        "Keep delivered events for at least 120 days, since they are what stops a "
        "purchase from being sent twice; look back between 1 and 30 days; keep the "
        "log for at least a day.",
    )

    # -- computes and constraints --------------------------------------------------

    @api.depends("pause_code", "pause_args")
    @api.depends_context("lang")
    def _compute_pause_reason(self):
        for backend in self:
            backend.pause_reason = self.env["inboost.reason"]._word(
                backend.pause_code, backend.pause_args
            )

    def _compute_event_counts(self):
        counts = {
            (backend, state): count
            for backend, state, count in self.env["inboost.event"]._read_group(
                [
                    ("backend_id", "in", self.ids),
                    ("state", "in", ("pending", "sending", "held", "failed")),
                ],
                ["backend_id", "state"],
                ["__count"],
            )
        }
        for backend in self:
            backend.doubt_count = self.env["inboost.restoration"]._count(backend)
            backend.event_waiting_count = sum(
                counts.get((backend, state), 0) for state in ("pending", "sending")
            )
            backend.event_attention_count = sum(
                counts.get((backend, state), 0) for state in ("held", "failed")
            )

    @api.depends("endpoint_ids.address", "endpoint_ids.enabled")
    def _compute_missing_address_count(self):
        for backend in self:
            backend.missing_address_count = len(
                backend.endpoint_ids.filtered(lambda e: e.enabled and not e.has_address)
            )

    @api.constrains("address")
    def _check_address(self):
        for backend in self:
            self.env["inboost.connection"]._check_url(backend.address)
            backend.endpoint_ids._check_credentials()

    @api.constrains("active")
    def _check_archived(self):
        """While something waits, it would be forgotten."""
        waiting = [
            ("backend_id", "in", self.filtered(lambda b: not b.active).ids),
            ("state", "not in", SETTLED),
        ]
        if count := self.env["inboost.event"].sudo().search_count(waiting):
            raise ValidationError(
                self.env._(
                    "%s events wait to be sent or need a decision. Let them be sent, "
                    "or cancel them in the list of events; then archive the backend.",
                    count,
                )
            )

    # -- CRUD ----------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        backends = super().create(vals_list)
        self.env["inboost.endpoint"]._create_missing(backends)
        self.env.registry.clear_cache()
        return backends

    def write(self, vals):
        if vals.keys() & set(self._get_shop_fields()) and "connected_since" not in vals:
            # What was sold in other shops before is history: no campaign starts for it.
            known = self.sudo().filtered("connected_since")
            known.connected_since = fields.Datetime.now()
        moved = self.browse()
        if "address" in vals:
            restorations = self.env["inboost.restoration"]
            moved = restorations._filter_moving(self, vals["address"])
        result = super().write(vals)
        if moved:
            # Neither the secret nor what waits is for whoever is there.
            moved.sudo().write({"state": "draft", "pause_code": False})
            moved.endpoint_ids.sudo().write({"proven": False})
        if self._get_recording_fields() & vals.keys():
            self.env.registry.clear_cache()
        if "secret" in vals:
            self.env["inboost.alarm"]._refresh(self.sudo().filtered("alarm_ids"))
        return result

    def copy_data(self, default=None):
        prepare = self.env["inboost.profile"]._prepare_copies
        return [
            {
                **vals,
                "name": self.env._("%s (copy)", vals["name"]),
                "endpoint_ids": prepare(backend),
            }
            for backend, vals in zip(self, super().copy_data(default), strict=True)
        ]

    # -- actions -------------------------------------------------------------------

    def action_test_connection(self):
        """Ask InBoost who we are, and say in plain words what came back."""
        self.ensure_one()
        self.check_access("write")
        self.env["inboost.connection"]._check_original(self)
        self.env["inboost.connection"]._test(self)
        return self._notify(
            self.env._("InBoost answered: the connection works."), "success"
        )

    def action_connect(self):
        """Test, then begin to send from this database. Nothing else leaves a copy:
        this is where a person says that it is the live one now."""
        self.ensure_one()
        self.check_access("write")
        self.env["inboost.connection"]._test(self)
        self._connect()
        return self._notify(
            self.env._("Connected. Sales are sent from now on."), "success"
        )

    def _connect(self):
        self.ensure_one()
        backend = self.sudo()
        self.env["inboost.restoration"]._begin(backend)
        backend.write(
            {
                "state": "connected",
                "pause_code": False,
                "pause_args": False,
                "fingerprint": self.env["inboost.restoration"]._get_fingerprint(),
                "connected_portal": codes.portal_name(self.address),
                "connected_since": self.connected_since or fields.Datetime.now(),
            }
        )
        self.endpoint_ids.filtered("paused").action_resume()
        self.env["inboost.watch"]._repair_crons()
        self.env["inboost.event"]._begin_anew(backend.endpoint_ids)
        self.env["inboost.event"]._trigger_delivery()
        self.env["inboost.alarm"]._refresh(backend)

    def action_pause(self):
        self.check_access("write")
        self._pause("paused_by", {"user": self.env.user.name})

    def action_send_doubtful(self):
        """What may have left before the restore is sent."""
        self.check_access("write")
        return self.env["inboost.restoration"]._decide(self, "send")

    def action_keep_doubtful(self):
        """What may have left before the restore has arrived."""
        self.check_access("write")
        return self.env["inboost.restoration"]._decide(self, "delivered")

    def action_view_events(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "inboost_connector.inboost_event_action"
        )
        action["domain"] = [("backend_id", "=", self.id)]
        wanted = self.env.context.get("inboost_filter")
        action["context"] = {f"search_default_{wanted}": 1} if wanted else {}
        return action

    def _notify(self, message, kind):
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "message": message,
                "type": kind,
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    # -- business methods ----------------------------------------------------------

    def _pause(self, code, arguments=None):
        """Stop sending and lose nothing. The administrators hear of it by an alarm."""
        paused = self.sudo().filtered(lambda backend: backend.state == "connected")
        if not paused:
            # Writing nothing would empty the caches of all processes.
            return
        paused.write(
            {"state": "paused", "pause_code": code, "pause_args": arguments or False}
        )
        self.env["inboost.alarm"]._refresh(paused)

    def _filter_sendable(self):
        """Those that may send from here and now. One that was copied along with its
        database is paused until an administrator says that this is the live one."""
        connected = self.filtered(lambda b: b.state == "connected")
        if not connected:
            return connected
        here = self.env["inboost.restoration"]._get_fingerprint()
        copies = connected.filtered(lambda b: b.fingerprint != here)
        copies._pause("copy")
        return connected - copies

    def _get_zone(self):
        """The time zone in which the shop's days begin and end."""
        return self.time_zone or self.company_id.partner_id.tz or "UTC"

    def _endpoint(self, operation):
        return self.endpoint_ids.filtered(lambda e: e.operation == operation)

    # -- documents -----------------------------------------------------------------

    @api.model
    def _get_document_models(self):
        """The kinds of documents that are purchases, each of the document mixin.

        :return: list of names of models; a storey or an addon that brings one adds it
        """
        return []

    # -- cron ----------------------------------------------------------------------

    @api.model
    def _cron_reconcile(self):
        with self.env["inboost.long.job"]._take("ir_cron_reconcile") as mine:
            if mine:
                self._reconcile()

    @api.model
    def _reconcile(self):
        """Find what capture missed: what failed, an order nobody saw, a phone that
        came by a path we do not see."""
        self.env["inboost.watch"]._repair_crons()
        self.env["inboost.capture.failure"]._retry_all()
        for backend in self.sudo().search([("state", "!=", "draft")]):
            since = max(
                backend.connected_since,
                fields.Datetime.now() - timedelta(days=backend.reconcile_days),
            )
            for name in self._get_document_models():
                self.env[name]._inboost_reconcile(backend, since)
        self.env["inboost.event"]._release_parked()
        self.env["inboost.traffic"]._sum_up()
        self.env["inboost.alarm"]._refresh()
