import logging
import time
from collections import Counter

from odoo import api, fields, models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import SQL

from ...lib.priority import HISTORY

_logger = logging.getLogger(__name__)

#: Seconds of a turn; then the next one takes over.
MAX_RUN = 6
#: Customers in one transaction.
BATCH = 200
#: Purchases that are read and recorded at once.
DOCUMENTS = 1000


class InboostCustomerHistory(models.AbstractModel):
    """What is sent about a customer whom both systems have: the purchases of the last
    months, to the details only, and the balance."""

    _name = "inboost.customer.history"
    _description = "InBoost Purchase History"

    @api.model
    def _queue(self, links):
        """Look for purchases of ``links`` that InBoost does not have; soon."""
        links.sudo().write({"history_state": "waiting"})
        self._trigger()

    @api.model
    def _trigger(self):
        self.env["inboost.watch"]._trigger("ir_cron_history")

    @api.model
    def _cron_history(self):
        """Batch after batch, each in a transaction of its own."""
        with self.env["inboost.long.job"]._take("ir_cron_history") as mine:
            if mine and self._work(time.monotonic() + MAX_RUN):
                self._trigger()

    @api.model
    def _work(self, end):
        """
        :param float end: monotonic time at which the turn is over
        :return: whether there may be more to do
        """
        failed = self.env["inboost.customer"]
        while time.monotonic() < end:
            try:
                links = self._lock_waiting(failed)
                if not links:
                    return False
                self._compress_fast()
                for some in links.grouped("backend_id").values():
                    failed |= self._try(some)
                self.env["ir.cron"]._commit_progress()
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                # A pull or a till wrote one of them; the next turn sees it.
                self.env.cr.rollback()
        return True

    @api.model
    def _compress_fast(self):
        """Until the end of the transaction, large facts are compressed by the faster of
        PostgreSQL's methods, where the server has it: the other one takes a fifth of
        what it takes to record a purchase of five lines."""
        self.env.execute_query(
            SQL(
                "SELECT set_config(name, 'lz4', TRUE) FROM pg_settings"
                " WHERE name = 'default_toast_compression'"
                " AND 'lz4' = ANY(enumvals)"
            )
        )

    @api.model
    def _lock_waiting(self, failed):
        backends = self.env["inboost.backend"].search([("state", "!=", "draft")])
        details = backends.endpoint_ids.filtered(
            lambda e: (
                e.operation == "purchase_details"
                # Off is a decision; without an address, history would be lost.
                and (e.address or not e.enabled)
            )
        )
        return (
            self.env["inboost.customer"]
            # Of columns with what InBoost said of somebody, none is read.
            .with_context(prefetch_fields=False)
            .search(
                [
                    ("history_state", "=", "waiting"),
                    ("partner_id", "!=", False),
                    ("backend_id", "in", details.backend_id.ids),
                    ("id", "not in", failed.ids),
                ],
                order="id",
                limit=BATCH,
            )
            .try_lock_for_update()
        )

    @api.model
    def _try(self, links):
        """What fails together is tried one by one, so that none stops the others.

        :return: those that failed; they go on waiting, which is their net
        """
        try:
            with self.env.cr.savepoint():
                self._capture(links)
            return links.browse()
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            raise
        except Exception as error:
            if len(links) == 1:
                what = self.env._("the history of %s", links.display_name)
                _logger.exception("InBoost: %s was not recorded", what)
                self.env["inboost.capture"]._keep_failure(
                    what, (links, "_queue_history", []), error
                )
                return links
        return links.browse().union(*(self._try(link) for link in links))

    @api.model
    def _capture(self, links):
        """Put into the outbox what InBoost does not have of ``links``, who are all of
        one backend."""
        backend = links.backend_id
        since = fields.Datetime.subtract(
            fields.Datetime.now(), days=backend.history_days
        )
        owner = {
            partner: link
            for link, partners in links._find_candidates().items()
            for partner in partners
        }
        partners = self.env["res.partner"].union(*owner)
        counts = Counter()
        for name in backend._get_document_models():
            found = self.env[name]._inboost_find_history(backend, partners, since)
            for start in range(0, len(found), DOCUMENTS):
                some = found[start : start + DOCUMENTS]
                events = some._inboost_capture_history(backend)
                events.fetch(["partner_id"])
                counts.update(owner[event.partner_id].id for event in events)
        unknown = self._filter_balance_unknown(links)
        customers = [(partner, None) for partner in unknown.partner_id]
        self.env["inboost.bonus.balance"]._capture(backend, customers, priority=HISTORY)
        self._finish(links, counts)

    @api.model
    def _finish(self, links, counts):
        """
        :param counts: {link id: purchases of theirs that were recorded}
        """
        links.flush_recordset()
        self.env.execute_query(
            SQL(
                """
                UPDATE inboost_customer l
                   SET history_state = 'done',
                       history_count = COALESCE(l.history_count, 0) + v.more
                  FROM unnest(%s::int[], %s::int[]) AS v(id, more)
                 WHERE l.id = v.id
             RETURNING l.id
                """,
                links.ids,
                [counts[link_id] for link_id in links.ids],
            )
        )
        links.invalidate_recordset(["history_state", "history_count"])

    @api.model
    def _filter_balance_unknown(self, links):
        """Those whose balance InBoost neither has nor is about to get."""
        backend = links.backend_id
        reachable = links.filtered("partner_id.phone_sanitized")
        if not backend.program_ids or not reachable:
            return links.browse()
        phones = reachable.partner_id.mapped("phone_sanitized")
        events = self.env["inboost.event"]
        newest = events.browse(
            last
            for _phone, last in events._read_group(
                [
                    ("backend_id", "=", backend.id),
                    ("operation", "=", "balance_set"),
                    ("phone", "in", phones),
                    ("state", "in", ("pending", "sending", "done")),
                ],
                ["phone"],
                ["id:max"],
            )
        )
        amounts = self.env["inboost.bonus.balance"]._read_amounts(backend, phones)
        known = {
            event.phone
            for event in newest
            if event.state != "done" or event.amount_sent == amounts[event.phone]
        }
        return reachable.filtered(
            lambda link: link.partner_id.phone_sanitized not in known
        )
