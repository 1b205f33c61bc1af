from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.orm.models import NO_ACCESS

from ...lib import client, mapping, redact
from ...lib.log_row import LogRules
from ...lib.operations import EXPRESSIONS, OPERATIONS, TITLES
from ...lib.sending import Target

#: What a confirmation is about.
WIRE = (
    *("kind", "authorised", "method", "address", "body_format"),
    *("query", "headers", "body", "batch_size", "batch_body"),
)
#: What decides whether and how something is recorded here.
RECORDING = {"address", "enabled", "operation", "shelf_life_days", "guarantee"}
#: Days that a webhook's event is news.
SHELF_LIFE = 3


class InboostEndpoint(models.Model):
    """One operation of a backend, as data: where to, how, and with what guarantee."""

    _name = "inboost.endpoint"
    _description = "InBoost Endpoint"
    _inherit = [
        "mail.thread",
        "inboost.answer.mixin",
        "inboost.circuit.mixin",
        "inboost.preview.mixin",
    ]
    _order = "backend_id, id"
    _rec_name = "operation"

    backend_id = fields.Many2one(
        "inboost.backend", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="backend_id.company_id")
    operation = fields.Selection(
        selection=TITLES,
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
    batch_size = fields.Integer(
        "Events in One Request",
        default=1,
        required=True,
        tracking=True,
        help="Where InBoost takes lists, up to so many events leave together. 1: each "
        "has a request of its own.",
    )
    batch_body = fields.Text(
        "Around the List",
        tracking=True,
        help="JMESPath over {rows: the bodies of the events, phone_style, event_id}, "
        "such as {data: rows}. Empty: the bare list.",
    )
    shelf_life_days = fields.Integer(
        "Shelf Life (Days)",
        help="An event that waited longer is not sent as news: purchases of last year "
        "must not start campaigns. 0: it never grows old.",
        tracking=True,
    )
    guarantee = fields.Selection(
        [("at_most_once", "Ask a person"), ("at_least_once", "Send again")],
        "If Unknown",
        required=True,
        default="at_least_once",
        tracking=True,
        help="What to do when nobody knows whether a request arrived (the connection "
        "broke after sending). Ask a person: the event is held. Send again: it goes "
        "with the same event id; choose it where a repeat does no harm or InBoost "
        "drops it.",
    )
    enabled = fields.Boolean(default=True, tracking=True)
    timeout = fields.Integer(
        "Timeout (Seconds)",
        default=20,
        required=True,
        help="For the whole answer.",
        tracking=True,
    )

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
    _batch_size_bounded = models.Constraint(
        "CHECK(batch_size BETWEEN 1 AND 1000)",
        "Choose from 1 to 1000 events in one request.",
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

    @api.depends("kind")
    def _compute_authorised(self):
        for endpoint in self:
            endpoint.authorised = endpoint.kind == "api"

    @api.constrains(*EXPRESSIONS)
    def _check_expressions(self):
        for endpoint in self:
            self.env["inboost.mapping"]._check_expressions(endpoint)

    @api.constrains("method", "body_format", "body", "batch_size")
    def _check_body(self):
        for endpoint in self:
            self.env["inboost.mapping"]._check_body(endpoint)

    @api.constrains("address", "kind", "batch_size")
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
            "batch_size": 1,
            "batch_body": False,
            "answers_path": False,
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

    @api.model
    def _create_missing(self, backends):
        """Every operation has an endpoint from the first day."""
        self.sudo().create(
            [
                {
                    "backend_id": backend.id,
                    "operation": name,
                    **self._prepare_default_values(name),
                }
                for backend in backends
                for name in OPERATIONS
                if name not in backend.endpoint_ids.mapped("operation")
            ]
        )

    @api.model_create_multi
    def create(self, vals_list):
        endpoints = super().create(vals_list)
        self.env.registry.clear_cache()
        return endpoints

    def write(self, vals):
        if "address" in vals or "kind" in vals:
            # Another address has to prove itself anew.
            vals = {"proven": False, "refused": False, **vals}
        changed = self.filtered(lambda endpoint: endpoint._changes_request(vals))
        result = super().write(vals)
        if "known" not in vals:
            changed.known = "assumed"
        if RECORDING & vals.keys():
            self.env.registry.clear_cache()
        return result

    def _changes_request(self, vals):
        """Whether it is another request than what was known of; a webhook's new address
        is none."""
        return any(
            (self.sudo()[name] or False) != (vals[name] or False)
            for name in WIRE
            if name in vals and not (name == "address" and self.kind == "webhook")
        )

    # -- actions -------------------------------------------------------------------

    def action_reset(self):
        """Back to the shipped default; a webhook keeps its address."""
        self.check_access("write")
        for endpoint in self.sudo():
            values = self._prepare_default_values(endpoint.operation)
            if endpoint.kind == values["kind"] == "webhook":
                del values["address"]
            endpoint.write(values)

    # -- business methods ----------------------------------------------------------

    def _filter_recording(self):
        """Whether facts are recorded for this endpoint."""
        return self.filtered(lambda e: e.enabled and e.has_address)

    def _url(self):
        self.ensure_one()
        if self.kind == "webhook":
            return self.address
        return self.backend_id._join(self.address)

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
            batch_size=self.batch_size,
            batch_body=self.batch_body or "",
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
                    error=self.env["inboost.mapping"]._word_error(error),
                )
            ) from error
