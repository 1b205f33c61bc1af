import csv
import io

from odoo import api, fields, models
from odoo.tools import SQL

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

    @api.model
    def _create_for(self, run, decisions):
        """What happened to each row that is not as it was."""
        self.create(
            [
                {
                    "run_id": run.id,
                    "number": number,
                    **self._prepare_values(run, decision),
                }
                for number, decision in enumerate(decisions, run.read_count + 1)
                if decision.kind != "unchanged" or decision.warnings
            ]
        )

    @api.model
    def _prepare_values(self, run, decision):
        customer = decision.customer or {}
        texts = [decision.reason] if decision.reason else []
        texts += [f"{word}: {value}" for word, value in decision.changes.items()]
        texts += [self.env._("left out: %s", text) for text in decision.warnings]
        if run.backend_id.mask_personal:
            texts = [decision.reason, *decision.changes]
        raw = decision.row if isinstance(decision.row, dict) else {}
        raw_id = "".join(filter(str.isprintable, str(raw.get("id") or "")))
        return {
            "run_id": run.id,
            "kind": decision.kind,
            "inboost_id": customer.get("inboost_id") or raw_id[:64],
            "phone": customer.get("phone"),
            "partner_id": decision.partner.id if decision.partner else False,
            "text": "; ".join(filter(None, texts)),
        }

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
