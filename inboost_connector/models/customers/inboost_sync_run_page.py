import logging
from collections import Counter

from odoo import models
from odoo.exceptions import UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY

from ...lib import paging
from ...lib.decision import Decision
from ...lib.facts import iso
from ...lib.log_row import mask_outcome
from ...lib.outcome import Verdict, classify

_logger = logging.getLogger(__name__)

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
    """One page of a run, from the question to what is written."""

    _inherit = "inboost.sync.run"

    def _step(self):
        """One page, from the question to what is written.

        :return: whether there may be another
        """
        try:
            page = self._fetch()
            if page is None:
                return False
            self._write_page_safely(page)
        except (UserError, paging.PageError) as error:
            self._finish("failed", str(error))
            return False
        except Exception as error:
            # Another backend's run must go on, and this one end some time.
            self.env.cr.rollback()
            self.invalidate_recordset()
            _logger.exception("InBoost: run %s could not go on", self.id)
            self._handle_failure(
                Verdict.UNKNOWN, f"{type(error).__name__}: {error}"[:500]
            )
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
            raise paging.PageError("endless", count=self.page_count)
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
        outcome = mask_outcome(
            classify(exchange, endpoint._get_rules()),
            exchange.request,
            endpoint._get_log_rules(),
        )
        if outcome.verdict not in (Verdict.DONE, Verdict.DUPLICATE):
            problem = self.env["inboost.connection"]._explain(endpoint, exchange)
            self._handle_failure(outcome.verdict, problem, outcome)
            return None
        if exchange.error:
            # The answer broke off.
            self._handle_failure(Verdict.RETRY, exchange.error)
            return None
        if exchange.truncated:
            raise paging.PageError("answer_too_large")
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

    def _handle_failure(self, verdict, problem, outcome=None):
        """No page came. What may pass is tried again at the next cron.

        :param lib.outcome.Outcome outcome: of the request, where there was an answer
        """
        if verdict is Verdict.CREDENTIALS:
            self.backend_id._pause("wrong_credentials", outcome.args)
            self.write({"reason": problem})
        elif verdict is Verdict.ADDRESS:
            reason = self.env["inboost.reason"]._from_outcome(outcome)
            self.backend_id._endpoint("customers_list")._pause(*reason)
            self._finish("failed", problem, notify=False)
        elif verdict is Verdict.FAILED or self.failures + 1 >= MAX_FAILURES:
            self._finish("failed", problem)
        else:
            self.write({"failures": self.failures + 1, "reason": problem})

    def _write_page_safely(self, page):
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
        self.env["inboost.sync.line"]._create_for(self, decisions)
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
        decisions = self.env["inboost.customer.decision"]._decide(
            backend, rows, self._find_seen if self.dry_run else None
        )
        if not self.dry_run:
            self.env["inboost.customer"]._carry_out(backend, decisions)
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

    def _find_seen(self, phones):
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
