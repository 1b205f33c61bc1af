from collections import defaultdict
from datetime import date, timedelta
from typing import NamedTuple

from odoo import api, models
from odoo.tools import SQL, groupby, split_every

from ...lib.lots import EPSILON, Row, expires, lots
from ...lib.points import rounded

#: Cards whose rows are read at once; plain tuples, no records.
CARDS_AT_ONCE = 1000
#: Cards with such rows need the rule as it is written in lib.lots.
ODD = SQL("(odd.kind = 'reversal' OR odd.born IS NOT NULL)")


class Expiring(NamedTuple):
    """Points of one lot that can be used until the end of ``day``."""

    card_id: int
    partner_id: int | None
    move_id: int
    amount: float
    day: date


class InboostBonusLots(models.AbstractModel):
    """Which points expire when, as a table that statements can use: a million cards
    make no records.

    The rule is lib.lots. Where no points were moved or returned it comes to this: what
    is left on a card are its newest points. Other cards are read by lib.lots itself."""

    _name = "inboost.bonus.lots"
    _description = "InBoost Lots of Points"

    @api.model
    def _find(self, programs, first=None, last=None, cards=None):
        """Lots whose last day is between ``first`` and ``last``, by that day; see
        :meth:`_lots_sql`.

        :return: list of Expiring
        """
        rows = self.env.execute_query(
            SQL(
                "SELECT * FROM (%s) lot ORDER BY day, move_id",
                self._lots_sql(programs, first, last, cards),
            )
        )
        return [Expiring(*row)._replace(amount=rounded(row[3])) for row in rows]

    @api.model
    def _sum_by_day(self, programs, first=None, last=None):
        """:return: list of (last day, points, number of lots), by day"""
        rows = self.env.execute_query(
            SQL(
                "SELECT day, SUM(amount), COUNT(*) FROM (%s) lot GROUP BY day",
                self._lots_sql(programs, first, last),
            )
        )
        # Not by the statement, which would sort millions of lots instead.
        return sorted(rows)

    @api.model
    def _lots_sql(self, programs, first=None, last=None, cards=None):
        """A table of the lots whose last day is between ``first`` and ``last``, with
        the columns of :class:`Expiring`.

        :param date first, last: None for no bound
        :param cards: only these
        """
        self.env.flush_all()
        first, last = first or date.min, last or date.max
        parts = [
            SQL(
                "SELECT 0 AS card_id, 0 AS partner_id, 0 AS move_id,"
                " 0::float8 AS amount, NULL::date AS day WHERE FALSE"
            )
        ]
        for program in programs.sudo():
            parts += [
                self._plain_sql(program, first, last, cards),
                self._odd_sql(program, first, last, cards),
            ]
        return SQL(" UNION ALL ").join(parts)

    @api.model
    def _get_company(self, program):
        """The company whose days count for ``program``."""
        backends = self.env["inboost.backend"].sudo()
        return (
            program.company_id
            or backends.search([("program_ids", "in", program.ids)], limit=1).company_id
            or self.env.company
        )

    @api.model
    def _get_today(self, program):
        return self._get_company(program)._inboost_today()

    # -- cards whose newest points are what is left --------------------------------

    @api.model
    def _plain_sql(self, program, first, last, cards):
        company = self._get_company(program)
        days = program.inboost_validity_days
        begin = self._begin_of(company, first, days)
        return SQL(
            """
            SELECT m.card_id, m.partner_id, m.move_id,
                   LEAST(m.won, m.room) AS amount,
                   COALESCE(m.expiration_date, %(day)s + %(days)s) AS day
              FROM (
                  SELECT c.id AS card_id, c.partner_id, m.id AS move_id, m.time,
                         c.expiration_date, m.won::float8 AS won,
                         c.points + m.won::float8 - SUM(m.won::float8) OVER (
                             PARTITION BY m.card_id
                             ORDER BY m.time DESC, m.id DESC
                             ROWS UNBOUNDED PRECEDING) AS room
                    FROM loyalty_card c
                    JOIN inboost_bonus_move m ON m.card_id = c.id
                   WHERE %(counts)s
                     AND %(candidates)s
                     AND m.won > 0
                     AND (%(begin)s IS NULL OR m.time >= %(begin)s
                          OR c.expiration_date IS NOT NULL)
                     AND NOT EXISTS (
                         SELECT FROM inboost_bonus_move odd
                          WHERE odd.card_id = c.id AND %(odd)s)) m
             WHERE m.room > %(noise)s
               AND COALESCE(m.expiration_date, %(day)s + %(days)s)
                   BETWEEN %(first)s AND %(last)s
            """,
            day=self._day_sql(company),
            days=days,
            counts=self._counts_sql(program, cards),
            # Cards that are named need not be looked for.
            candidates=SQL("TRUE")
            if cards is not None
            else self._candidates_sql(program, company, first, last),
            begin=begin,
            odd=ODD,
            noise=EPSILON,
            first=first,
            last=last,
        )

    @api.model
    def _day_sql(self, company):
        """The day of row ``m`` in the company's zone."""
        zone = company._inboost_zone_name()
        return SQL("(m.time AT TIME ZONE 'UTC' AT TIME ZONE %s)::date", zone)

    @api.model
    def _begin_of(self, company, day, days):
        """When the points were won, at the earliest, whose last day is ``day``.

        :return: a naive datetime in UTC, None for no bound"""
        if day in (date.min, date.max):
            return None
        return company._inboost_moment(day - timedelta(days=days))

    @api.model
    def _counts_sql(self, program, cards):
        """A condition: whether card ``c`` has points that may expire."""
        return SQL(
            "c.program_id = %s AND c.active AND c.points > 0 AND %s AND %s",
            program.id,
            SQL("TRUE")
            if program.inboost_validity_days
            else SQL("c.expiration_date IS NOT NULL"),
            SQL("TRUE") if cards is None else SQL("c.id = ANY(%s)", cards.ids),
        )

    @api.model
    def _candidates_sql(self, program, company, first, last):
        """A condition: whether card ``c`` won anything at a time that matters. Few did,
        and the index over the times finds them."""
        if last == date.max:
            return SQL("TRUE")
        days = program.inboost_validity_days
        begin = self._begin_of(company, first, days)
        end = self._begin_of(company, last + timedelta(days=1), days)
        return SQL(
            """
            c.id IN (
                SELECT won.card_id
                  FROM inboost_bonus_move won
                 WHERE won.won > 0
                   AND won.time < %(end)s
                   AND %(after)s
                 UNION
                SELECT own.id
                  FROM loyalty_card own
                 WHERE own.program_id = %(program)s
                   AND own.expiration_date BETWEEN %(first)s AND %(last)s)
            """,
            end=end,
            after=SQL("won.time >= %s", begin) if begin else SQL("TRUE"),
            program=program.id,
            first=first,
            last=last,
        )

    # -- cards with points that were moved or returned -----------------------------

    @api.model
    def _odd_sql(self, program, first, last, cards):
        found = [
            entry
            for entry in self._iterate_odd(program, cards)
            if first <= entry.day <= last
        ]
        columns = list(zip(*found, strict=True)) or [()] * len(Expiring._fields)
        return SQL(
            "SELECT * FROM unnest(%s::int[], %s::int[], %s::int[], %s::float8[],"
            " %s::date[])",
            *map(list, columns),
        )

    @api.model
    def _iterate_odd(self, program, cards):
        """:return: iterator of Expiring"""
        company = self._get_company(program)
        found = self.env.execute_query(
            SQL(
                """
                SELECT c.id, c.partner_id, c.expiration_date
                  FROM loyalty_card c
                 WHERE %s
                   AND c.id IN (SELECT odd.card_id FROM inboost_bonus_move odd
                                 WHERE %s)
              ORDER BY c.id
                """,
                self._counts_sql(program, cards),
                ODD,
            )
        )
        for chunk in split_every(CARDS_AT_ONCE, found, list):
            ledgers = self._read_ledgers(company, [row[0] for row in chunk])
            for card_id, partner_id, card_expires in chunk:
                for lot in lots(ledgers[card_id]):
                    day = expires(lot, program.inboost_validity_days, card_expires)
                    amount = rounded(lot.left)
                    yield Expiring(card_id, partner_id, lot.id, amount, day)

    @api.model
    def _read_ledgers(self, company, card_ids):
        """:return: {card id: [lib.lots.Row]}"""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT m.card_id, m.id, COALESCE(m.born, %s),
                       m.won::float8, m.spent::float8,
                       COALESCE(NULLIF(m.reversed_uuid, ''), NULLIF(m.order_uuid, '')),
                       m.kind = 'reversal'
                  FROM inboost_bonus_move m
                 WHERE m.card_id = ANY(%s)
              ORDER BY m.card_id, m.time, m.id
                """,
                self._day_sql(company),
                card_ids,
            )
        )
        return {
            card_id: [Row(*row[1:]) for row in group]
            for card_id, group in groupby(rows, key=lambda row: row[0])
        }

    # -- points that move from card to card ----------------------------------------

    @api.model
    def _split_by_lots(self, rows):
        """Points that moved between cards keep the days on which they were won.

        :param rows: values of ledger rows of cards that were merged
        :return: list of (values, id of the row that won these points, or None), with
            one entry for each lot that a card received
        """
        moved = self._find_moved(rows)
        result = []
        for row in rows:
            if row["change"] > 0:
                result += self._split_row(row, moved.pop(row["program_id"], []))
            else:
                result.append((row, None))
        return result

    @api.model
    def _find_moved(self, rows):
        """:return: {program id: [lib.lots.Lot]} of the cards that lost points, oldest
        first"""
        moved = defaultdict(list)
        for row in rows:
            if row["change"] < 0:
                program = self.env["loyalty.program"].browse(row["program_id"])
                company = self._get_company(program)
                ledgers = self._read_ledgers(company, [row["card_id"]])
                moved[program.id] += lots(ledgers.get(row["card_id"], []))
        return {
            key: sorted(some, key=lambda lot: lot.born) for key, some in moved.items()
        }

    @api.model
    def _split_row(self, row, moved):
        balance, left = row["balance_after"] - row["change"], row["change"]
        parts = []
        for lot in moved:
            part = rounded(min(lot.left, left))
            if part > 0:
                parts.append((part, lot.born, lot.id))
                left = rounded(left - part)
        if left:
            # What no lot accounts for is as new as the row.
            parts.append((left, False, None))
        result = []
        for part, born, move_id in parts:
            balance = rounded(balance + part)
            values = {"change": part, "won": part, "spent": 0.0, "born": born}
            result.append(({**row, **values, "balance_after": balance}, move_id))
        return result
