import json
from datetime import datetime, timedelta, timezone

from freezegun import freeze_time

from odoo import fields
from odoo.tests import tagged

from ..common_bonus import BonusCase

NOTICE = "/api/webhok/bonuses-expiring-token/"


@tagged("post_install", "-at_install")
class TestBonusNotice(BonusCase):
    """When the notice goes, and in how many parts."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.program.inboost_validity_days = 30
        cls.env.company.partner_id.tz = "Europe/Kyiv"
        cls.other_customer.phone = "+380501112233"
        cls.Notice = cls.env["inboost.bonus.notice"]

    def win(self, time, points, partner=None):
        with freeze_time(time):
            return self.make_card(points, partner)

    def run_at(self, time):
        cron = self.env.ref("inboost_connector.ir_cron_bonus_notice")
        with freeze_time(time, tick=True), self.enter_registry_test_mode():
            cron.method_direct_trigger()
        self.env.invalidate_all()
        return self.events("bonuses_expiring")

    def test_installed_at_night_it_goes_at_the_backends_hour(self):
        """citygram#246: installed at 02:40; eleven in Kyiv is nine in UTC."""
        self.win("2026-01-01 12:00:00", 10)
        cron = self.env.ref("inboost_connector.ir_cron_bonus_notice")
        self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)]).unlink()
        self.assertFalse(self.run_at("2026-01-29 00:40:00"))
        triggers = self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)])
        self.assertEqual(triggers.mapped("call_at"), [datetime(2026, 1, 29, 9)])
        self.assertFalse(self.run_at("2026-01-29 08:59:00"))
        self.assertEqual(len(self.run_at("2026-01-29 09:00:01")), 1)
        triggers = self.env["ir.cron.trigger"].search(
            [("cron_id", "=", cron.id), ("call_at", ">", "2026-01-29 12:00:00")]
        )
        self.assertEqual(triggers.mapped("call_at"), [datetime(2026, 1, 30, 9)])
        self.assertEqual(len(self.run_at("2026-01-29 21:59:00")), 1)

    def test_half_past_and_a_change_of_the_clocks(self):
        self.backend.notice_hour = 9.5
        moment = self.Notice._get_moment
        for day, utc in (("2026-03-28", (7, 30)), ("2026-03-29", (6, 30))):
            with freeze_time(f"{day} 05:00:00"):
                at = moment(self.backend)
                self.assertEqual((at.hour, at.minute), (9, 30))
                there = at.astimezone(timezone.utc)
                self.assertEqual((there.hour, there.minute), utc)

    def test_one_that_was_not_sent_is_replaced_by_the_next_days(self):
        self.win("2026-01-01 12:00:00", 10)
        self.win("2026-01-02 12:00:00", 5, self.other_customer)
        self.backend.expiring_days = 1
        [first] = self.run_at("2026-01-30 10:00:00")
        self.assertEqual(first.fact["phones"], ["380671234567"])
        events = self.run_at("2026-01-31 10:00:00")
        self.assertEqual(events.mapped("state"), ["superseded", "pending"])
        self.assertEqual(events[1].fact["phones"], ["380501112233", "380671234567"])
        # The first are over by now: nobody is warned of what is past.
        events = self.run_at("2026-02-01 10:00:00")
        self.assertEqual(events[-1].fact["phones"], ["380501112233"])

    def test_what_was_sent_or_may_have_been_is_not_replaced(self):
        self.win("2026-01-01 12:00:00", 10)
        for state in ("done", "held", "sending"):
            with self.subTest(state):
                [event] = self.run_at("2026-01-29 10:00:00")
                # Whichever way it came there.
                self.env.cr.execute(
                    "UPDATE inboost_event SET state = %s WHERE id = %s",
                    [state, event.id],
                )
                self.assertEqual(self.run_at("2026-01-30 10:00:00"), event)
                self.assertEqual(event.state, state)
                event.sudo().with_context(inboost_retention=True).unlink()

    def make_many(self, count):
        partners = (
            self.env["res.partner"]
            .with_context(tracking_disable=True)
            .create(
                [
                    {"name": "Customer", "phone": f"+38063{number:07}"}
                    for number in range(count)
                ]
            )
        )
        with freeze_time(fields.Datetime.now() - timedelta(days=28)):
            self.env["loyalty.card"].create(
                [
                    {"program_id": self.program.id, "partner_id": p.id, "points": 10}
                    for p in partners
                ]
            )

    def test_one_that_is_too_large_is_split_until_it_fits(self):
        """useplunk#183: each lot is in exactly one part that was taken."""
        self.make_many(70)
        limit = 700
        waiting = [self.Notice._capture(self.backend)]
        whole = waiting[0]
        lots = set(whole.notified_move_ids.ids)
        self.assertEqual(len(lots), 70)
        taken = self.env["inboost.event"]
        while waiting:
            event = waiting.pop()
            if len(json.dumps(event.fact["phones"])) <= limit:
                event.sudo().state = "done"
                taken |= event
                continue
            # As the engine leaves it that was told 413.
            event.sudo().state = "failed"
            waiting += self.Notice._split_notice(event)
            self.assertEqual(event.state, "superseded")
        phones = [phone for event in taken for phone in event.fact["phones"]]
        self.assertEqual(len(phones), 70)
        self.assertEqual(set(phones), set(whole.fact["phones"]))
        for event in taken:
            self.assertEqual(
                [c["phone"] for c in event.fact["customers"]], event.fact["phones"]
            )
        named = [move for event in taken for move in event.notified_move_ids.ids]
        self.assertEqual(sorted(named), sorted(lots), "each lot once")
        self.assertEqual(len(set(taken.mapped("event_id"))), len(taken))
        with freeze_time(fields.Datetime.now() + timedelta(days=1)):
            self.assertFalse(self.Notice._capture(self.backend))

    def test_what_the_server_finds_too_large_goes_in_parts(self):
        self.make_many(4)
        self.fake.script[NOTICE] = [413, 200]
        whole = self.Notice._capture(self.backend)
        for _run in range(2):
            self.deliver()
        events = self.events("bonuses_expiring")
        self.assertEqual(events.mapped("state"), ["superseded", "done", "done"])
        all_at_once, *parts = [body["phones"] for body in self.fake.bodies(NOTICE)]
        self.assertEqual([len(part) for part in parts], [2, 2])
        self.assertEqual(sorted(sum(parts, [])), all_at_once)
        self.assertEqual(all_at_once, whole.fact["phones"])

    def test_one_phone_that_is_too_much_stays_failed(self):
        self.make_many(1)
        event = self.Notice._capture(self.backend)
        event.sudo().state = "failed"
        self.assertFalse(self.Notice._split_notice(event))
        self.assertEqual(event.state, "failed")

    def test_phones_are_written_in_the_backends_style(self):
        self.win(fields.Datetime.now() - timedelta(days=28), 10)
        for style, phone in (
            ("e164", "+380671234567"),
            ("digits", "380671234567"),
            ("national", "0671234567"),
        ):
            self.backend.phone_style = style
            event = self.Notice._capture(self.backend)
            self.assertEqual(event.fact["phones"], [phone])
            event.sudo().state = "cancelled"
            event.sudo().with_context(inboost_retention=True).unlink()
