import logging
import time
from collections import defaultdict
from datetime import timedelta
from functools import partial

from odoo import api, models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import SQL

from ...lib.clock import utcnow
from ...lib.priority import NEWEST_ONLY
from ...lib.sending import Task

_logger = logging.getLogger(__name__)

#: Seconds that a claimed event may wait for a thread; later it is given back.
MAX_QUEUE = 10
#: Seconds a lease outlives that and the request's own timeout.
LEASE_MARGIN = 5
#: An event waits so long for an earlier one of the same customer, then goes.
MAX_ORDER_WAIT = timedelta(minutes=10)
#: Events of an endpoint that are looked at for each that may be claimed. More are if
#: these wait for others of their customers: of a few customers with thousands of events
#: most do, and to look at all that waits takes a second when a million does.
LOOKED_AT = (4, 64, 1024)


class InboostDeliveryClaim(models.AbstractModel):
    """Leases: who may send what, and for how long. The caller commits."""

    _name = "inboost.delivery.claim"
    _description = "InBoost Delivery Claim"

    @api.model
    def _claim(self, desk, wanted, open_tasks, lease):
        """Lease up to ``wanted`` due events: live before history, and none that an
        earlier one of the same customer should precede."""
        now = utcnow()
        tasks = []
        for looked_at in LOOKED_AT:
            flying = [*open_tasks, *tasks]
            ready = desk.find_ready(wanted - len(tasks), now, flying)
            if not ready:
                break
            rows = self._lease(desk, ready, wanted - len(tasks), looked_at, lease, now)
            tasks += self._make_tasks(desk, rows)
            if len(tasks) >= wanted or not self._is_more(ready, looked_at):
                break
        desk.note_claimed(tasks, now, MAX_QUEUE + LEASE_MARGIN)
        self.env["inboost.delivery.desk"]._write(desk)
        return tasks

    @api.model
    def _lease(self, desk, ready, wanted, looked_at, lease, now):
        """
        :param list ready: what ``Desk.find_ready`` gives
        :param int looked_at: events of an endpoint that are looked at, for each that
            may be claimed
        :return: rows for ``_make_tasks``
        """
        return self.env.execute_query(
            SQL(
                """
                WITH ready AS (
                    -- Another process may have taken the probe since we looked.
                    SELECT r.*, p.backend_id
                      FROM unnest(
                               %(endpoints)s::int[], %(quotas)s::int[],
                               %(fresh)s::timestamp[], %(until)s::timestamp[],
                               %(sizes)s::int[], %(unread)s::text[])
                        AS r(endpoint_id, quota, fresh, until, size, unread)
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
                             FROM (
                                  SELECT id, priority, phone
                                    FROM inboost_event
                                   WHERE endpoint_id = r.endpoint_id
                                     -- In words without statistics: see the indexes.
                                     AND lower(state) = 'pending'
                                     AND COALESCE(next_try <= %(now)s, FALSE)
                                     AND occurred_at >= r.fresh
                                ORDER BY priority, id
                                   LIMIT r.quota * %(looked_at)s) e
                            -- Each looked up by itself, and only until there are
                            -- enough: that is what OFFSET is for.
                            WHERE NOT EXISTS (
                                  SELECT FROM inboost_event x
                                   WHERE x.backend_id = r.backend_id
                                     AND x.phone = e.phone
                                     AND x.state = 'sending'
                                  OFFSET 0)
                              AND NOT EXISTS (
                                  SELECT FROM inboost_event x
                                   WHERE x.backend_id = r.backend_id
                                     AND x.phone = e.phone
                                     AND lower(x.state) = 'pending'
                                     AND (x.priority, x.id) < (e.priority, e.id)
                                     AND (x.endpoint_id = r.endpoint_id
                                          OR x.endpoint_id = ANY(%(open)s))
                                     AND (x.next_try <= %(now)s
                                          OR x.queued_at > %(patience)s)
                                  OFFSET 0)
                         ORDER BY e.priority, e.id
                            LIMIT r.quota) c),
                locked AS MATERIALIZED (
                    SELECT e.id
                      FROM inboost_event e
                     WHERE e.id = ANY(ARRAY(
                               SELECT id FROM due WHERE before < %(wanted)s))
                       -- In words that no index has: they are looked up by their ids,
                       -- and not picked from all that waits.
                       AND COALESCE(e.state, '') = 'pending'
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
             RETURNING e.id, e.event_id, e.key,
                       e.fact - string_to_array(r.unread, ','), e.phone, e.attempts,
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
                unread=[",".join(target.unread) for target, _quota, _fresh in ready],
                open=desk.find_open(now),
                patience=now - MAX_ORDER_WAIT,
                looked_at=looked_at,
                wanted=wanted,
                lease=lease,
                now=now,
            )
        )

    @api.model
    def _is_more(self, ready, looked_at):
        """Whether some wait that were not looked at."""
        return bool(
            self.env.execute_query(
                SQL(
                    """
                    SELECT 1
                      FROM unnest(%s::int[], %s::int[]) AS r(endpoint_id, quota)
                CROSS JOIN LATERAL (
                           SELECT 1 FROM inboost_event
                            WHERE endpoint_id = r.endpoint_id
                              AND lower(state) = 'pending'
                         ORDER BY priority, id
                           OFFSET r.quota * %s LIMIT 1) more
                     LIMIT 1
                    """,
                    [target.endpoint_id for target, _quota, _fresh in ready],
                    [quota for _target, quota, _fresh in ready],
                    looked_at,
                )
            )
        )

    @api.model
    def _make_tasks(self, desk, rows):
        # The statement gives them in any order.
        rows.sort(key=lambda row: (row[-1], row[0]))
        before = time.monotonic() + MAX_QUEUE
        return [
            Task(
                *row[:2], key=row[2], fact=row[3] or {}, phone=row[4], attempts=row[5],
                queued_at=row[6], target=desk.places[row[7]].target,
                begin_before=before,
            )
            for row in rows
        ]  # fmt: skip

    @api.model
    def _find_crossed(self, tasks):
        """Two that claim at the same moment see nothing of each other's leases. If both
        look again once theirs are committed, one of them at least sees the other's.

        :return: ids of those whose customer has another event on its way
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT e.id
                  FROM inboost_event e
                 WHERE e.id = ANY(%s)
                   AND EXISTS (
                       SELECT FROM inboost_event x
                        WHERE x.backend_id = e.backend_id
                          AND x.phone = e.phone
                          AND x.state = 'sending'
                          AND x.id <> e.id)
                """,
                [task.id for task in tasks],
            )
        )
        return {row[0] for row in rows}

    @api.model
    def _read_states(self, tasks):
        """Operations that send a state send what it is now, and consent is what it is
        now in whatever is made of it."""
        events = self.env["inboost.event"]
        by_backend = defaultdict(list)
        for task in tasks:
            if task.target.operation in NEWEST_ONLY:
                by_backend[task.target.backend_id].append(task)
        for backend_id, some in by_backend.items():
            backend = self.env["inboost.backend"].browse(backend_id)
            self._add_states(some, partial(events._read_newest, backend))
        told = [task for task in tasks if task.target.reads_consent]
        if some := [task for task in told if task.phone]:
            self._add_states(some, events._read_consent)
        for task in told:
            if not task.phone:
                self._add_states([task], partial(events._read_consents, task))

    @api.model
    def _add_states(self, tasks, read):
        """:param read: called with phones, gives {phone: the keys that change}"""
        found = self._read_each(read, list({task.phone for task in tasks}))
        for task in tasks:
            state = found.get(task.phone) or {}
            if isinstance(state, Exception):
                task.trouble = f"{type(state).__name__}: {state}"[:500]
            else:
                task.state = {**task.state, **state}

    @api.model
    def _read_each(self, read, phones):
        """What cannot be read of one customer is no other's trouble.

        :return: {phone: the keys that change, or the exception}
        """
        try:
            with self.env.cr.savepoint():
                return read(phones)
        except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
            raise
        except Exception as error:
            if len(phones) == 1:
                _logger.exception("InBoost: a customer's state cannot be read")
                return {phones[0]: error}
        return {
            phone: found
            for one in phones
            for phone, found in self._read_each(read, [one]).items()
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
