import logging
import time
from datetime import timedelta

from odoo import api, models
from odoo.service.server import WorkerCron
from odoo.sql_db import connection_info_for
from odoo.tools import SQL, config

from ...lib import backoff, wakeup
from ...lib.clock import utcnow
from ...lib.priority import NEWEST_ONLY
from ...lib.stopping import get_worker, is_stopping

_logger = logging.getLogger(__name__)

#: Seconds for which events are claimed; then the next run takes over. Odoo's watchdogs
#: kill what takes longer than minutes.
MAX_RUN = 10.0
#: Seconds that a prefork server's process for scheduled actions stays for what comes
#: next: when somebody calls it, Odoo has it sleep for up to a tenth of a second first,
#: so that not all begin at once.
STAY = 5.0
#: Seconds within which it notices that it is to stop.
NOTICE = 0.25
#: A retry that is due sooner than the next look of Odoo's scheduler wakes it itself.
SCHEDULER_LOOKS = timedelta(seconds=90)
#: Nothing is put off for longer; a moment beyond was written by a clock that was ahead.
LONGEST_WAIT = timedelta(seconds=2 * backoff.CAP)
#: What is in flight has landed by then.
LONGEST_FLIGHT = timedelta(minutes=1)


class InboostDelivery(models.AbstractModel):
    """The scheduled action: how long it works and stays, what changes in the outbox
    without a request, and when the next run is due."""

    _inherit = "inboost.delivery"

    @api.model
    def _cron_deliver(self):
        end = time.monotonic() + MAX_RUN
        self._deliver(end)
        if time.monotonic() < end and self._may_stay():
            self._stay(end)

    @api.model
    def _may_stay(self):
        """Nobody else's work waits for this process: it serves one database, and there
        is another one for other jobs."""
        worker = get_worker()
        is_ours = isinstance(worker, WorkerCron) and worker.db_count == 1
        return is_ours and config["max_cron_threads"] > 1

    @api.model
    def _stay(self, end):
        """Whoever is called again within a moment begins at once."""
        _name, where = connection_info_for("postgres")
        try:
            with wakeup.listening(where, "cron_trigger", self.env.cr.dbname) as hear:
                called = True  # by what came before somebody listened
                while called:
                    self._deliver(end)
                    called = self._is_called(hear, end)
        except wakeup.Unheard as error:
            # Odoo's scheduler hears what is new, a little later.
            _logger.warning("InBoost: nothing more is heard: %s", error)

    @api.model
    def _is_called(self, hear, end):
        end = min(end, time.monotonic() + STAY)
        while not is_stopping() and (left := end - time.monotonic()) > 0:
            if hear(min(left, NOTICE)):
                return True
        return False

    @api.model
    def _recover_leases(self):
        """A worker died in mid-flight: nobody knows, so the guarantee decides."""
        now = utcnow()
        self.env["inboost.event"].flush_model()
        self.env.execute_query(
            SQL(
                """
                WITH lost AS MATERIALIZED (
                    SELECT id FROM inboost_event
                     WHERE state = 'sending' AND lease_until < %(now)s
                     LIMIT 1000
                       FOR UPDATE SKIP LOCKED)
                UPDATE inboost_event e
                   SET state = CASE p.guarantee WHEN 'at_most_once' THEN 'held'
                                                ELSE 'pending' END,
                       next_try = CASE p.guarantee WHEN 'at_most_once' THEN NULL
                                                   ELSE %(soon)s END,
                       reason_code = 'killed', reason_args = NULL,
                       lease = NULL, lease_until = NULL, write_date = %(now)s
                  FROM lost, inboost_endpoint p
                 WHERE e.id = lost.id AND p.id = e.endpoint_id
             RETURNING e.id
                """,
                now=now,
                soon=now + timedelta(seconds=backoff.BASE),
            )
        )
        self.env["inboost.event"].invalidate_model()

    @api.model
    def _correct_times(self):
        """After the clock was ahead, what it put off would wait until it is as late as
        it was then: hours, or years."""
        now = utcnow()
        self.env["inboost.event"].flush_model()
        self.env["inboost.endpoint"].flush_model()
        self.env.execute_query(
            SQL(
                """
                WITH rested AS (
                    UPDATE inboost_endpoint SET rest_until = NULL
                     WHERE rest_until > %(latest)s),
                off AS MATERIALIZED (
                    SELECT e.id
                      FROM inboost_endpoint p
                CROSS JOIN LATERAL (
                           SELECT id FROM inboost_event
                            WHERE endpoint_id = p.id AND lower(state) = 'pending'
                              AND next_try > %(latest)s
                            LIMIT 1000
                              FOR UPDATE SKIP LOCKED) e),
                leased AS MATERIALIZED (
                    SELECT id FROM inboost_event
                     WHERE state = 'sending' AND lease_until > %(latest)s
                       FOR UPDATE SKIP LOCKED)
                UPDATE inboost_event e
                   SET next_try = CASE e.state WHEN 'pending' THEN %(now)s
                                               ELSE e.next_try END,
                       lease_until = CASE e.state WHEN 'sending' THEN %(landed)s END
                 WHERE e.id IN (SELECT id FROM off UNION ALL SELECT id FROM leased)
             RETURNING e.id
                """,
                now=now,
                latest=now + LONGEST_WAIT,
                landed=now + LONGEST_FLIGHT,
            )
        )
        self.env.invalidate_all()

    @api.model
    def _expire(self):
        """What waited longer than it is news."""
        now = utcnow()
        self.env["inboost.event"].flush_model()
        self.env.execute_query(
            SQL(
                """
                WITH old AS MATERIALIZED (
                    SELECT e.id
                      FROM inboost_endpoint p
                CROSS JOIN LATERAL (
                           SELECT id FROM inboost_event
                            WHERE endpoint_id = p.id
                              AND upper(state) IN ('PENDING', 'PARKED')
                              AND occurred_at < %(now)s - make_interval(
                                      days => p.shelf_life_days)
                            LIMIT 5000
                              FOR UPDATE SKIP LOCKED) e
                     WHERE p.shelf_life_days > 0
                     LIMIT 5000)
                UPDATE inboost_event e
                   SET state = 'expired', reason_code = 'too_old',
                       reason_args = jsonb_build_object('days', p.shelf_life_days),
                       next_try = NULL, write_date = %(now)s
                  FROM inboost_endpoint p
                 WHERE e.id = ANY(ARRAY(SELECT id FROM old)) AND p.id = e.endpoint_id
             RETURNING e.id
                """,
                now=now,
            )
        )
        self.env["inboost.event"].invalidate_model()

    @api.model
    def _supersede(self):
        """States that did not leave yet and have a newer one behind them. Done here
        and not when the newer is captured: a sale must not wait for these rows, nor
        fail because of them."""
        self.env["inboost.event"].flush_model()
        self.env.execute_query(
            SQL(
                """
                WITH newest AS (
                    SELECT backend_id, phone,
                           max(id) FILTER (WHERE state = 'pending') AS id
                      FROM inboost_event
                     WHERE state IN ('pending', 'parked')
                       AND operation = ANY(%(newest)s) AND phone IS NOT NULL
                  GROUP BY backend_id, phone
                    HAVING min(id) < max(id) FILTER (WHERE state = 'pending')),
                newest_parked AS (
                    SELECT backend_id, partner_id, max(id) AS id
                      FROM inboost_event
                     WHERE state = 'parked'
                       AND operation = ANY(%(newest)s)
                  GROUP BY backend_id, partner_id
                    HAVING min(id) < max(id)),
                -- OFFSET: looked up for each. Statistics may know of none, and then all
                -- would be read each time.
                old AS MATERIALIZED (
                    SELECT e.id
                      FROM inboost_event e
                     WHERE e.id = ANY(ARRAY(
                               SELECT w.id FROM newest n
                           CROSS JOIN LATERAL (
                                      SELECT id FROM inboost_event
                                       WHERE backend_id = n.backend_id
                                         AND phone = n.phone AND id < n.id
                                         AND state IN ('pending', 'parked')
                                         AND operation = ANY(%(newest)s)
                                      OFFSET 0) w
                            UNION ALL
                               SELECT w.id FROM newest_parked n
                           CROSS JOIN LATERAL (
                                      SELECT id FROM inboost_event
                                       WHERE backend_id = n.backend_id
                                         AND partner_id = n.partner_id AND id < n.id
                                         AND state = 'parked'
                                         AND operation = ANY(%(newest)s)
                                      OFFSET 0) w))
                       FOR UPDATE OF e SKIP LOCKED)
                UPDATE inboost_event e
                   SET state = 'superseded', reason_code = NULL, reason_args = NULL,
                       next_try = NULL, write_date = %(now)s
                  FROM old
                 WHERE e.id = old.id AND upper(e.state) IN ('PENDING', 'PARKED')
             RETURNING e.id
                """,
                newest=list(NEWEST_ONLY),
                now=utcnow(),
            )
        )
        self.env["inboost.event"].invalidate_model()

    @api.model
    def _plan_next_run(self, desk, pause):
        """Wake up when the next event is due, a rest ends or a lease runs out.

        :param float pause: seconds until then at least
        """
        now = utcnow()
        moments = []
        for rest, next_try in self.env.execute_query(
            SQL(
                """
                SELECT p.rest_until, first.next_try
                  FROM inboost_endpoint p
            CROSS JOIN LATERAL (
                       SELECT next_try FROM inboost_event
                        WHERE endpoint_id = p.id AND lower(state) = 'pending'
                     ORDER BY next_try LIMIT 1) first
                 WHERE p.id = ANY(%s)
                """,
                desk.able,
            )
        ):
            moments.append(max(next_try, rest or next_try))
        for [lease_until] in self.env.execute_query(
            SQL(
                "SELECT lease_until FROM inboost_event WHERE state = 'sending'"
                " ORDER BY lease_until LIMIT 1"
            )
        ):
            moments.append(lease_until)
        if not moments:
            return
        self._wake(max(min(moments), now + timedelta(seconds=pause)), now)

    @api.model
    def _wake(self, moment, now):
        """Odoo's scheduler keeps whole seconds, and looks once a minute by itself."""
        whole = moment.replace(microsecond=0)
        if not self._is_triggered(now, whole):
            self.env["inboost.event"]._trigger_delivery(whole)
        if moment < now + SCHEDULER_LOOKS:
            wake = self.env["inboost.watch"]._wake
            seconds = (moment - now).total_seconds()
            wakeup.at(self.env.cr.dbname, seconds, wake)

    @api.model
    def _is_triggered(self, after, until):
        """Whether a run is scheduled for then already: each sale must not leave one
        more row about the same retry in an hour."""
        return self.env.execute_query(
            SQL(
                """
                SELECT 1 FROM ir_cron_trigger t
                  JOIN ir_model_data d ON d.res_id = t.cron_id
                 WHERE d.module = 'inboost_connector'
                   AND d.name = 'ir_cron_deliver'
                   AND t.call_at > %s AND t.call_at <= %s
                 LIMIT 1
                """,
                after,
                until,
            )
        )
