import json
from datetime import timedelta

from odoo import api, fields, models

from ...lib import redact

#: Characters kept of a body and of an answer.
MAX_TEXT = 20000
#: Of a page of customers: there are many, and each customer has what came of them.
MAX_PAGE_TEXT = 1000
PURGE_BATCH = 5000


class InboostRequestLog(models.Model):
    """One HTTP exchange, or one duplicate that was stopped."""

    _name = "inboost.request.log"
    _description = "InBoost Request Log"
    _order = "id desc"
    _rec_name = "url"

    backend_id = fields.Many2one(
        "inboost.backend", required=True, ondelete="cascade", index=True, readonly=True
    )
    company_id = fields.Many2one(
        "res.company", related="backend_id.company_id", store=True, readonly=True
    )
    event_id = fields.Many2one(
        "inboost.event", ondelete="set null", index="btree_not_null", readonly=True
    )
    event_uuid = fields.Char("Event ID", index="btree_not_null", readonly=True)
    operation = fields.Char(readonly=True)
    kind = fields.Selection(
        [("request", "Request"), ("duplicate", "Stopped duplicate")],
        required=True,
        default="request",
        readonly=True,
    )
    method = fields.Char(readonly=True)
    url = fields.Char("Address", readonly=True)
    request_headers = fields.Text(readonly=True)
    request_body = fields.Text(readonly=True)
    status = fields.Integer("HTTP Status", readonly=True, aggregator=None)
    answer = fields.Text(readonly=True)
    duration = fields.Float("Duration (s)", digits=(8, 3), readonly=True)
    attempt = fields.Integer(readonly=True, aggregator=None)
    verdict = fields.Selection(
        [
            ("done", "Arrived"),
            ("duplicate", "Arrived before"),
            ("retry", "Will be retried"),
            ("unknown", "Unknown"),
            ("failed", "Refused"),
            ("pause_backend", "Credentials refused"),
            ("pause_endpoint", "Wrong address"),
        ],
        readonly=True,
    )
    error = fields.Char(readonly=True)

    @api.model
    def _values(self, endpoint, exchange, event=None, outcome=None):
        """Values of a row about ``exchange``, with secrets and, where wanted,
        personal data masked."""
        backend = endpoint.backend_id
        request = exchange.request
        secrets = [backend.sudo().secret]
        body, answer = request.body, exchange.data
        if backend.mask_personal:
            people = endpoint.operation.startswith("customer")
            body = redact.personal(body, people)
            answer = redact.personal(answer, people)
            text = json.dumps(answer, ensure_ascii=False) if answer is not None else ""
        else:
            text = exchange.answer
        body = "" if body is None else json.dumps(body, ensure_ascii=False, indent=2)
        headers = redact.headers(request.headers, [backend.auth_header])
        page = endpoint.operation == "customers_list" and exchange.data is not None
        # JSON may hold halves of characters, which no database takes.
        text = text.encode("utf-8", "replace").decode()
        return {
            "backend_id": backend.id,
            "operation": endpoint.operation,
            "event_id": event.id if event else False,
            "event_uuid": request.event_id,
            "attempt": event.attempts if event else 0,
            "method": request.method,
            "url": redact.text(redact.url(request.url), secrets),
            "request_headers": json.dumps(headers, indent=2),
            "request_body": redact.text(body, secrets)[:MAX_TEXT],
            "status": exchange.status or 0,
            "answer": redact.text(text, secrets)[: MAX_PAGE_TEXT if page else MAX_TEXT],
            "duration": exchange.duration,
            "verdict": outcome.verdict.value if outcome else False,
            "error": redact.text(exchange.error or "", secrets) or False,
        }

    @api.model
    def _record_apart(self, endpoint, exchange, **kwargs):
        """Record in a transaction of its own: the row stays when the caller's fails."""
        values = self._values(endpoint, exchange, **kwargs)
        with self.env.registry.cursor() as cr:
            self.with_env(self.env(cr=cr)).sudo().create(values)

    @api.model
    def _record_duplicate(self, event, what):
        """A fact that came again and was stopped. In the transaction of the fact."""
        self.sudo().create(
            {
                "backend_id": event.backend_id.id,
                "operation": event.operation,
                "event_id": event.id,
                "event_uuid": event.event_id,
                "kind": "duplicate",
                "verdict": "duplicate",
                "error": what,
            }
        )

    @api.autovacuum
    def _gc_request_log(self):
        done = 0
        more = False
        for backend in (
            self.env["inboost.backend"].with_context(active_test=False).search([])
        ):
            limit = fields.Datetime.now() - timedelta(days=backend.log_retention_days)
            rows = self.sudo().search(
                [("backend_id", "=", backend.id), ("create_date", "<", limit)],
                order="id",
                limit=PURGE_BATCH,
            )
            done += len(rows)
            more = more or len(rows) == PURGE_BATCH
            rows.unlink()
        return done, more
