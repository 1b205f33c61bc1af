import logging
import time

from odoo import api, models
from odoo.tools import SQL

from ...lib.clock import utcnow
from ...lib.desk import TEST_WITHIN
from ...lib.outcome import Verdict, after_credentials, classify
from ...lib.sending import with_outcome

_logger = logging.getLogger(__name__)

#: Seconds that the verdict of a connection test stands.
TEST_STANDS = 5.0

#: {(database, backend id): (when it was asked, verdict of the connection test)}
_tests = {}


class InboostDeliverySettle(models.AbstractModel):
    """What became of requests, written in sets. The caller commits."""

    _name = "inboost.delivery.settle"
    _description = "InBoost Delivery Settling"

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
        self.env["inboost.delivery.desk"]._write(desk)

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
