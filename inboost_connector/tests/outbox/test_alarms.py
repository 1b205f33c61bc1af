import base64
import json
from datetime import timedelta
from unittest.mock import patch

from lxml import etree

from odoo import fields
from odoo.tests import new_test_user, tagged
from odoo.tools import file_open, mute_logger
from odoo.tools.translate import code_translations

from ...lib.desk import FAILING
from ...models.outbox import inboost_watch
from ...models.outbox.inboost_alarm import CAUSES
from ...models.outbox.inboost_watch import CRONS
from ..common import InboostCase

ALARM = "odoo.addons.inboost_connector.models.outbox.inboost_alarm"


class AlarmCase(InboostCase):
    def setUp(self):
        super().setUp()
        self.Alarm = self.env["inboost.alarm"].sudo()
        self.env["inboost.capture.failure"].sudo().search([]).unlink()
        self.cron = self.env.ref("inboost_connector.ir_cron_deliver").sudo()
        self.cron.lastcall = fields.Datetime.now()
        self.refresh()

    def refresh(self):
        self.Alarm._refresh(self.backend)
        return self.Alarm.search([("backend_id", "=", self.backend.id)])

    def ago(self, **time):
        return fields.Datetime.now() - timedelta(**time)

    def waiting(self, **time):
        event = self.capture_some()
        event.sudo().write(
            {"queued_at": self.ago(**time), "next_try": self.ago(**time)}
        )
        return event

    def in_state(self, event, state, code=None):
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE inboost_event SET state = %s, reason_code = %s WHERE id = %s",
            (state, code, event.id),
        )
        self.env.invalidate_all()

    # -- each cause; what is returned mends it ------------------------------------

    def raise_backend_paused(self):
        self.backend._pause("wrong_credentials", {"status": 401})
        return lambda: self.backend.write({"state": "connected"})

    def raise_endpoint_paused(self):
        endpoint = self.endpoint("purchase")
        endpoint._pause("no_such_address", {"status": 404})
        return lambda: endpoint.write({"paused": False})

    def raise_endpoint_failing(self):
        endpoint = self.endpoint("purchase")
        endpoint.failures = FAILING
        return lambda: endpoint.write({"failures": 0})

    def raise_waiting(self):
        event = self.waiting(minutes=61)
        return lambda: self.in_state(event, "done")

    def raise_crons(self):
        event = self.waiting(minutes=6)
        self.cron.lastcall = self.ago(minutes=6)
        return lambda: self.in_state(event, "done")

    def raise_crons_missing(self):
        self.env.ref("inboost_connector.ir_cron_pull").sudo().unlink()
        return self.env["inboost.watch"]._repair_crons

    def raise_crons_off(self):
        self.cron.active = False
        return lambda: self.cron.write({"active": True})

    def raise_held(self):
        event = self.capture_some()
        self.in_state(event, "held", "timeout")
        return event.action_mark_delivered

    def raise_failed(self):
        event = self.capture_some()
        self.in_state(event, "failed", "http_status")
        return event.action_cancel

    def raise_restored(self):
        event = self.capture_some()
        self.in_state(event, "held", "restored")
        self.backend.doubt_decision = "ask"
        return self.backend.action_keep_doubtful

    def raise_secret_ends(self):
        end = fields.Datetime.now() + timedelta(days=5)
        claims = json.dumps({"exp": int(end.timestamp())}).encode()
        middle = base64.urlsafe_b64encode(claims).decode().rstrip("=")
        before = self.backend.sudo().secret
        self.backend.secret_entry = f"e30.{middle}.c2ln"
        return lambda: self.backend.write({"secret_entry": before})

    def raise_missed(self):
        row = (
            self.env["inboost.capture.failure"]
            .sudo()
            .create(
                {
                    "what": "a sale",
                    "res_model": "pos.order",
                    "method": "exists",
                    "attempts": 2,
                }
            )
        )
        return lambda: row.write({"solved_at": fields.Datetime.now()})


