import logging
import time
from collections import Counter

from odoo import models
from odoo.exceptions import UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import SQL

from ...lib import paging
from ...lib.decision import Decision, cut, row_hash
from ...lib.facts import iso
from ...lib.log_row import mask_outcome
from ...lib.outcome import Verdict, classify
from ...lib.problems import ProblemError

_logger = logging.getLogger(__name__)

#: How often a part is written again when another transaction was in the way.
MAX_PART_TRIES = 5
#: Failures to get a page, one after another, that end a run.
MAX_FAILURES = 5
#: Rows that are decided about in one transaction, so that it stays short.
PART = 250
COUNTERS = {
    "created": "created_count",
    "linked": "linked_count",
    "updated": "updated_count",
    "unchanged": "unchanged_count",
    "conflict": "conflict_count",
    "error": "error_count",
}


class PageStopped(ProblemError):
    """No page can be had, and trying again would not help."""


class InboostSyncRun(models.Model):
    """One page of a run, from the question to what is written."""

    _inherit = "inboost.sync.run"

    def _get_hash_key(self):
        """What rows are read by in this turn; see ``lib.decision``."""
        backend = self.backend_id
        return self.env["inboost.customer.match"]._get_hash_key(
            backend, backend._endpoint("customers_list").row_map
        )

    def _step(self, end, key):
        """One page, from the question to what is written.

        :param float end: monotonic time at which the turn is over
        :param bytes key: what rows are read by
        :return: whether there may be another
        """
        try:
            page = self._fetch()
            if page is None:
                return False
            self._write_page(page, end, key)
        except ProblemError as error:
            self._finish("failed", error.problem.code, error.problem.args)
            return False
        except UserError as error:
            self._finish("failed", "text", {"text": str(error)})
            return False
        except Exception as error:
            # Another backend's run must go on, and this one end some time.
            self.env.cr.rollback()
            self.invalidate_recordset()
            _logger.exception("InBoost: run %s could not go on", self.id)
            text = f"{type(error).__name__}: {error}"[:500]
            self._handle_failure(Verdict.UNKNOWN, "text", {"text": text})
            return False
        return True

    # -- reading -------------------------------------------------------------------

    def _fetch(self):
        """The page at our position; None when there is none to be had now.

        :rtype: lib.paging.Page
        :raise UserError: when the request cannot be made
        :raise lib.problems.ProblemError: when there is no page to be had at all
        """
        backend = self.backend_id
        endpoint = backend._endpoint("customers_list")
        if endpoint.paused or not endpoint.enabled:
            raise PageStopped("endpoint_off", endpoint=endpoint.display_name)
        if self.page_count >= paging.MAX_PAGES:
            raise paging.PageError("endless", count=self.page_count)
        connection = self.env["inboost.connection"]
        request = connection._question(
            endpoint,
            paging.query(
                endpoint.paging,
                self.position,
                endpoint.page_size,
                iso(self.since) if self.since else None,
            ),
        )
        if self.position and endpoint.paging in paging.BY_ADDRESS:
            request.url = self.position
        # No transaction is open while the request is on its way.
        self.env["ir.cron"]._commit_progress()
        exchange = connection._ask(endpoint, request)
        outcome = mask_outcome(
            classify(exchange, endpoint._get_rules()),
            exchange.request,
            endpoint._get_log_rules(),
        )
        if outcome.verdict not in (Verdict.DONE, Verdict.DUPLICATE):
            reason = self.env["inboost.reason"]._from_outcome(outcome)
            self._handle_failure(outcome.verdict, *reason)
            return None
        if exchange.error:
            # The answer broke off.
            error = {"error": exchange.error}
            self._handle_failure(Verdict.RETRY, exchange.trouble, error)
            return None
        if exchange.truncated:
            raise paging.PageError("answer_too_large")
        return self._read_answer(endpoint, exchange)

    def _read_answer(self, endpoint, exchange):
        return paging.read(
            exchange.data,
            {
                "rows": endpoint.rows_path,
                "total": endpoint.total_path,
                "next": endpoint.next_path,
            },
            endpoint.paging,
            self.position,
            endpoint.page_size,
            self.read_count - self.part_count,
            self.digest,
            headers=exchange.headers,
            address=exchange.request.url,
            total_before=self.total_count or None,
        )

    def _handle_failure(self, verdict, code, arguments):
        """No page came. What may pass is tried again at the next cron."""
        reason = {"reason_code": code, "reason_args": arguments}
        if self.backend_id.state == "draft":
            # Somebody looks on, and can correct what is wrong.
            self._finish("failed", code, arguments)
        elif verdict is Verdict.CREDENTIALS:
            self.backend_id._pause("wrong_credentials", arguments)
            self.write(reason)
        elif verdict is Verdict.ADDRESS:
            self.backend_id._endpoint("customers_list")._pause(code, arguments)
            self._finish("failed", code, arguments)
        elif verdict is Verdict.FAILED or self.failures + 1 >= MAX_FAILURES:
            self._finish("failed", code, arguments)
        else:
            self.write({"failures": self.failures + 1, **reason})

    # -- writing -------------------------------------------------------------------

    def _write_page(self, page, end, key):
        """Part after part, each a transaction with where to go on; until the end of
        the page, or of our time."""
        # What was written while the request was on its way has to be seen.
        self.env["ir.cron"]._commit_progress()
        hashes = [row_hash(row, key) for row in page.rows]
        match = self.env["inboost.customer.match"]
        known = match._find_unchanged(self.backend_id, hashes)
        new = [place for place, text in enumerate(hashes) if text not in known]
        met = {row[1]: row[2] for row in known.values() if row[1]}
        start = self._get_start(page)
        for part in cut(new, start, len(page.rows), PART):
            if part.start > start and time.monotonic() > end:
                break
            seen = [known[text] for text in hashes if text in known]
            self._write_part_safely(page, part, hashes, met, seen)

    def _get_start(self, page):
        """Where in ``page`` an interrupted turn had stopped."""
        if self.part_count and self.part_digest != page.digest:
            # Another page by now: it is read from its beginning.
            self.write({"read_count": self.read_count - self.part_count})
            self.part_count = 0
        return self.part_count

    def _write_part_safely(self, page, part, *context):
        """All or nothing. A part that cannot be written as a whole is written row by
        row."""
        by_row = False
        for _try in range(MAX_PART_TRIES):
            try:
                self._write_part(page, part, *context, by_row=by_row)
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
                _logger.warning("InBoost: a part is written row by row: %s", error)
                by_row = True
            self.invalidate_recordset()
        raise PageStopped("too_busy")

    def _write_part(self, page, part, hashes, met, seen, by_row=False):
        if self.state == "cancelled":
            # Somebody said meanwhile that another portal is there.
            return
        decisions = self._decide_and_do(page, part, hashes, met, by_row)
        if not self.dry_run and part.last:
            self._note_listed(seen)
        self.env["inboost.sync.line"]._create_for(self, decisions)
        counts = Counter(decision.kind for decision in decisions)
        count = part.end - part.start
        counts["unchanged"] += count - len(decisions)
        self.write(
            {
                "read_count": self.read_count + count,
                "part_count": part.end,
                "part_digest": page.digest,
                "failures": 0,
                "reason_code": False,
                "reason_args": False,
                **{name: self[name] + counts[kind] for kind, name in COUNTERS.items()},
            }
        )
        if part.last:
            self._turn_page(page)

    def _turn_page(self, page):
        problem = page.problem
        if problem and not self.shortfall:
            self.shortfall = [problem.code, problem.args]
        self.write(
            {
                "position": page.next,
                "digest": page.digest,
                "part_digest": False,
                "part_count": 0,
                "page_count": self.page_count + bool(page.rows),
                "total_count": page.total or 0,
            }
        )
        if page.next is None:
            if self.shortfall:
                self._finish("incomplete", *self.shortfall)
            else:
                self._finish("done")

    def _note_listed(self, seen):
        """Once a day, since a million rows are not to be written every quarter of an
        hour.

        :param seen: rows of ``_find_unchanged``
        """
        today = self.env.cr.now().date()
        stale = [link_id for link_id, _id, _phone, last in seen if last != today]
        if not stale:
            return
        self.env.execute_query(
            SQL(
                "UPDATE inboost_customer SET last_pull = %s WHERE id = ANY(%s)"
                " RETURNING id",
                today,
                stale,
            )
        )
        self.env["inboost.customer"].invalidate_model(["last_pull"])

    # -- deciding ------------------------------------------------------------------

    def _decide_and_do(self, page, part, hashes, met, by_row):
        if by_row:
            groups = [[place] for place in part.new]
        else:
            groups = [part.new] if part.new else []
        decisions = []
        for places in groups:
            act = self._decide_apart if by_row else self._decide_rows
            found = act([page.rows[place] for place in places], met, places, hashes)
            for place, decision in zip(places, found, strict=True):
                decision.number = self.read_count - part.start + place + 1
            decisions += found
        return decisions

    def _decide_rows(self, rows, met, places, hashes):
        backend = self.backend_id
        decisions = self.env["inboost.customer.decision"]._decide(
            backend, rows, seen=self._find_seen if self.dry_run else None, met={**met}
        )
        for place, decision in zip(places, decisions, strict=True):
            decision.hash = hashes[place]
        if not self.dry_run:
            self.env["inboost.customer.write"]._carry_out(backend, decisions)
        # What a transaction that failed had met is forgotten with it.
        met.update(
            (d.customer["inboost_id"], d.customer["phone"])
            for d in decisions
            if d.customer and d.customer["inboost_id"] and d.kind != "error"
        )
        return decisions

    def _decide_apart(self, rows, *context):
        """A row by itself: whatever is wrong with it is its own."""
        try:
            with self.env.cr.savepoint():
                return self._decide_rows(rows, *context)
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            raise
        except Exception as error:
            _logger.exception("InBoost: a row of run %s", self.id)
            decision = Decision(rows[0])
            decision.fail("text", text=str(error).strip())
            return [decision]

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
