import json
import time
from unittest.mock import patch

from psycopg2.errors import SerializationFailure

from odoo.tests import tagged
from odoo.tools import mute_logger

from ...lib.decision import Part
from ..common_customer import LIST, CustomerCase


@tagged("post_install", "-at_install")
class TestCustomerPull(CustomerCase):
    def fetch(self, run):
        with (
            self.enter_registry_test_mode(),
            patch.object(type(self.env["ir.cron"]), "_commit_progress"),
        ):
            return run._fetch()

    def test_created_with_all_that_is_known(self):
        uk = self.env["res.lang"]._activate_lang("uk_UA").code
        row = self.row(
            1,
            email="one@example.com",
            birth="1990-05-17",
            source="Instagram stories",
            profession="Cosmetologist",
        )
        run = self.pull([row])
        self.assertEqual(self.counts(run), {"created": 1})
        link = self.link_of(1)
        partner = link.partner_id
        self.assertEqual(partner.phone_sanitized, self.phone(1))
        self.assertEqual((partner.firstname, partner.lastname), ("First1", "Last1"))
        self.assertEqual(partner.email, "one@example.com")
        self.assertEqual(str(partner.birthdate_date), "1990-05-17")
        self.assertEqual(partner.inboost_source_id.name, "Instagram stories")
        self.assertEqual(partner.inboost_specialty_id.name, "Cosmetologist")
        self.assertEqual(partner.lang, uk)
        self.assertEqual(len(partner.message_ids), 1)
        self.assertTrue(partner.is_inboost_customer)
        self.assertEqual((link.state, link.history_state), ("linked", "none"))

    def test_known_only_by_phone_is_called_by_it(self):
        self.pull([{"id": "id-1", "userPhoneNumber": "380500000001"}])
        partner = self.link_of(1).partner_id
        self.assertEqual(partner.name, self.phone(1))
        # The name comes later and takes its place.
        self.pull([self.row(1)])
        self.assertEqual(partner.name, "First1 Last1")

    def test_found_in_another_spelling_and_linked(self):
        partner = self.contact(1, name="Maria Bondar")
        run = self.pull([self.row(1, email="one@example.com")])
        self.assertEqual(self.counts(run), {"linked": 1})
        self.assertEqual(self.link_of(1).partner_id, partner)
        self.assertEqual(partner.name, "Maria Bondar")
        self.assertEqual(partner.email, "one@example.com")
        [note] = self.notes(partner)
        self.assertIn("one@example.com", note.body)

    def test_second_pull_changes_nothing_and_says_nothing(self):
        self.contact(1)
        rows = [self.row(1), self.row(2), self.row(3, userPhoneNumber="nope")]
        self.pull(rows)
        partners = self.Link.search([]).partner_id
        messages = partners.message_ids
        written = partners.mapped("write_date")
        run = self.pull(rows)
        self.assertEqual(self.counts(run), {"unchanged": 2, "error": 1})
        self.assertEqual(partners.message_ids, messages)
        self.assertEqual(partners.mapped("write_date"), written)

    def test_half_a_name_settles_too(self):
        rows = [self.row(1, lastName=None), self.row(2, userName=None)]
        self.contact(1, name="First1")
        for _pull in range(2):
            run = self.pull(rows)
        self.assertEqual(self.counts(run), {"unchanged": 2})

    def test_overwriting_never_mixes_two_names(self):
        self.backend.policy_name = "overwrite"
        partner = self.contact(1, name="Maria Bondar")
        self.pull([self.row(1, userName="Olena", lastName=None)])
        self.assertEqual(partner.name, "Maria Bondar")
        self.pull([self.row(1, userName="Olena", lastName="Kovalenko")])
        self.assertEqual(partner.name, "Olena Kovalenko")

    def test_overwriting_settles(self):
        self.env["res.lang"]._activate_lang("en_GB")
        for word in ("name", "email", "birthdate", "source", "specialty", "lang"):
            self.backend[f"policy_{word}"] = "overwrite"
        row = self.row(
            1, source="Chat [1]", profession="barber", email="A@Example.com", lang="EN"
        )
        partner = self.contact(1, lang="en_GB")
        self.pull([row])
        self.assertEqual(partner.lang, "en_GB")
        self.assertEqual(self.counts(self.pull([row])), {"unchanged": 1})

    def test_values_entered_here_are_overwritten_only_by_choice_and_told(self):
        partner = self.contact(1, email="here@example.com")
        self.pull([self.row(1, email="there@example.com")])
        self.assertEqual(partner.email, "here@example.com")
        self.backend.policy_email = "overwrite"
        run = self.pull([self.row(1, email="there@example.com")])
        self.assertEqual(self.counts(run), {"updated": 1})
        self.assertEqual(partner.email, "there@example.com")
        note = self.notes(partner)[0]
        self.assertIn("here@example.com", note.body)
        self.assertIn("there@example.com", note.body)
        self.backend.policy_email = "ignore"
        self.pull([self.row(2, email="two@example.com")])
        self.assertFalse(self.link_of(2).partner_id.email)

    def test_sources_and_specialties_are_created_once(self):
        source = self.env["utm.source"].create({"name": "100%_Chat"})
        words = ["Barber", "barber", "BARBER"]
        rows = [
            self.row(n, profession=word, source="100%_chat")
            for n, word in enumerate(words)
        ]
        self.pull(rows)
        self.assertEqual(len(self.env["inboost.specialty"].search([])), 1)
        partners = self.Link.search([]).partner_id
        self.assertEqual(partners.inboost_source_id, source)
        self.backend.policy_specialty = "overwrite"
        run = self.pull(rows)
        self.assertEqual(self.counts(run), {"unchanged": 3})

    def test_bad_rows_are_listed_and_stop_nobody(self):
        rows = [None, self.row(1, userPhoneNumber="06x"), "text", self.row(2), {}]
        run = self.pull(rows)
        self.assertEqual(self.counts(run), {"created": 1, "error": 4})
        self.assertEqual(run.read_count, 5)
        errors = run.line_ids.filtered(lambda line: line.kind == "error")
        self.assertEqual(errors.mapped("number"), [1, 2, 3, 5])
        self.assertIn("“06x” is not a valid phone", errors[1].text)
        self.assertEqual(errors[1].inboost_id, "id-1")

    def test_an_odd_value_is_named_in_the_line(self):
        run = self.pull([self.row(1, birth="31.02.1990")])
        self.assertEqual(self.counts(run), {"created": 1})
        self.assertIn("31.02.1990", run.line_ids.text)

    def test_a_contact_that_cannot_be_written_stops_nobody(self):
        cls = type(self.Partner)
        create = cls.create

        def picky(self, vals_list):
            if "First1" in str(vals_list):
                raise ValueError("Not this one.")
            return create(self, vals_list)

        with patch.object(cls, "create", picky):
            run = self.pull([self.row(1), self.row(2)])
        self.assertEqual(self.counts(run), {"created": 1, "error": 1})
        self.assertFalse(self.link_of(1))
        self.assertTrue(self.link_of(2).partner_id)
        error = run.line_ids.filtered(lambda line: line.kind == "error")
        self.assertTrue(error.text.startswith("Not this one."))

    def test_a_row_that_breaks_the_whole_page_is_found_row_by_row(self):
        decision_class = type(self.env["inboost.customer.decision"])
        decide = decision_class._decide_partner

        def picky(self, decision, *args):
            if decision.customer["inboost_id"] == "id-1":
                raise KeyError("bug")
            return decide(self, decision, *args)

        with (
            patch.object(decision_class, "_decide_partner", picky),
            mute_logger(
                "odoo.addons.inboost_connector.models.customers.inboost_sync_run_page"
            ),
        ):
            run = self.pull([self.row(1), self.row(2)])
        self.assertEqual(run.state, "done")
        self.assertEqual(self.counts(run), {"created": 1, "error": 1})

    def test_characters_that_no_database_takes(self):
        self.backend.mask_personal = True
        bad = "\\ud800 \\u0000"
        nameless = f'{{"id": "{bad}", "userPhoneNumber": "{bad}"}}'
        good = f'{{"id": "{bad}", "userPhoneNumber": "380500000001", "email": "{bad}"}}'
        page = f"[{nameless}, {good}]"
        self.fake.script[LIST] = [(200, {}, page.encode()), self.answer([])]
        run = self.pull()
        self.assertEqual(run.state, "done")
        self.assertEqual(self.counts(run), {"created": 1, "error": 1})

    def test_a_run_that_always_breaks_ends_and_stops_no_other(self):
        other = self.backend.copy({"name": "Second portal"})
        other._connect()
        first = self.Run._queue(self.backend)
        second = self.Run._queue(other)
        self.listed([self.row(1)])
        fetch = type(first)._fetch

        def broken(self):
            if self == first:
                raise KeyError("bug")
            return fetch(self)

        with (
            patch.object(type(first), "_fetch", broken),
            mute_logger(
                "odoo.addons.inboost_connector.models.customers.inboost_sync_run_page"
            ),
        ):
            for _cron in range(5):
                self.run_cron("pull")
        self.assertEqual((first.state, second.state), ("failed", "done"))
        self.assertIn("bug", first.reason)

    def test_one_customer_with_two_phones_on_a_page(self):
        rows = [self.row(1), self.row(1, userPhoneNumber="380500000002"), self.row(3)]
        run = self.pull(rows)
        self.assertEqual(self.counts(run), {"created": 2, "error": 1})
        self.assertEqual(self.link_of(1).phone, self.phone(1))
        self.assertEqual(self.counts(self.pull(rows)), {"unchanged": 2, "error": 1})

    def test_a_list_without_end_is_told(self):
        rows = [self.row(n) for n in range(3)]
        pages = [rows, rows[::-1], [rows[1], rows[0], rows[2]]] * 20
        self.fake.script[LIST] = [
            self.answer({"totalCount": 3, "entites": page}) for page in pages
        ]
        self.endpoint("customers_list").page_size = 3
        run = self.Run._queue(self.backend)
        self.run_cron("pull")
        self.assertEqual(run.state, "done", "all of its total came")
        self.assertLess(len(self.fake.bodies(LIST)), 4)
        # And where each answer differs.
        self.fake.script[LIST] = [
            self.answer(
                {"totalCount": 3, "entites": [{**row, "seen": n} for row in rows]}
            )
            for n in range(60)
        ]
        run = self.Run._queue(self.backend)
        self.run_cron("pull")
        self.assertEqual(run.state, "failed")
        self.assertIn("ignore the paging", run.reason)

    def test_paging_changed_in_the_middle(self):
        run = self.Run._queue(self.backend)
        run.position = "eyJh"
        self.run_cron("pull")
        self.assertEqual(run.state, "failed")
        self.assertIn("paging was changed", run.reason)

    def test_an_answer_that_breaks_off_is_asked_for_again(self):
        whole = json.dumps([self.row(1)]).encode()
        self.fake.script[LIST] = [
            (200, {"Content-Length": str(len(whole))}, whole[:20]),
            self.answer([self.row(1)]),
            self.answer([]),
        ]
        run = self.pull()
        self.assertEqual((run.state, run.failures), ("running", 1))
        self.run_cron("pull")
        self.assertEqual(run.state, "done")
        self.assertEqual(self.counts(run), {"created": 1})

    def test_what_is_always_wrong_is_listed_once(self):
        rows = [self.row(1, userPhoneNumber="nope"), self.row(2)]
        first = self.pull(rows)
        self.assertEqual(len(first.line_ids), 2)
        second = self.pull(rows)
        self.assertEqual(first.line_ids.mapped("kind"), ["created"])
        self.assertEqual(second.line_ids.mapped("kind"), ["error"])

    def test_a_page_leaves_little_in_the_log(self):
        self.pull([self.row(n) for n in range(100)])
        logs = self.env["inboost.request.log"].search([])
        self.assertLessEqual(max(len(log.answer) for log in logs), 1000)

    def test_matching_is_two_queries_a_page(self):
        rows = [self.row(n) for n in range(40)]
        for n in range(20):
            self.contact(n)
        statements = []
        cr = self.env.cr
        execute = type(cr).execute

        def listen(cursor, query, *args, **kwargs):
            statements.append(str(query))
            return execute(cursor, query, *args, **kwargs)

        decision = self.env["inboost.customer.decision"].sudo()
        with patch.object(type(cr), "execute", listen):
            decisions = decision._decide(self.backend.sudo(), rows)
        self.assertEqual(
            [d.kind for d in decisions], ["linked"] * 20 + ["created"] * 20
        )
        matching = [s for s in statements if "phone_sanitized" in s and "ANY" in s]
        # One about contacts, one whether strangers are contacts of another company.
        self.assertEqual(len(matching), 2)
        self.assertLess(len(statements), 16, "and none for each row")

    def test_pages_follow_each_other(self):
        rows = [self.row(n) for n in range(5)]
        run = self.pull(rows[:2], rows[2:4], rows[4:])
        self.assertEqual((run.state, run.page_count), ("done", 3))
        self.assertEqual(self.counts(run), {"created": 5})
        pages = [body["Page"] for body in self.fake.bodies(LIST)]
        self.assertEqual(pages, [1, 2, 3])
        self.assertEqual(run.progress, 100)

    def test_offset_and_cursor(self):
        endpoint = self.endpoint("customers_list")
        endpoint.paging = "offset"
        rows = [self.row(n) for n in range(4)]
        self.fake.script[LIST] = [
            self.answer(page) for page in (rows[:2], rows[2:], [])
        ]
        self.assertEqual(self.counts(self.pull()), {"created": 4})
        asked = [(b["Offset"], b["Limit"]) for b in self.fake.bodies(LIST)]
        self.assertEqual(asked, [(0, 500), (2, 500), (4, 500)])
        self.fake.requests.clear()
        endpoint.paging = "cursor"
        self.fake.script[LIST] = [
            self.answer({"data": rows[:2], "nextCursor": "more"}),
            self.answer({"data": rows[2:], "nextCursor": None}),
        ]
        self.assertEqual(self.counts(self.pull()), {"unchanged": 4})
        asked = [b.get("Cursor") for b in self.fake.bodies(LIST)]
        self.assertEqual(asked, [None, "more"])

    def test_changed_since_and_all_of_them_once_a_day(self):
        self.endpoint("customers_list").incremental = True
        first = self.pull([self.row(1)])
        self.assertFalse(first.since)
        second = self.pull([])
        self.assertTrue(second.since)
        self.assertLess(second.since, first.started_at, "clocks differ")
        [condition] = self.fake.bodies(LIST)[-1]["Filters"]
        self.assertEqual(condition["property"], "Changed")
        self.assertEqual(
            condition["filterValue"], second.since.strftime("%Y-%m-%dT%H:%M:%SZ")
        )
        first.started_at = first.started_at.replace(year=2020)
        self.assertFalse(self.pull([]).since)

    def test_interrupted_run_goes_on_where_it_stopped(self):
        rows = [self.row(n) for n in range(4)]
        self.fake.script[LIST] = [
            self.answer({"totalCount": 4, "entites": rows[:2]}),
            503,
        ]
        run = self.pull()
        self.assertEqual((run.state, run.failures), ("running", 1))
        self.assertTrue(run.reason)
        self.assertEqual(self.counts(run), {"created": 2})
        self.fake.script[LIST] = [self.answer({"totalCount": 4, "entites": rows[2:]})]
        self.fake.requests.clear()
        self.run_cron("pull")
        self.assertEqual(run.state, "done")
        self.assertEqual(self.fake.bodies(LIST)[0]["Page"], 2)
        self.assertEqual(self.counts(run), {"created": 4})
        self.assertFalse(run.reason)

    def test_a_page_is_written_whole_or_not_at_all(self):
        run = self.Run._queue(self.backend)
        self.listed([self.row(1), self.row(2)])
        page = self.fetch(run)
        lines = type(run.line_ids)
        with (
            patch.object(lines, "_create_for", side_effect=RuntimeError("killed")),
            self.assertRaises(RuntimeError),
            self.env.cr.savepoint(),
        ):
            run._write_part(page, Part(0, 2, [0, 1], True), ["a", "b"], {}, [])
        self.env.invalidate_all()
        self.assertFalse(self.Link.search([]))
        self.assertFalse(run.position)

    def test_a_page_in_the_way_of_others_is_written_again(self):
        run = self.Run._queue(self.backend)
        tries = []
        write_part = type(run)._write_part

        def busy(self, page, *args, **kwargs):
            tries.append(page)
            if len(tries) < 3:
                raise SerializationFailure("could not serialize access")
            return write_part(self, page, *args, **kwargs)

        self.listed([self.row(1)])
        page = self.fetch(run)
        with (
            patch.object(type(run), "_write_part", busy),
            patch.object(self.env.cr, "rollback"),
            patch.object(type(self.env["ir.cron"]), "_commit_progress"),
        ):
            run._write_page(page, time.monotonic(), b"key")
        self.assertEqual(len(tries), 3)
        self.assertEqual(self.counts(run), {"created": 1})

    def test_failures_end_the_run_and_are_told_once(self):
        self.fake.script[LIST] = [503]
        for _try in range(5):
            self.pull() if not _try else self.run_cron("pull")
        run = self.backend.last_run_id
        self.assertEqual((run.state, run.failures), ("failed", 4))
        told = self.backend.message_ids.filtered(lambda m: "synchronised" in m.body)
        self.assertEqual(len(told), 1)
        run = self.Run._queue(self.backend)
        run.failures = 4
        self.run_cron("pull")
        self.assertEqual(run.state, "failed")
        told = self.backend.message_ids.filtered(lambda m: "synchronised" in m.body)
        self.assertEqual(len(told), 1)

    def test_refused_credentials_pause_the_backend_and_the_run_waits(self):
        self.fake.script[LIST] = [401]
        run = self.pull()
        self.assertEqual((self.backend.state, run.state), ("paused", "running"))
        self.assertEqual(self.backend.last_run_state, "Waits for Connect")
        self.backend._connect()
        self.assertEqual(self.backend.last_run_state, "Running")
        self.listed([self.row(1)])
        self.run_cron("pull")
        self.assertEqual(run.state, "done")

    def test_wrong_address_pauses_the_endpoint_and_no_run_follows(self):
        self.fake.script[LIST] = [404]
        run = self.pull()
        self.assertEqual(run.state, "failed")
        self.assertTrue(self.endpoint("customers_list").paused)
        self.Run.search([]).unlink()
        self.run_cron("pull")
        self.assertFalse(self.Run.search([]))

    def test_unreadable_answers_fail_with_a_reason(self):
        for answer, reason in (
            (self.answer({"data": "text"}), "not to a list"),
            ((200, {}, b"{broken"), "not to a list"),
        ):
            self.fake.script[LIST] = [answer]
            run = self.pull()
            self.assertEqual(run.state, "failed")
            self.assertIn(reason, run.reason)

    def test_cancelled_after_the_page(self):
        rows = [self.row(n) for n in range(4)]
        self.listed(rows[:2], rows[2:])
        self.endpoint("customers_list").page_size = 2
        run = self.Run._queue(self.backend)
        write = type(run)._write_page

        def pressed(self, *args):
            write(self, *args)
            self.action_cancel()

        with patch.object(type(run), "_write_page", pressed):
            self.run_cron("pull")
        self.assertEqual(run.state, "cancelled")
        self.assertEqual(self.counts(run), {"created": 2})

    def test_cancelled_while_nobody_works_on_it(self):
        run = self.Run._queue(self.backend)
        run.action_cancel()
        self.assertEqual(run.state, "cancelled")
        run = self.Run._queue(self.backend)
        run.state = "running"
        self.backend._pause("text", {"text": "for a test"})
        run.action_cancel()
        self.assertEqual(run.state, "cancelled")

    def test_dry_run_tells_the_same_and_writes_nothing(self):
        self.contact(1)
        linked = self.contact(2)
        self.link(linked, 2)
        self.contact(3, name="Twin A")
        self.contact(3, name="Twin B")
        rows = [
            self.row(0, source="New source", profession="New"),
            self.row(1),
            self.row(2, email="two@example.com"),
            self.row(3),
            self.row(4, userPhoneNumber="nope"),
            self.row(5),
            self.row(6, userPhoneNumber="380500000000"),
            self.row(1, id="other"),
        ]
        contacts = self.Partner.search_count([])
        links = self.Link.search_count([])
        # On three pages: what an earlier one decided is known to a later one.
        pages = rows[:3], rows[3:6], rows[6:]
        dry = self.pull(*pages, dry_run=True)
        self.assertEqual(dry.state, "done")
        self.assertEqual(self.Partner.search_count([]), contacts)
        self.assertEqual(self.Link.search_count([]), links)
        self.assertFalse(self.env["utm.source"].search([("name", "=", "New source")]))
        self.assertFalse(linked.email)
        text = dry.line_ids._to_csv().decode("utf-8-sig")
        self.assertEqual(len(text.splitlines()), 1 + 8)
        self.assertIn("Email: two@example.com", text)
        real = self.pull(*pages)
        self.assertEqual(self.counts(real), self.counts(dry))
        self.assertEqual(
            [(line.number, line.kind) for line in real.line_ids],
            [(line.number, line.kind) for line in dry.line_ids],
        )

    def test_a_spreadsheet_takes_nothing_for_a_formula(self):
        run = self.pull([self.row(1, id="=1+1", userName="=cmd", lastName="x")])
        self.assertIn("'=1+1", run.line_ids._to_csv().decode("utf-8-sig"))
        self.assertNotIn(",=cmd", run.line_ids._to_csv().decode("utf-8-sig"))

    def test_due_by_the_interval_of_the_backend(self):
        self.backend.pull_released = True
        self.listed([self.row(1)])
        self.run_cron("pull")
        run = self.backend.last_run_id
        self.assertEqual(run.state, "done")
        self.run_cron("pull")
        self.assertEqual(self.backend.last_run_id, run)
        self.env.cr.execute(
            "UPDATE inboost_sync_run"
            " SET create_date = create_date - interval '15 minutes'"
        )
        self.env.invalidate_all()
        self.run_cron("pull")
        self.assertNotEqual(self.backend.last_run_id, run)
        self.backend.pull_customers = False
        self.Run.search([]).unlink()
        self.run_cron("pull")
        self.assertFalse(self.Run.search([]))

    def test_old_runs_go(self):
        run = self.pull([self.row(1)])
        self.env.cr.execute(
            "UPDATE inboost_sync_line SET create_date = '2020-01-01';"
            "UPDATE inboost_sync_run SET create_date = '2020-01-01'"
        )
        self.env.invalidate_all()
        self.Run._gc_runs()
        self.assertFalse(run.exists())
