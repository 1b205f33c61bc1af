import base64
from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time
from psycopg2 import IntegrityError

from odoo import fields
from odoo.tests import tagged
from odoo.tools import format_date, mute_logger

from ...lib.points import shown
from ..common_bonus import BALANCE, BonusCase

NOTICE = "/api/webhok/bonuses-expiring-token/"


@tagged("post_install", "-at_install")
class TestBonusExpiry(BonusCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.program.inboost_validity_days = 30
        cls.backend.notice_hour = 0
        cls.env.company.partner_id.tz = "UTC"
        cls.today = fields.Date.today()
        cls.other_customer.phone = "+380501112233"

    def win(self, day, points, card):
        """Points won on a day, counted from today."""
        with freeze_time(self.today + timedelta(days=day)):
            card.points += points

    def run_day(self, day):
        """Both daily crons, and the delivery."""
        with freeze_time(self.today + timedelta(days=day), tick=True):
            for name in ("burn", "notice"):
                cron = self.env.ref(f"inboost_connector.ir_cron_bonus_{name}")
                with self.enter_registry_test_mode():
                    cron.method_direct_trigger()
            self.env.invalidate_all()

    def notices(self):
        return [event.fact for event in self.events("bonuses_expiring")]

    def test_ten_days_each_lot_notified_once_and_burned_on_its_day(self):
        self.program.inboost_burn_expired = True
        card, other = self.make_card(), self.make_card(0, self.other_customer)
        self.win(-30 + 3, 10, card)  # usable until day 3
        self.win(-30 + 8, 4, card)  # day 8
        self.win(-30 + 9, 6, other)  # day 9
        notified, points = [], []
        for day in range(10):
            self.run_day(day)
            waiting = self.events("bonuses_expiring").filtered_domain(
                [("state", "=", "pending")]
            )
            waiting._finish("done")
            notified.append(len(self.notices()))
            points.append((card.points, other.points))
        self.assertEqual(notified, [1, 2, 3, 3, 3, 3, 3, 3, 3, 3])
        first, second, third = self.notices()
        self.assertEqual(first["phones"], ["380671234567"])
        self.assertEqual(first["customers"][0]["amount"], 10)
        self.assertEqual(second["customers"][0]["amount"], 4)
        self.assertEqual(third["phones"], ["380501112233"])
        self.assertEqual(points, [(14, 6)] * 4 + [(4, 6)] * 5 + [(0, 6)])
        self.assertLedger(card + other)
        burned = self.moves_of(card).filtered(lambda m: m.kind == "expiry")
        self.assertEqual(burned.mapped("spent"), [10, 4])
        self.assertEqual(
            [e.fact["reason"] for e in self.events("bonus_redemption")],
            ["expiry", "expiry"],
        )
        with freeze_time(self.today + timedelta(days=10), tick=True):
            self.deliver()
        balances = {
            b["userPhoneNumber"]: b["amount"] for b in self.fake.bodies(BALANCE)
        }
        self.assertEqual(balances, {"380671234567": 0, "380501112233": 6})

    def test_expired_points_stay_where_burning_is_off(self):
        card = self.make_card()
        self.win(-40, 10, card)
        self.run_day(0)
        self.assertEqual(card.points, 10)
        self.assertFalse(self.notices(), "what is past is no warning")

    def test_points_spent_while_the_burn_is_under_way_are_not_burned(self):
        self.program.inboost_burn_expired = True
        card, other = self.make_card(), self.make_card(0, self.other_customer)
        self.win(-40, 10, card)
        self.win(-40, 6, other)
        expiry = type(self.env["inboost.bonus.expiry"])
        burn = expiry._burn

        def spent_meanwhile(self, programs, cards):
            card.points -= 10
            return burn(self, programs, cards)

        with patch.object(expiry, "_burn", spent_meanwhile):
            self.run_day(0)
        self.assertEqual((card + other).mapped("points"), [0, 0])
        self.assertLedger(card + other)
        self.assertEqual(self.moves_of(card).mapped("kind")[-1], "redemption")
        self.run_day(0)
        self.assertEqual((card + other).mapped("points"), [0, 0])

    def test_a_burn_ends_in_time_and_goes_on_in_the_next_run(self):
        self.program.inboost_burn_expired = True
        cards = self.make_card(), self.make_card(0, self.other_customer)
        for card in cards:
            self.win(-40, 10, card)
        module = "odoo.addons.inboost_connector.models.bonuses.inboost_bonus_expiry"
        cron = self.env.ref("inboost_connector.ir_cron_bonus_burn")
        # One card at once, and no time left after it.
        with patch(f"{module}.BURN_AT_ONCE", 1), patch(f"{module}.BURN_SECONDS", 11):
            for burned in (1, 2):
                self.env["ir.cron.trigger"].search([]).unlink()
                self.run_day(0)
                self.assertEqual(sum(not card.points for card in cards), burned)
                triggers = self.env["ir.cron.trigger"].search(
                    [("cron_id", "=", cron.id)]
                )
                self.assertEqual(len(triggers), 2 - burned)

    def test_one_notice_a_day_with_one_id(self):
        card = self.make_card()
        self.win(-28, 10, card)
        self.run_day(0)
        self.win(-27, 5, self.make_card(0, self.other_customer))
        self.run_day(0)
        [event] = self.events("bonuses_expiring")
        self.assertEqual(event.state, "pending")
        self.deliver()
        self.deliver()
        [sent] = self.fake.bodies(NOTICE)
        self.assertEqual(sent["phones"], ["380671234567"])
        self.assertEqual(sent["eventId"], event.event_id)
        self.run_day(1)
        self.assertEqual(self.notices()[-1]["phones"], ["380501112233"])

    def test_unknown_notice_is_held_and_may_be_sent_again(self):
        self.win(-28, 10, self.make_card())
        self.run_day(0)
        self.fake.script[NOTICE] = ["close", 200]
        self.deliver()
        event = self.events("bonuses_expiring")
        self.assertEqual(event.state, "held")
        event.action_send_again()
        self.assertEqual(event.state, "pending")

    def test_nobody_to_notify_is_no_request(self):
        self.win(-10, 10, self.make_card())
        self.run_day(0)
        self.assertFalse(self.notices())

    def test_blacklisted_archived_and_without_phone_are_left_out(self):
        self.win(-28, 10, self.make_card())
        self.env["phone.blacklist"].sudo().create(
            {"number": self.customer.phone_sanitized}
        )
        self.win(-28, 10, self.make_card(0, self.other_customer))
        self.other_customer.active = False
        silent = self.env["res.partner"].create({"name": "No phone"})
        self.win(-28, 10, self.make_card(0, silent))
        self.run_day(0)
        self.assertFalse(self.notices())
        self.other_customer.active = True
        self.run_day(1)
        self.assertEqual(self.notices()[0]["phones"], ["380501112233"])

    def test_thousands_are_one_request_built_without_their_records(self):
        count = 2000
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
        with freeze_time(self.today - timedelta(days=28)):
            self.env["loyalty.card"].create(
                [
                    {"program_id": self.program.id, "partner_id": p.id, "points": 10}
                    for p in partners
                ]
            )
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        event = self.env["inboost.bonus.notice"]._capture(self.backend)
        self.assertLess(self.env.cr.sql_log_count - before, 60)
        self.assertEqual(len(event.fact["phones"]), count)
        for model in ("res.partner", "loyalty.card", "inboost.bonus.move"):
            names = self.env[model]._fields.values()
            loaded = max(
                len(self.env.cache.get_records(self.env[model], f)) for f in names
            )
            self.assertLess(loaded, 50, model)
        self.assertIn("…", event.fact_text)
        others = self.env["inboost.event"].search([("id", "!=", event.id)])
        others.sudo().with_context(inboost_retention=True).unlink()
        self.deliver()
        [sent] = self.fake.bodies(NOTICE)
        self.assertEqual(len(set(sent["phones"])), count)

    def test_only_customers_of_inboost_where_only_they_are_sent(self):
        self.win(-28, 10, self.make_card())
        self.backend.scope = "linked"
        self.run_day(0)
        self.assertFalse(self.notices())
        self.env["inboost.customer"].sudo().create(
            {
                "backend_id": self.backend.id,
                "partner_id": self.customer.id,
                "phone": self.customer.phone_sanitized,
            }
        )
        self.run_day(1)
        self.assertEqual(len(self.notices()), 1)

    def test_a_notice_that_a_person_cancelled_notified_nobody(self):
        self.win(-28, 10, self.make_card())
        self.run_day(0)
        self.events("bonuses_expiring").action_cancel()
        self.run_day(1)
        self.assertEqual(len(self.notices()), 2)

    def test_a_refund_at_the_register_returns_points_with_their_dates(self):
        card = self.make_card()
        self.win(-28, 10, card)
        order = self.sell_with_points(card, net=-10, spent=10)
        refund = order._refund()
        self.confirm_points(refund, card, 10)
        self.assertEqual(card.points, 10)
        [entry] = self.env["inboost.bonus.lots"]._find(self.program, cards=card)
        self.assertEqual(entry.day, self.today + timedelta(days=2))

    def test_nothing_is_burned_below_zero(self):
        self.program.inboost_burn_expired = True
        card = self.make_card()
        self.win(-40, 10, card)
        self.env.flush_all()
        self.env.cr.execute("UPDATE loyalty_card SET points=2 WHERE id=%s", card.ids)
        self.env.invalidate_all()
        self.run_day(0)
        self.assertEqual(card.points, 0)

    def test_a_validity_has_an_end(self):
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            self.program.inboost_validity_days = 9_999_999
            self.program.flush_recordset()

    def test_points_are_shown_as_people_read_them(self):
        for points, text in (
            (12345.67, "12345.67"),
            (1234567.5, "1234567.5"),
            (3, "3"),
        ):
            self.assertEqual(shown(points), text)

    def test_two_cards_are_one_phone(self):
        self.win(-28, 10, self.make_card())
        self.win(-26, 5, self.make_card())
        self.run_day(0)
        [fact] = self.notices()
        self.assertEqual(fact["phones"], ["380671234567"])
        [customer] = fact["customers"]
        self.assertEqual(customer["amount"], 15)
        self.assertEqual(
            customer["date"], fields.Date.to_string(self.today + timedelta(days=2))
        )

    def test_card_with_a_date_of_its_own(self):
        self.program.inboost_validity_days = 0
        card = self.make_card(10)
        card.expiration_date = self.today + timedelta(days=3)
        self.run_day(0)
        self.assertEqual(len(self.notices()), 1)
        self.program.inboost_burn_expired = True
        self.run_day(3)
        self.assertEqual(card.points, 10)
        self.run_day(4)
        self.assertEqual(card.points, 0)

    def test_shorter_validity_counts_for_points_there_are(self):
        self.program.inboost_burn_expired = True
        card = self.make_card()
        self.win(-20, 10, card)
        self.win(-5, 3, card)
        self.run_day(0)
        self.assertEqual(card.points, 13)
        self.program.inboost_validity_days = 10
        self.run_day(0)
        self.assertEqual(card.points, 3)

    def test_shown_and_downloaded_before_it_goes(self):
        card = self.make_card()
        self.win(-28, 10, card)
        self.win(-10, 4, card)
        self.win(-40, 3, self.make_card(0, self.other_customer))
        self.customer.name = "=cmd()"
        action = self.backend.action_preview_notice()
        preview = self.env[action["res_model"]].browse(action["res_id"])
        self.assertEqual(preview.line_ids.mapped("points"), [10])
        text = base64.b64decode(preview.file).decode("utf-8-sig")
        self.assertEqual(
            text.splitlines()[1],
            f"'=cmd(),+380671234567,10,{self.today + timedelta(days=2)}",
        )
        self.assertFalse(self.notices(), "only shown")
        action = self.program.action_inboost_expired()
        preview = self.env[action["res_model"]].browse(action["res_id"])
        self.assertEqual(preview.line_ids.partner_id, self.other_customer)
        action = self.program.action_inboost_expiring()
        preview = self.env[action["res_model"]].browse(action["res_id"])
        self.assertEqual(preview.line_ids.mapped("points"), [3, 10, 4])

    def preview(self):
        action = self.backend.action_preview_notice()
        return self.env[action["res_model"]].browse(action["res_id"])

    def test_a_preview_of_nothing_names_the_next(self):
        self.assertEqual(self.preview().summary, "None within 7 days")
        with freeze_time("2026-11-05 12:00:00"):
            self.make_card(160.51)
            self.make_card(3, self.other_customer).points = 0
        with freeze_time("2026-11-20 12:00:00"):
            preview = self.preview()
            self.assertEqual(
                preview.summary, "None within 7 days; next: 160.51 on 5 December"
            )
            self.assertFalse(preview.line_ids)

    def test_a_preview_has_one_row_for_a_customer_and_day(self):
        for points in (1, 2, 3):
            self.win(-28, points, self.make_card())
        self.win(-27, 4, self.make_card())
        self.assertEqual(self.preview().line_ids.mapped("points"), [6, 4])
        self.assertEqual(self.preview().summary, "Points: 10.00; customers: 1")

    def test_card_and_contact_show_what_expires_when(self):
        card = self.make_card()
        self.win(-28, 10, card)
        self.win(-25, 4, self.make_card())
        day = format_date(self.env, self.today + timedelta(days=2))
        self.assertIn(day, card.inboost_expiry)
        self.assertEqual(card.inboost_expiry.count("<tr>"), 2)
        self.assertEqual(self.customer.inboost_expiry.count("<tr>"), 3)
        self.assertFalse(self.other_customer.inboost_expiry)
        action = self.customer.action_view_inboost_moves()
        self.assertEqual(self.Move.search_count(action["domain"]), 2)
