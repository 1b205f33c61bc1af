import csv
import io
import json

from odoo import api, fields, models
from odoo.tools import SQL

from ...lib import storable

KINDS = [
    ("created", "Created"),
    ("linked", "Linked"),
    ("updated", "Updated"),
    ("unchanged", "Unchanged"),
    ("conflict", "Conflict"),
    ("error", "Error"),
]
COLUMNS = (
    "run_id company_id number kind inboost_id phone partner_id notes received"
    " create_uid create_date write_uid write_date"
).split()
# The names are ours.
# Our own columns, nothing from outside.
INSERT = f"INSERT INTO inboost_sync_line ({', '.join(COLUMNS)}) VALUES %s"  # nosec B608


class InboostSyncLine(models.Model):
    _name = "inboost.sync.line"
    _description = "InBoost Synchronisation Line"
    _order = "run_id desc, number"

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
    notes = fields.Json(
        readonly=True, help="What was wrong or changed: codes and their arguments."
    )
    text = fields.Char("What", compute="_compute_text")
    received = fields.Json(readonly=True)
    received_text = fields.Text(
        "Row as Received",
        compute="_compute_text",
        help="What InBoost sent. Not kept where personal data is masked.",
    )
    customer_id = fields.Many2one(
        "inboost.customer",
        compute="_compute_customer_id",
        help="The customer of InBoost and the decision that is asked for.",
    )

    # -- computes ------------------------------------------------------------------

    @api.depends("partner_id", "phone", "inboost_id", "number")
    def _compute_display_name(self):
        for line in self:
            line.display_name = (
                line.partner_id.display_name
                or line.phone
                or line.inboost_id
                or self.env._("Row %s", line.number)
            )

    @api.depends("notes", "received")
    @api.depends_context("lang")
    def _compute_text(self):
        problem = self.env["inboost.problem"]
        for line in self:
            line.text = problem._word_all(line.notes)
            line.received_text = (
                json.dumps(line.received, indent=2, ensure_ascii=False)
                if line.received
                else False
            )

    @api.depends("inboost_id", "phone")
    def _compute_customer_id(self):
        for line in self:
            who = (
                [("inboost_id", "=", line.inboost_id)]
                if line.inboost_id
                else [("phone", "=", line.phone)]
            )
            line.customer_id = (line.inboost_id or line.phone) and self.env[
                "inboost.customer"
            ].search([("backend_id", "=", line.run_id.backend_id.id), *who], limit=1)

    # -- writing -------------------------------------------------------------------

    @api.model
    def _create_for(self, run, decisions):
        """What happened to each row that is not as it was."""
        rows = [
            self._prepare_row(run, decision)
            for decision in decisions
            if decision.kind != "unchanged" or decision.warnings
        ]
        if rows:
            # By one statement: a first pull has as many lines as customers.
            self.env.cr.execute_values(INSERT, rows)
            run.invalidate_recordset(["line_ids"])

    @api.model
    def _prepare_row(self, run, decision):
        """:return: values in the order of COLUMNS"""
        customer = decision.customer or {}
        masked = run.backend_id.mask_personal
        raw = decision.row if isinstance(decision.row, dict) else {}
        raw_id = "".join(filter(str.isprintable, str(raw.get("id") or "")))
        now = self.env.cr.now()
        return (
            run.id,
            run.company_id.id,
            decision.number,
            decision.kind,
            customer.get("inboost_id") or raw_id[:64] or None,
            customer.get("phone"),
            decision.partner.id if decision.partner else None,
            storable.dumps(self._prepare_notes(decision, masked)),
            None if masked else storable.dumps(decision.row),
            self.env.uid,
            now,
            self.env.uid,
            now,
        )

    @staticmethod
    def _prepare_notes(decision, masked):
        problems = [decision.problem] if decision.problem else []
        notes = [[p.code, p.args] for p in problems]
        if masked:
            return notes + [["changed_masked", {"field": f}] for f in decision.changes]
        notes += [
            ["changed", {"field": field, "value": value}]
            for field, value in decision.changes.items()
        ]
        return notes + [[p.code, p.args] for p in decision.warnings]

    @api.model
    def _forget_numbers(self, backend):
        """Those of another portal would lead to somebody else."""
        self.flush_model()
        self.env.execute_query(
            SQL(
                """
                UPDATE inboost_sync_line l SET inboost_id = NULL
                  FROM inboost_sync_run r
                 WHERE r.id = l.run_id AND r.backend_id = %s
                   AND l.inboost_id IS NOT NULL
             RETURNING l.id
                """,
                backend.id,
            )
        )
        self.invalidate_model(["inboost_id"])

    @api.model
    def _forget_earlier(self, run):
        """Errors and conflicts are in the newest full run; a quarter of an hour ago
        they were the same."""
        if run.since:
            return
        self.flush_model()
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
                run.backend_id.id,
                run.id,
            )
        )
        self.invalidate_model()

    def _to_csv(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        stream = io.StringIO()
        writer = csv.writer(stream)
        writer.writerow(["result", "inboost_id", "phone", "contact", "what"])
        for line in self:
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
