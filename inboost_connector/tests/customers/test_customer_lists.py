from contextlib import closing
from datetime import timedelta
from unittest.mock import patch

import psycopg2

from odoo import fields
from odoo.sql_db import connection_info_for
from odoo.tests import tagged

from ...lib import wakeup
from ..common_customer import LIST, CustomerCase

PAGE_MODULE = "odoo.addons.inboost_connector.models.customers.inboost_sync_run_page"


@tagged("post_install", "-at_install")
class TestCustomerLists(CustomerCase):
    """Whether all of a list came, and what follows from it."""

    def listing(self, *answers, size=500):
        """A run over ``answers``, as they are."""
        self.fake.script[LIST] = [self.answer(answer) for answer in answers]
        self.endpoint("customers_list").page_size = size
        run = self.Run._queue(self.backend)
        self.run_cron("pull")
        return run

    def test_a_server_that_ignores_the_page_number_is_no_green_run(self):
        rows = [self.row(n) for n in range(10)]
        run = self.listing({"totalCount": 25, "entites": rows}, size=10)
        self.assertEqual((run.state, run.read_count), ("incomplete", 10))
        self.assertIn("same full page came twice", run.reason)
        self.assertEqual(len(self.Link.search([])), 10, "what came is written")

    def test_a_cursor_in_another_place_is_no_green_run(self):
        self.endpoint("customers_list").paging = "cursor"
        rows = [self.row(n) for n in range(4)]
        run = self.listing({"data": rows, "pagination": {"next_cursor": "abc"}})
        self.assertEqual(run.state, "incomplete")
        self.assertIn("next_cursor", run.reason)

    def test_less_than_the_total_is_no_green_run(self):
        rows = [self.row(n) for n in range(3)]
        run = self.listing(
            {"totalCount": 5, "entites": rows}, {"totalCount": 5, "entites": []}
        )
        self.assertEqual((run.state, run.shortfall[0]), ("incomplete", "short"))
        told = self.backend.message_ids.filtered(lambda m: "Not all" in m.body)
        self.assertEqual(len(told), 1)

    def test_a_row_deleted_between_two_pages_offers_nobody(self):
        """Everybody behind it moves up by one, and one is skipped."""
        rows = [self.row(n) for n in range(4)]
        buyer = self.contact(2)
        self.sell(buyer)
        self.endpoint("customer_upsert").enabled = True
        run = self.listing(
            {"totalCount": 4, "entites": rows[:2]},
            {"totalCount": 3, "entites": rows[3:]},
            {"totalCount": 3, "entites": []},
            size=2,
        )
        self.assertEqual((run.state, run.shortfall[0]), ("incomplete", "shrank"))
        self.assertFalse(self.events("customer_upsert"))

    def test_two_complete_runs_have_to_miss_somebody(self):
        self.endpoint("customer_upsert").enabled = True
        buyer = self.contact(2)
        self.sell(buyer)
        self.env.cr.execute(
            "UPDATE res_partner SET create_date = create_date - interval '1 day'"
        )
        self.pull([self.row(1)])
        self.assertFalse(self.events("customer_upsert"))
        self.pull([self.row(1)])
        self.assertEqual(self.events("customer_upsert").partner_id, buyer)

    def test_the_next_page_is_where_the_answer_says(self):
        endpoint = self.endpoint("customers_list")
        endpoint.next_path = "next"
        self.env.cr.execute(
            "UPDATE inboost_endpoint SET paging = 'address' WHERE id = %s",
            [endpoint.id],
        )
        endpoint.invalidate_recordset(["paging"])
        follow = f"{LIST}?page=2"
        self.fake.script[LIST] = [
            self.answer({"totalCount": 2, "entites": [self.row(1)], "next": follow})
        ]
        self.fake.script[follow] = [
            self.answer({"totalCount": 2, "entites": [self.row(2)], "next": None})
        ]
        run = self.Run._queue(self.backend)
        self.run_cron("pull")
        self.assertEqual((run.state, run.read_count), ("done", 2))

    # -- the first pull ------------------------------------------------------------

    def test_the_first_pull_waits_for_a_word(self):
        self.listed([self.row(1)])
        self.run_cron("pull")
        self.assertFalse(self.Run.search([]))
        self.backend.action_synchronise()
        self.run_cron("pull")
        self.assertEqual(self.backend.last_run_id.state, "done")

    def test_or_for_a_finished_dry_run(self):
        self.pull([self.row(1)], dry_run=True)
        self.assertTrue(self.backend.pull_released)
        self.listed([self.row(1)])
        self.run_cron("pull")
        self.assertEqual(self.backend.last_run_id.state, "done")

    def test_another_portal_waits_for_a_word_of_its_own(self):
        self.pull([self.row(1)], dry_run=True)
        self.backend.address = "https://another.inboost.ai"
        self.assertEqual(self.backend.state, "draft")
        self.assertFalse(self.backend.pull_released)

    def test_what_was_read_of_another_portal_says_nothing_of_this_one(self):
        self.endpoint("customers_list").incremental = True
        offer = self.env["inboost.customer.offer"]
        for _run in range(2):
            self.pull([self.row(1)])
            self.Run.search([]).write({"since": False})
        self.assertTrue(offer._absent_since(self.backend))
        self.assertTrue(self.Run._changed_since(self.backend))
        self.backend.address = "https://another.inboost.ai"
        self.backend.action_change_portal()
        self.backend._connect()
        self.assertFalse(offer._absent_since(self.backend), "nobody is offered")
        self.assertFalse(self.Run._changed_since(self.backend), "all are read")

    # -- rows that are as they were ------------------------------------------------

    def test_an_unchanged_row_costs_no_decision(self):
        rows = [self.row(n) for n in range(5)]
        self.pull(rows)
        decision = type(self.env["inboost.customer.decision"])
        with patch.object(decision, "_decide", side_effect=AssertionError):
            run = self.pull(rows)
        self.assertEqual(self.counts(run), {"unchanged": 5})

    def test_what_may_change_a_decision_makes_it_anew(self):
        self.pull([self.row(n) for n in range(5)])

        def decided():
            rows = [self.row(n) for n in range(5)]
            decision = type(self.env["inboost.customer.decision"])
            decide, seen = decision._decide, []

            def listen(self, backend, rows, *args, **kwargs):
                seen.extend(row["id"] for row in rows)
                return decide(self, backend, rows, *args, **kwargs)

            with patch.object(decision, "_decide", listen):
                self.pull(rows)
            return sorted(seen)

        self.assertEqual(decided(), [])
        self.link_of(1).partner_id.comment = "written by somebody"
        self.assertEqual(decided(), ["id-1"])
        self.contact(2)
        self.assertEqual(decided(), ["id-2"])
        self.link_of(3).action_ignore()
        self.assertEqual(decided(), ["id-2", "id-3"])
        self.assertEqual(decided(), ["id-2"], "a conflict is looked at each time")
        self.backend.policy_email = "overwrite"
        self.assertEqual(len(decided()), 5)
        self.endpoint("customers_list").row_map += " "
        self.assertEqual(len(decided()), 5)

    def test_one_query_for_a_page_that_is_as_it_was(self):
        rows = [self.row(n) for n in range(50)]
        self.pull(rows)
        run = self.Run._queue(self.backend)
        match = self.env["inboost.customer.match"].sudo()
        key = match._get_hash_key(self.backend, self.endpoint("customers_list").row_map)
        hashes = self.Link.search([]).mapped("row_hash")
        self.assertTrue(key)
        self.env.flush_all()
        with self.assertQueryCount(1):
            found = match._find_unchanged(run.backend_id, hashes)
        self.assertEqual(len(found), 50)

    def test_listed_today_is_noted_once_a_day(self):
        rows = [self.row(1)]
        self.pull(rows)
        link = self.link_of(1)
        link.last_pull = fields.Date.subtract(fields.Date.today(), days=3)
        self.pull(rows)
        self.assertEqual(link.last_pull, fields.Date.today())

    # -- in batches, in short transactions -----------------------------------------

    def test_new_contacts_of_a_page_are_created_together(self):
        cls = type(self.Partner)
        create, sizes = cls.create, []

        def listen(self, vals_list):
            sizes.append(len(vals_list))
            return create(self, vals_list)

        with patch.object(cls, "create", listen):
            self.pull([self.row(n) for n in range(30)])
        self.assertEqual(sizes, [30])

    def test_a_page_is_written_in_parts_and_goes_on_where_it_stopped(self):
        rows = [self.row(n) for n in range(5)]
        self.listed(rows)
        run = self.Run._queue(self.backend)
        with (
            self.enter_registry_test_mode(),
            patch.object(type(self.env["ir.cron"]), "_commit_progress"),
            patch(f"{PAGE_MODULE}.PART", 2),
        ):
            page = run._fetch()
            for count in (2, 4):
                # The turn is over at once; a part is written all the same.
                run._write_page(page, 0, b"key")
                self.assertEqual((run.part_count, run.page_count), (count, 0))
            run._write_page(page, 0, b"key")
        self.assertEqual((run.read_count, run.page_count), (5, 1))
        self.assertEqual(self.counts(run), {"created": 5})
        self.assertEqual(sorted(run.line_ids.mapped("number")), [1, 2, 3, 4, 5])

    def test_another_page_in_the_place_of_one_that_was_begun_is_read_whole(self):
        self.listed([self.row(n) for n in range(3)])
        run = self.Run._queue(self.backend)
        run.write({"part_count": 2, "part_digest": "other", "read_count": 2})
        self.run_cron("pull")
        self.assertEqual((run.state, run.read_count), ("done", 3))

    def test_only_one_long_job_at_a_time(self):
        self.listed([self.row(1)])
        run = self.Run._queue(self.backend)
        key = "hashtext('inboost_connector.long_job')"
        with self.registry.cursor() as other:
            # In a test all cursors share a connection, and so the lock.
            same = other.connection is self.env.cr.connection
        if same:
            job = type(self.env["inboost.long.job"])
            with patch.object(job, "_take", _not_mine):
                self.run_cron("pull")
            self.assertEqual(run.state, "queued")
            self.run_cron("pull")
            self.assertEqual(run.state, "done")
        self.env.cr.execute(
            "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database"
            " WHERE d.datname = current_database() AND l.locktype = 'advisory'"
            f" AND l.objid = ({key}::bigint & 4294967295)::oid"
        )
        self.assertEqual(self.env.cr.fetchone()[0], 0, "it is given back")

    def test_one_that_finds_another_at_work_looks_again_in_seconds(self):
        """Odoo's scheduler would look a minute later."""
        run = self.Run._queue(self.backend)
        watch = self.env["inboost.watch"]
        cron = watch._get_cron("ir_cron_pull")
        _name, where = connection_info_for(self.env.cr.dbname)
        with (
            closing(psycopg2.connect(**where)) as other,
            other.cursor() as cr,
            patch.object(wakeup, "at") as at,
        ):
            cr.execute(
                "SELECT pg_advisory_lock(hashtext('inboost_connector.long_job'))"
            )
            self.run_cron("pull")
        self.assertEqual(run.state, "queued")
        [name, seconds, act] = at.call_args.args
        self.assertEqual((name, seconds), (self.env.cr.dbname, 2.0))
        self.assertEqual(act, watch._wake)
        due = fields.Datetime.now() + timedelta(seconds=seconds)
        triggers = self.env["ir.cron.trigger"].search([("cron_id", "=", cron.id)])
        self.assertLessEqual(max(triggers.mapped("call_at")), due)


class _not_mine:
    def __init__(self, *args):
        pass

    def __enter__(self):
        return False

    def __exit__(self, *args):
        return False
