from odoo import api, fields, models
from odoo.tools import SQL

from ...lib.batch import judge_one
from ...lib.log_row import describe
from ...lib.operations import TITLES

#: Characters of an answer in a line.
SHOWN = 300
#: What is written of a delivery.
COLUMNS = (
    "backend_id company_id operation event_id event_uuid kind method url "
    "request_headers request_body status answer duration attempt verdict "
    "reason_code error create_uid create_date write_uid write_date"
).split()
# The names are ours.
# Our own columns, nothing from outside.
INSERT = f"INSERT INTO inboost_request_log ({', '.join(COLUMNS)}) VALUES %s"  # nosec B608


class InboostRequestLog(models.Model):
    """One HTTP exchange, or one duplicate that was stopped."""

    _name = "inboost.request.log"
    _description = "InBoost Request Log"
    _inherit = ["inboost.several.mixin"]
    _order = "id desc"

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
    operation = fields.Selection(TITLES, readonly=True)
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
            ("credentials", "Credentials refused"),
            ("address", "Wrong address"),
        ],
        readonly=True,
    )
    reason_code = fields.Char(readonly=True)
    error = fields.Char(readonly=True)

    outcome = fields.Char(
        compute="_compute_outcome", help="What came back, or why nothing did."
    )
    said = fields.Char(
        "What Was Said",
        compute="_compute_outcome",
        help="The reason in InBoost's words, or the beginning of its answer.",
    )

    _purge = models.Index("(backend_id, create_date)")
    _created = models.Index("(create_date)")
    # Few among many.
    _errors = models.Index(
        "(id) WHERE verdict IN ('retry', 'unknown', 'failed', 'credentials', 'address')"
    )
    _duplicates = models.Index("(id) WHERE kind = 'duplicate'")

    @api.depends("operation", "outcome")
    @api.depends_context("lang")
    def _compute_display_name(self):
        titles = dict(self._fields["operation"]._description_selection(self.env))
        for log in self:
            log.display_name = f"{titles.get(log.operation, '')}: {log.outcome}"

    @api.depends("status", "verdict", "kind", "reason_code", "error", "answer")
    @api.depends_context("lang")
    def _compute_outcome(self):
        titles = dict(self._fields["verdict"]._description_selection(self.env))
        reasons = self.env["inboost.reason"]
        for log in self:
            verdict = titles.get(log.verdict) or self.env._("Asked")
            if log.kind == "duplicate":
                log.outcome = self.env._("Stopped duplicate")
            elif log.status:
                log.outcome = f"{verdict} (HTTP {log.status})"
            else:
                log.outcome = self.env._("%s (no answer)", verdict)
            why = log.error
            if log.reason_code:
                why = reasons._word(log.reason_code, {"error": log.error or ""})
            log.said = why or (log.answer or "")[:SHOWN] or False

    @api.model
    def _record_apart(self, endpoint, exchange):
        """Record an exchange outside the outbox in a transaction of its own: the row
        stays when the caller's fails."""
        outcome = judge_one(exchange, endpoint._get_rules())
        values = {
            "backend_id": endpoint.backend_id.id,
            "operation": endpoint.operation,
            "verdict": outcome.verdict.value,
            **describe(exchange, endpoint._get_log_rules()),
        }
        with self.env.registry.cursor() as cr:
            self.with_env(self.env(cr=cr)).sudo().create(values)

    @api.model
    def _record_all(self, rows):
        """The rows of a batch of deliveries, by one statement.

        :param rows: list of dict, with the fields of COLUMNS
        """
        values = [tuple(row.get(name) for name in COLUMNS) for row in rows]
        self.env.cr.execute_values(INSERT, values, page_size=1000)

    @api.model
    def _record_duplicates(self, backend, known, what):
        """Facts that came again and were stopped, in the transaction of the fact.

        :param known: list of (operation, key)
        :param str what: what came again, a code of inboost.reason
        """
        self.env.execute_query(
            SQL(
                """
                INSERT INTO inboost_request_log (
                       backend_id, company_id, operation, event_id, event_uuid, kind,
                       verdict, reason_code, create_uid, create_date, write_uid,
                       write_date)
                SELECT e.backend_id, e.company_id, e.operation, e.id, e.event_id,
                       'duplicate', 'duplicate', %(what)s, %(uid)s, %(now)s, %(uid)s,
                       %(now)s
                  FROM inboost_event e
                  JOIN unnest(%(operations)s::varchar[], %(keys)s::varchar[])
                    AS k(operation, key)
                    ON k.operation = e.operation AND k.key = e.key
                 WHERE e.backend_id = %(backend)s
             RETURNING id
                """,
                what=what,
                uid=self.env.uid,
                now=fields.Datetime.now(),
                operations=[operation for operation, _key in known],
                keys=[key for _operation, key in known],
                backend=backend.id,
            )
        )

    @api.autovacuum
    def _gc_request_log(self):
        return self.env["inboost.retention"]._purge(
            self._name, days="log_retention_days", moment="create_date"
        )
