import threading
from contextlib import ExitStack, contextmanager
from queue import SimpleQueue
from unittest.mock import patch

from odoo.service.server import WorkerCron
from odoo.sql_db import connection_info_for
from odoo.tests import tagged

from ...lib import wakeup
from ...models.outbox import inboost_delivery_upkeep
from ...models.outbox.inboost_delivery import Run
from ..common import InboostCase


@tagged("post_install", "-at_install")
class TestDeliveryCron(InboostCase):
    """A prefork server's process for scheduled actions stays for what comes next."""

    def setUp(self):
        super().setUp()
        self.worker = WorkerCron.__new__(WorkerCron)
        self.worker.alive, self.worker.db_count = True, 1
        self.patch(inboost_delivery_upkeep, "config", {"max_cron_threads": 2})
        self.patch(inboost_delivery_upkeep, "get_worker", lambda: self.worker)
        self.listeners = 0

    def when_heard(self, *hear):
        """:param hear: what happens whenever somebody listens, one after the other;
        each gives whether something was heard"""
        left = list(hear)

        @contextmanager
        def listening(where, channel, text):
            self.assertEqual(text, self.env.cr.dbname)
            self.listeners += 1
            yield lambda seconds: left.pop(0)() if left else False

        self.patch(wakeup, "listening", listening)
        self.patch(inboost_delivery_upkeep, "STAY", 0.0 if not hear else 0.2)

    def sell_more(self):
        self.events = self.capture_some()
        return True

    def test_what_comes_meanwhile_leaves_without_another_run_of_the_scheduler(self):
        self.when_heard(self.sell_more)
        first = self.capture_some()
        self.deliver()
        self.assertEqual((first + self.events).mapped("state"), ["done", "done"])
        self.assertEqual(self.listeners, 1)

    def test_what_came_before_somebody_listened_leaves(self):
        @contextmanager
        def listening(where, channel, text):
            self.sell_more()
            yield lambda seconds: False

        self.patch(wakeup, "listening", listening)
        self.patch(inboost_delivery_upkeep, "STAY", 0.0)
        self.deliver()
        self.assertEqual(self.events.state, "done")

    def test_who_is_to_stop_does_not_stay(self):
        def stop():
            self.worker.alive = False
            return self.sell_more()

        self.patch(
            inboost_delivery_upkeep, "is_stopping", lambda: not self.worker.alive
        )
        self.when_heard(lambda: False, stop, self.fail)
        self.deliver()
        self.assertEqual(self.listeners, 1)

    def test_a_threaded_server_has_no_need_to(self):
        self.worker = None
        self.when_heard(self.fail)
        self.deliver()
        self.assertEqual(self.listeners, 0)

    def test_other_databases_and_other_jobs_do_not_wait(self):
        self.when_heard(self.fail)
        self.worker.db_count = 2
        self.deliver()
        self.worker.db_count = 1
        self.patch(inboost_delivery_upkeep, "config", {"max_cron_threads": 1})
        self.deliver()
        self.assertEqual(self.listeners, 0)

    def test_nothing_is_lost_when_nobody_can_listen(self):
        @contextmanager
        def listening(where, channel, text):
            raise wakeup.Unheard("too many connections")
            yield

        self.patch(wakeup, "listening", listening)
        event = self.capture_some()
        with self.assertLogs(inboost_delivery_upkeep.__name__, "WARNING"):
            self.deliver()
        self.assertEqual(event.state, "done")


@tagged("post_install", "-at_install")
class TestLanding(InboostCase):
    def test_a_process_that_ends_waits_for_what_lands_beside_the_runs(self):
        """Odoo runs jobs in a daemon, and what a daemon starts is one by itself."""
        delivery, landing = self.env["inboost.delivery"], SimpleQueue()

        def land(_self, _run):
            landing.put(threading.current_thread())

        with patch.object(type(delivery), "_land", land):
            threading.Thread(
                target=delivery._land_apart,
                args=(Run("lease", None, None, 0.0), ExitStack()),
                daemon=True,
            ).start()
            thread = landing.get(timeout=60)
            thread.join()
        self.assertFalse(thread.daemon)


@tagged("post_install", "-at_install")
class TestListening(InboostCase):
    def setUp(self):
        super().setUp()
        _name, self.where = connection_info_for("postgres")
        # Other databases' tests may run at the same time.
        self.channel = f"inboost_test_{self.env.cr.dbname}"

    def wake(self, text):
        wakeup.Waker().wake(self.where, "pg_notify", self.channel, text)

    def test_hears_its_own_word_only(self):
        with wakeup.listening(self.where, self.channel, "ours") as hear:
            self.wake("theirs")
            self.assertFalse(hear(0.05))
            self.wake("ours")
            self.assertTrue(hear(60))
            self.assertFalse(hear(0.05), "what was heard is over")

    def test_hears_what_comes_while_it_waits(self):
        with wakeup.listening(self.where, self.channel, "ours") as hear:
            timer = threading.Timer(0.1, self.wake, ["ours"])
            timer.start()
            self.assertTrue(hear(60))
            timer.join()

    def test_a_database_that_cannot_be_reached(self):
        with (
            self.assertRaises(wakeup.Unheard),
            wakeup.listening({**self.where, "port": 1}, self.channel, "ours"),
        ):
            self.fail("nobody listens")

    def test_a_channel_that_cannot_be_listened_to_leaves_no_connection(self):
        made, connect = [], wakeup.psycopg2.connect

        def remember(**where):
            made.append(connect(**where))
            return made[0]

        with (
            patch.object(wakeup.psycopg2, "connect", remember),
            self.assertRaises(wakeup.Unheard),
            wakeup.listening(self.where, "", "ours"),
        ):
            self.fail("nobody listens")
        self.assertTrue(made[0].closed)

    def test_a_connection_that_breaks(self):
        with wakeup.listening(self.where, self.channel, "ours") as hear:
            self.env.cr.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE query = %s",
                [f'LISTEN "{self.channel}"'],
            )
            with self.assertRaises(wakeup.Unheard):
                hear(60)
