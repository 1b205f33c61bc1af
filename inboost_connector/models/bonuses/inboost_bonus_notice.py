from datetime import datetime, time, timedelta, timezone

from odoo import api, fields, models
from odoo.tools import SQL

from ...lib import keys
from ...lib import phone as phones
from ...lib.facts import iso

#: Seconds that the notice of one backend may take.
NOTICE_SECONDS = 5
#: Phones that are styled at once.
STYLED_AT_ONCE = 10_000
#: What such an event was about may be named again: nobody was notified.
NOT_NOTIFIED = ("cancelled", "superseded", "expired")
#: An event of an earlier day in these states notified nobody, and need not any more.
UNSENT = ("pending", "failed")


class InboostBonusNotice(models.AbstractModel):
    """Once a day, one request names everybody whose points are about to expire. The
    list is made and written inside the database: a hundred thousand phones take no
    memory here."""

    _name = "inboost.bonus.notice"
    _description = "InBoost Notice of Expiring Points"

    @api.model
    def _cron_notify(self):
        with self.env["inboost.long.job"]._take("ir_cron_bonus_notice") as mine:
            if mine:
                self._notify_due()

    @api.model
    def _notify_due(self):
        for backend in self.env["inboost.backend"].search([("state", "!=", "draft")]):
            if backend.company_id._inboost_now() >= self._get_moment(backend):
                self._capture(backend)
            self._schedule(backend)
            if self.env["ir.cron"]._commit_progress(1) < NOTICE_SECONDS:
                # Those that are done are passed over by the next run.
                self.env.ref("inboost_connector.ir_cron_bonus_notice")._trigger()
                return

    @api.model
    def _get_moment(self, backend, days=0):
        """When the notice is due today, or so many days later.

        :return: an aware datetime
        """
        now = backend.company_id._inboost_now()
        hours, minutes = divmod(round(backend.notice_hour * 60), 60)
        day = now.date() + timedelta(days=days)
        return datetime.combine(day, time(hours, minutes), tzinfo=now.tzinfo)

    @api.model
    def _schedule(self, backend):
        """Wake up at the backend's hour; the job's own interval is the fallback."""
        cron = self.env.ref("inboost_connector.ir_cron_bonus_notice").sudo()
        now = backend.company_id._inboost_now()
        due = self._get_moment(backend)
        due = due if now < due else self._get_moment(backend, days=1)
        at = due.astimezone(timezone.utc).replace(tzinfo=None)
        known = [("cron_id", "=", cron.id), ("call_at", "=", at)]
        if not self.env["ir.cron.trigger"].sudo().search_count(known, limit=1):
            cron._trigger(at)

    @api.model
    def _capture(self, backend):
        """The day's notice: one event, under one id, however often this runs."""
        event = self.env["inboost.event"].sudo()
        today = backend.company_id._inboost_today()
        key = keys.of_notice(fields.Date.to_string(today))
        ours = [
            ("backend_id", "=", backend.id),
            ("operation", "=", "bonuses_expiring"),
        ]
        if event.search_count([*ours, ("key", "=", key)], limit=1):
            return event
        self._replace(event.search([*ours, ("state", "in", UNSENT)]))
        if not self._collect(backend):
            return event
        now = fields.Datetime.now()
        fact = {"date": fields.Date.to_string(today), "time": iso(now)}
        events = self.env["inboost.capture"]._capture(
            backend,
            [("bonuses_expiring", key, fact, now)],
            self.env["res.partner"],
        )
        if events:
            self._fill(events, backend)
        return events

    @api.model
    def _replace(self, events):
        """Notices that were not sent on their day: what is still to be said is in the
        next one."""
        for event in events:
            event._finish("superseded", "notice_replaced")
        events.flush_recordset()

    # -- who is notified of what ---------------------------------------------------

    @api.model
    def _due_sql(self, backend, first=None):
        """A table of lots that expire soon and that no notice named, of customers who
        may be notified: without archived contacts, and those who asked not to be
        called. Its columns are those of the lots, and ``phone``.

        :param date first: by default today; the last is as the backend has it
        """
        today = backend.company_id._inboost_today()
        return SQL(
            """
            SELECT lot.*, p.phone_sanitized AS phone
              FROM (%(lots)s) lot
              JOIN res_partner p ON p.id = lot.partner_id
             WHERE p.active
               AND p.phone_sanitized LIKE '+%%'
               AND NOT EXISTS (
                   SELECT FROM phone_blacklist b
                    WHERE b.number = p.phone_sanitized AND b.active)
               AND %(about)s
               AND NOT EXISTS (
                   SELECT FROM inboost_event_notified_rel r
                     JOIN inboost_event e ON e.id = r.event_id
                    WHERE r.move_id = lot.move_id
                      AND e.backend_id = %(backend)s
                      AND e.state <> ALL(%(not_notified)s))
            """,
            lots=self.env["inboost.bonus.lots"]._lots_sql(
                backend.program_ids,
                first or today,
                None if first else today + timedelta(days=backend.expiring_days),
            ),
            about=backend._about_phone_sql(SQL("p.phone_sanitized")),
            backend=backend.id,
            not_notified=list(NOT_NOTIFIED),
        )

    @api.model
    def _collect(self, backend):
        """Put what is due into a table of this transaction.

        :return: whether there is anything
        """
        self.env.cr.execute("DROP TABLE IF EXISTS inboost_due, inboost_due_phone")
        self.env.cr.execute(
            SQL(
                "CREATE TEMPORARY TABLE inboost_due ON COMMIT DROP AS %s",
                self._due_sql(backend),
            )
        )
        self.env.cr.execute(
            """
            CREATE TEMPORARY TABLE inboost_due_phone ON COMMIT DROP AS
            SELECT phone, ''::varchar AS styled, round(SUM(amount)::numeric, 2)::float8
                   AS amount, MIN(day) AS day
              FROM inboost_due GROUP BY phone ORDER BY phone
            """
        )
        self._style(backend)
        self.env.cr.execute("SELECT EXISTS (SELECT FROM inboost_due)")
        return self.env.cr.fetchone()[0]

    @api.model
    def _style(self, backend):
        """Write phones in the backend's style, since the mapping adds none later."""
        last = ""
        while True:
            found = self.env.execute_query(
                SQL(
                    "SELECT phone FROM inboost_due_phone WHERE phone > %s"
                    " ORDER BY phone LIMIT %s",
                    last,
                    STYLED_AT_ONCE,
                )
            )
            if not found:
                return
            some = [row[0] for row in found]
            last = some[-1]
            self.env.cr.execute(
                SQL(
                    "UPDATE inboost_due_phone d SET styled = s.styled"
                    " FROM unnest(%s, %s) AS s (phone, styled) WHERE d.phone = s.phone",
                    some,
                    [phones.style(phone, backend.phone_style) for phone in some],
                )
            )

    @api.model
    def _fill(self, event, backend):
        """Complete the fact, and note what it names."""
        event.flush_recordset()
        self.env.cr.execute(
            SQL(
                """
                UPDATE inboost_event
                   SET fact = fact || (
                       SELECT jsonb_build_object(
                              'phones', jsonb_agg(styled ORDER BY phone),
                              'customers', jsonb_agg(
                                  jsonb_build_object(
                                      'phone', styled, 'amount', amount, 'date', day)
                                  ORDER BY phone))
                         FROM inboost_due_phone)
                 WHERE id = %s
                """,
                event.id,
            )
        )
        self.env.cr.execute(
            SQL(
                "INSERT INTO inboost_event_notified_rel (event_id, move_id)"
                " SELECT %s, move_id FROM inboost_due",
                event.id,
            )
        )
        event.invalidate_recordset(["fact", "notified_move_ids"])

    # -- a notice that is too large ------------------------------------------------

    @api.model
    def _split_notice(self, event):
        """A notice that InBoost refused as too large goes in two parts, and these may
        be split again. Each customer is in one of them.

        :param event: of ``bonuses_expiring``, failed
        :return: the new events; none where one phone is too much already
        """
        fact = event.fact
        if len(fact["phones"]) < 2:
            return event.browse()
        middle = len(fact["phones"]) // 2
        halves = [
            {
                **fact,
                "phones": fact["phones"][part],
                "customers": fact["customers"][part],
            }
            for part in (slice(middle), slice(middle, None))
        ]
        backend, now = event.backend_id, fields.Datetime.now()
        first, second = events = [
            self.env["inboost.capture"]._capture(
                backend,
                [
                    (
                        "bonuses_expiring",
                        keys.of_notice_part(event.key, number),
                        half,
                        now,
                    )
                ],
                self.env["res.partner"],
            )
            for number, half in enumerate(halves, 1)
        ]
        self._divide(event, first, second, set(halves[1]["phones"]))
        event._finish("superseded", "notice_split")
        return event.union(*events) - event

    @api.model
    def _divide(self, event, first, second, later):
        """Each part names the lots of its own customers.

        :param later: phones of ``second``, in the backend's style
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT r.move_id, p.phone_sanitized
                  FROM inboost_event_notified_rel r
                  JOIN inboost_bonus_move m ON m.id = r.move_id
             LEFT JOIN res_partner p ON p.id = m.partner_id
                 WHERE r.event_id = %s
                """,
                event.id,
            )
        )
        style = event.backend_id.phone_style
        in_second = [
            move_id
            for move_id, phone in rows
            if phone and phone.startswith("+") and phones.style(phone, style) in later
        ]
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO inboost_event_notified_rel (event_id, move_id)
                SELECT CASE WHEN late.id IS NULL THEN %s ELSE %s END, r.move_id
                  FROM inboost_event_notified_rel r
             LEFT JOIN unnest(%s::int[]) AS late (id) ON late.id = r.move_id
                 WHERE r.event_id = %s
                """,
                first.id,
                second.id,
                in_second,
                event.id,
            )
        )
        (first + second).invalidate_recordset(["notified_move_ids"])
