"""What can break while sales are sent, each kind of it in the middle of sales."""

import os
import random
import signal
import threading
import time
from contextlib import suppress

import cluster
import psutil
import psycopg2
import pytest
import requests
from provision import postgres_bin

from tests.chaos.register import TOKEN
from tests.support.network import vanished
from tests.support.odoo_server import OdooServer, wait_until
from tests.support.outbox import connect, open_report

#: 40 of 100 requests meet one of these.
WEATHER = [
    {"status": 503, "share": 0.1},
    {"status": 429, "retry_after": "1", "share": 0.05},
    {"status": 500, "share": 0.04},
    {"status": 502, "processed": True, "share": 0.04},
    {"close": "before", "share": 0.04},
    {"close": "after", "share": 0.04},
    {"silence": 4, "share": 0.02},
    {"latency": 1.0, "share": 0.04},
    {"broken": "json", "share": 0.03},
]
#: Seconds that a state of trouble lasts.
LASTS = 4
#: Connections that a client has left over, so that the others are taken.
SPARED = 4
#: Of a threaded server.
CRON_THREADS = 2
#: Hours that a clock may be wrong.
WRONG = 6
#: Events that are put off for longer than any wait that we have.
PUT_OFF = (
    "SELECT id FROM inboost_event"
    " WHERE next_try > now() AT TIME ZONE 'UTC' + interval '3 hours'"
)


class SecondServer(OdooServer):
    """Another one on the same database."""

    def __init__(self, first):
        self.database, self.process, self.uid = first.database, None, None


def restart_postgres(how, clock):
    """:param str how: fast or immediate
    :param dict clock: the environment that it goes by, see tests.chaos.clock"""
    variables = (f"{name}={value}" for name, value in clock.items())
    control = cluster.as_owner("env", *variables, postgres_bin() / "pg_ctl")
    place = cluster.folder()
    cluster.run(
        *(*control, "-D", place / "data", "-m", how, "-l", place / "log"),
        # A busy disk may take long over the recovery.
        *("-w", "-t", "300", "restart"),
        cwd=place,
        stdout=None,
        # What the clock shares among processes must be the user postgres's own.
        env={name: os.environ[name] for name in os.environ if name not in clock},
    )


