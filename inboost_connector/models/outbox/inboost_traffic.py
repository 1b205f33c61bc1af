from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

#: What is still being written may bear the time of a minute ago.
SLACK = timedelta(minutes=5)
#: How far back hours are summed up: what charts show, and a day more.
REACH = timedelta(days=8)
#: The row of an hour that is about all operations.
ALL = "all"


class InboostTraffic(models.Model):
    """The request log summed up by the hour: charts of days must not read a million
    rows."""

    _name = "inboost.traffic"
    _description = "InBoost Requests by the Hour"
    _order = "hour desc, id desc"

    backend_id = fields.Many2one(
        "inboost.backend", required=True, ondelete="cascade", readonly=True
    )
    company_id = fields.Many2one(related="backend_id.company_id")
    hour = fields.Datetime(required=True, readonly=True, help="When it begins.")
    operation = fields.Char(
        required=True, readonly=True, help=f"“{ALL}”: of all operations."
    )
    requests = fields.Integer(readonly=True)
    arrived = fields.Integer(readonly=True)
    duplicates = fields.Integer("Duplicates Stopped", readonly=True)
    median = fields.Float("Median (s)", readonly=True, digits=(8, 3))
    p95 = fields.Float("95th Percentile (s)", readonly=True, digits=(8, 3))

    _hour_unique = models.Constraint(
        "UNIQUE(backend_id, hour, operation)", "This hour is summed up already."
    )

    @api.model
    def _sum_up(self):
        """The hours that are over and not summed up yet."""
        now = fields.Datetime.now()
        end = (now - SLACK).replace(minute=0, second=0, microsecond=0)
        for backend in self.env["inboost.backend"].search([]):
            start = max(self._get_end(backend), end - REACH)
            if start < end:
                self._sum_up_between(backend, start, end)

    @api.model
    def _get_end(self, backend):
        """:return: the moment up to which the log is summed up"""
        last = self.search([("backend_id", "=", backend.id)], limit=1)
        return last.hour + timedelta(hours=1) if last else backend.create_date

    @api.model
    def _sum_up_between(self, backend, start, end):
        """An hour without any request has a row of zeros, so that it is over."""
        self.env["inboost.request.log"].flush_model()
        self.env.execute_query(
            SQL(
                """
                INSERT INTO inboost_traffic (
                       backend_id, hour, operation, requests, arrived, duplicates,
                       median, p95)
                SELECT %(backend)s, hour, operation, requests, arrived, duplicates,
                       COALESCE(durations[1], 0), COALESCE(durations[2], 0)
                  FROM (SELECT date_trunc('hour', create_date) AS hour,
                               CASE WHEN grouping(operation) = 1 THEN %(all)s
                                    ELSE COALESCE(operation, '') END AS operation,
                               count(*) FILTER (WHERE kind = 'request') AS requests,
                               count(*) FILTER (WHERE kind = 'request'
                                     AND verdict IN ('done', 'duplicate')) AS arrived,
                               count(*) FILTER (WHERE kind = 'duplicate')
                                   AS duplicates,
                               percentile_cont(ARRAY[0.5, 0.95])
                                   WITHIN GROUP (ORDER BY duration)
                                   FILTER (WHERE kind = 'request') AS durations
                          FROM inboost_request_log
                         WHERE backend_id = %(backend)s
                           AND create_date >= %(start)s AND create_date < %(end)s
                      GROUP BY GROUPING SETS ((1, operation), (1))) sums
             UNION ALL
                SELECT %(backend)s, %(last)s, %(all)s, 0, 0, 0, 0, 0
                 WHERE NOT EXISTS (
                       SELECT FROM inboost_request_log
                        WHERE backend_id = %(backend)s
                          AND create_date >= %(last)s AND create_date < %(end)s)
           ON CONFLICT DO NOTHING
             RETURNING id
                """,
                all=ALL,
                backend=backend.id,
                start=start,
                end=end,
                last=end - timedelta(hours=1),
            )
        )

    @api.autovacuum
    def _gc_traffic(self):
        old = [("hour", "<", fields.Datetime.now() - timedelta(days=90))]
        rows = self.search(old, limit=10_000, order="hour")
        rows.unlink()
        return len(rows), len(rows) == 10_000
