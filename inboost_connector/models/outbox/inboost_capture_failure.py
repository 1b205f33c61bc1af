import logging
import traceback
from datetime import timedelta

from odoo import api, fields, models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

_logger = logging.getLogger(__name__)

#: Failures that one run tries again; the next run takes the rest.
RETRY_BATCH = 500
PURGE_BATCH = 5000
KEEP = timedelta(days=30)


class InboostCaptureFailure(models.Model):
    """A capture that an error of ours prevented. It keeps what has to be called to make
    up for it, and the reconciliation calls that until it succeeds."""

    _name = "inboost.capture.failure"
    _description = "InBoost Missed Capture"
    _order = "id desc"
    _rec_name = "what"

    company_id = fields.Many2one(
        "res.company",
        readonly=True,
        index=True,
        ondelete="cascade",
        help="Whose it is; of everybody where no backend is about that company.",
    )
    what = fields.Char(required=True, readonly=True, help="What was not recorded.")
    res_model = fields.Char("Model", required=True, readonly=True)
    res_ids = fields.Json("Records", readonly=True)
    method = fields.Char("Call", required=True, readonly=True)
    arguments = fields.Json(readonly=True)
    error = fields.Char(readonly=True)
    trace = fields.Text("Traceback", readonly=True)
    attempts = fields.Integer(readonly=True, default=1, aggregator=None)
    solved_at = fields.Datetime("Made Up For", readonly=True)

    _open = models.Index("(id) WHERE solved_at IS NULL")

    @api.model
    def _record(self, what, again, error):
        """Remember a failure, in the transaction of the caller.

        :param again: (records, name of a method, list of JSON arguments)
        :param Exception error: what went wrong
        """
        records, method, arguments = again
        target = {
            "res_model": records._name,
            "res_ids": sorted(records.ids),
            "method": method,
            "arguments": arguments,
        }
        known = self._find_open(target)
        values = {
            "error": f"{type(error).__name__}: {error}"[:500],
            "trace": "".join(traceback.format_exception(error)),
        }
        if known:
            known.write({**values, "attempts": known.attempts + 1})
            return known
        company = self._get_company(records)
        return self.sudo().create(
            {"what": what, "company_id": company.id, **target, **values}
        )

    @api.model
    def _get_company(self, records):
        """Whose people should know: of the company of ``records``, else of where it
        happened. None where no backend is about that one: then everybody should."""
        company = records.env.company
        if "company_id" in records._fields:
            own = records.sudo().exists().company_id
            company = own if len(own) == 1 else company
        backends = self.env["inboost.backend"]._find_for_company(company)
        return company if backends else company.browse()

    def _find_open(self, target):
        """The failure that is known already; the same one is listed once."""
        found = self.sudo().search(
            [
                ("solved_at", "=", False),
                ("res_model", "=", target["res_model"]),
                ("method", "=", target["method"]),
            ]
        )
        return found.filtered(
            lambda row: all((row[name] or []) == target[name] for name in target)
        )[:1]

    @api.model
    def _is_stuck(self, backend):
        """Whether something is missed still after it was tried again."""
        domain = [("solved_at", "=", False), ("attempts", ">", 1)]
        domain += self._get_domain_of(backend)
        return bool(self.sudo().search_count(domain, limit=1))

    @api.model
    def _get_domain_of(self, backend):
        company = backend.company_id
        return ["|", ("company_id", "=", False), ("company_id", "child_of", company.id)]

    # -- cron ----------------------------------------------------------------------

    @api.model
    def _retry_all(self):
        """Make up for what was missed. One that fails again stops no other: those that
        failed least often come first."""
        rows = self.sudo().search(
            [("solved_at", "=", False)], order="attempts, id", limit=RETRY_BATCH
        )
        for row in rows:
            row._retry()

    def _retry(self):
        self.ensure_one()
        # An empty list is kept as nothing.
        records = self.env[self.res_model].browse(self.res_ids or []).exists()
        try:
            with self.env.cr.savepoint():
                if records or not self.res_ids:
                    getattr(records, self.method)(*(self.arguments or []))
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            raise
        except Exception as error:
            _logger.exception("InBoost: %s failed again", self.what)
            self.write(
                {
                    "attempts": self.attempts + 1,
                    "error": f"{type(error).__name__}: {error}"[:500],
                    "trace": traceback.format_exc(),
                }
            )
        else:
            self.solved_at = fields.Datetime.now()

    @api.autovacuum
    def _gc_solved(self):
        rows = self.sudo().search(
            [("solved_at", "<", fields.Datetime.now() - KEEP)], limit=PURGE_BATCH
        )
        rows.unlink()
        return len(rows), len(rows) == PURGE_BATCH
