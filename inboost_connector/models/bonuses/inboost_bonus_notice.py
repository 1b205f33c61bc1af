from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ...lib import keys
from ...lib import phone as phones
from ...lib.facts import iso


class InboostBonusNotice(models.AbstractModel):
    """Once a day, one request names everybody whose points are about to expire."""

    _name = "inboost.bonus.notice"
    _description = "InBoost Notice of Expiring Points"

    @api.model
    def _cron_notify(self):
        backends = self.env["inboost.backend"].search([("state", "!=", "draft")])
        for backend in backends:
            self._capture(backend)
            self.env["ir.cron"]._commit_progress(1)

    @api.model
    def _capture(self, backend):
        """The day's notice: one event, under one id, however often this runs."""
        event = self.env["inboost.event"]
        today = fields.Date.today()
        key = keys.of_notice(fields.Date.to_string(today))
        known = [
            ("backend_id", "=", backend.id),
            ("operation", "=", "bonuses_expiring"),
            ("key", "=", key),
        ]
        if event.search_count(known, limit=1):
            return event
        entries = self._find_due(backend)
        if not entries:
            return event
        fact = self._prepare_fact(backend, entries)
        events = self.env["inboost.capture"]._capture(
            backend,
            [("bonuses_expiring", key, fact, fields.Datetime.now())],
            self.env["res.partner"],
        )
        if events:
            self.env.execute_query(
                SQL(
                    "INSERT INTO inboost_event_notified_rel (event_id, move_id)"
                    " SELECT %s, unnest(%s) RETURNING 1",
                    events.id,
                    [entry.lot.id for entry, _phone in entries],
                )
            )
        return events

    @api.model
    def _find_due(self, backend):
        """Lots that expire soon and that no notice named, of customers who may be
        notified.

        :return: list of (Expiring, phone)
        """
        today = fields.Date.today()
        last = today + timedelta(days=backend.expiring_days)
        entries = list(
            self.env["inboost.bonus.expiry"]._find_lots(
                backend.program_ids, today, last
            )
        )
        allowed = self._find_phones(backend, [e.partner_id for e in entries])
        named = self._find_named(backend, [e.lot.id for e in entries])
        return [
            (entry, allowed[entry.partner_id])
            for entry in entries
            if entry.partner_id in allowed and entry.lot.id not in named
        ]

    @api.model
    def _find_phones(self, backend, partner_ids):
        """:return: {partner id: phone}, without archived contacts and those who asked
        not to be called"""
        return dict(
            self.env.execute_query(
                SQL(
                    """
                    SELECT p.id, p.phone_sanitized
                      FROM res_partner p
                     WHERE p.id = ANY(%s)
                       AND p.active
                       AND p.phone_sanitized LIKE '+%%'
                       AND NOT EXISTS (
                           SELECT FROM phone_blacklist b
                            WHERE b.number = p.phone_sanitized AND b.active)
                       AND %s
                    """,
                    partner_ids,
                    backend._about_phone_sql(SQL("p.phone_sanitized")),
                )
            )
        )

    @api.model
    def _find_named(self, backend, move_ids):
        """:return: those of ``move_ids`` that a notice named before"""
        return {
            row[0]
            for row in self.env.execute_query(
                SQL(
                    """
                    SELECT r.move_id
                      FROM inboost_event_notified_rel r
                      JOIN inboost_event e ON e.id = r.event_id
                     WHERE e.backend_id = %s
                       AND e.state <> 'cancelled'
                       AND r.move_id = ANY(%s)
                    """,
                    backend.id,
                    move_ids,
                )
            )
        }

    @api.model
    def _prepare_fact(self, backend, entries):
        """:return: the fact; its phones are written in the backend's style, since the
        mapping adds none later"""
        amounts, days = defaultdict(float), {}
        for entry, phone in entries:
            amounts[phone] += entry.lot.left
            days[phone] = min(days.get(phone, entry.day), entry.day)
        styled = {p: phones.style(p, backend.phone_style) for p in sorted(amounts)}
        return {
            "date": fields.Date.to_string(fields.Date.today()),
            "time": iso(fields.Datetime.now()),
            "phones": list(styled.values()),
            "customers": [
                {
                    "phone": style,
                    "amount": round(amounts[phone], 2),
                    "date": fields.Date.to_string(days[phone]),
                }
                for phone, style in styled.items()
            ],
        }