class Accidents:
    """:ivar cut: events that were on their way when a process was killed
    :ivar lapsed: those of them that were on their way when a clock was set, which may
        end leases
    :ivar counts: how often each kind happened"""

    def __init__(self, odoo, inboost, clock, mode, seed, only=()):
        self.odoo, self.inboost, self.clock, self.mode = odoo, inboost, clock, mode
        self.rng = random.Random(seed)
        self.cut, self.lapsed, self.counts = set(), set(), {}
        self.kinds = [
            self.kill_server,
            self.stop_server,
            self.end_connections,
            self.restart_postgres,
            self.exhaust_connections,
            self.storm_of_conflicts,
            self.idle_in_transaction,
            self.overlapping_readers,
            self.second_server,
            self.lose_cron_threads,
            self.set_clock,
            self.kill_receiver,
            self.hang_receiver,
            self.lose_receiver,
        ]
        if mode.get("workers"):
            self.kinds += [self.kill_worker, self.stop_worker]
        if only:
            unknown = set(only) - {kind.__name__ for kind in self.kinds}
            assert not unknown, f"no such accident in this mode: {unknown}"
            self.kinds = [kind for kind in self.kinds if kind.__name__ in only]

    def happen(self, seconds, count_sales):
        """All of them in a random order, then any, each in the middle of sales."""
        end = time.monotonic() + seconds
        waiting = self.rng.sample(self.kinds, len(self.kinds))
        while waiting or time.monotonic() < end:
            enough = count_sales() + self.rng.randint(4, 12)
            self.keep_up_until(lambda: count_sales() >= enough, "a sale")  # noqa: B023
            accident = waiting.pop() if waiting else self.rng.choice(self.kinds)
            print(f"{end - time.monotonic():5.1f} s left: {accident.__name__}")
            accident()
            name = accident.__name__
            self.counts[name] = self.counts.get(name, 0) + 1

    def keep_up_until(self, condition, what):
        wait_until(lambda: self.is_up() and condition(), 300, what)

    # -- servers -------------------------------------------------------------------

    def is_up(self):
        """A prefork server that wants to start a worker while PostgreSQL is away ends
        itself. As on a real machine, something starts it again then."""
        if self.odoo.process.poll() is not None:
            self.note_cut()
            self.odoo.start(**self.mode)
            self.counts["ended_itself"] = self.counts.get("ended_itself", 0) + 1
        return True

    def kill_server(self):
        self.odoo.kill()
        self.note_cut()
        self.odoo.start(**self.mode)

    def stop_server(self):
        self.odoo.stop()
        # What does not end in time is killed.
        self.note_cut()
        self.odoo.start(**self.mode)

    def kill_worker(self):
        self.rng.choice(self.workers()).kill()
        self.note_cut()

    def stop_worker(self):
        self.rng.choice(self.workers()).terminate()
        # One that does not end in time is killed by Odoo itself.
        self.note_cut()

    def workers(self):
        return psutil.Process(self.odoo.process.pid).children()

    def second_server(self):
        """It delivers along, and dies."""
        second = SecondServer(self.odoo)
        second.start(cron_threads=1)
        time.sleep(LASTS)
        second.kill()
        self.note_cut()

    def set_clock(self):
        """Of the machine: ahead or behind for a while, then right again. What is in
        flight seems to have been for hours, and counts as killed before anybody could
        note it, or later."""
        before = self.find("state = 'held' AND reason_code = 'killed'")
        self.clock.set(self.rng.choice((WRONG, -WRONG)))
        time.sleep(LASTS)
        self.clock.set(0)
        time.sleep(2)
        now = self.find(
            "state = 'sending' OR state = 'held' AND reason_code = 'killed'"
        )
        self.lapsed |= now - before
        self.cut |= self.lapsed
        self.wait_for_corrections()

    def wait_for_corrections(self):
        wait_until(lambda: not self.odoo.sql(PUT_OFF), 120, "the end of it")

    def note_cut(self):
        self.cut |= self.find("state = 'sending'")

    def find(self, condition):
        """:return: ids of events"""
        rows = self.odoo.sql(f"SELECT id FROM inboost_event WHERE {condition}")
        return {row[0] for row in rows}

    # -- the receiver --------------------------------------------------------------

    def kill_receiver(self):
        """Nobody listens for a while."""
        self.inboost.stop(kill=True)
        time.sleep(LASTS)
        self.inboost.start()
        self.inboost.control("PUT", "faults/*", WEATHER)

    def hang_receiver(self):
        """It takes what is sent, and answers nothing; what it has read by then, it
        processes later."""
        self.inboost.process.send_signal(signal.SIGSTOP)
        time.sleep(LASTS)
        self.inboost.process.send_signal(signal.SIGCONT)

    def lose_receiver(self):
        """Its host is off the network: connections stay open, and nothing comes, not
        even that nobody listens. What was sent again and again meanwhile comes later,
        unless its sender threw it away."""
        with vanished(self.inboost.process.pid):
            time.sleep(LASTS)
            with pytest.raises(requests.ConnectTimeout):
                requests.get(self.inboost.url, timeout=0.5)

    # -- PostgreSQL ----------------------------------------------------------------

    def end_connections(self, database=None):
        self.odoo.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            f" WHERE datname = '{database or self.odoo.database}'"
            " AND pid <> pg_backend_pid()"
        )

    def restart_postgres(self):
        how = self.rng.choice(("fast", "immediate"))
        restart_postgres(how, self.clock.environment)

    def lose_cron_threads(self):
        """PostgreSQL lets in nobody who runs jobs, for a while. A prefork server starts
        other workers; a threaded one never starts other threads: somebody has to see
        that it sends nothing, and start it again."""
        self.allow_scheduling("false")
        try:
            self.end_connections("postgres")
            if self.mode.get("workers"):
                time.sleep(LASTS)
                return
            wait_until(self.has_lost_threads, 120, "the end of the threads")
        finally:
            self.allow_scheduling("true")
        # The bus lets nobody sell before.
        self.wait_for_health(503)
        self.stop_server()
        self.wait_for_health(200)

    def has_lost_threads(self):
        lost = self.odoo.logged().count("Exception in thread odoo.service.cron")
        return lost >= CRON_THREADS

    def wait_for_health(self, status):
        wait_until(lambda: self.ask_for_health() == status, 120, f"health {status}")

    def allow_scheduling(self, word):
        """Only the scheduler has a connection to that database."""
        statement = f"ALTER DATABASE postgres ALLOW_CONNECTIONS {word}"
        cluster.query(self.odoo.database, statement)

    def ask_for_health(self):
        return requests.get(
            f"{self.odoo.url}/inboost/health",
            headers={"Authorization": f"Bearer {TOKEN}"},
            timeout=20,
        ).status_code

    def exhaust_connections(self):
        """Nobody gets a new one; those that are open go on."""
        taken = []
        with suppress(psycopg2.OperationalError):
            while True:
                taken.append(connect(self.odoo.database))
        for connection in taken[-SPARED:]:
            connection.close()
        time.sleep(LASTS)
        for connection in taken:
            connection.close()

    def storm_of_conflicts(self):
        """Others write the very rows that the delivery writes."""
        closing = threading.Event()
        threads = [
            threading.Thread(target=self.write_rows, args=(closing,)) for _n in range(3)
        ]
        for thread in threads:
            thread.start()
        time.sleep(LASTS)
        closing.set()
        for thread in threads:
            thread.join()

    def write_rows(self, closing):
        connection = connect(self.odoo.database)
        connection.set_session(isolation_level="REPEATABLE READ")
        while not closing.is_set():
            try:
                with connection, connection.cursor() as cursor:
                    for table in ("inboost_event", "inboost_endpoint", "loyalty_card"):
                        cursor.execute(
                            f"UPDATE {table} SET write_uid = write_uid WHERE id IN"
                            f" (SELECT id FROM {table} ORDER BY id DESC LIMIT 20)"
                        )
                    time.sleep(0.02)
            except psycopg2.OperationalError:
                # Ours lost this time.
                continue
        connection.close()

    def idle_in_transaction(self):
        """A report that somebody left open: nothing is tidied up behind it."""
        connection = open_report(self.odoo.database)
        time.sleep(2 * LASTS)
        connection.close()

    def overlapping_readers(self):
        readers = []
        for _n in range(4):
            readers.append(open_report(self.odoo.database))
            time.sleep(LASTS / 4)
        for connection in readers:
            connection.close()
