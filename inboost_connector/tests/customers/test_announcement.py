"""The way in: who is let in, what is kept of it, and what becomes of it."""

import base64
import json
from datetime import timedelta, timezone
from unittest.mock import patch

from standardwebhooks.webhooks import Webhook

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged

from ...lib import door
from ..common_customer import CustomerCase

TOKEN = "a-token-nobody-can-guess-1234"
SECRET, NEXT = (
    "whsec_" + base64.b64encode(bytes(range(i, i + 32))).decode() for i in (1, 9)
)


class WayInCase(CustomerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Announcement = cls.env["inboost.announcement"]
        cls.backend.sudo().write({"incoming_open": True, "incoming_token_entry": TOKEN})

    def setUp(self):
        super().setUp()
        buckets = "odoo.addons.inboost_connector.models.customers.inboost_announcement"
        self.startPatcher(patch.dict(f"{buckets}._buckets", clear=True))

    def announce(self, data, message="m-1", token=TOKEN, **headers):
        """:return: HTTP status"""
        body = data if isinstance(data, bytes) else json.dumps(data).encode()
        headers = {
            "webhook-id": message,
            "authorization": f"Bearer {token}",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        return self.Announcement._receive(self.backend.id, headers, body)[0]

    def signed(self, data, secret, message="m-1", moment=None):
        """:return: the headers of a signature"""
        moment = moment or fields.Datetime.now()
        text = data if isinstance(data, str) else json.dumps(data)
        signature = Webhook(secret).sign(message, moment, text)
        moment = moment.replace(tzinfo=timezone.utc)
        return {
            "webhook_timestamp": str(int(moment.timestamp())),
            "webhook_signature": signature,
        }

    def kept(self):
        return self.Announcement.search([("backend_id", "=", self.backend.id)])

    def process(self):
        self.run_cron("announcement")
        return self.kept()


@tagged("post_install", "-at_install")
class TestWhoIsLetIn(WayInCase):
    def test_who_has_the_token_is_let_in(self):
        self.assertEqual(self.announce(self.row(1)), 202)
        self.assertEqual(self.kept().body, self.row(1))
        self.assertEqual(self.kept().state, "waiting")

    def test_it_is_closed_by_default(self):
        backend = self.env["inboost.backend"].create(
            {"name": "Another", "address": "https://other.example"}
        )
        self.assertFalse(backend._prepare_door().is_open)
        backend, was = (
            self.backend.sudo(),
            {
                "incoming_open": True,
                "incoming_token_entry": TOKEN,
                "state": "connected",
                "active": True,
            },
        )
        for values in (
            {"incoming_open": False},
            {"incoming_token_entry": False},
            {"state": "draft"},
            {"active": False},
        ):
            with self.subTest(values=values):
                backend.write(values)
                self.assertEqual(self.announce(self.row(1)), 404)
                backend.write(was)
        self.assertFalse(self.kept())
        self.assertEqual(self.announce(self.row(1)), 202)

    def test_wrong_requests_learn_nothing(self):
        """One answer, whatever was wrong, and the same work to find it."""
        body = json.dumps(self.row(1)).encode()
        wrong = {
            "wrong token": (self.backend.id, {"authorization": "Bearer x"}),
            "no token": (self.backend.id, {}),
            "no such portal": (10**9, {"authorization": f"Bearer {TOKEN}"}),
            "a number that is none": (10**30, {"authorization": f"Bearer {TOKEN}"}),
            "odd letters": (self.backend.id, {"authorization": "Bearer \udc80é"}),
        }
        self.Announcement._get_doors()
        answers, work = set(), set()
        for what, (backend_id, headers) in wrong.items():
            with self.subTest(what=what):
                with (
                    patch.object(
                        door.signing, "is_signed", wraps=door.signing.is_signed
                    ) as verify,
                    patch.object(
                        door.hmac, "compare_digest", wraps=door.hmac.compare_digest
                    ) as compare,
                ):
                    with self.assertQueryCount(0):
                        answers.add(
                            self.Announcement._receive(backend_id, headers, body)
                        )
                work.add((verify.call_count, compare.call_count))
        self.assertEqual(answers, {(404, "")})
        self.assertEqual(work, {(2, 1)})
        self.assertFalse(self.kept())

    def test_a_body_that_is_no_json_tells_only_who_is_let_in(self):
        for body in (b"{", b"\xff", b'"text"', b"NaN", b"[" * 40 + b"]" * 40):
            self.assertEqual(self.announce(body), 400)
            self.assertEqual(self.announce(body, token="x"), 404)

    def test_with_a_secret_only_what_is_signed_is_let_in(self):
        self.backend.sudo().incoming_secret_entry = SECRET
        row = self.row(1)
        self.assertEqual(self.announce(row), 404)
        self.assertEqual(self.announce(row, **self.signed(row, NEXT)), 404)
        changed = self.signed(self.row(2), SECRET)
        self.assertEqual(self.announce(row, **changed), 404)
        other_id = self.signed(row, SECRET, "m-2")
        self.assertEqual(self.announce(row, **other_id), 404)
        right = self.signed(row, SECRET)
        self.assertEqual(self.announce(row, token="x", **right), 404)
        self.assertEqual(self.announce(row, **right), 202)

    def test_a_signature_alone_is_enough(self):
        self.backend.sudo().write(
            {"incoming_token_entry": False, "incoming_secret_entry": SECRET}
        )
        row = self.row(1)
        right = self.signed(row, SECRET)
        self.assertEqual(self.announce(row, token="", **right), 202)

    def test_while_one_secret_replaces_the_other_both_are_good(self):
        self.backend.sudo().write(
            {"incoming_secret_entry": SECRET, "incoming_next_secret_entry": NEXT}
        )
        for number, secret in enumerate((SECRET, NEXT)):
            row = self.row(number)
            signed = self.signed(row, secret, f"m-{number}")
            self.assertEqual(self.announce(row, f"m-{number}", **signed), 202)

    def test_an_old_signature_is_good_for_nothing(self):
        self.backend.sudo().incoming_secret_entry = SECRET
        row = self.row(1)
        for minutes in (-6, 6):
            moment = fields.Datetime.now() + timedelta(minutes=minutes)
            signed = self.signed(row, SECRET, moment=moment)
            self.assertEqual(self.announce(row, **signed), 404)

    def test_garbage_for_a_signature_is_refused_like_any(self):
        self.backend.sudo().incoming_secret_entry = SECRET
        row = self.row(1)
        right = self.signed(row, SECRET)
        for value in ("", "v1", "v1,", "v1,%%%", "v1,é", "v2,AAAA", "v1,a,b", " "):
            given = {**right, "webhook_signature": value}
            self.assertEqual(self.announce(row, **given), 404, value)
        for value in ("", "NaN", "1e400", "-1", "yesterday"):
            given = {**right, "webhook_timestamp": value}
            self.assertEqual(self.announce(row, **given), 404, value)

    def test_a_replaced_token_is_good_for_nothing(self):
        self.backend.sudo().incoming_token_entry = "another-token-nobody-can-guess"
        self.assertEqual(self.announce(self.row(1)), 404)

    def test_a_flood_is_taken_in_drops(self):
        bucket = door.Bucket(size=3, rate=0)
        self.startPatcher(
            patch.object(type(self.Announcement), "_get_bucket", lambda s, i: bucket)
        )
        statuses = [self.announce(self.row(n), f"m-{n}") for n in range(5)]
        self.assertEqual(statuses, [202, 202, 202, 429, 429])
        self.assertEqual(len(self.kept()), 3)
        # Who is not let in takes nothing of it.
        self.assertEqual(self.announce(self.row(1), token="x"), 404)


@tagged("post_install", "-at_install")
class TestSecretsOfTheWayIn(WayInCase):
    def manager(self, *groups):
        return new_test_user(
            self.env,
            f"way-in-{len(groups)}",
            ",".join(["inboost_connector.group_inboost_manager", *groups]),
            company_id=self.env.company.id,
        )

    def test_what_was_entered_is_never_read_back(self):
        user = self.manager("base.group_partner_manager")
        backend = self.backend.with_user(user)
        backend.write({"incoming_secret_entry": SECRET, "signing_secret_entry": NEXT})
        names = [n for n in backend._fields if "incoming" in n or "sign" in n]
        entries = [n for n in names if n.endswith("_entry")]
        shown = backend.read(entries)[0]
        self.assertEqual(shown["incoming_token_entry"], "••••••••")
        self.assertEqual(shown["incoming_secret_entry"], "••••••••")
        self.assertFalse(shown["incoming_next_secret_entry"])
        for name in ("incoming_token", "incoming_secret", "signing_secret"):
            with self.assertRaises(AccessError):
                backend.read([name])
        # A token is not even known to us.
        self.assertNotIn(TOKEN, self.backend.sudo().incoming_token)

    def test_saving_the_dots_changes_nothing(self):
        before = self.backend.sudo().incoming_token
        self.backend.sudo().write({"incoming_token_entry": "••••••••"})
        self.assertEqual(self.backend.sudo().incoming_token, before)

    def test_weak_ones_are_refused(self):
        for token in ("short", "with a blank in it, so it is long", "ключ" * 10):
            with self.assertRaises(ValidationError):
                self.backend.sudo().incoming_token_entry = token
        for secret in ("whsec_", "whsec_AAAA", "x" * 40 + "!", TOKEN):
            for name in ("incoming_secret_entry", "signing_secret_entry"):
                with self.assertRaises(ValidationError):
                    self.backend.sudo()[name] = secret

    def test_a_user_sees_no_announcements(self):
        self.announce(self.row(1))
        user = new_test_user(
            self.env, "way-in-user", "inboost_connector.group_inboost_user"
        )
        announcement = self.kept().with_user(user)
        with self.assertRaises(AccessError):
            announcement.read(["body"])
        with self.assertRaises(AccessError):
            announcement.action_replay()

    def test_nobody_writes_one_by_hand(self):
        self.announce(self.row(1))
        announcement = self.kept().with_user(self.manager())
        self.assertTrue(announcement.read(["body_text"])[0]["body_text"])
        for act in (
            lambda: announcement.write({"state": "done"}),
            lambda: announcement.unlink(),
            lambda: announcement.copy(),
        ):
            with self.assertRaises(AccessError):
                act()

    def test_only_who_may_edit_contacts_opens_a_way_to_overwrite_them(self):
        self.backend.sudo().policy_email = "overwrite"
        backend = self.backend.with_user(self.manager())
        for values in ({"incoming_open": True}, {"incoming_token_entry": TOKEN * 2}):
            with self.assertRaises(AccessError):
                backend.write(values)
        editor = self.manager("base.group_partner_manager")
        self.backend.with_user(editor).incoming_token_entry = TOKEN * 2

    def test_what_another_company_got_is_not_seen(self):
        self.announce(self.row(1))
        company = self.env["res.company"].create({"name": "Another"})
        user = new_test_user(
            self.env,
            "way-in-another",
            "inboost_connector.group_inboost_manager",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )
        self.assertFalse(self.Announcement.with_user(user).search([]))

    def test_a_copy_of_the_backend_is_closed(self):
        copied = self.backend.sudo().copy()
        self.assertFalse(copied.incoming_open)
        self.assertFalse(copied.incoming_token)


@tagged("post_install", "-at_install")
class TestWhatBecomesOfIt(WayInCase):
    def test_a_new_customer_is_a_contact(self):
        self.announce(self.row(1))
        announcement = self.process()
        self.assertEqual((announcement.state, announcement.kind), ("done", "created"))
        self.assertEqual(announcement.partner_id.phone_sanitized, self.phone(1))
        self.assertEqual(self.link_of(1).partner_id, announcement.partner_id)

    def test_a_changed_customer_is_changed_as_a_pull_would(self):
        self.announce(self.row(1))
        self.process()
        self.backend.sudo().policy_email = "overwrite"
        self.announce(self.row(1, email="new@example.com"), "m-2")
        announcement = self.process()[0]
        self.assertEqual(announcement.kind, "updated")
        self.assertEqual(announcement.partner_id.email, "new@example.com")
        self.assertIn("new@example.com", announcement.text)

    def test_the_newest_word_is_the_last(self):
        self.backend.sudo().policy_email = "overwrite"
        for number, email in enumerate(("a@example.com", "b@example.com")):
            self.announce(self.row(1, email=email), f"m-{number}")
        self.assertEqual(self.process().partner_id.email, "b@example.com")

    def map_opt_outs(self):
        """Shipped mappings say nothing of them."""
        for endpoint in self.backend.sudo().endpoint_ids.filtered("row_map"):
            endpoint.row_map = f"{endpoint.row_map[:-1]}, opted_out: optedOut}}"

    def test_what_is_not_said_stays_as_it_was(self):
        self.map_opt_outs()
        self.announce(self.row(1, email="a@example.com"))
        self.process()
        little = {"id": "id-1", "userPhoneNumber": self.phone(1), "optedOut": True}
        self.announce(little, "m-2")
        link = self.process()[0].partner_id and self.link_of(1)
        self.assertEqual(link.partner_id.email, "a@example.com")
        self.assertEqual(link.fact["email"], "a@example.com")

    def test_an_opt_out_counts_at_once(self):
        self.map_opt_outs()
        partner = self.contact(1)
        self.announce({"userPhoneNumber": self.phone(1), "optedOut": True})
        self.process()
        self.assertTrue(partner.phone_sanitized_blacklisted)

    def test_the_customer_may_stand_anywhere(self):
        for number, body in enumerate(
            (
                {"type": "customer.changed", "data": self.row(1)},
                {"event": "new", "customer": self.row(1)},
                {"data": [self.row(1), self.row(2)]},
                [self.row(1)],
            )
        ):
            self.announce(body, f"m-{number}")
        self.assertEqual(set(self.process().mapped("state")), {"done"})
        self.assertTrue(self.link_of(2))
        self.backend.sudo().incoming_path = "{id: who, userPhoneNumber: tel}"
        self.announce({"who": "id-3", "tel": self.phone(3)}, "m-9")
        self.process()
        self.assertTrue(self.link_of(3))
        with self.assertRaises(ValidationError):
            self.backend.sudo().incoming_path = "{id: "

    def test_a_repeat_is_processed_once(self):
        self.assertEqual(self.announce(self.row(1)), 202)
        self.assertEqual(self.announce(self.row(2)), 202)
        self.assertEqual(self.process().body, self.row(1))
        self.assertEqual(self.announce(self.row(2)), 202)
        self.assertEqual(self.kept().state, "done")
        self.assertFalse(self.link_of(2))

    def test_what_has_no_id_is_taken_each_time(self):
        for _twice in "12":
            self.assertEqual(self.announce(self.row(1), ""), 202)
        self.assertEqual(len(self.kept()), 2)

    def test_an_id_in_the_body_is_one_too(self):
        for event in (7, 7, "8"):
            self.announce({"eventId": event, "data": self.row(1)}, "")
        self.assertEqual(set(self.kept().mapped("message_id")), {"7", "8"})

    def test_what_is_wrong_fails_alone_and_says_why(self):
        self.announce({"no": "customer"}, "m-1")
        self.announce({"data": "text"}, "m-2")
        self.announce({"data": [self.row(n) for n in range(101)]}, "m-3")
        self.announce(self.row(1), "m-4")
        by_id = {one.message_id: one for one in self.process()}
        self.assertEqual(by_id["m-1"].text, "It has no phone.")
        self.assertEqual(by_id["m-2"].text, "The row is not an object.")
        self.assertIn("101", by_id["m-3"].text)
        self.assertEqual(by_id["m-4"].state, "done")
        states = {one.state for one in by_id.values()} - {"done"}
        self.assertEqual(states, {"failed"})

    def test_an_error_of_ours_is_this_one_s_own(self):
        decide = type(self.env["inboost.customer.decision"])._decide

        def fail_once(this, backend, rows, *args):
            if rows[0]["id"] == "id-1":
                raise ZeroDivisionError("by zero")
            return decide(this, backend, rows, *args)

        self.announce(self.row(1), "m-1")
        self.announce(self.row(2), "m-2")
        with (
            patch.object(
                type(self.env["inboost.customer.decision"]), "_decide", fail_once
            ),
            self.assertLogs("odoo.addons.inboost_connector", "ERROR"),
        ):
            second, first = self.process()
        self.assertEqual((first.state, first.text), ("failed", "By zero"))
        self.assertEqual(second.state, "done")
        first.action_replay()
        self.assertEqual(self.process()[1].state, "done")

    def test_a_paused_backend_keeps_what_comes(self):
        self.backend.sudo()._pause("paused_by", {"user": "x"})
        self.assertEqual(self.announce(self.row(1)), 202)
        self.assertEqual(self.process().state, "waiting")
        self.backend.sudo()._connect()
        self.assertEqual(self.process().state, "done")

    def test_a_copy_of_the_database_processes_nothing(self):
        self.announce(self.row(1))
        self.backend.sudo().fingerprint = "of another database"
        self.assertEqual(self.process().state, "waiting")
        self.assertEqual(self.backend.state, "paused")

    def test_it_is_there_soon(self):
        triggers = self.env["ir.cron.trigger"].sudo()
        cron = self.env.ref("inboost_connector.ir_cron_announcement")
        before = triggers.search_count([("cron_id", "=", cron.id)])
        self.announce(self.row(1))
        self.announce(self.row(1))
        after = triggers.search_count([("cron_id", "=", cron.id)])
        self.assertEqual(after - before, 1, "a repeat wakes nobody")

    def test_masked_data_is_kept_until_it_was_processed(self):
        self.backend.sudo().mask_personal = True
        self.announce(self.row(1, email="a@example.com"), "m-1")
        self.announce({"no": "customer"}, "m-2")
        failed, done = self.process()
        self.assertFalse(done.body)
        self.assertNotIn("a@example.com", str(done.notes))
        self.assertTrue(failed.body)
        with self.assertRaises(UserError):
            done.action_replay()

    def test_old_ones_are_forgotten_except_those_that_wait(self):
        for number in range(3):
            self.announce(self.row(number), f"m-{number}")
        first, second, third = self.kept().sudo()
        first.state, second.state = "done", "failed"
        self.env.flush_all()
        days = self.backend.log_retention_days + 1
        self.env.cr.execute(
            "UPDATE inboost_announcement SET create_date = now() - interval '%s days'"
            " WHERE id = ANY(%s)",
            [days, [first.id, second.id, third.id]],
        )
        self.env.invalidate_all()
        self.Announcement.sudo()._gc_announcements()
        self.assertEqual(self.kept(), third)

    def test_erasing_somebody_erases_what_was_announced(self):
        self.announce(self.row(1, email="gone@example.com"), "m-1")
        partner = self.process().partner_id
        self.announce({"data": [self.row(2), self.row(1)]}, "m-2")
        self.announce({"data": {"email": "gone@example.com"}}, "m-3")
        self.announce(self.row(3), "m-4")
        other, _mail, waiting, _first = self.kept()
        exported = self.env["inboost.privacy"]._export(partner)
        self.assertEqual(exported["announcements"][0]["kind"], "created")
        self.env["inboost.privacy"]._erase(partner)
        self.assertNotIn("gone@example.com", str(self.kept().mapped("body")))
        self.assertNotIn(self.phone(1)[1:], str(self.kept().mapped("body")))
        self.assertEqual(other.body, self.row(3))
        # It would bring them back.
        self.assertEqual(waiting.state, "done")
