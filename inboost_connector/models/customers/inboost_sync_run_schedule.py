from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

#: What is told of a change may be older than we think: clocks differ.
OVERLAP = timedelta(minutes=10)
#: All customers are read at least so often, whatever a list says of changes.
FULL_EVERY = timedelta(days=1)


class InboostBackend(models.Model):
    """When customers are pulled: by the clock, or because a person asks for it."""

    _inherit = "inboost.backend"

    pull_customers = fields.Boolean(
        "Synchronise Customers",
        default=True,
        help="Customers of InBoost become contacts here.",
    )
    pull_interval = fields.Selection(
        [
            ("10", "10 minutes"),
            ("15", "15 minutes"),
            ("20", "20 minutes"),
            ("30", "30 minutes"),
        ],
        "Every",
        required=True,
        default="15",
    )
    run_ids = fields.One2many("inboost.sync.run", "backend_id")
    last_run_id = fields.Many2one(
        "inboost.sync.run",
        compute="_compute_last_run_id",
        string="Last Synchronisation",
    )
    last_run_state = fields.Char(compute="_compute_last_run_id")

    @api.depends("run_ids")
    def _compute_last_run_id(self):
        newest = dict(
            self.env["inboost.sync.run"]._read_group(
                [("backend_id", "in", self.ids), ("dry_run", "=", False)],
                ["backend_id"],
                ["id:max"],
            )
        )
        states = dict(
            self.env["inboost.sync.run"]
            ._fields["state"]
            ._description_selection(self.env)
        )
        for backend in self:
            backend.last_run_id = newest.get(backend)
            backend.last_run_state = states.get(backend.last_run_id.state)

    def action_synchronise(self):
        """Pull the customers now."""
        return self._queue_and_show(dry_run=False)

    def action_dry_run(self):
        """Show what a synchronisation would do."""
        return self._queue_and_show(dry_run=True)

    def _queue_and_show(self, dry_run):
        self.ensure_one()
        self.check_access("read")
        if self.state != "connected":
            raise UserError(self.env._("Connect the backend first."))
        run = self.sudo()._open_run(dry_run) or self.sudo()._queue_run(dry_run=dry_run)
        run._trigger()
        return {
            "type": "ir.actions.act_window",
            "res_model": run._name,
            "res_id": run.id,
            "views": [(False, "form")],
        }

    def action_view_runs(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "inboost_connector.action_inboost_sync_run"
        )
        action["domain"] = [("backend_id", "=", self.id)]
        return action

    def _open_run(self, dry_run):
        return self.env["inboost.sync.run"].search(
            [
                ("backend_id", "=", self.id),
                ("dry_run", "=", dry_run),
                ("state", "in", ("queued", "running")),
            ],
            limit=1,
        )

    def _queue_due_run(self):
        for backend in self.filtered("pull_customers"):
            endpoint = backend._endpoint("customers_list")
            if endpoint.paused or not endpoint._records():
                continue
            last = backend.last_run_id
            wait = timedelta(minutes=int(backend.pull_interval), seconds=-30)
            if last.state in ("queued", "running"):
                continue
            if not last or last.create_date + wait <= fields.Datetime.now():
                backend._queue_run()

    def _queue_run(self, dry_run=False):
        return (
            self.env["inboost.sync.run"]
            .sudo()
            .create(
                {
                    "backend_id": self.id,
                    "dry_run": dry_run,
                    "since": False if dry_run else self._changed_since(),
                }
            )
        )

    def _changed_since(self):
        """Since when changes are enough; False for all customers."""
        if not self._endpoint("customers_list").incremental:
            return False
        done = [
            ("backend_id", "=", self.id),
            ("state", "=", "done"),
            ("dry_run", "=", False),
        ]
        runs = self.env["inboost.sync.run"]
        full = runs.search([*done, ("since", "=", False)], limit=1)
        last = runs.search(done, limit=1)
        if not full or full.started_at < fields.Datetime.now() - FULL_EVERY:
            return False
        return last.started_at - OVERLAP
