import logging
import signal
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg2

from odoo import api, models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.service.server import CommonServer
from odoo.tools import SQL

from ...lib import batch
from ...lib.backoff import Pace
from ...lib.clock import utcnow
from ...lib.desk import Desk, Place
from ...lib.outcome import Verdict, after_credentials, classify
from ...lib.priority import NEWEST_ONLY
from ...lib.sending import Landed, Senders, Task, after_exception, with_outcome

_logger = logging.getLogger(__name__)

#: Threads that send, and so the number of requests in flight.
THREADS = 32
#: What is leased at most: in flight, and as much again to keep the threads fed. After a
#: kill nobody knows which of these arrived.
MAX_OPEN = 2 * THREADS
#: More is claimed when so many are open, to spare the database.
LOW_WATER = MAX_OPEN - THREADS // 2
#: Seconds that a claimed event may wait for a thread; later it is given back.
MAX_QUEUE = 10
#: Seconds a lease outlives that and the request's own timeout.
LEASE_MARGIN = 5
#: An event waits so long for an earlier one of the same customer, then goes.
MAX_ORDER_WAIT = timedelta(minutes=10)
#: Seconds a run goes on claiming; what is in flight then lands within a timeout more,
#: and the next run takes over. Odoo's watchdogs kill what takes longer than minutes.
MAX_RUN = 10.0
#: Seconds after which backends and endpoints are looked at again.
LOOK_AGAIN = 1.0
#: Seconds after which more is claimed although nothing landed: a slow answer keeps
#: nobody waiting.
CLAIM_AGAIN = 0.05
#: Seconds after which another server sends on, when this one stops.
AFTER_STOP = 5
#: How often, once a second, the database is asked for when the connection to it broke.
MAX_RECONNECTS = 30
#: How often results are written again when another transaction was in the way.
MAX_SETTLE_TRIES = 5
#: Seconds that the verdict of a connection test stands, and that it may take.
TEST_STANDS = 5.0
TEST_WITHIN = 5.0

#: Set when a threaded server is told to stop: nothing more is claimed.
_stopping = threading.Event()
_active = set()
#: {(database, backend id, requests a second): lib.backoff.Pace}
_paces = {}
#: {(database, backend id): (when it was asked, verdict of the connection test)}
_tests = {}


def _wait_for_deliveries():
    """A server that stops lets what is in flight land, so that nothing is unknown."""
    _stopping.set()
    end = time.monotonic() + 35
    while _active and time.monotonic() < end:
        time.sleep(0.05)


CommonServer.on_stop(_wait_for_deliveries)


def _is_stopping():
    """A process of a prefork server hears of it by a signal, whose handler is a method
    of its worker."""
    worker = getattr(signal.getsignal(signal.SIGINT), "__self__", None)
    return _stopping.is_set() or not getattr(worker, "alive", True)


@dataclass
class Run:
    """One run of the delivery.

    :ivar end: when it claims no more, by ``time.monotonic()``
    :ivar landed: what came back and is not written yet
    :ivar count: of what is written
    :ivar claiming: whether it may go on claiming"""

    lease: str
    desk: Desk
    senders: Senders
    end: float
    landed: list[Landed] = field(default_factory=list)
    count: int = 0
    claiming: bool = True

    @property
    def begun(self):
        """Rows of what a thread began."""
        return [
            *(id_ for task in self.senders.open.values() for id_ in task.ids),
            *(one.task.id for one in self.landed),
        ]

    def note_settled(self):
        self.count += len(self.landed)
        self.landed = []


