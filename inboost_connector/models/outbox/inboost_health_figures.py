from datetime import timedelta

import pytz

from odoo import api, fields, models
from odoo.tools import SQL

#: Nobody counts further than this, and no count takes long.
COUNTED = 10_000
#: Rows of the log, and of the outbox, that are looked at one by one.
LOOKED_AT = 20_000
WAITING_LOOKED_AT = 1_000
#: Days that the charts show, and that stopped duplicates and what expired are
#: counted over.
DAYS = 7
#: What is asked, rather than sent.
QUESTIONS = ("connection_test", "customers_list", "customer_find", "event_check")
COUNTED_STATES = ("pending", "sending", "parked", "held", "failed")


class InboostHealthFigures(models.AbstractModel):
    """How a backend is, in numbers: for people, for machines, for a digest. No
    statement reads more than a bounded number of rows, however big the outbox is."""

    _name = "inboost.health.figures"
    _description = "InBoost Figures of Health"

    @api.model
    def _measure(self, backend):
        """:return: dict of numbers, times in UTC, seconds"""
        self.env.flush_all()
        now = fields.Datetime.now()
        figures = {
            **self._count_states(backend),
            "expired": self._count_expired(backend, now - timedelta(days=DAYS)),
            "oldest_waiting": self._find_oldest_waiting(backend),
            "oldest_due": self._find_oldest_due(backend, now),
            **self._measure_log(backend, now),
        }
        figures["waiting"] = figures.pop("pending") + figures.pop("sending")
        figures["stalled"] = self._measure_stalled(figures["oldest_due"], now)
        return figures

    @api.model
    def _get_limit(self):
        """What is more is shown as "10,000+"."""
        return COUNTED

    # -- the outbox ----------------------------------------------------------------

    @api.model
    def _count_states(self, backend):
        """:return: {state: how many, COUNTED + 1 for more than that}"""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT s.state, (SELECT count(*) FROM (
                       SELECT FROM inboost_event
                        WHERE backend_id = %(backend)s AND state = s.state
                          AND state IN %(unsettled)s
                        LIMIT %(limit)s) found)
                  FROM unnest(%(states)s::varchar[]) AS s(state)
                """,
                backend=backend.id,
                unsettled=COUNTED_STATES,
                states=list(COUNTED_STATES),
                limit=COUNTED + 1,
            )
        )
        return dict(rows)

    @api.model
    def _count_expired(self, backend, since):
        [(count,)] = self.env.execute_query(
            SQL(
                """
                SELECT count(*) FROM (
                       SELECT FROM inboost_event
                        WHERE backend_id = %s AND state = 'expired'
                          AND write_date >= %s
                        LIMIT %s) found
                """,
                backend.id,
                since,
                COUNTED + 1,
            )
        )
        return count

    @api.model
    def _find_oldest_waiting(self, backend):
        """:return: since when the oldest of those that wait does so, or None"""
        [(oldest,)] = self.env.execute_query(
            SQL(
                """
                SELECT min(first.queued_at)
                  FROM unnest(%(endpoints)s::int[]) AS p(id)
            CROSS JOIN LATERAL (
                       SELECT queued_at FROM inboost_event
                        WHERE endpoint_id = p.id AND lower(state) = 'pending'
                     ORDER BY priority, id LIMIT %(limit)s) first
                """,
                endpoints=backend.endpoint_ids.ids,
                limit=WAITING_LOOKED_AT,
            )
        )
        return oldest

    @api.model
    def _find_oldest_due(self, backend, now):
        """What could have left: its endpoint takes events, its time has come, and it
        waits behind no other of its customer.

        :return: since when the oldest is due, or None
        """
        able = backend.endpoint_ids.filtered(
            lambda e: (
                e._filter_recording()
                and not e.paused
                and not (e.rest_until and e.rest_until > now)
            )
        )
        if backend.state != "connected" or not able:
            return None
        [(oldest,)] = self.env.execute_query(
            SQL(
                """
                SELECT min(first.next_try)
                  FROM unnest(%(endpoints)s::int[]) AS p(id)
            CROSS JOIN LATERAL (
                       SELECT next_try
                         FROM (
                              SELECT id, backend_id, phone, priority, next_try
                                FROM inboost_event
                               WHERE endpoint_id = p.id AND lower(state) = 'pending'
                                 AND next_try <= %(now)s
                            ORDER BY next_try LIMIT %(limit)s) e
                        -- OFFSET: looked up for each, until one is found.
                        WHERE NOT EXISTS (
                              SELECT FROM inboost_event x
                               WHERE x.backend_id = e.backend_id AND x.phone = e.phone
                                 AND x.state = 'sending'
                              OFFSET 0)
                          AND NOT EXISTS (
                              SELECT FROM inboost_event x
                               WHERE x.backend_id = e.backend_id AND x.phone = e.phone
                                 AND lower(x.state) = 'pending'
                                 AND (x.priority, x.id) < (e.priority, e.id)
                                 AND x.endpoint_id = ANY(%(endpoints)s)
                              OFFSET 0)
                     ORDER BY next_try LIMIT 1) first
                """,
                endpoints=able.ids,
                now=now,
                limit=WAITING_LOOKED_AT,
            )
        )
        return oldest

    @api.model
    def _measure_stalled(self, oldest_due, now):
        """Seconds for which something is due and nothing sends it. Many that wait for
        their turn are no standstill: the delivery runs."""
        if not oldest_due:
            return 0
        ran = self.env["inboost.watch"]._get_last_run()
        since = max(filter(None, (oldest_due, ran)))
        return max(0, int((now - since).total_seconds()))

    # -- the log -------------------------------------------------------------------

    @api.model
    def _measure_log(self, backend, now):
        """What is summed up, and what came since."""
        summed = self.env["inboost.traffic"].sudo()._get_end(backend)
        midnight = self._get_midnight(backend, now)
        hour = now - timedelta(hours=1)
        [live] = self.env.execute_query(
            SQL(
                """
                SELECT count(*) FILTER (WHERE requested AND create_date >= %(hour)s),
                       count(*) FILTER (WHERE arrived AND create_date >= %(hour)s),
                       percentile_cont(0.95) WITHIN GROUP (ORDER BY duration)
                         FILTER (WHERE requested AND create_date >= %(hour)s),
                       count(*) FILTER (WHERE arrived AND create_date >= %(unsummed)s
                          AND operation <> ALL(%(questions)s)),
                       count(*) FILTER (WHERE kind = 'duplicate'
                          AND create_date >= %(summed)s)
                  FROM (SELECT create_date, duration, operation, kind,
                               kind = 'request' AS requested,
                               kind = 'request'
                                  AND verdict IN ('done', 'duplicate') AS arrived
                          FROM inboost_request_log
                         WHERE backend_id = %(backend)s
                           AND create_date >= %(since)s
                      ORDER BY create_date DESC LIMIT %(limit)s) newest
                """,
                backend=backend.id,
                hour=hour,
                questions=list(QUESTIONS),
                summed=summed,
                unsummed=max(summed, midnight),
                since=min(hour, summed),
                limit=LOOKED_AT,
            )
        )
        sent, _stopped = self._sum_hours(backend, midnight, now)
        week = now - timedelta(days=DAYS)
        _sent, duplicates = self._sum_hours(backend, week, now)
        requests, arrived, p95, sent_since, duplicates_since = live
        return {
            "hour_requests": requests,
            "hour_arrived": arrived,
            "hour_p95": p95,
            "sent_today": sent + sent_since,
            "duplicates": duplicates + duplicates_since,
        }

    @api.model
    def _sum_hours(self, backend, start, end):
        """:return: (accepted, stopped duplicates) of the hours that begin between"""
        [sums] = self.env.execute_query(
            SQL(
                """
                SELECT COALESCE(sum(arrived)
                           FILTER (WHERE operation <> ALL(%(others)s)), 0),
                       COALESCE(sum(duplicates) FILTER (WHERE operation = 'all'), 0)
                  FROM inboost_traffic
                 WHERE backend_id = %(backend)s
                   AND hour >= %(start)s AND hour < %(end)s
                """,
                backend=backend.id,
                others=["all", *QUESTIONS],
                start=start,
                end=end,
            )
        )
        return sums

    @api.model
    def _get_midnight(self, backend, now):
        """:return: when the shop's day began, in UTC"""
        zone = pytz.timezone(backend._get_zone())
        local = pytz.utc.localize(now).astimezone(zone)
        start = zone.localize(local.replace(tzinfo=None, hour=0, minute=0, second=0))
        return start.astimezone(pytz.utc).replace(tzinfo=None, microsecond=0)

    # -- charts --------------------------------------------------------------------

    @api.model
    def _draw(self, backends):
        """:return: dict of days, counts by operation, and latency by the hour"""
        since = fields.Datetime.now() - timedelta(days=DAYS)
        rows = (
            self.env["inboost.traffic"]
            .sudo()
            .search_read(
                [("backend_id", "in", backends.ids), ("hour", ">=", since)],
                ["backend_id", "hour", "operation", "requests", "median", "p95"],
                order="hour",
                load=False,
            )
        )
        zone = pytz.timezone(backends[:1]._get_zone() if backends else "UTC")
        today = pytz.utc.localize(fields.Datetime.now()).astimezone(zone).date()
        days = [today - timedelta(days=before) for before in range(DAYS - 1, -1, -1)]
        return {
            "days": [fields.Date.to_string(day) for day in days],
            "operations": self._draw_operations(rows, days, zone),
            "latency": self._draw_latency(rows),
        }

    @api.model
    def _draw_operations(self, rows, days, zone):
        titles = dict(
            self.env["inboost.endpoint"]
            ._fields["operation"]
            ._description_selection(self.env)
        )
        counts = {}
        for row in rows:
            if row["operation"] in titles and row["requests"]:
                day = pytz.utc.localize(row["hour"]).astimezone(zone).date()
                found = counts.setdefault(row["operation"], dict.fromkeys(days, 0))
                if day in found:
                    found[day] += row["requests"]
        return [
            {"title": titles[operation], "counts": list(counts[operation].values())}
            for operation in titles
            if operation in counts
        ]

    @api.model
    def _draw_latency(self, rows):
        """The slowest portal of each hour."""
        hours = {}
        for row in rows:
            if row["operation"] == "all" and row["requests"]:
                slowest = hours.setdefault(row["hour"], (0, 0))
                hours[row["hour"]] = max(slowest, (row["p95"], row["median"]))
        return [
            {"hour": fields.Datetime.to_string(hour), "p95": p95, "median": median}
            for hour, (p95, median) in hours.items()
        ]
