from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta

from odoo import api, fields, models
from odoo.service.model import PG_CONCURRENCY_EXCEPTIONS_TO_RETRY
from odoo.tools import SQL, groupby, split_every

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


class InboostBonusExpiry(models.AbstractModel):
    """Which points expire when, and the burning of those that have."""

    _name = "inboost.bonus.expiry"
    _description = "InBoost Expiry of Points"

    @api.model
    def _find_lots(self, programs, first=date.min, last=date.max, cards=None):
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
            ledgers = self._read_ledgers([row[0] for row in chunk])
            for card_id, partner_id, days, card_expires in chunk:
                for lot in lots(ledgers.get(card_id, ())):
                    day = expires(lot, days or 0, card_expires)
                    if first <= day <= last:
                        yield Expiring(card_id, partner_id, lot, day)

    @api.model
    def _read_ledgers(self, card_ids):
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
    def _find_expired(self, programs, cards=None):
        """:return: {card id: points past their last day}"""
        yesterday = fields.Date.today() - timedelta(days=1)
        expired = defaultdict(float)
        for entry in self._find_lots(programs, last=yesterday, cards=cards):
            expired[entry.card_id] += entry.lot.left
        return dict(expired)

    @api.model
    def _cron_burn(self):
        programs = self.env["loyalty.program"].search(
            [("inboost_burn_expired", "=", True)]
        )
        card_ids = list(self._find_expired(programs))
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
        expired = self._find_expired(programs, cards)
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
        with self.env["inboost.bonus.move"]._recording(kind="expiry", reason=reason):
            for card, points in burned.items():
                card.points -= points
