import json
from ast import literal_eval
from contextlib import closing, contextmanager
from datetime import timedelta
from unittest.mock import patch

import psycopg2
from lxml import etree

from odoo import fields
from odoo.sql_db import Cursor, connection_info_for
from odoo.tests import get_db_name, tagged
from odoo.tools import SQL

from ...lib.desk import Desk
from ..common import WEBHOOK
from ..common_bonus import BALANCE, BonusCase

TABLES = {"inboost_event", "inboost_request_log"}
ROWS, BACKLOG = 1_000_000, 30_000
#: Rows of the backlog that a statement may read, where it sends or looks after 64.
AT_ONCE = 2500
#: Rows that a screen may read of them.
FEW = 50_000


@tagged("post_install", "-at_install")
class TestPlans(BonusCase):
    """Beside a million events, and as many rows of the log, nothing reads all of them:
    no plan has a sequential scan. The rows are made and counted (ANALYZE) in the
    transaction of the test, so that PostgreSQL plans as it would in a shop of years."""

    @classmethod
    def setUpClass(cls):
        # It runs when the transaction is undone.
        cls.addClassCleanup(cls.sweep)
        super().setUpClass()
        cls.shops = cls.config | cls.config.copy({"name": "Another shop"})
        cls.env.flush_all()
        restore = [statement for name in TABLES for statement in cls.strip(name)]
        # What a row refers to is there: it need not be looked up a million times.
        cls.env.cr.execute("SET LOCAL session_replication_role = replica")
        cls.fill_events()
        cls.fill_log()
        cls.env.cr.execute("SET LOCAL session_replication_role = origin")
        for statement in [*restore, *(f"ANALYZE {name}" for name in TABLES)]:
            cls.env.cr.execute(statement.replace("%", "%%"), ())

    @classmethod
    def strip(cls, table):
        """A million rows go in faster without indexes.

        :return: the statements that bring them back
        """
        cls.env.cr.execute(
            """
            SELECT i.indexrelid::regclass::text, c.conname,
                   COALESCE(pg_get_constraintdef(c.oid), pg_get_indexdef(i.indexrelid))
              FROM pg_index i
         LEFT JOIN pg_constraint c
                ON c.conindid = i.indexrelid AND c.conrelid = i.indrelid
             WHERE i.indrelid = %s::regclass AND NOT i.indisprimary
            """,
            (table,),
        )
        restore = []
        for index, constraint, definition in cls.env.cr.fetchall():
            if constraint:
                alter = f"ALTER TABLE {table}"
                cls.env.cr.execute(f"{alter} DROP CONSTRAINT {constraint}")
                restore.append(f"{alter} ADD CONSTRAINT {constraint} {definition}")
            else:
                cls.env.cr.execute(f"DROP INDEX {index}")
                restore.append(definition)
        return restore

    @classmethod
    def sweep(cls):
        """Nobody who comes later walks over a million dead rows."""
        _name, info = connection_info_for(get_db_name())
        with closing(psycopg2.connect(**info)) as connection:
            connection.autocommit = True
            with connection.cursor() as cr:
                for name in TABLES:
                    cr.execute(f"VACUUM ANALYZE {name}")

    @classmethod
    def fill_events(cls, name="old", rows=ROWS):
        cls.env.cr.execute(
            """
            INSERT INTO inboost_event (
                   backend_id, company_id, endpoint_id, operation, key, event_id, fact,
                   partner_id, phone, occurred_at, priority, res_model, res_id, state,
                   attempts, queued_at, done_at, create_date, write_date, pos_config_id)
            SELECT %(backend)s, %(company)s, %(endpoint)s, 'purchase',
                   %(name)s || ':' || n, %(name)s || '-' || n, '{}', %(partner)s,
                   '+38050' || lpad((n %% 20000)::text, 7, '0'), moment, 0, 'pos.order',
                   1000000 + n, 'done', 1, moment, moment, moment, moment,
                   (%(shops)s::int[])[1 + n %% 2]
              FROM generate_series(1, %(rows)s) n,
                   LATERAL (SELECT now() AT TIME ZONE 'UTC' - n * interval '1 minute')
                        AS m(moment)
          ORDER BY n DESC
            """,
            {
                "backend": cls.backend.id,
                "company": cls.backend.company_id.id,
                "endpoint": cls.endpoint("purchase").id,
                "partner": cls.env["res.partner"].create({"name": "Many"}).id,
                "name": name,
                "rows": rows,
                "shops": cls.shops.ids,
            },
        )

    @classmethod
    def fill_log(cls):
        cls.env.cr.execute(
            """
            INSERT INTO inboost_request_log (
                   backend_id, company_id, operation, event_id, event_uuid, kind,
                   status, verdict, create_date)
            SELECT backend_id, company_id, operation, id, event_id, 'request', 200,
                   'done', create_date
              FROM inboost_event WHERE key LIKE 'old:%%'
          ORDER BY id
            """
        )

    @contextmanager
    def watching(self):
        """Statements on our big tables that run inside are kept, as PostgreSQL got
        them."""
        found, execute = {}, Cursor.execute

        def spy(cursor, query, params=None, log_exceptions=True):
            statement = query
            if isinstance(query, SQL):
                statement, values = query.code, query.params
            else:
                values = params
            text = cursor._obj.mogrify(statement, values or None).decode()
            words = text.replace('"', " ").split()
            if words[0] in ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH"):
                if TABLES & set(words):
                    # One of each shape is enough.
                    shape = statement if isinstance(statement, str) else text[:80]
                    found.setdefault(shape, text)
            return execute(cursor, query, params, log_exceptions)

        with patch.object(Cursor, "execute", spy):
            yield found

    def assertNoScan(self, found, wanted=1):
        self.assertGreaterEqual(len(found), wanted, "the spy saw it")
        for text in found.values():
            self.env.cr.execute(f"EXPLAIN (FORMAT JSON) {text.replace('%', '%%')}", ())
            [[answer]] = self.env.cr.fetchall()
            answer = json.loads(answer) if isinstance(answer, str) else answer
            scans = [
                node["Relation Name"]
                for node in self.walk(answer[0]["Plan"])
                if node["Node Type"] == "Seq Scan"
            ]
            self.assertFalse(TABLES & set(scans), text)

    def walk(self, node):
        yield node
        for inner in node.get("Plans", ()):
            yield from self.walk(inner)

    def ago(self, **time):
        return fields.Datetime.now() - timedelta(**time)

    # -- the statements ------------------------------------------------------------

    def test_dead_rows_are_tidied_up_before_they_are_many(self):
        options = "SELECT reloptions FROM pg_class WHERE relname = 'inboost_event'"
        self.env.cr.execute(options)
        [[found]] = self.env.cr.fetchall()
        self.assertIn("autovacuum_vacuum_scale_factor=0.01", found)
        self.env.cr.execute(
            "ALTER TABLE inboost_event SET (autovacuum_vacuum_scale_factor = 0.5)"
        )
        self.env["inboost.event"].init()
        self.env.cr.execute(options)
        [[found]] = self.env.cr.fetchall()
        self.assertIn("autovacuum_vacuum_scale_factor=0.5", found, "an operator's own")

    def test_the_planner_would_scan_what_has_no_index(self):
        """So that the other tests can fail."""
        with self.watching() as found:
            self.env.cr.execute("SELECT id FROM inboost_event WHERE res_name = 'x'")
        with self.assertRaises(AssertionError):
            self.assertNoScan(found)

    def test_capture(self):
        with self.watching() as found:
            order = self.sell(self.customer)
            self.make_card(7)
            order._inboost_capture(again="synced again")
            self.env.flush_all()
        self.assertNoScan(found, 2)

    def test_delivery(self):
        self.fake.script = {WEBHOOK: [200], BALANCE: [503]}
        self.capture_some(3)
        self.capture_some(2, operation="balance_set")
        self.capture_some(operation="purchase_details", partner=self.other_customer)
        with self.watching() as found:
            self.deliver()
        self.assertNoScan(found, 6)

    def test_plan_and_give_back(self):
        events = self.capture_some(3)
        delivery = self.env["inboost.delivery"].sudo()
        desk = self.part("desk")._read(Desk())
        with self.watching() as found:
            self.part("claim")._claim(desk, 9, [], "a lease")
            self.part("claim")._give_back("a lease", [])
            delivery._plan_next_run(desk, 0)
        self.env.invalidate_all()
        self.assertEqual(set(events.mapped("state")), {"pending"})
        self.assertNoScan(found, 4)

    def make_backlog(self):
        """After an outage: many wait, and were not there at the last ANALYZE. A hundred
        customers have a hundred purchases each, and as many accruals which came later;
        of others, balances wait, ten of each."""
        self.fill_events("new", BACKLOG)
        # Made of others, not moved.
        self.env.cr.execute("DROP TRIGGER inboost_check_moves ON inboost_event")
        self.env.cr.execute(
            """
            UPDATE inboost_event e
               SET state = 'pending', done_at = NULL, next_try = queued_at,
                   occurred_at = now() AT TIME ZONE 'UTC',
                   operation = p.operation, endpoint_id = p.id,
                   phone = CASE p.operation WHEN 'balance_set' THEN
                               '+38067' || lpad((res_id %% 1000)::text, 7, '0')
                           ELSE '+38050' || lpad((res_id %% 100)::text, 7, '0') END
              FROM inboost_endpoint p
             WHERE e.key LIKE 'new:%%'
               AND p.id = (%s::int[])[1 + (res_id - 1000001) * 3 / %s]
            """,
            [
                [
                    self.endpoint(operation).id
                    for operation in ("bonus_accrual", "purchase", "balance_set")
                ],
                BACKLOG,
            ],
        )

    def test_a_backlog_of_which_no_statistics_know(self):
        self.make_backlog()
        delivery = self.env["inboost.delivery"].sudo()
        desk = self.part("desk")._read(Desk())
        with self.env.cr.savepoint(flush=False) as before, self.watching() as found:
            tasks = self.part("claim")._claim(desk, 64, [], "a lease")
            self.part("claim")._find_crossed(tasks)
            self.part("claim")._give_back("a lease", [])
            delivery._plan_next_run(desk, 0)
            delivery._recover_leases()
            delivery._correct_times()
            delivery._expire()
            self.env["inboost.alarm"]._refresh(self.backend)
            before.rollback()
        self.assertEqual(len(tasks), 64)
        self.assertNoScan(found, 6)
        self.assertFewRead(found, AT_ONCE)

    def test_a_backlog_of_balances_is_read_once_a_run(self):
        self.make_backlog()
        with self.env.cr.savepoint(flush=False) as before, self.watching() as found:
            self.env["inboost.delivery"].sudo()._supersede()
            before.rollback()
        self.assertNoScan(found, 1)
        self.assertFewRead(found, 2 * BACKLOG)

    def test_the_first_screen_beside_a_backlog(self):
        self.make_backlog()
        with self.watching() as found:
            self.env["inboost.health"].get_report()
        self.assertNoScan(found, 5)
        self.assertFewRead(found, BACKLOG)

    def test_what_changes_without_a_request(self):
        delivery = self.env["inboost.delivery"].sudo()
        with self.watching() as found:
            delivery._correct_times()
            delivery._recover_leases()
            delivery._expire()
            delivery._supersede()
            self.env["inboost.event"]._release_parked()
            self.env["inboost.event"]._begin_anew(self.backend.endpoint_ids)
        self.assertNoScan(found, 6)

    def test_reconciliation_of_the_register_and_the_web_shop(self):
        with self.watching() as found:
            self.env["inboost.backend"]._cron_reconcile()
        self.assertNoScan(found, 2)

    def test_alarms(self):
        with self.watching() as found:
            self.env["inboost.alarm"]._refresh(self.backend)
        self.assertNoScan(found, 2)

    def test_counters(self):
        fields_ = ["event_waiting_count", "event_attention_count", "doubt_count"]
        order = self.sell(self.customer)
        self.env.flush_all()
        self.env.invalidate_all()
        with self.watching() as found:
            self.backend.read(fields_)
            order.read(["inboost_event_count"])
        self.assertNoScan(found, 3)

    def test_the_first_screen(self):
        self.env["inboost.traffic"].sudo()._sum_up()
        self.capture_some(5)
        self.env.flush_all()
        with self.watching() as found:
            self.env["inboost.health"].get_report()
        self.assertNoScan(found, 5)

    def test_health_the_events_and_the_log_read_few(self):
        self.env["inboost.traffic"].sudo()._sum_up()
        self.capture_some(5)
        self.env.flush_all()
        screens = {"health": self.env["inboost.health"].get_report}
        for model in ("inboost.event", "inboost.request.log"):
            screens[model] = self.list_of(model)
        for name, show in screens.items():
            with self.subTest(name):
                self.env.invalidate_all()
                with self.watching() as found:
                    self.assertTrue(show())
                self.assertFewRead(found)

    def list_of(self, model):
        """:return: a function that reads what the first page of the list shows"""
        records = self.env[model]
        arch = etree.fromstring(records.get_view(view_type="list")["arch"])
        names = {node.get("name") for node in arch.iter("field")}
        relations = {n for n in names if records._fields[n].type == "many2one"}
        wanted = {
            name: {"fields": {"display_name": {}}} if name in relations else {}
            for name in names
        }
        return lambda: records.web_search_read(
            [], wanted, limit=80, count_limit=10_001
        )["records"]

    def test_what_was_not_sent_and_why(self):
        self.sell(self.env["res.partner"].create({"name": "No phone"}))
        unsent = self.env["inboost.unsent"]
        # Without this, too, a customer is asked for whether they have a link.
        self.backend.scope = "linked"
        self.env.flush_all()
        with self.watching() as found:
            self.assertTrue(unsent._read_group([], ["reason"], ["__count"]))
            self.list_of("inboost.unsent")()
        self.assertNoScan(found, 2)
        self.assertFewRead(found)

    def test_events_on_the_form_of_an_order(self):
        order = self.sell(self.customer)
        self.deliver()
        self.env.flush_all()
        self.env.invalidate_all()
        with self.watching() as found:
            order.web_read({"inboost_event_ids": {"fields": {"outcome": {}}}})
        self.assertNoScan(found, 2)
        self.assertFewRead(found)

    def test_sums_of_hours(self):
        self.env.cr.execute("UPDATE inboost_backend SET create_date = '2026-01-01'")
        self.env.invalidate_all()
        with self.watching() as found:
            self.env["inboost.traffic"].sudo()._sum_up()
        self.assertNoScan(found, 1)

    def test_lists_by_every_filter(self):
        for model in ("inboost.event", "inboost.request.log"):
            records = self.env[model]
            for name, domain in self.filters_of(model):
                with self.subTest(f"{model} {name}"):
                    self.env.invalidate_all()
                    with self.watching() as found:
                        records.web_search_read(
                            domain, {"id": {}}, limit=80, count_limit=10001
                        )
                    self.assertTrue(found, "the spy saw it")
                    self.assertFewRead(found)

    def assertFewRead(self, found, few=FEW):
        """An index that is walked from end to end is a scan, too, and the first rows
        of a table are none."""
        for text in found.values():
            with self.env.cr.savepoint(flush=False) as before:
                self.assertLess(max(self.count_read(text)), few, text)
                before.rollback()

    def count_read(self, text):
        """Run it once more.

        :return: list of how many rows each step of its plan reads
        """
        query = text.replace("%", "%%")
        self.env.cr.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {query}", ())
        [[answer]] = self.env.cr.fetchall()
        answer = json.loads(answer) if isinstance(answer, str) else answer
        return [
            (node["Actual Rows"] + node.get("Rows Removed by Filter", 0))
            * node["Actual Loops"]
            for node in self.walk(answer[0]["Plan"])
            # Its rows are entries, those of dead rows too: the heap's are counted.
            if node["Node Type"] != "Bitmap Index Scan"
        ]

    def filters_of(self, model):
        """Each filter of the search view that has a domain, and each way to look for
        something."""
        arch = etree.fromstring(self.env[model].get_view(view_type="search")["arch"])
        yield "none", []
        for node in arch.iter("filter"):
            if node.get("domain"):
                yield node.get("name"), literal_eval(node.get("domain"))
        field = "about" if model == "inboost.event" else "event_id.about"
        for word in ("0671234567", "no such order", "2b0d7b3d-0000-4000-8000-0000"):
            yield word, [(field, "ilike", word)]
        closed = self.config.copy({"name": "Sold nothing"})
        for shop in (*self.shops, closed):
            yield shop.name, [("pos_config_id", "=", shop.id)]

    def test_decision_after_a_restore(self):
        self.backend.doubt_decision = "ask"
        with self.watching() as found:
            self.env["inboost.restoration"]._hold(self.backend)
            self.env["inboost.restoration"]._decide(self.backend, "send")
        self.assertNoScan(found, 2)

    def test_autovacuum(self):
        with self.watching() as found:
            self.env["inboost.event"]._gc_delivered()
            self.env["inboost.request.log"]._gc_request_log()
        self.assertNoScan(found, 2)