@tagged("post_install", "-at_install")
class TestAlarms(AlarmCase):
    """Each cause is one activity for each administrator, and goes when the cause
    does."""

    def test_every_cause_has_a_test(self):
        tested = {name[6:] for name in dir(self) if name.startswith("raise_")}
        self.assertEqual(tested, set(CAUSES))

    def test_one_activity_for_each_administrator_and_gone_with_the_cause(self):
        other = new_test_user(
            self.env, "another", "inboost_connector.group_inboost_manager"
        )
        users = self.env["inboost.alarm"]._get_administrators(self.backend)
        self.assertLessEqual(self.env.user | other, users)
        for code in CAUSES:
            with self.subTest(code):
                mend = getattr(self, f"raise_{code}")()
                self.refresh()
                alarms = self.refresh()
                self.assertEqual(alarms.mapped("code"), [code])
                self.assertEqual(alarms.activity_ids.user_id, users)
                self.assertEqual(len(self.backend.activity_ids), len(users))
                self.assertNotIn("%(", alarms.text)
                self.assertIn(alarms.text, alarms.activity_ids.mapped("summary"))
                mend()
                self.assertFalse(self.refresh(), code)
                self.assertFalse(self.backend.activity_ids, code)

    def test_each_reads_it_in_their_language(self):
        self.env["res.lang"]._activate_lang("uk_UA")
        olena = new_test_user(
            self.env,
            "olena",
            "inboost_connector.group_inboost_manager",
            lang="uk_UA",
        )
        terms = {
            CAUSES["endpoint_paused"]._source: "%(endpoint)s зупинено: %(reason)s",
            "Nothing is at this address (HTTP %(status)s).": "Нічого (%(status)s).",
        }
        known = code_translations.get_python_translations

        def translate(module, lang):
            return terms if lang == "uk_UA" else known(module, lang)

        with patch.object(code_translations, "get_python_translations", translate):
            self.raise_endpoint_paused()
            alarm = self.refresh()
        by_user = {a.user_id: a.summary for a in alarm.activity_ids}
        self.assertIn("зупинено: Нічого (404).", by_user[olena])
        self.assertIn("is paused", by_user[self.env.user])

    def test_what_waited_and_is_sent_takes_its_alarm_along(self):
        self.raise_waiting()
        self.assertEqual(self.refresh().mapped("code"), ["waiting"])
        self.deliver()
        self.assertFalse(self.Alarm.search([("backend_id", "=", self.backend.id)]))
        self.assertFalse(self.backend.activity_ids)

    def test_a_person_who_paused_is_not_reminded(self):
        self.backend.action_pause()
        self.assertFalse(self.refresh())

    def test_what_waits_behind_another_is_no_dead_scheduler(self):
        self.waiting(minutes=6)
        self.assertFalse(self.refresh(), "the delivery ran just now")

    def test_an_alarm_that_fails_harms_neither_sale_nor_delivery(self):
        with (
            patch.object(type(self.Alarm), "_find_causes", side_effect=KeyError("bug")),
            mute_logger(ALARM),
        ):
            event = self.capture_some()
            self.assertTrue(event)
            self.Alarm._refresh()
            self.deliver()
        self.assertEqual(event.state, "done")

    def test_the_reconciliation_looks_too(self):
        self.endpoint("purchase").failures = FAILING
        self.env["inboost.backend"]._cron_reconcile()
        self.assertTrue(self.backend.activity_ids)


@tagged("post_install", "-at_install")
class TestWatch(AlarmCase):
    def test_a_sale_notices_that_nothing_is_sent(self):
        self.raise_dead()
        self.sell(self.customer)
        [alarm] = self.Alarm.search([("backend_id", "=", self.backend.id)])
        self.assertEqual(alarm.code, "crons")
        self.assertIn(self.env.user, alarm.activity_ids.user_id)

    def raise_dead(self):
        self.waiting(minutes=6)
        self.cron.lastcall = self.ago(minutes=6)
        inboost_watch._looked.clear()

    def test_one_look_a_minute(self):
        with patch.object(type(self.Alarm), "_refresh") as refresh:
            inboost_watch._looked.clear()
            self.capture_some(3)
            self.capture_some(3)
        self.assertEqual(refresh.call_count, 1)

    def test_the_names_are_those_of_the_data(self):
        with file_open("inboost_connector/data/ir_cron.xml", "rb") as file:
            tree = etree.parse(file)
        found = {
            record.get("id"): record.findtext("field[@name='name']")
            for record in tree.iter("record")
        }
        self.assertEqual(CRONS, found)

    def test_missing_scheduled_actions_are_made_again(self):
        for name in CRONS:
            self.env.ref(f"inboost_connector.{name}").sudo().unlink()
        self.env["inboost.watch"]._repair_crons()
        for name, title in CRONS.items():
            self.assertEqual(self.env["inboost.watch"]._get_cron(name).name, title)
        switched_off = self.env["inboost.watch"]._get_cron("ir_cron_bonus_burn")
        switched_off.active = False
        self.env.ref("inboost_connector.ir_cron_pull").sudo().unlink()
        self.env["inboost.backend"]._cron_reconcile()
        self.assertTrue(self.env.ref("inboost_connector.ir_cron_pull"))
        self.assertFalse(switched_off.active, "a person's choice")

    def test_the_alarm_says_which_is_missing_or_off(self):
        self.env.ref("inboost_connector.ir_cron_pull").sudo().unlink()
        self.cron.active = False
        texts = self.refresh().mapped("text")
        self.assertIn("InBoost: pull customers", texts[0])
        self.assertIn("InBoost: deliver events", texts[1])

    def test_sales_and_buttons_work_without_scheduled_actions(self):
        for name in CRONS:
            self.env.ref(f"inboost_connector.{name}").sudo().unlink()
        order = self.sell(self.customer)
        self.assertEqual(len(self.events_of(order)), 2)
        self.events_of(order)[0].action_cancel()
        self.endpoint("purchase").action_resume()
        self.env["inboost.watch"]._trigger("ir_cron_pull")
        self.backend._connect()
        self.assertFalse(self.refresh())
        self.deliver()
        self.assertEqual(self.events_of(order)[1].state, "done")
