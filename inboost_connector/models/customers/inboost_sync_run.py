import logging
import time
from collections import Counter

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from ...lib import paging
from ...lib.decision import Decision
from ...lib.facts import iso
from ...lib.outcome import Verdict, classify

_logger = logging.getLogger(__name__)

#: Seconds a run goes on while there are pages; then the next cron takes over.
MAX_RUN = 120
#: How often a page is written again when another transaction was in the way.
MAX_PAGE_TRIES = 5
#: Failures to get a page, one after another, that end a run.
MAX_FAILURES = 5
COUNTERS = {
    "created": "created_count",
    "linked": "linked_count",
    "updated": "updated_count",
    "unchanged": "unchanged_count",
    "conflict": "conflict_count",
    "error": "error_count",
}


class InboostSyncRun(models.Model):
    """One pull of customers, page by page. A page is one transaction, and where to go
    on is saved with it."""

    _name = "inboost.sync.run"
    _description = "InBoost Synchronisation"
    _order = "id desc"

    backend_id = fields.Many2one(
        "inboost.backend", required=True, ondelete="cascade", index=True, readonly=True
    )
    company_id = fields.Many2one(
        "res.company", related="backend_id.company_id", store=True
    )
    dry_run = fields.Boolean(
        readonly=True, help="Only shows what a synchronisation would do."
    )
    state = fields.Selection(
        [
            ("queued", "Queued"),
            ("running", "Running"),
            ("done", "Done"),
            ("cancelled", "Cancelled"),
            ("failed", "Failed"),
        ],
        required=True,
        default="queued",
        readonly=True,
    )
    since = fields.Datetime(
        "Changed Since", readonly=True, help="Empty: all customers were asked for."
    )
    started_at = fields.Datetime("Started", readonly=True)
    finished_at = fields.Datetime("Finished", readonly=True)
    duration = fields.Float("Duration (s)", compute="_compute_duration", digits=(16, 1))
    position = fields.Char(readonly=True, help="Where the next page begins.")
    digest = fields.Char(readonly=True)
    page_count = fields.Integer("Pages", readonly=True)
    total_count = fields.Integer(
        "Total", readonly=True, help="Customers that InBoost says it has."
    )
    progress = fields.Float(compute="_compute_progress")
    read_count = fields.Integer("Read", readonly=True)
    created_count = fields.Integer("Created", readonly=True)
    linked_count = fields.Integer("Linked", readonly=True)
    updated_count = fields.Integer("Updated", readonly=True)
    unchanged_count = fields.Integer("Unchanged", readonly=True)
    conflict_count = fields.Integer("Conflicts", readonly=True)
    error_count = fields.Integer("Errors", readonly=True)
    failures = fields.Integer("Failures in a Row", readonly=True, aggregator=None)
    reason = fields.Char(readonly=True)
    cancel_requested = fields.Boolean(readonly=True)
    _open = models.Index("(id) WHERE state IN ('queued', 'running')")

    # -- computes ------------------------------------------------------------------

    @api.depends("backend_id", "create_date", "dry_run")
    def _compute_display_name(self):
        for run in self:
            moment = fields.Datetime.context_timestamp(
                run, run.create_date or fields.Datetime.now()
            )
            run.display_name = f"{run.backend_id.name} {moment:%Y-%m-%d %H:%M}"

    @api.depends("started_at", "finished_at")
    def _compute_duration(self):
        now = fields.Datetime.now()
        for run in self:
            end = run.finished_at or now
            run.duration = (end - (run.started_at or end)).total_seconds()

    @api.depends("read_count", "total_count", "state")
    def _compute_progress(self):
        for run in self:
            if run.state == "done":
                run.progress = 100
            elif run.total_count:
                run.progress = min(99, 100 * run.read_count / run.total_count)
            else:
                run.progress = 0

    # -- actions -------------------------------------------------------------------

    def action_cancel(self):
        """Stop after the page that is being read."""
        if not self.env.user.has_group("inboost_connector.group_inboost_user"):
            raise UserError(self.env._("Only an InBoost user may do this."))
        self.check_access("read")
        runs = self.sudo().filtered(lambda run: run.state in ("queued", "running"))
        runs.cancel_requested = True
        # Nobody works on these, who would see it.
        for run in runs:
            if run.state == "queued" or run.backend_id.state != "connected":
                run._finish("cancelled")
        self._trigger()
        return True

    @api.model
    def _trigger(self):
        self.env.ref("inboost_connector.ir_cron_pull").sudo()._trigger()

    # -- cron ----------------------------------------------------------------------

    @api.model
    def _cron_pull(self):
        """Queue what is due, then work on what is open: an interrupted run goes on
        where it stopped."""
        self = self.with_context(tracking_disable=True)
        backends = self.env["inboost.backend"].search([("state", "=", "connected")])
        backends._sendable()._queue_due_run()
        self.env["ir.cron"]._commit_progress()
        end = time.monotonic() + MAX_RUN
        for run in self._open_runs().sorted("id"):
            if run.backend_id._sendable():
                run._work(end)
        if self._open_runs().filtered(lambda run: not run.failures):
            self._trigger()

    @api.model
    def _open_runs(self):
        return self.search(
            [
                ("state", "in", ("queued", "running")),
                ("backend_id.state", "=", "connected"),
                ("backend_id.active", "=", True),
            ]
        )

    def _work(self, end):
        """Page after page, until the end, a failure, or the end of our time."""
        self.ensure_one()
        if self.state == "queued":
            self.write({"state": "running", "started_at": fields.Datetime.now()})
        while self.state == "running" and time.monotonic() < end:
            if self.cancel_requested:
                self._finish("cancelled")
            elif not self._step():
                break
        self.env["ir.cron"]._commit_progress()

    def _step(self):
        """One page, from the question to what is written.

        :return: whether there may be another
        """
        try:
            page = self._fetch()
            if page is None:
                return False
            self._take(page)
        except (UserError, paging.PageError) as error:
            self._finish("failed", str(error))
            return False
        except Exception as error:
            # Another backend's run must go on, and this one end some time.
            self.env.cr.rollback()
            self.invalidate_recordset()
            _logger.exception("InBoost: run %s could not go on", self.id)
            self._stumble(Verdict.UNKNOWN, f"{type(error).__name__}: {error}"[:500])
            return False
        return True

    def _fetch(self):
        """The page at our position; None when there is none to be had now.

        :rtype: lib.paging.Page
        :raise UserError: when the request cannot be made
        :raise lib.paging.PageError: when the answer cannot be read
        """
        backend = self.backend_id
        endpoint = backend._endpoint("customers_list")
        if endpoint.paused or not endpoint.enabled:
            raise UserError(self.env._("%s is paused or off.", endpoint.display_name))
        if self.page_count >= paging.MAX_PAGES:
            raise paging.PageError(
                self.env._("%s pages came, and no end of them.", self.page_count)
            )
        request = backend._question(
            "customers_list",
            paging.query(
                endpoint.paging,
                self.position,
                endpoint.page_size,
                iso(self.since) if self.since else None,
            ),
        )
        # No transaction is open while the request is on its way.
        self.env["ir.cron"]._commit_progress()
        exchange = backend._ask(endpoint, request)
        verdict = classify(exchange).verdict
        if verdict not in (Verdict.DONE, Verdict.DUPLICATE):
            self._stumble(verdict, backend._explain(exchange))
            return None
        if exchange.error:
            # The answer broke off.
            self._stumble(Verdict.RETRY, exchange.error)
            return None
        if exchange.truncated:
            raise paging.PageError(
                self.env._("The answer is too large. Choose a smaller page size.")
            )
        paths = {
            "rows": endpoint.rows_path,
            "total": endpoint.total_path,
            "next": endpoint.next_path,
        }
        return paging.read(
            exchange.data,
            paths,
            endpoint.paging,
            self.position,
            endpoint.page_size,
            self.read_count,
            self.digest,
        )

    def _stumble(self, verdict, problem):
        """No page came. What may pass is tried again at the next cron."""
        if verdict is Verdict.PAUSE_BACKEND:
            self.backend_id._pause(problem)
            self.write({"reason": problem})
        elif verdict is Verdict.PAUSE_ENDPOINT:
            self.backend_id._endpoint("customers_list")._pause(problem)
            self._finish("failed", problem, tell=False)
        elif verdict is Verdict.FAILED or self.failures + 1 >= MAX_FAILURES:
            self._finish("failed", problem)
        else:
            self.write({"failures": self.failures + 1, "reason": problem})

    def _take(self, page):
        """Write a page and where the next one begins, all or nothing. A page that
        cannot be written as a whole is written row by row."""
        by_row = False
        for _try in range(MAX_PAGE_TRIES):
            # What was written while the request was on its way has to be seen.
            self.env["ir.cron"]._commit_progress()
            try:
                self._write_page(page, by_row)
                self.env["ir.cron"]._commit_progress()
                return
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                # Somebody wrote one of these contacts, or Cancel was pressed: once
                # more, on what there is now.
                self.env.cr.rollback()
            except Exception as error:
                self.env.cr.rollback()
                if by_row:
                    raise
                _logger.warning("InBoost: a page is written row by row: %s", error)
                by_row = True
            self.invalidate_recordset()
        raise UserError(self.env._("The database was too busy. Try again."))

    def _write_page(self, page, by_row=False):
        if by_row:
            decisions = [self._decide_apart(row) for row in page.rows]
        else:
            decisions = self._decide_and_do(page.rows)
        self._write_lines(decisions)
        counts = Counter(decision.kind for decision in decisions)
        self.write(
            {
                "position": page.next,
                "digest": page.digest,
                "page_count": self.page_count + bool(page.rows),
                "total_count": page.total or 0,
                "read_count": self.read_count + len(page.rows),
                "failures": 0,
                "reason": False,
                **{name: self[name] + counts[kind] for kind, name in COUNTERS.items()},
            }
        )
        if page.next is None:
            self._finish("done")

    def _decide_and_do(self, rows):
        backend = self.backend_id
        decisions = backend._decide(rows, self._seen if self.dry_run else None)
        if not self.dry_run:
            backend._carry_out(decisions)
        return decisions

    def _decide_apart(self, row):
        """A row by itself: whatever is wrong with it is its own."""
        try:
            with self.env.cr.savepoint():
                return self._decide_and_do([row])[0]
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            raise
        except Exception as error:
            _logger.exception("InBoost: a row of run %s", self.id)
            return Decision(row, kind="error", reason=str(error).strip())

    def _seen(self, phones):
        """A dry run leaves nothing behind but its lines: a phone that it met on an
        earlier page is only there."""
        lines = self.env["inboost.sync.line"].search(
            [
                ("run_id", "=", self.id),
                ("phone", "in", list(phones)),
                "|",
                ("kind", "in", ("created", "linked")),
                ("partner_id", "!=", False),
            ]
        )
        return {line.phone: line.inboost_id or None for line in lines}

    def _finish(self, state, reason=False, tell=True):
        before = self.search(
            [("backend_id", "=", self.backend_id.id), ("id", "<", self.id)], limit=1
        )
        self.write(
            {
                "state": state,
                "reason": reason,
                "finished_at": fields.Datetime.now(),
            }
        )
        if state == "failed" and tell and before.state != "failed":
            # Once, not every quarter of an hour.
            self.backend_id._tell_administrators(
                self.env._("Customers could not be synchronised: %s", reason)
            )
        if state == "done" and not self.dry_run:
            self._forget_earlier_trouble()
            self.backend_id._after_pull()
