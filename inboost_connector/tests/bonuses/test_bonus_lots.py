from datetime import date, datetime, timedelta, timezone
from uuid import uuid4
from zoneinfo import ZoneInfo

from freezegun import freeze_time
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo import fields
from odoo.tests import tagged
from odoo.tools import SQL

from ...lib.lots import Row, expires, lots
from ..common_bonus import BonusCase

KYIV = ZoneInfo("Europe/Kyiv")
START = datetime(2026, 1, 1)
VALIDITY = 30

AMOUNT = st.integers(0, 50)
ENTRY = st.tuples(
    AMOUNT,
    AMOUNT,
    st.sampled_from([None, "A", "B"]),
    st.booleans(),
    st.one_of(st.none(), st.integers(0, 9)),
    st.integers(1, 40),
)
#: Most cards have only what is won and spent: these are counted by a statement.
PLAIN = st.tuples(
    AMOUNT, AMOUNT, st.none(), st.just(False), st.none(), st.integers(1, 40)
)
LEDGER = st.one_of(st.lists(ENTRY, max_size=15), st.lists(PLAIN, max_size=15))
DAY = st.one_of(st.none(), st.dates(date(2026, 1, 1), date(2026, 4, 1)))


@tagged("post_install", "-at_install")
class TestBonusLots(BonusCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.program.inboost_validity_days = VALIDITY
        cls.env.company.partner_id.tz = "Europe/Kyiv"
        cls.Lots = cls.env["inboost.bonus.lots"]

    def make_ledger(self, card, entries):
        """Rows as ``entries`` have them; the card has what they come to.

        :param entries: (won, spent, order, reversal, days since it was won or None,
            hours since the row before)
        :return: [lib.lots.Row]
        """
        self.env.cr.execute(
            "DELETE FROM inboost_bonus_move WHERE card_id = %s", card.ids
        )
        time, rows = START, []
        for won, spent, order, reversal, moved, hours in entries:
            time += timedelta(hours=hours)
            there = time.replace(tzinfo=timezone.utc).astimezone(KYIV).date()
            born = None if moved is None else there - timedelta(days=moved)
            reversal = bool(order) and reversal
            [(move_id,)] = self.env.execute_query(
                SQL(
                    "INSERT INTO inboost_bonus_move (uuid, kind, card_id, program_id,"
                    " won, spent, change, time, order_uuid, born)"
                    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING id",
                    str(uuid4()),
                    "reversal" if reversal else "accrual",
                    card.id,
                    self.program.id,
                    won,
                    spent,
                    won - spent,
                    time,
                    order,
                    born,
                )
            )
            rows.append(Row(move_id, born or there, won, spent, order, reversal))
        card.points = sum(row.won - row.spent for row in rows)
        self.env.flush_all()
        self.env.cr.execute(
            "DELETE FROM inboost_bonus_move WHERE card_id = %s AND id > %s",
            [card.id, rows[-1].id if rows else 0],
        )
        return rows

    @settings(
        max_examples=60,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(LEDGER, DAY, DAY)
    def test_statements_agree_with_the_rule(self, entries, first, last):
        card = self.env["loyalty.card"].search([("code", "=", "LOTS")])
        if not card:
            card = self.make_card()
            card.code = "LOTS"
        rows = self.make_ledger(card, entries)
        expected = {
            (lot.id, round(lot.left, 6), expires(lot, VALIDITY)) for lot in lots(rows)
        }
        expected = {
            entry
            for entry in expected
            if (first or date.min) <= entry[2] <= (last or date.max)
        }
        found = self.Lots._find(self.program, first, last)
        self.assertEqual(
            {(lot.move_id, lot.amount, lot.day) for lot in found}, expected
        )
        some = self.Lots._find(self.program, first, last, cards=card)
        self.assertEqual(some, found)
        days = self.Lots._sum_by_day(self.program, first, last)
        self.assertEqual(sum(row[2] for row in days), len(expected))

    # -- days ----------------------------------------------------------------------

    def test_points_of_half_past_midnight_are_of_the_companys_day(self):
        """odoo#222428: won at 00:30 on 2 January in Kyiv, valid 30 days."""
        self.program.inboost_burn_expired = True
        self.backend.write({"notice_hour": 0, "expiring_days": 0})
        with freeze_time("2026-01-01 22:30:00"):
            card = self.make_card(10)
        [lot] = self.Lots._find(self.program, cards=card)
        self.assertEqual(lot.day, date(2026, 2, 1))
        burn, notice = (
            self.env["inboost.bonus.expiry"],
            self.env["inboost.bonus.notice"],
        )
        with freeze_time("2026-02-01 21:59:00"):
            burn._burn(self.program, card)
            self.assertEqual(card.points, 10, "1 February has not ended in Kyiv")
            fact = notice._capture(self.backend).fact
            self.assertEqual(fact["date"], "2026-02-01")
            self.assertEqual(fact["customers"][0]["date"], "2026-02-01")
        with freeze_time("2026-02-01 22:01:00"):
            burn._burn(self.program, card)
        self.assertEqual(card.points, 0)

    def test_the_zone_is_the_programs_company(self):
        company = self.env["res.company"].create({"name": "Elsewhere"})
        company.partner_id.tz = "America/New_York"
        self.program.company_id = False
        program = self.make_program("Theirs", company_id=company.id)
        program.inboost_validity_days = VALIDITY
        with freeze_time("2026-01-02 02:00:00"):
            theirs = self.make_card(10, program=program)
            ours = self.make_card(10)
        days = [
            lot.day
            for card in (ours, theirs)
            for lot in self.Lots._find(card.program_id, cards=card)
        ]
        self.assertEqual(days, [date(2026, 2, 1), date(2026, 1, 31)])

    # -- merged contacts -----------------------------------------------------------

    def merge(self, *partners):
        ids = [partner.id for partner in partners]
        self.env["base.partner.merge.automatic.wizard"].create({})._merge(
            ids, partners[0]
        )
        self.env.invalidate_all()

    def found(self, card):
        return [
            (lot.amount, lot.day) for lot in self.Lots._find(self.program, cards=card)
        ]

    def test_a_merge_keeps_the_day_of_each_lot(self):
        card, other = self.make_card(), self.make_card(0, self.other_customer)
        for points, day, each in ((5, 3, card), (2, 1, other), (4, 10, other)):
            with freeze_time(f"2026-01-{day:02} 12:00:00"):
                each.points += points
        with freeze_time("2026-01-12 12:00:00"):
            other.points -= 1
            self.merge(self.customer, self.other_customer)
        self.assertEqual(card.points, 10)
        self.assertLedger(card + other)
        expected = [
            (1, date(2026, 1, 31)),
            (5, date(2026, 2, 2)),
            (4, date(2026, 2, 9)),
        ]
        self.assertEqual(self.found(card), expected)
        with freeze_time("2026-01-13 12:00:00"):
            card.points -= 2
        self.assertEqual(self.found(card), [(4, expected[1][1]), expected[2]])

    def test_a_merge_into_a_contact_without_a_card_keeps_the_days(self):
        third = self.env["res.partner"].create({"name": "Third"})
        first, second = (
            self.make_card(0, partner) for partner in (self.other_customer, third)
        )
        for points, day, each in ((5, 3, first), (2, 1, second)):
            with freeze_time(f"2026-01-{day:02} 12:00:00"):
                each.points += points
        self.merge(self.customer, self.other_customer, third)
        [card] = (first + second).filtered("points")
        self.assertLedger(first + second)
        self.assertEqual(card.partner_id, self.customer)
        self.assertEqual(
            self.found(card), [(2, date(2026, 1, 31)), (5, date(2026, 2, 2))]
        )

    def test_a_merge_with_a_debt_leaves_what_is_left(self):
        card, other = self.make_card(3), self.make_card(0, self.other_customer)
        with freeze_time("2026-01-05 12:00:00"):
            other.points = 5
        card.points = -3
        self.merge(self.customer, self.other_customer)
        self.assertEqual(card.points, 2)
        self.assertLedger(card + other)
        self.assertEqual(sum(amount for amount, _day in self.found(card)), 2)

    def test_nobody_is_notified_again_because_of_a_merge(self):
        self.backend.notice_hour = 0
        self.other_customer.phone = "+380501112233"
        now = fields.Datetime.now()
        with freeze_time(now - timedelta(days=VALIDITY - 3)):
            self.make_card(1)
            self.make_card(5, self.other_customer)
        notice = self.env["inboost.bonus.notice"]
        self.assertEqual(len(notice._capture(self.backend).fact["phones"]), 2)
        self.merge(self.customer, self.other_customer)
        with freeze_time(now + timedelta(days=1)):
            self.events("bonuses_expiring").sudo().state = "done"
            self.assertFalse(notice._capture(self.backend))