class InboostDelivery(models.AbstractModel):
    """Claim, send, settle. One thread talks to the database, in short transactions, and
    none is open while a request is on its way; others send."""

    _name = "inboost.delivery"
    _description = "InBoost Delivery"

    @api.model
    def _cron_deliver(self):
        run = str(uuid4())
        _active.add(run)
        try:
            self._deliver(run)
        finally:
            _active.discard(run)

    @api.model
    def _deliver(self, lease):
        self._recover_leases()
        self._expire()
        self._supersede()
        desk = self._read_desk(Desk())
        with (
            self.env["inboost.connection"]._client(THREADS) as http,
            Senders(http, THREADS, batch.perform_all) as senders,
        ):
            run = Run(lease, desk, senders, time.monotonic() + MAX_RUN)
            try:
                self._send(run)
            except (psycopg2.OperationalError, psycopg2.InterfaceError):
                self._rescue(run)
                raise
        self.env["inboost.event"].browse(run.desk.too_large)._split_too_large()
        self._plan_next_run(run.desk, self._get_pause(run))
        if run.desk.troubled:
            self.env["inboost.alarm"]._refresh()
        self.env["ir.cron"]._commit_progress(run.count, remaining=0)

    @api.model
    def _get_pause(self, run):
        """Seconds until the next run: what is due by now and was not claimed waits
        behind something, or for more time; after a stop, for the next server."""
        if _is_stopping():
            return AFTER_STOP
        return 1 if run.claiming else 0

    @api.model
    def _send(self, run):
        """Until nothing is due any more, or the time is over and all has landed."""
        looked = time.monotonic()
        while True:
            run.claiming = time.monotonic() < run.end and not _is_stopping()
            if not run.claiming and run.senders.take_back():
                self._give_back(run.lease, run.begun)
            if time.monotonic() - looked > LOOK_AGAIN:
                run.desk, looked = self._read_desk(run.desk), time.monotonic()
            wanted = self._get_room(run.senders) if run.claiming else 0
            tasks = []
            if run.landed or wanted:
                tasks = self._settle_and_claim(run, wanted)
            run.senders.hand_over(batch.bundle(tasks or []))
            if not run.senders.open and tasks is not None:
                return
            run.landed = run.senders.gather(CLAIM_AGAIN)

    @api.model
    def _rescue(self, run):
        """The connection to the database broke. What is in flight lands and is written
        over another one: it is known, after all."""
        run.senders.take_back()
        while run.senders.open:
            run.landed += run.senders.gather(CLAIM_AGAIN)
        for _try in range(MAX_RECONNECTS):
            try:
                with self.env.registry.cursor() as cr:
                    self.with_env(self.env(cr=cr))._settle_rest(run)
                return
            except (psycopg2.OperationalError, psycopg2.InterfaceError):
                time.sleep(1)

    @api.model
    def _settle_rest(self, run):
        for one in run.landed:
            self._settle_alone(run.desk, self._judge(one), run.lease)
        self._give_back(run.lease, run.begun)
        self.env["inboost.event"]._trigger_delivery()
        self._commit()

    @api.model
    def _get_room(self, senders):
        """How many more may be claimed: none until a few can be, to spare the
        database."""
        is_low = len(senders.open) <= LOW_WATER
        return MAX_OPEN - len(senders.open) if is_low else 0

    @api.model
    def _commit(self):
        """Without a note for the scheduler, which would cost a statement each turn."""
        crons = self.env["ir.cron"].with_context(ir_cron_progress_id=False)
        crons._commit_progress()

    # -- what may send -------------------------------------------------------------

    @api.model
    def _read_desk(self, desk):
        """What there is to know of backends and endpoints now, put on ``desk``. Their
        circuits are the database's, since other processes write them, too."""
        self.env.invalidate_all()
        # What is in flight is settled although its backend was paused meanwhile.
        every = self.env["inboost.backend"].with_context(active_test=False).search([])
        backends = every.filtered("active")._filter_sendable()
        endpoints = self.env["inboost.endpoint"].search(
            [
                ("backend_id", "in", backends.ids),
                ("enabled", "=", True),
                ("address", "!=", False),
                ("paused", "=", False),
            ]
        )
        desk.places = {e.id: self._read_place(e) for e in endpoints}
        desk.companies = {backend.id: backend.company_id.id for backend in every}
        desk.retry_days = {backend.id: backend.retry_days for backend in every}
        desk.pauses.clear()
        return desk

    @api.model
    def _read_place(self, endpoint):
        return Place(
            target=replace(endpoint._prepare_target(), pace=self._get_pace(endpoint)),
            shelf_life_days=endpoint.shelf_life_days,
            failures=endpoint.failures,
            refused=endpoint.refused or [],
            proven=endpoint.proven,
            rest_until=endpoint.rest_until or None,
            test=self._find_test(endpoint),
        )

    @api.model
    def _find_test(self, endpoint):
        """What may be asked instead of sending somebody's purchase to see whether the
        server is well: the connection test, where it asks the same server."""
        test = endpoint.backend_id._endpoint("connection_test")
        if not endpoint._is_probing() or not test._filter_recording():
            return None
        target = test._prepare_target()
        same = urlsplit(target.url).netloc == urlsplit(endpoint._url()).netloc
        return replace(target, timeout=TEST_WITHIN) if same else None

    @api.model
    def _get_pace(self, endpoint):
        """One for each backend and process: what a server asked for outlives a run."""
        key = self.env.cr.dbname, endpoint.backend_id.id, endpoint.backend_id.pace
        return _paces.setdefault(key, Pace(endpoint.backend_id.pace))

    @api.model
    def _write_desk(self, desk):
        for backend_id, reason in desk.pauses.items():
            self.env["inboost.backend"].browse(backend_id)._pause(*reason)
        desk.pauses.clear()
        for endpoint_id, place in desk.places.items():
            if not place.changed:
                continue
            endpoint = self.env["inboost.endpoint"].browse(endpoint_id)
            endpoint.write(
                {
                    "failures": place.failures,
                    "refused": place.refused or False,
                    "proven": place.proven,
                    "rest_until": place.rest_until or False,
                }
            )
            if place.pause:
                endpoint._pause(*place.pause)
            place.changed = False
            # The claim reads it by a statement of its own.
            endpoint.flush_recordset()

    # -- one turn: settle what landed, claim what is next --------------------------

    @api.model
    def _settle_and_claim(self, run, wanted):
        """What landed is written and what goes next is leased, in one transaction that
        is committed before anything of it leaves.

        :return: list of lib.sending.Task; None when another transaction was in the way
        """
        run.landed = [self._judge(one) for one in run.landed]
        try:
            self._settle(run.desk, run.landed, run.lease)
            tasks = []
            if wanted:
                open_tasks = list(run.senders.open.values())
                tasks = self._claim(run.desk, wanted, open_tasks, run.lease)
            self._commit()
            run.note_settled()
            return tasks
        except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:
            if not isinstance(error, PG_CONCURRENCY_EXCEPTIONS_TO_RETRY):
                raise
            self.env.cr.rollback()
        except Exception as error:
            self.env.cr.rollback()
            _logger.warning("InBoost: results are written one by one: %s", error)
        # What was noted of endpoints went back with the rest.
        run.desk = self._read_desk(run.desk)
        for one in run.landed:
            self._settle_alone(run.desk, one, run.lease)
        run.note_settled()
        return None

    @api.model
    def _settle_alone(self, desk, landed, lease):
        """None takes the others along."""
        for _try in range(MAX_SETTLE_TRIES):
            try:
                self._settle(desk, [landed], lease)
                self._commit()
                return
            except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                self.env.cr.rollback()
                self._read_desk(desk)
            except Exception as error:
                self.env.cr.rollback()
                self._read_desk(desk)
                _logger.exception(
                    "InBoost: the result of event %s was not written",
                    landed.task.event_id,
                )
                if landed.log is None:
                    # Its lease runs out and it is unknown: it is never sent blindly.
                    return
                # Without what could not be written, and as what is known then.
                outcome = after_exception(error, landed.exchange)
                landed = replace(landed, outcome=outcome, log=None)

    # -- credentials ---------------------------------------------------------------

    @api.model
    def _judge(self, landed):
        """Refused credentials are ours, or somebody dislikes this content: the
        connection test, asked with the same credentials, says which."""
        if landed.outcome.verdict is not Verdict.CREDENTIALS:
            return landed
        backend = self.env["inboost.backend"].browse(landed.task.target.backend_id)
        try:
            test = self._test(backend)
        except Exception:
            self.env.cr.rollback()
            _logger.exception("InBoost: the connection test could not be asked")
            test = Verdict.UNKNOWN
        return with_outcome(landed, after_credentials(test))

    @api.model
    def _test(self, backend):
        """:rtype: lib.outcome.Verdict"""
        key = self.env.cr.dbname, backend.id
        asked, verdict = _tests.get(key, (0.0, None))
        if verdict is None or time.monotonic() - asked > TEST_STANDS:
            endpoint = backend._endpoint("connection_test")
            if not endpoint.address:
                return Verdict.CREDENTIALS
            exchange = self.env["inboost.connection"]._exchange(
                endpoint, within=TEST_WITHIN
            )
            verdict = classify(exchange, endpoint._get_rules()).verdict
            _tests[key] = time.monotonic(), verdict
        return verdict

    # -- claim ---------------------------------------------------------------------

    @api.model
    def _claim(self, desk, wanted, open_tasks, lease):
        """Lease up to ``wanted`` due events: live before history, and none that an
        earlier one of the same customer should precede."""
        now = utcnow()
        ready = desk.find_ready(wanted, now, open_tasks)
        if not ready:
            return []
        rows = self.env.execute_query(
            SQL(
                """
                WITH ready AS (
                    -- Another process may have taken the probe since we looked.
                    SELECT r.*
                      FROM unnest(
                               %(endpoints)s::int[], %(quotas)s::int[],
                               %(fresh)s::timestamp[], %(until)s::timestamp[],
                               %(sizes)s::int[])
                        AS r(endpoint_id, quota, fresh, until, size)
                      JOIN inboost_endpoint p ON p.id = r.endpoint_id
                     WHERE NOT COALESCE(p.paused, FALSE)
                       AND (p.rest_until IS NULL OR p.rest_until <= %(now)s)),
                due AS MATERIALIZED (
                    -- An event of a batch takes its part of a request.
                    SELECT c.id, SUM(1.0 / r.size)
                           OVER (ORDER BY c.priority, c.id) - 1.0 / r.size AS before
                      FROM ready r
                CROSS JOIN LATERAL (
                           SELECT e.id, e.priority
                             FROM inboost_event e
                            WHERE e.endpoint_id = r.endpoint_id
                              AND e.state = 'pending'
                              AND e.next_try <= %(now)s
                              AND e.occurred_at >= r.fresh
                              AND NOT EXISTS (
                                  SELECT FROM inboost_event x
                                   WHERE x.backend_id = e.backend_id
                                     AND x.phone = e.phone
                                     AND x.state IN ('pending', 'sending')
                                     AND x.id <> e.id
                                     AND (x.state = 'sending'
                                          OR (x.priority, x.id) < (e.priority, e.id)
                                         AND (x.endpoint_id = e.endpoint_id
                                              OR x.endpoint_id = ANY(%(open)s))
                                         AND x.queued_at > %(patience)s))
                         ORDER BY e.priority, e.id
                            LIMIT r.quota) c),
                locked AS MATERIALIZED (
                    SELECT e.id
                      FROM inboost_event e
                     WHERE e.id IN (SELECT id FROM due WHERE before < %(wanted)s)
                       AND e.state = 'pending'
                       FOR UPDATE OF e SKIP LOCKED)
                UPDATE inboost_event e
                   SET state = 'sending',
                       reason_code = NULL,
                       reason_args = NULL,
                       attempts = COALESCE(e.attempts, 0) + 1,
                       lease = %(lease)s,
                       lease_until = r.until,
                       write_date = %(now)s
                  FROM locked, ready r
                 WHERE e.id = locked.id AND r.endpoint_id = e.endpoint_id
             RETURNING e.id, e.event_id, e.key, e.fact, e.phone, e.attempts,
                       e.queued_at, e.endpoint_id, e.priority
                """,
                endpoints=[target.endpoint_id for target, _quota, _fresh in ready],
                quotas=[quota for _target, quota, _fresh in ready],
                fresh=[fresh for _target, _quota, fresh in ready],
                until=[
                    now + timedelta(seconds=MAX_QUEUE + target.timeout + LEASE_MARGIN)
                    for target, _quota, _fresh in ready
                ],
                sizes=[target.batch_size for target, _quota, _fresh in ready],
                open=desk.find_open(now),
                patience=now - MAX_ORDER_WAIT,
                wanted=wanted,
                lease=lease,
                now=now,
            )
        )
        # The statement gives them in any order.
        rows.sort(key=lambda row: (row[-1], row[0]))
        before = time.monotonic() + MAX_QUEUE
        tasks = [
            Task(
                *row[:2], key=row[2], fact=row[3] or {}, phone=row[4], attempts=row[5],
                queued_at=row[6], target=desk.places[row[7]].target,
                begin_before=before,
            )
            for row in rows
        ]  # fmt: skip
        desk.note_claimed(tasks, now, MAX_QUEUE + LEASE_MARGIN)
        self._write_desk(desk)
        self._read_states(tasks)
        return tasks

    @api.model
    def _read_states(self, tasks):
        """Operations that send a state send what it is now."""
        by_backend = defaultdict(list)
        for task in tasks:
            if task.target.operation in NEWEST_ONLY:
                by_backend[task.target.backend_id].append(task)
        for backend_id, some in by_backend.items():
            backend = self.env["inboost.backend"].browse(backend_id)
            phones = list({task.phone for task in some})
            newest = self._read_newest(backend, phones)
            for task in some:
                found = newest.get(task.phone) or {}
                if isinstance(found, Exception):
                    task.trouble = f"{type(found).__name__}: {found}"
                else:
                    task.state = found

    @api.model
    def _read_newest(self, backend, phones):
        """What cannot be read of one customer is no other's trouble.

        :return: {phone: the keys of the fact that change, or the exception}
        """
        try:
            with self.env.cr.savepoint():
                return self.env["inboost.event"]._read_newest(backend, phones)
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            raise
        except Exception as error:
            if len(phones) == 1:
                _logger.exception("InBoost: a customer's state cannot be read")
                return {phones[0]: error}
        return {
            phone: found
            for one in phones
            for phone, found in self._read_newest(backend, [one]).items()
        }

    @api.model
    def _give_back(self, lease, begun):
        """Leases of what no thread began: these never left.

        :param begun: ids of what one began
        """
        self.env.execute_query(
            SQL(
                """
                UPDATE inboost_event
                   SET state = 'pending', lease = NULL, lease_until = NULL,
                       attempts = attempts - 1
                 WHERE state = 'sending' AND lease = %s AND id <> ALL(%s)
             RETURNING id
                """,
                lease,
                list(begun),
            )
        )
        self._commit()

    # -- settle --------------------------------------------------------------------

    @api.model
    def _settle(self, desk, landed, lease):
        """What became of requests: outcomes, log rows and endpoints, each in one
        statement. An event that somebody else settled stays as it is."""
        if not landed:
            return
        now = utcnow()
        results = [desk.conclude(one, now) for one in landed]
        self.env.execute_query(
            SQL(
                """
                UPDATE inboost_event e
                   SET state = r.state, reason_code = r.code,
                       reason_args = r.args::jsonb, duplicate = r.duplicate,
                       next_try = r.next_try, done_at = r.done_at,
                       sent = COALESCE(r.sent::jsonb, e.sent), attempts = r.attempts,
                       lease = NULL, lease_until = NULL, write_date = %(now)s
                  FROM unnest(
                           %(ids)s::int[], %(states)s::varchar[],
                           %(codes)s::varchar[], %(args)s::text[],
                           %(dup)s::boolean[], %(next)s::timestamp[],
                           %(done)s::timestamp[], %(sent)s::text[],
                           %(attempts)s::int[])
                    AS r(id, state, code, args, duplicate, next_try, done_at, sent,
                         attempts)
                 WHERE e.id = r.id AND e.lease = %(lease)s AND e.state = 'sending'
             RETURNING e.id
                """,
                now=now,
                lease=lease,
                ids=[result["id"] for result in results],
                states=[result["state"] for result in results],
                codes=[result["code"] for result in results],
                args=[result["args"] for result in results],
                dup=[result["duplicate"] for result in results],
                next=[result["next_try"] for result in results],
                done=[result["done_at"] for result in results],
                sent=[result["sent"] for result in results],
                attempts=[result["attempts"] for result in results],
            )
        )
        self._log(desk, landed, now)
        self._write_desk(desk)

    @api.model
    def _log(self, desk, landed, now):
        rows = [
            {
                **one.log,
                "backend_id": one.task.target.backend_id,
                "company_id": desk.companies[one.task.target.backend_id],
                "operation": one.task.target.operation,
                "event_id": one.task.id,
                "event_uuid": one.task.event_id,
                "kind": "request",
                "attempt": one.task.attempts,
                "verdict": one.outcome.verdict.value,
                "create_uid": self.env.uid,
                "create_date": now,
                "write_uid": self.env.uid,
                "write_date": now,
            }
            for one in landed
            if one.log
        ]
        if rows:
            self.env["inboost.request.log"]._record_all(rows)
