from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta

from odoo import api, fields, models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import SQL, groupby, split_every

from ...lib import phone as phones
from ...lib.facts import iso
from ...lib.lots import Lot, Row, expires, lots

#: Cards whose rows are read at once; plain tuples, no records.
CARDS_AT_ONCE = 5000
#: Cards that are burned in one transaction.
BURN_AT_ONCE = 500
MAX_BURN_TRIES = 5


@dataclass
class Expiring:
    card_id: int
    partner_id: int
    lot: Lot
    day: date


class LoyaltyProgram(models.Model):
    _inherit = "loyalty.program"

    inboost_validity_days = fields.Integer(
        "Points Valid For (Days)",
        help="Points expire so many days after they were won, the oldest first. "
        "0: never. A change counts for points that there are already.",
    )
    inboost_burn_expired = fields.Boolean(
        "Burn Expired Points",
        help="Once a day, points past their last day are taken off the cards, and "
        "InBoost is told. This cannot be undone: look at Expired Points first, to "
        "see whom it would touch. Off: expired points stay usable.",
    )

    _inboost_validity = models.Constraint(
        "CHECK(inboost_validity_days BETWEEN 0 AND 36500)",
        "Choose a validity from 0 to 36500 days; 0 is for ever.",
    )


class InboostBonusMove(models.Model):
    """What expires when."""

    _inherit = "inboost.bonus.move"

    @api.model
    def _expiring(self, programs, first=date.min, last=date.max, cards=None):
        """Lots whose last day is between ``first`` and ``last``. Straight from the
        database in chunks: a hundred thousand cards make no records.

        :param cards: only these
        :return: iterator of Expiring
        """
        self.env.flush_all()
        found = self.env.execute_query(
            SQL(
                """
                SELECT c.id, c.partner_id, p.inboost_validity_days, c.expiration_date
                  FROM loyalty_card c
                  JOIN loyalty_program p ON p.id = c.program_id
                 WHERE c.program_id = ANY(%(programs)s)
                   AND %(which)s
                   AND c.active
                   AND c.points > 0
                   AND (p.inboost_validity_days > 0 OR c.expiration_date IS NOT NULL)
              ORDER BY c.id
                """,
                programs=programs.ids,
                which=SQL("TRUE")
                if cards is None
                else SQL("c.id = ANY(%s)", cards.ids),
            )
        )
        for chunk in split_every(CARDS_AT_ONCE, found, list):
            ledgers = self._ledgers([row[0] for row in chunk])
            for card_id, partner_id, days, card_expires in chunk:
                for lot in lots(ledgers.get(card_id, ())):
                    day = expires(lot, days or 0, card_expires)
                    if first <= day <= last:
                        yield Expiring(card_id, partner_id, lot, day)

    @api.model
    def _ledgers(self, card_ids):
        """:return: {card id: [lib.lots.Row]}"""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT card_id, id, time::date, won, spent,
                       COALESCE(NULLIF(reversed_uuid, ''), order_uuid),
                       kind = 'reversal'
                  FROM inboost_bonus_move
                 WHERE card_id = ANY(%s)
              ORDER BY card_id, time, id
                """,
                card_ids,
            )
        )
        return {
            card_id: [Row(*row[1:]) for row in group]
            for card_id, group in groupby(rows, key=lambda row: row[0])
        }

    # -- burn ----------------------------------------------------------------------

    @api.model
    def _expired(self, programs, cards=None):
        """:return: {card id: points past their last day}"""
        yesterday = fields.Date.today() - timedelta(days=1)
        expired = defaultdict(float)
        for entry in self._expiring(programs, last=yesterday, cards=cards):
            expired[entry.card_id] += entry.lot.left
        return dict(expired)

    @api.model
    def _cron_burn(self):
        programs = self.env["loyalty.program"].search(
            [("inboost_burn_expired", "=", True)]
        )
        card_ids = list(self._expired(programs))
        for chunk in split_every(BURN_AT_ONCE, card_ids, list):
            for _try in range(MAX_BURN_TRIES):
                self.env["ir.cron"]._commit_progress()
                try:
                    self._burn(programs, self.env["loyalty.card"].browse(chunk))
                    self.env["ir.cron"]._commit_progress(len(chunk))
                    break
                except PG_CONCURRENCY_EXCEPTIONS_TO_RETRY:
                    # Somebody bought with one of these cards just now.
                    self.env.cr.rollback()

    @api.model
    def _burn(self, programs, cards):
        """Take off what is past its last day now: points may have been spent since
        the cards were looked for."""
        cards = cards.exists().try_lock_for_update()
        expired = self._expired(programs, cards)
        cards = cards.browse(expired)
        reason = self.env._("Expired points")
        # Never below zero, whatever a ledger that is not proved yet says.
        burned = {card: min(expired[card.id], card.points) for card in cards}
        self.env["loyalty.history"].create(
            [
                {"card_id": card.id, "description": reason, "used": points}
                for card, points in burned.items()
            ]
        )
        with self._recording(kind="expiry", reason=reason):
            for card, points in burned.items():
                card.points -= points


class InboostBackend(models.Model):
    """The notice of points that are about to expire."""

    _inherit = "inboost.backend"

    expiring_days = fields.Integer(
        "Tell So Many Days Before",
        default=7,
        required=True,
        help="Once a day, one request carries the phones of all customers whose "
        "points expire within so many days. The same points are told once.",
    )

    _expiring_days = models.Constraint(
        "CHECK(expiring_days BETWEEN 0 AND 110)",
        "Choose from 0 to 110 days: what was told is known for 120.",
    )

    @api.model
    def _cron_notice(self):
        for backend in self.search([("state", "!=", "draft")]):
            backend._capture_notice()
            self.env["ir.cron"]._commit_progress(1)

    def _capture_notice(self):
        """The day's notice: one event, under one id, however often this runs."""
        self.ensure_one()
        event = self.env["inboost.event"]
        today = fields.Date.today()
        key = f"expiring:{today}"
        known = [
            ("backend_id", "=", self.id),
            ("operation", "=", "bonuses_expiring"),
            ("key", "=", key),
        ]
        if event.search_count(known, limit=1):
            return event
        entries = self._to_be_told()
        if not entries:
            return event
        events = event._capture(
            self,
            [("bonuses_expiring", key, self._notice(entries), fields.Datetime.now())],
            self.env["res.partner"],
        )
        if events:
            self.env.execute_query(
                SQL(
                    "INSERT INTO inboost_event_told_rel (event_id, move_id)"
                    " SELECT %s, unnest(%s) RETURNING 1",
                    events.id,
                    [entry.lot.id for entry, _phone in entries],
                )
            )
        return events

    def _to_be_told(self):
        """Lots that expire soon and were not told of, of customers who may be told.

        :return: list of (Expiring, phone)
        """
        today = fields.Date.today()
        moves = self.env["inboost.bonus.move"]
        last = today + timedelta(days=self.expiring_days)
        entries = list(moves._expiring(self.program_ids, today, last))
        allowed = self._phones_that_may_be_told([e.partner_id for e in entries])
        told = self._lots_told([e.lot.id for e in entries])
        return [
            (entry, allowed[entry.partner_id])
            for entry in entries
            if entry.partner_id in allowed and entry.lot.id not in told
        ]

    def _phones_that_may_be_told(self, partner_ids):
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
                    self._known_sql(SQL("p.phone_sanitized")),
                )
            )
        )

    def _lots_told(self, move_ids):
        return {
            row[0]
            for row in self.env.execute_query(
                SQL(
                    """
                    SELECT r.move_id
                      FROM inboost_event_told_rel r
                      JOIN inboost_event e ON e.id = r.event_id
                     WHERE e.backend_id = %s
                       AND e.state <> 'cancelled'
                       AND r.move_id = ANY(%s)
                    """,
                    self.id,
                    move_ids,
                )
            )
        }

    def _notice(self, entries):
        """:return: the fact; its phones are written in the backend's style, since the
        mapping adds none later"""
        amounts, days = defaultdict(float), {}
        for entry, phone in entries:
            amounts[phone] += entry.lot.left
            days[phone] = min(days.get(phone, entry.day), entry.day)
        styled = {p: phones.style(p, self.phone_style) for p in sorted(amounts)}
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


class InboostEvent(models.Model):
    _inherit = "inboost.event"

    told_move_ids = fields.Many2many(
        "inboost.bonus.move",
        "inboost_event_told_rel",
        "event_id",
        "move_id",
        "Points Told Of",
        readonly=True,
        help="What this notice of expiring points was about.",
    )
