import base64
import time
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

#: Seconds of a turn; then the next cron takes over. A sale that waits for a cron slot
#: does not wait long, and no limit of Odoo's is near.
MAX_RUN = 6
#: What changed may be reported as older than we think: clocks differ.
OVERLAP = timedelta(minutes=10)
#: All customers are read at least so often, whatever a list says of changes.
FULL_EVERY = timedelta(days=1)
PURGE_BATCH = 5000


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
    backend_state = fields.Selection(
        string="State of the Backend", related="backend_id.state"
    )
    dry_run = fields.Boolean(
        readonly=True, help="Only shows what a synchronisation would do."
    )
    state = fields.Selection(
        [
            ("queued", "Queued"),
            ("running", "Running"),
            ("done", "Done"),
            ("incomplete", "Incomplete"),
            ("cancelled", "Cancelled"),
            ("failed", "Broken Off"),
        ],
        required=True,
        default="queued",
        readonly=True,
        help="Incomplete: the list ended before its end. Nobody is taken for missing "
        "because of it.",
    )
    since = fields.Datetime(
        "Changed Since", readonly=True, help="Empty: all customers were asked for."
    )
    started_at = fields.Datetime("Started", readonly=True)
    finished_at = fields.Datetime("Finished", readonly=True)
    duration = fields.Float("Duration (s)", compute="_compute_duration", digits=(16, 1))
    position = fields.Char(readonly=True, help="Where the next page begins.")
    digest = fields.Char(readonly=True, help="Of the page before.")
    part_digest = fields.Char(readonly=True, help="Of the page that is being written.")
    part_count = fields.Integer(
        readonly=True, help="Rows of the page in hand that are written."
    )
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
    reason_code = fields.Selection(
        lambda self: self.env["inboost.problem"]._get_selection(),
        "Kind of Reason",
        readonly=True,
    )
    reason_args = fields.Json(readonly=True)
    reason = fields.Char(compute="_compute_reason")
    shortfall = fields.Json(
        readonly=True, help="Why the list is not whole: a code and its arguments."
    )
    cancel_requested = fields.Boolean(readonly=True)
    line_ids = fields.One2many("inboost.sync.line", "run_id", readonly=True)
    file = fields.Binary("CSV", compute="_compute_file")
    filename = fields.Char(compute="_compute_file")

    _open = models.Index("(id) WHERE state IN ('queued', 'running')")

    # -- computes ------------------------------------------------------------------

    @api.depends("backend_id", "create_date", "dry_run")
    def _compute_display_name(self):
        for run in self:
            moment = fields.Datetime.context_timestamp(
                run, run.create_date or fields.Datetime.now()
            )
            run.display_name = f"{run.backend_id.name} {moment:%Y-%m-%d %H:%M}"

    @api.depends("reason_code", "reason_args")
    @api.depends_context("lang")
    def _compute_reason(self):
        problem = self.env["inboost.problem"]
        for run in self:
            run.reason = problem._word(run.reason_code, run.reason_args)

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

    def _compute_file(self):
        # Asked for by the button only: it reads every line.
        for run in self:
            run.filename = f"inboost {run.display_name}.csv".replace(":", "-")
            run.file = base64.b64encode(run.line_ids._to_csv())

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
        self.env["inboost.watch"]._trigger("ir_cron_pull")

    def action_view_lines(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "inboost_connector.inboost_sync_line_action"
        )
        action["domain"] = [("run_id", "=", self.id)]
        kind = self.env.context.get("inboost_kind")
        action["context"] = {f"search_default_{kind}": 1} if kind else {}
        return action

    def action_download(self):
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self._name}/{self.id}/file?download=true"
            "&filename_field=filename",
            "target": "download",
        }

    # -- schedule ------------------------------------------------------------------

    @api.model
    def _find_open(self, backend, dry_run):
        return self.search(
            [
                ("backend_id", "=", backend.id),
                ("dry_run", "=", dry_run),
                ("state", "in", ("queued", "running")),
            ],
            limit=1,
        )

    @api.model
    def _queue_and_show(self, backend, dry_run):
        """As a person asks for it: the form of the run that is open."""
        backend.ensure_one()
        backend.check_access("read")
        looks_first = dry_run and backend.state == "draft"
        if backend.state != "connected" and not looks_first:
            raise UserError(self.env._("Connect the backend first."))
        backend._check_portal()
        if not dry_run and not backend.pull_released:
            self._release(backend)
        runs = self.sudo()
        run = runs._find_open(backend, dry_run) or runs._queue(backend.sudo(), dry_run)
        run._trigger()
        return {
            "type": "ir.actions.act_window",
            "res_model": run._name,
            "res_id": run.id,
            "views": [(False, "form")],
        }

    @api.model
    def _release(self, backend):
        """The first one may create thousands of contacts."""
        if not backend.has_access("write"):
            raise UserError(
                self.env._(
                    "An InBoost administrator has to start the first synchronisation, "
                    "or to look at a dry run."
                )
            )
        backend.pull_released = True

    @api.model
    def _queue_due(self, backends):
        for backend in backends.filtered("pull_customers"):
            endpoint = backend._endpoint("customers_list")
            if endpoint.paused or not endpoint._filter_recording():
                continue
            if not backend.pull_released:
                # An administrator looks first at what it would do.
                continue
            last = backend.last_run_id
            wait = timedelta(minutes=int(backend.pull_interval), seconds=-30)
            if last.state in ("queued", "running"):
                continue
            if not last or last.create_date + wait <= fields.Datetime.now():
                self._queue(backend)

    @api.model
    def _queue(self, backend, dry_run=False):
        return self.sudo().create(
            {
                "backend_id": backend.id,
                "dry_run": dry_run,
                "since": False if dry_run else self._changed_since(backend),
            }
        )

    @api.model
    def _changed_since(self, backend):
        """Since when changes are enough; False for all customers."""
        if not backend._endpoint("customers_list").incremental:
            return False
        done = [
            ("backend_id", "=", backend.id),
            ("state", "=", "done"),
            ("dry_run", "=", False),
        ]
        full = self._find_whole(backend, 1)
        last = self.search(done, limit=1)
        if not full or full.started_at < fields.Datetime.now() - FULL_EVERY:
            return False
        return last.started_at - OVERLAP

    # -- cron ----------------------------------------------------------------------

    @api.model
    def _cron_pull(self):
        """Queue what is due, then work on what is open: an interrupted run goes on
        where it stopped."""
        self = self.with_context(tracking_disable=True)
        backends = self.env["inboost.backend"].search([("state", "=", "connected")])
        self._queue_due(backends._filter_sendable())
        self.env["ir.cron"]._commit_progress()
        with self.env["inboost.long.job"]._take("ir_cron_pull") as mine:
            if not mine:
                return
            end = time.monotonic() + MAX_RUN
            for run in self._open_runs().sorted("id"):
                if run._may_work():
                    run._work(end)
        if self._open_runs().filtered(lambda run: not run.failures):
            self._trigger()

    @api.model
    def _open_runs(self):
        return self.search(
            [
                ("state", "in", ("queued", "running")),
                ("backend_id.active", "=", True),
                "|",
                ("backend_id.state", "=", "connected"),
                "&",
                ("backend_id.state", "=", "draft"),
                ("dry_run", "=", True),
            ]
        )

    def _may_work(self):
        """Before a backend is connected, somebody may look at what would come."""
        backend = self.backend_id
        return backend.state == "draft" or bool(backend._filter_sendable())

    def _work(self, end):
        """Page after page, until the end, a failure, or the end of our time."""
        self.ensure_one()
        if self.state == "queued":
            self.write({"state": "running", "started_at": fields.Datetime.now()})
        key = self._get_hash_key()
        while self.state == "running" and time.monotonic() < end:
            if self.cancel_requested:
                self._finish("cancelled")
            elif not self._step(end, key):
                break
        self.env["ir.cron"]._commit_progress()

    def _finish(self, state, code=False, arguments=None):
        before = self.search(
            [("backend_id", "=", self.backend_id.id), ("id", "<", self.id)], limit=1
        )
        self.write(
            {
                "state": state,
                "reason_code": code,
                "reason_args": arguments or False,
                "finished_at": fields.Datetime.now(),
            }
        )
        if state in ("failed", "incomplete") and before.state != state:
            # Once, not every quarter of an hour.
            self._notify_administrators()
        if state == "done":
            self._finish_whole()

    def _notify_administrators(self):
        text = (
            self.env._("Customers could not be synchronised: %s", self.reason)
            if self.state == "failed"
            else self.env._("Not all customers of InBoost were read: %s", self.reason)
        )
        self.env["inboost.alarm"]._notify_administrators(self.backend_id, text)

    def _finish_whole(self):
        """All that InBoost has is known now."""
        if self.dry_run:
            # Somebody saw what the first one will do.
            self.backend_id.pull_released = True
            return
        self.env["inboost.sync.line"]._forget_earlier(self)
        self.env["inboost.customer.offer"]._offer_new(self.backend_id)

    @api.model
    def _find_whole(self, backend, limit):
        """The newest runs that read all customers to the end of the list: of this
        portal, and since the database was restored."""
        begin = backend.doubt_before
        return self.sudo().search(
            [
                ("backend_id", "=", backend.id),
                ("state", "=", "done"),
                ("dry_run", "=", False),
                ("since", "=", False),
                *([("started_at", ">", begin)] if begin else []),
            ],
            limit=limit,
        )

    @api.autovacuum
    def _gc_runs(self):
        done, more = 0, False
        backends = self.env["inboost.backend"].with_context(active_test=False)
        for backend in backends.search([]):
            limit = fields.Datetime.now() - timedelta(days=backend.log_retention_days)
            old = [("run_id.backend_id", "=", backend.id), ("create_date", "<", limit)]
            lines = self.line_ids.search(old, limit=PURGE_BATCH)
            done += len(lines)
            more = more or len(lines) == PURGE_BATCH
            lines.unlink()
            self.search(
                [
                    ("backend_id", "=", backend.id),
                    ("create_date", "<", limit),
                    ("state", "not in", ("queued", "running")),
                    ("line_ids", "=", False),
                ],
                limit=PURGE_BATCH,
            ).unlink()
        return done, more
