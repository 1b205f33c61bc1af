import logging
import time
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from datetime import timedelta
from uuid import uuid4

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import SQL

from ...lib import mapping
from ...lib.outcome import Outcome, Verdict, after_unknown, classify
from ...lib.priority import NEWEST_ONLY

_logger = logging.getLogger(__name__)

#: Threads that send, and so the number of events in flight.
POOL_SIZE = 16
#: Seconds a lease outlives the request's own timeouts.
LEASE_MARGIN = 15
#: An event waits so long for an earlier one of the same customer, then goes.
MAX_ORDER_WAIT = timedelta(minutes=10)
#: A run asks for more when so many threads are free, to spare the database.
CLAIM_AT_LEAST = POOL_SIZE // 4
#: Seconds a run goes on while there is work; then the next one takes over.
MAX_RUN = 120
#: How often a result is written again when another transaction was in the way.
MAX_SETTLE_TRIES = 5


class InboostDelivery(models.AbstractModel):
    """Claim, send, settle. Each step is a short transaction of its own and none is open
    while a request is on its way."""

    _name = "inboost.delivery"
    _description = "InBoost Delivery"

    @api.model
    def _cron_deliver(self):
        self = self.with_context(tracking_disable=True)
        self._recover_leases()
        lease = str(uuid4())
        end = time.monotonic() + MAX_RUN
        with (
            self.env["inboost.backend"]._client(POOL_SIZE) as http,
            ThreadPoolExecutor(POOL_SIZE) as pool,
        ):
            flying = {}
            while True:
                free = POOL_SIZE - len(flying)
                if time.monotonic() < end and (not flying or free >= CLAIM_AT_LEAST):
                    for event_id, request in self._claim(free, lease):
                        flying[pool.submit(http.send, request)] = event_id
                if not flying:
                    break
                landed, _still = wait(flying, return_when=FIRST_COMPLETED)
                self._settle([(flying.pop(f), f.result()) for f in landed], lease)
        self._plan_next_run()

    # -- claim ---------------------------------------------------------------------

    def _claim(self, limit, lease):
        """Lease up to ``limit`` due events and commit that before anything is sent.

        :return: list of (event id, lib.client.Request)
        """
        try:
            events = self._lease_due(limit, lease)
            self.env["ir.cron"]._commit_progress()
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            # Another process was faster; what it left comes with the next claim.
            self.env.cr.rollback()
            return []
        claimed, bad = [], []
        for event in events:
            try:
                claimed.append((event.id, event._prepare_request()))
            except (UserError, mapping.MappingError) as error:
                bad.append((event.id, str(error)))
        self.env["ir.cron"]._commit_progress()
        for event_id, error in bad:
            self._settle_one(event_id, lease, None, Outcome(Verdict.FAILED, error))
        return claimed

    def _lease_due(self, limit, lease):
        backends = self.env["inboost.backend"].search([("state", "=", "connected")])
        now = fields.Datetime.now()
        endpoints = self.env["inboost.endpoint"].search(
            [
                ("backend_id", "in", backends._filter_sendable().ids),
                ("enabled", "=", True),
                ("address", "!=", False),
                ("paused", "=", False),
                "|",
                ("rest_until", "=", False),
                ("rest_until", "<=", now),
            ]
        )
        probing = endpoints.filtered(lambda e: e._is_probing())
        events = self._lease_from(endpoints - probing, limit, lease)
        for endpoint in probing:
            probe = self._lease_from(endpoint, 1, lease)
            if probe:
                # One probe at a time, by whichever process took it.
                endpoint.rest_until = probe.lease_until
            events += probe
        return events - self._supersede(events) if events else events

    def _lease_from(self, endpoints, limit, lease):
        """Lease due events of ``endpoints``: live before history, and none that an
        earlier one of the same customer should precede."""
        if not endpoints or limit <= 0:
            return self.env["inboost.event"]
        self.env["inboost.event"].flush_model()
        now = fields.Datetime.now()
        rows = self.env.execute_query(
            SQL(
                """
                WITH due AS MATERIALIZED (
                    SELECT e.id
                      FROM inboost_event e
                     WHERE e.state = 'pending'
                       AND e.next_try <= %(now)s
                       AND e.endpoint_id = ANY(%(endpoints)s)
                       AND NOT EXISTS (
                           SELECT FROM inboost_event earlier
                            WHERE earlier.backend_id = e.backend_id
                              AND earlier.phone = e.phone
                              AND (earlier.priority, earlier.id) < (e.priority, e.id)
                              AND earlier.state IN ('pending', 'sending')
                              AND (earlier.state = 'sending'
                                   OR earlier.queued_at > %(patience)s))
                  ORDER BY e.priority, e.id
                     LIMIT %(limit)s
                       FOR UPDATE OF e SKIP LOCKED)
                UPDATE inboost_event e
                   SET state = 'sending',
                       reason = NULL,
                       attempts = COALESCE(e.attempts, 0) + 1,
                       lease = %(lease)s,
                       lease_until = %(now)s
                           + make_interval(secs => p.timeout + %(margin)s),
                       write_date = %(now)s
                  FROM due, inboost_endpoint p
                 WHERE e.id = due.id AND p.id = e.endpoint_id
             RETURNING e.id
                """,
                now=now,
                endpoints=endpoints.ids,
                patience=now - MAX_ORDER_WAIT,
                limit=limit,
                lease=lease,
                margin=LEASE_MARGIN,
            )
        )
        self.env["inboost.event"].invalidate_model()
        return self.env["inboost.event"].browse(sorted(row[0] for row in rows))

    def _supersede(self, events=None):
        """States that did not leave yet and have a newer one behind them. Done here
        and not when the newer is captured: a sale must not wait for these rows, nor
        fail because of them.

        :param events: those to look at; all that wait by default
        :return: those that are superseded now
        """
        self.env["inboost.event"].flush_model()
        which = SQL("e.state IN ('pending', 'parked')")
        if events:
            which = SQL("e.id = ANY(%s)", events.ids)
        rows = self.env.execute_query(
            SQL(
                """
                WITH old AS MATERIALIZED (
                    SELECT e.id
                      FROM inboost_event e
                     WHERE e.operation = ANY(%(newest)s)
                       AND %(which)s
                       AND (EXISTS (
                           SELECT FROM inboost_event newer
                            WHERE newer.backend_id = e.backend_id
                              AND newer.phone = e.phone
                              AND newer.id > e.id
                              AND newer.state = 'pending'
                              AND newer.operation = e.operation)
                        OR e.state = 'parked' AND EXISTS (
                           SELECT FROM inboost_event newer
                            WHERE newer.backend_id = e.backend_id
                              AND newer.partner_id = e.partner_id
                              AND newer.id > e.id
                              AND newer.state = 'parked'
                              AND newer.operation = e.operation))
                       FOR UPDATE OF e SKIP LOCKED)
                UPDATE inboost_event e
                   SET state = 'superseded', reason = NULL, lease = NULL,
                       lease_until = NULL, next_try = NULL, write_date = %(now)s
                  FROM old
                 WHERE e.id = old.id
             RETURNING e.id
                """,
                which=which,
                newest=list(NEWEST_ONLY),
                now=fields.Datetime.now(),
            )
        )
        self.env["inboost.event"].invalidate_model()
        return self.env["inboost.event"].browse(row[0] for row in rows)

    # -- settle --------------------------------------------------------------------

    def _settle(self, landed, lease):
        """Write what became of requests that landed: one transaction for all, and one
        for each where that fails, so that none takes the others along.

        :param landed: list of (event id, lib.client.Exchange)
        """
        try:
            for event_id, exchange in landed:
                self._apply(self.env["inboost.event"].browse(event_id), lease, exchange)
            self.env["ir.cron"]._commit_progress(len(landed))
        except Exception as error:
            self.env.cr.rollback()
            if not isinstance(error, PG_CONCURRENCY_EXCEPTIONS_TO_RETRY):
                _logger.warning("InBoost: results are written one by one: %s", error)
            for event_id, exchange in landed:
                self._settle_one(event_id, lease, exchange)

    def _settle_one(self, event_id, lease, exchange, outcome=None):
        for _try in range(MAX_SETTLE_TRIES):
            try:
                self._apply(
                    self.env["inboost.event"].browse(event_id), lease, exchange, outcome
                )
                self.env["ir.cron"]._commit_progress(1)
                return
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                self.env.cr.rollback()
            except Exception:
                self.env.cr.rollback()
                break
        # The lease runs out and the event is treated as unknown: never sent blindly.
        _logger.exception("InBoost: the result of event %s was not written", event_id)

    def _apply(self, event, lease, exchange, outcome=None):
        """Apply the outcome table to one event that we hold the lease of."""
        endpoint = event.endpoint_id
        outcome = outcome or classify(exchange, event._is_repeat(exchange))
        if exchange:
            self.env["inboost.request.log"].create(
                self.env["inboost.request.log"]._values(
                    endpoint, exchange, event=event, outcome=outcome
                )
            )
        if event.lease != lease or event.state != "sending":
            _logger.warning("InBoost: event %s was settled by another", event.event_id)
            return
        verdict = outcome.verdict
        if verdict is Verdict.UNKNOWN:
            endpoint._note_failure()
            verdict = after_unknown(endpoint.guarantee)
        elif verdict is Verdict.RETRY:
            endpoint._note_failure(outcome.wait)
        elif verdict in (Verdict.DONE, Verdict.DUPLICATE):
            endpoint._note_success()
        event._move(verdict, outcome.reason, outcome.wait)

    # -- recovery and planning -----------------------------------------------------

    @api.model
    def _recover_leases(self):
        """A worker died in mid-flight: nobody knows, so the guarantee decides."""
        self._supersede()
        now = fields.Datetime.now()
        events = (
            self.env["inboost.event"]
            .search([("state", "=", "sending"), ("lease_until", "<", now)], limit=1000)
            .try_lock_for_update()
        )
        for event in events:
            verdict = after_unknown(event.endpoint_id.guarantee)
            event._move(verdict, self.env._("the process that sent it was killed"))
        self.env["ir.cron"]._commit_progress()

    def _plan_next_run(self):
        """Wake up when the next event is due, a rest ends or a lease runs out."""
        now = fields.Datetime.now()
        connected = [
            ("endpoint_id.paused", "=", False),
            ("backend_id.state", "=", "connected"),
        ]
        first = self.env["inboost.event"].search(
            [("state", "=", "pending"), *connected], order="next_try", limit=1
        )
        leased = self.env["inboost.event"].search(
            [("state", "=", "sending")], order="lease_until", limit=1
        )
        moments = [m for m in (first.next_try, leased.lease_until) if m]
        if not moments:
            return
        rest = first.endpoint_id.rest_until
        moment = min(moments)
        if rest and moment == first.next_try:
            moment = max(moment, rest)
        # Not at once: what is due now is waiting for its turn behind something.
        self.env["inboost.event"]._trigger_delivery(
            max(moment, now + timedelta(seconds=1))
        )
