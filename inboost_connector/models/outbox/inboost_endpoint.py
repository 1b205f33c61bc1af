import logging
from datetime import timedelta

import psycopg2

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError
from odoo.orm.models import NO_ACCESS

from ...lib import backoff, client, mapping, redact
from ...lib.log_row import LogRules
from ...lib.operations import EXPRESSIONS, OPERATIONS
from ...lib.outcome import AnswerRules, Verdict
from ...lib.sending import Target

_logger = logging.getLogger(__name__)

#: What decides whether and how something is recorded here.
RECORDING = {"address", "enabled", "operation", "shelf_life_days", "guarantee"}
#: Days that a webhook's event is news.
SHELF_LIFE = 3


class InboostEndpoint(models.Model):
    """One operation of a backend, as data: where to, how, and with what guarantee."""

    _name = "inboost.endpoint"
    _description = "InBoost Endpoint"
    _inherit = ["mail.thread"]
    _order = "backend_id, id"
    _rec_name = "operation"

    backend_id = fields.Many2one(
        "inboost.backend", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="backend_id.company_id")
    operation = fields.Selection(
        selection=[(name, operation.title) for name, operation in OPERATIONS.items()],
        required=True,
        readonly=True,
    )
    kind = fields.Selection(
        [("api", "API"), ("webhook", "Webhook")],
        required=True,
        default="api",
        tracking=True,
    )
    authorised = fields.Boolean(
        compute="_compute_authorised",
        store=True,
        readonly=False,
        tracking=True,
        help="Whether requests carry the backend's credentials. A webhook's address is "
        "its own secret, as a rule.",
    )
    method = fields.Selection(
        [(name, name) for name in ("GET", "POST", "PUT", "PATCH", "DELETE")],
        required=True,
        default="POST",
        tracking=True,
    )
    # Of a webhook it is a secret: people see and change it by address_entry.
    address = fields.Char("Stored Address", groups=NO_ACCESS)
    query = fields.Text(
        tracking=True,
        help="JMESPath that makes an object: the parameters after the address, such as "
        "{page: page, limit: page_size}. Nulls are left out.",
    )
    headers = fields.Text(
        tracking=True,
        help="JMESPath that makes an object: further headers, such as "
        '{"X-Event-Id": event_id}.',
    )
    body_format = fields.Selection(
        [("json", "JSON"), ("form", "Form"), ("none", "None")],
        required=True,
        default="json",
        tracking=True,
        help="Form: names and values of one level, as a web page sends them.",
    )
    body = fields.Text(
        tracking=True, help="JMESPath over the input. Nulls are left out."
    )
    rows_path = fields.Char(
        "Rows", help="JMESPath of the rows, or of the customer, in an answer."
    )
    total_path = fields.Char("Total", help="JMESPath of the total in a list's answer.")
    next_path = fields.Char(
        "Next Page",
        help="JMESPath of the next page's cursor or address in a list's answer.",
    )
    row_map = fields.Text(
        "Customer",
        help="JMESPath from a row to a customer: inboost_id, phone, firstname, "
        "lastname, email, birthdate, source, specialty, lang. Only the phone is "
        "required.",
    )
    paging = fields.Selection(
        [
            ("page", "Page number"),
            ("offset", "Offset"),
            ("cursor", "Cursor"),
            ("address", "Next address in the answer"),
            ("link", "Next address in the Link header"),
        ],
        required=True,
        default="page",
        tracking=True,
        help="How the next rows of a list are asked for: by page and page_size, by "
        "offset and limit, by cursor and page_size, in the query or the body; or at "
        "the address that the answer names.",
    )
    page_size = fields.Integer(
        required=True, default=500, help="Rows that are asked for at once."
    )
    incremental = fields.Boolean(
        "Only What Changed",
        help="InBoost can list what changed since a moment (since in the body). All "
        "customers are still read once a day.",
    )
    repeat_path = fields.Char(
        "Repeat",
        help="JMESPath over an answer that is true when InBoost says that it knew the "
        "event already.",
    )
    failure_path = fields.Char(
        "Refusal",
        help="JMESPath over an answer that is true when InBoost refuses the content "
        'though the status says success, such as {"success": false}.',
    )
    text_path = fields.Char(
        "Reason in the Answer",
        help="JMESPath over an answer: the words that people read as the reason. "
        "Empty: the usual places are looked through.",
    )
    received_path = fields.Char(
        "Received",
        help="JMESPath over an answer that is true when InBoost has the event that was "
        "asked about, and false when it has not. Anything else: nobody knows.",
    )
    not_found = fields.Selection(
        [
            ("address_until_proven", "A wrong address, until something was accepted"),
            ("content", "An unknown customer or order"),
        ],
        "404 Means",
        required=True,
        default="address_until_proven",
        help="A wrong address pauses the endpoint; an unknown customer is that event's "
        "own failure.",
    )
    conflict = fields.Selection(
        [("busy", "Busy: try again"), ("repeat", "It had the event before")],
        "409 Means",
        required=True,
        default="busy",
    )
    web_page = fields.Selection(
        [("refused", "Is never a success"), ("accepted", "May be the answer")],
        "A Web Page",
        required=True,
        default="refused",
        help="A login page or a firewall answers with a web page, too.",
    )
    proven = fields.Boolean(
        readonly=True, copy=False, help="Something was accepted at this address."
    )
    shelf_life_days = fields.Integer(
        "Shelf Life (Days)",
        help="An event that waited longer is not sent as news: purchases of last year "
        "must not start campaigns. 0: it never grows old.",
    )
    refused = fields.Json(
        readonly=True,
        copy=False,
        help="Whose events were refused (401, 403) one after another, as hashes.",
    )
    refusals = fields.Integer(
        "Refusals in a Row",
        compute="_compute_refusals",
        help="Refusals (401, 403) of different customers, one after another. After "
        "five the endpoint is paused.",
    )
    guarantee = fields.Selection(
        [("at_most_once", "At most once"), ("at_least_once", "At least once")],
        required=True,
        default="at_least_once",
        tracking=True,
        help="What to do when nobody knows whether a request arrived (the connection "
        "broke after sending). At most once: hold the event for a person. At least "
        "once: send it again with the same event id; choose it where a repeat does "
        "no harm or InBoost drops it.",
    )
    known = fields.Selection(
        [
            ("attested", "Attested"),
            ("weak", "Weakly attested"),
            ("assumed", "Assumed"),
            ("confirmed", "Confirmed"),
        ],
        readonly=True,
        tracking=True,
        help="How well the shipped default is known: InBoost publishes no reference. "
        "Ask InBoost about what is assumed, and correct it here.",
    )
    enabled = fields.Boolean(default=True, tracking=True)
    timeout = fields.Integer(
        "Timeout (Seconds)", default=20, required=True, help="For the whole answer."
    )
    paused = fields.Boolean(readonly=True, copy=False, tracking=True)
    pause_code = fields.Char(readonly=True, copy=False)
    pause_args = fields.Json(readonly=True, copy=False)
    pause_reason = fields.Char(compute="_compute_pause_reason")
    failures = fields.Integer(
        "Failures in a Row",
        readonly=True,
        copy=False,
        help="After five the circuit opens: one probe from time to time, until one "
        "gets through.",
    )
    rest_until = fields.Datetime(
        readonly=True, copy=False, help="Nothing is sent here before this moment."
    )
    sample_event_id = fields.Many2one(
        "inboost.event",
        "Real Record",
        copy=False,
        ondelete="set null",
        domain="[('endpoint_id', '=', id)]",
        help="Shows what is sent for an event of yours. Empty: for the sample.",
    )
    sample_fact = fields.Text("Input", compute="_compute_preview", compute_sudo=True)
    preview = fields.Text(
        "Request",
        compute="_compute_preview",
        compute_sudo=True,
        help="What would be sent, with secrets as dots.",
    )
    warnings = fields.Text(compute="_compute_preview", compute_sudo=True)
    functions_help = fields.Html(compute="_compute_functions_help", sanitize=False)
    last_answer = fields.Text(readonly=True, copy=False)

    _operation_unique = models.Constraint(
        "UNIQUE(backend_id, operation)", "A backend has one endpoint per operation."
    )
    _timeout_bounded = models.Constraint(
        "CHECK(timeout BETWEEN 1 AND 30)",
        "Choose a timeout from 1 to 30 seconds: a longer one would not fit into the "
        "time that Odoo gives a scheduled action.",
    )
    _shelf_life = models.Constraint(
        "CHECK(shelf_life_days >= 0)", "A shelf life is not negative."
    )
    _page_size_bounded = models.Constraint(
        "CHECK(page_size BETWEEN 1 AND 5000)", "Choose a page size from 1 to 5000."
    )

    # -- computes and constraints --------------------------------------------------

    @api.depends("operation")
    def _compute_display_name(self):
        titles = dict(self._fields["operation"]._description_selection(self.env))
        for endpoint in self:
            endpoint.display_name = titles.get(endpoint.operation, "")

    @api.depends("pause_code", "pause_args")
    @api.depends_context("lang")
    def _compute_pause_reason(self):
        for endpoint in self:
            endpoint.pause_reason = self.env["inboost.reason"]._word(
                endpoint.pause_code, endpoint.pause_args
            )

    @api.depends("refused")
    def _compute_refusals(self):
        for endpoint in self:
            endpoint.refusals = len(endpoint.refused or [])

    @api.depends("kind")
    def _compute_authorised(self):
        for endpoint in self:
            endpoint.authorised = endpoint.kind == "api"

    @api.depends(
        *("operation", "kind", "authorised", "method", "address", "body_format"),
        *("query", "headers", "body", "row_map", "paging", "sample_event_id"),
        *("backend_id.address", "backend_id.phone_style", "backend_id.auth_kind"),
    )
    def _compute_preview(self):
        mappings = self.env["inboost.mapping"]
        for endpoint in self:
            endpoint.sample_fact = mappings._show_input(endpoint)
            endpoint.preview = mappings._show_request(endpoint)
            endpoint.warnings = "\n".join(mappings._find_warnings(endpoint))

    def _compute_functions_help(self):
        self.functions_help = self.env["inboost.mapping"]._describe_functions()

    @api.constrains(*EXPRESSIONS)
    def _check_expressions(self):
        for endpoint in self:
            self.env["inboost.mapping"]._check_expressions(endpoint)

    @api.constrains("method", "body_format", "body")
    def _check_body(self):
        for endpoint in self:
            self.env["inboost.mapping"]._check_body(endpoint)

    @api.constrains("address", "kind")
    def _check_address(self):
        for endpoint in self:
            self.env["inboost.mapping"]._check_address(endpoint)

    @api.model
    def _prepare_default_values(self, operation):
        default = OPERATIONS[operation]
        return {
            "kind": default.kind,
            "method": default.method,
            "address": default.path or False,
            "authorised": default.kind == "api",
            "query": False,
            "headers": False,
            "body_format": "json",
            "body": default.body,
            "paging": "page",
            "guarantee": default.guarantee,
            "failure_path": default.failure_path,
            "repeat_path": default.repeat_path,
            "text_path": default.text_path,
            "not_found": default.not_found,
            "conflict": default.conflict,
            "web_page": default.web_page,
            "shelf_life_days": SHELF_LIFE if default.kind == "webhook" else 0,
            "enabled": default.enabled,
            "known": default.known,
            "received_path": default.received_path,
            "rows_path": default.rows,
            "total_path": default.total,
            "next_path": default.next,
            "row_map": default.row,
        }

    # -- CRUD ----------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        endpoints = super().create(vals_list)
        self.env.registry.clear_cache()
        return endpoints

    def write(self, vals):
        if "address" in vals or "kind" in vals:
            # Another address has to prove itself anew.
            vals = {"proven": False, "refused": False, **vals}
        result = super().write(vals)
        if RECORDING & vals.keys():
            self.env.registry.clear_cache()
        return result

    # -- actions -------------------------------------------------------------------

    def action_reset(self):
        """Back to the shipped default; a webhook keeps its address."""
        self.check_access("write")
        for endpoint in self.sudo():
            values = self._prepare_default_values(endpoint.operation)
            if endpoint.kind == values["kind"] == "webhook":
                del values["address"]
            endpoint.write(values)

    def action_resume(self):
        self.check_access("write")
        self.sudo().write(
            {
                "paused": False,
                "pause_code": False,
                "pause_args": False,
                "failures": 0,
                "refused": False,
                "rest_until": False,
            }
        )
        self.env["inboost.event"]._begin_anew(self)
        self.env["inboost.event"]._trigger_delivery()
        self.env["inboost.alarm"]._refresh(self.backend_id)

    def action_confirm(self):
        """An administrator knows now that this is how InBoost wants it."""
        self.check_access("write")
        self.known = "confirmed"

    def action_send_sample(self):
        """Send it for real, and show the answer and what is made of it beside it."""
        self.ensure_one()
        self.check_access("write")
        values, envelope = self.env["inboost.mapping"]._prepare_input(self)
        result = self.backend_id._exchange(self.operation, values, **envelope)
        self.last_answer = self.env["inboost.mapping"]._show_answer(self, result)
        problem = self.env["inboost.connection"]._explain(self, result)
        return self.backend_id._notify(
            problem or self.env._("The sample was accepted."),
            "danger" if problem else "success",
        )

    # -- business methods ----------------------------------------------------------

    def _filter_recording(self):
        """Whether facts are recorded for this endpoint."""
        return self.filtered(lambda e: e.enabled and e.has_address)

    def _url(self):
        self.ensure_one()
        if self.kind == "webhook":
            return self.address
        return self.backend_id._join(self.address)

    def _get_rules(self):
        """:rtype: lib.outcome.AnswerRules"""
        self.ensure_one()
        return AnswerRules(
            failure_path=self.failure_path or "",
            repeat_path=self.repeat_path or "",
            text_path=self.text_path or "",
            not_found=self.not_found,
            conflict=self.conflict,
            web_page=self.web_page,
            authorised=self.authorised,
            proven=self.proven,
        )

    def _get_log_rules(self):
        """:rtype: lib.log_row.LogRules"""
        backend = self.backend_id
        secret = backend.sudo().endpoint_ids.filtered(lambda e: e._has_secret_address())
        return LogRules(
            tokens=tuple(
                filter(None, [redact.token(one.address or "") for one in secret])
            ),
            secrets=tuple(filter(None, [backend.sudo().secret])),
            secret_headers=tuple(filter(None, [backend.auth_header])),
            webhook=self._has_secret_address(),
            mask_personal=backend.mask_personal,
            people=self.operation.startswith("customer"),
            page=self.operation == "customers_list",
        )

    def _prepare_target(self):
        """What a thread has to know of the endpoint.

        :rtype: lib.sending.Target
        """
        self.ensure_one()
        self = self.sudo()
        backend = self.backend_id
        page = self.operation == "customers_list"
        return Target(
            endpoint_id=self.id,
            backend_id=backend.id,
            operation=self.operation,
            guarantee=self.guarantee,
            method=self.method,
            url=self._url() if self.address else "",
            auth=backend._get_auth() if self.authorised else None,
            signing=backend._get_signing_secrets() if self.kind == "webhook" else (),
            query=self.query or "",
            headers=self.headers or "",
            body=(self.body or "") if self.body_format != "none" else "",
            body_format="form" if self.body_format == "form" else "json",
            timeout=self.timeout,
            max_answer=client.MAX_PAGE if page else client.MAX_ANSWER,
            phone_style=backend.phone_style,
            zone=backend._get_zone(),
            rules=self._get_rules(),
            log=self._get_log_rules(),
        )

    def _request(self, fact, **envelope):
        """A request for a person or a pull, who are told what does not fit.

        :rtype: lib.client.Request
        """
        self.ensure_one()
        try:
            return self._prepare_target().prepare_request(fact, **envelope)
        except mapping.MappingError as error:
            raise UserError(
                self.env._(
                    "%(name)s: %(error)s",
                    name=self.display_name,
                    error=error,
                )
            ) from error

    def _pause(self, code, arguments=None):
        for endpoint in self.filtered(lambda e: not e.paused):
            endpoint.write(
                {"paused": True, "pause_code": code, "pause_args": arguments or False}
            )

    def _note_success(self):
        """The circuit closes."""
        values = {"failures": 0, "rest_until": False, "proven": True}
        if any(self[name] != value for name, value in values.items()):
            self.write(values)

    def _note_failure(self, wait=None):
        """One more failure in a row. The endpoint rests when there were too many, or
        as long as the server asked.

        :param float wait: seconds from Retry-After, or None
        """
        failures = self.failures + 1
        pause = wait or backoff.circuit_pause(failures)
        values = {"failures": failures}
        if wait:
            values["failures"] = max(failures, backoff.CIRCUIT_THRESHOLD)
        if pause:
            values["rest_until"] = fields.Datetime.add(
                fields.Datetime.now(), seconds=int(pause) + 1
            )
        self.write(values)

    def _is_probing(self):
        """Whether only one event may go, to see whether the endpoint is well again."""
        return self.failures >= backoff.CIRCUIT_THRESHOLD

    def _note_apart(self, outcome):
        """Open or close the circuit in a transaction of its own: thirty tills must not
        wait for each other's row, nor replay their requests because of it."""
        try:
            with self.env.registry.cursor() as cr:
                endpoint = self.with_env(api.Environment(cr, SUPERUSER_ID, {}))
                if not endpoint.try_lock_for_update():
                    return
                if outcome.verdict in (Verdict.RETRY, Verdict.UNKNOWN):
                    endpoint._note_failure(outcome.wait)
                else:
                    endpoint._note_success()
        except psycopg2.Error as error:
            _logger.info("InBoost: a circuit was noted by another: %s", error)

    def _may_ask(self):
        """Whether a question may go now: rests are kept, one probe after each."""
        now = fields.Datetime.now()
        if (
            not self._filter_recording()
            or self.paused
            or (self.rest_until or now) > now
        ):
            return False
        return not self._is_probing() or self._take_probe()

    def _take_probe(self):
        """Whether we are the one who probes. In a transaction of its own, and seen by
        the other tills at once."""
        try:
            with self.env.registry.cursor() as cr:
                endpoint = self.with_env(api.Environment(cr, SUPERUSER_ID, {}))
                now = fields.Datetime.now()
                if (
                    not endpoint.try_lock_for_update()
                    or (endpoint.rest_until or now) > now
                ):
                    return False
                endpoint.rest_until = now + timedelta(seconds=endpoint.timeout)
                return True
        except psycopg2.Error as error:
            _logger.info("InBoost: another took the probe: %s", error)
            return False
