import base64
import csv
import io
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

PURGE_BATCH = 5000

KINDS = [
    ("created", "Created"),
    ("linked", "Linked"),
    ("updated", "Updated"),
    ("unchanged", "Unchanged"),
    ("conflict", "Conflict"),
    ("error", "Error"),
]


class InboostSyncLine(models.Model):
    _name = "inboost.sync.line"
    _description = "InBoost Synchronisation Line"
    _order = "run_id desc, number"
    _rec_name = "phone"

    run_id = fields.Many2one(
        "inboost.sync.run", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one("res.company", related="run_id.company_id", store=True)
    number = fields.Integer("Row", readonly=True, aggregator=None)
    kind = fields.Selection(KINDS, "Result", required=True, readonly=True)
    inboost_id = fields.Char("InBoost ID", readonly=True)
    phone = fields.Char(readonly=True)
    partner_id = fields.Many2one(
        "res.partner",
        "Contact",
        ondelete="set null",
        index="btree_not_null",
        readonly=True,
    )
    text = fields.Char("What", readonly=True)


class InboostSyncRun(models.Model):
    """What a run tells of the rows that are not as they were."""

    _inherit = "inboost.sync.run"

    line_ids = fields.One2many("inboost.sync.line", "run_id", readonly=True)
    file = fields.Binary("CSV", compute="_compute_file")
    filename = fields.Char(compute="_compute_file")

    def _compute_file(self):
        # Asked for by the button only: it reads every line.
        for run in self:
            run.filename = f"inboost {run.display_name}.csv".replace(":", "-")
            run.file = base64.b64encode(run._csv())

    def _csv(self):
        kinds = dict(self.line_ids._fields["kind"]._description_selection(self.env))
        stream = io.StringIO()
        writer = csv.writer(stream)
        writer.writerow(["result", "inboost_id", "phone", "contact", "what"])
        for line in self.line_ids:
            cells = [
                kinds[line.kind],
                line.inboost_id,
                line.phone,
                line.partner_id.display_name,
                line.text,
            ]
            writer.writerow([self._cell(cell) for cell in cells])
        return stream.getvalue().encode("utf-8-sig")

    @staticmethod
    def _cell(text):
        """A spreadsheet would take some texts for a formula."""
        text = text or ""
        risky = text.startswith(("=", "+", "-", "@", "\t", "\r"))
        return f"'{text}" if risky else text

    # -- actions -------------------------------------------------------------------

    def action_view_lines(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "inboost_connector.action_inboost_sync_line"
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

    # -- lines ---------------------------------------------------------------------

    def _write_lines(self, decisions):
        """What happened to each row that is not as it was."""
        self.env["inboost.sync.line"].create(
            [
                {"run_id": self.id, "number": number, **self._line_values(decision)}
                for number, decision in enumerate(decisions, self.read_count + 1)
                if decision.kind != "unchanged" or decision.warnings
            ]
        )

    def _line_values(self, decision):
        customer = decision.customer or {}
        texts = [decision.reason] if decision.reason else []
        texts += [f"{word}: {value}" for word, value in decision.changes.items()]
        texts += [self.env._("left out: %s", text) for text in decision.warnings]
        if self.backend_id.mask_personal:
            texts = [decision.reason, *decision.changes]
        raw = decision.row if isinstance(decision.row, dict) else {}
        raw_id = "".join(filter(str.isprintable, str(raw.get("id") or "")))
        return {
            "kind": decision.kind,
            "inboost_id": customer.get("inboost_id") or raw_id[:64],
            "phone": customer.get("phone"),
            "partner_id": decision.partner.id if decision.partner else False,
            "text": "; ".join(filter(None, texts)),
        }

    def _forget_earlier_trouble(self):
        """Errors and conflicts are in the newest full run; a quarter of an hour ago
        they were the same."""
        if self.since:
            return
        self.env["inboost.sync.line"].flush_model()
        self.env.execute_query(
            SQL(
                """
                DELETE FROM inboost_sync_line line
                 USING inboost_sync_run run
                 WHERE run.id = line.run_id
                   AND run.backend_id = %s
                   AND run.id < %s
                   AND NOT COALESCE(run.dry_run, FALSE)
                   AND line.kind IN ('error', 'conflict')
                """,
                self.backend_id.id,
                self.id,
            )
        )
        self.env["inboost.sync.line"].invalidate_model()

    @api.autovacuum
    def _gc_runs(self):
        done, more = 0, False
        backends = self.env["inboost.backend"].with_context(active_test=False)
        for backend in backends.search([]):
            limit = fields.Datetime.now() - timedelta(days=backend.log_retention_days)
            old = [("run_id.backend_id", "=", backend.id), ("create_date", "<", limit)]
            lines = self.env["inboost.sync.line"].search(old, limit=PURGE_BATCH)
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
