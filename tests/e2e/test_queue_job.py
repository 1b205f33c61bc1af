"""Several servers, each with its own job runner, drain one outbox."""

import re
import socket
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import cycle
from threading import Thread

import cluster
import pytest
from workspace import MODULES

from tests.chaos.order import out_of_order
from tests.support.odoo_server import OdooServer, wait_until
from tests.support.outbox import Till

CUSTOMERS, EACH = 200, 5
EVENTS = CUSTOMERS * EACH
#: Seconds that InBoost takes to answer.
LATENCY = 0.1
#: So that a kill falls into the flow.
SLOW = 0.6
#: Captured in one transaction, as sales do: it wakes the job runner itself.
CAPTURE = f"""
from odoo import fields
backend = env["inboost.backend"].search([], limit=1)
partners = env["res.partner"].with_context(tracking_disable=True).create([
    {{"name": "Customer %s" % n, "phone": "+38050%07d" % n}}
    for n in range(FIRST, FIRST + {CUSTOMERS})])
now = fields.Datetime.now()
for partner in partners:
    env["inboost.capture"]._capture(backend, [
        ("purchase", "job:%s:%s" % (partner.id, n),
         {{"uuid": "%s-%s" % (partner.id, n), "number": str(n), "total": 1.0,
           "time": "2026-01-01T10:00:00Z"}}, now)
        for n in range({EACH})], partner)
waiting = [("state", "in", ("pending", "enqueued"))]
print("jobs", env["queue.job"].search_count(waiting))
env.cr.commit()
"""


class Host(OdooServer):
    options = ("--load", "base,rpc,web,queue_job")

    def __init__(self, database):
        self.database, self.process, self.uid = database, None, None

    @property
    def is_up(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


class Balancer(ThreadingHTTPServer):
    """Sends each request of a job runner on to the next host that is up. A real one
    would pass it on itself."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Redirect)
        self.hosts, self.turn = [], cycle(range(2))
        Thread(target=self.serve_forever, daemon=True).start()

    def choose(self):
        up = [host for host in self.hosts if host.is_up]
        return up[next(self.turn) % len(up)]


class Redirect(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(307)
        self.send_header("Location", self.server.choose().url + self.path)
        self.end_headers()

    def log_message(self, *_args):
        pass


class Chain:
    """Hosts on one database."""

    def __init__(self, database, inboost):
        self.database, self.inboost = database, inboost
        self.balancer = Balancer()
        self.filled = 0

    def start_hosts(self, count):
        """Until there are so many."""
        while len(self.balancer.hosts) < count:
            host = Host(self.database.database).start(wait=False)
            self.balancer.hosts.append(host)
            wait_until(host.answers, 120, "the start of Odoo")
        wait_until(self.has_leader, 60, "the election of a job runner")

    def has_leader(self):
        return any(
            "queue job runner ready for db" in host.logged()
            for host in self.balancer.hosts
        )

    def capture(self):
        script = f"FIRST = {self.filled * CUSTOMERS}\n{CAPTURE}"
        printed = self.database.shell(script).stdout
        assert "jobs 1" in printed, "a pile of jobs, or none"
        self.filled += 1

    def count(self, *states):
        return sum(self.database.states().get(state, 0) for state in states)

    def deliver(self):
        """:return: events a second of what is captured now, from the first arrival to
        the last"""
        self.capture()
        self.wait_for_the_end()
        arrivals = self.inboost.control("GET", f"events?limit={EVENTS}")
        first, last = (datetime.fromisoformat(arrivals[n]["at"]) for n in (0, -1))
        return EVENTS / (last - first).total_seconds()

    def wait_for_the_end(self):
        wait_until(lambda: not self.count("pending", "sending"), 60, "the end of it")

    def count_conflicts(self):
        """Claims that another one was in the way of."""
        logged = self.balancer.hosts[0].logged()
        return len(re.findall("WITH ready AS.*?could not serialize", logged, re.DOTALL))

    def count_jobs(self):
        return int(self.database.value("SELECT count(*) FROM queue_job"))

    def pids(self):
        """Of the processes that ran jobs."""
        return {row[0] for row in self.database.sql("SELECT worker_pid FROM queue_job")}

    def check(self):
        counts = self.inboost.counts()
        events = self.database.sql(
            "SELECT id, event_id, operation, phone, state FROM inboost_event"
        )
        done = {event[1] for event in events if event[4] == "done"}
        assert counts["doubled"] == []
        assert done <= set(counts["by_event_id"])
        assert out_of_order(self.inboost, events) == []

    def stop(self):
        for host in self.balancer.hosts:
            host.stop()
        self.balancer.shutdown()


@pytest.fixture(scope="module")
def chain(inboost):
    template = cluster.template(
        "queue_job",
        "inboost_connector_queue_job",
        source=cluster.template("test", MODULES),
    )
    database = OdooServer("e2e_queue_job", template)
    # The demo's story is none of this.
    database.sql("DELETE FROM inboost_event")
    database.connect_to(inboost)
    # Odoo's own jobs would only stand in the way.
    database.sql("UPDATE ir_cron SET active = cron_name = 'InBoost: deliver events'")
    inboost.fault("*", latency=LATENCY)
    with pytest.MonkeyPatch.context() as patch:
        chain = Chain(database, inboost)
        patch.setenv("ODOO_QUEUE_JOB_CHANNELS", "root:4,root.inboost:2")
        patch.setenv("ODOO_QUEUE_JOB_HOST", "127.0.0.1")
        patch.setenv("ODOO_QUEUE_JOB_PORT", str(chain.balancer.server_port))
        yield chain
    chain.stop()
    cluster.drop(database.database)


def test_each_host_takes_its_part(chain):
    chain.start_hosts(1)
    jobs = chain.count_jobs()
    one = chain.deliver()
    # The capture woke one, and a backlog calls the next.
    assert chain.count_jobs() - jobs >= 2
    chain.start_hosts(2)
    two = chain.deliver()
    print(f"{one:.0f} events/s with one server, {two:.0f} with two")
    # Who awaited a turn in vain may be in another's way.
    assert chain.count_conflicts() < 4
    assert chain.count("done") == chain.filled * EVENTS
    assert {str(host.process.pid) for host in chain.balancer.hosts} <= chain.pids()
    chain.check()


def test_a_host_that_hangs_while_it_claims_holds_up_nobody(chain):
    chain.start_hosts(1)
    with Till(chain.database).here as hanging, hanging.cursor() as cr:
        cr.execute("LOCK TABLE queue_job_channel IN SHARE UPDATE EXCLUSIVE MODE")
        chain.deliver()
        hanging.rollback()
    assert chain.count("done") == chain.filled * EVENTS


def test_when_one_is_killed_the_other_finishes(chain, inboost):
    chain.start_hosts(2)
    leader, _other = chain.balancer.hosts
    done = chain.count("done")
    inboost.fault("*", latency=SLOW)
    chain.capture()
    wait_until(lambda: chain.count("done") > done + EVENTS // 5, 30, "the flow")
    leader.kill()
    cut = chain.database.sql(
        "SELECT event_id FROM inboost_event WHERE state = 'sending'"
    )
    assert chain.count("pending"), "the kill came too late to matter"
    chain.wait_for_the_end()
    held = chain.database.sql("SELECT event_id FROM inboost_event WHERE state = 'held'")
    print(f"{len(held)} held of {len(cut)} that were in flight on both servers")
    assert {row[0] for row in held} <= {row[0] for row in cut}
    assert chain.count("done", "held") == chain.filled * EVENTS
    chain.check()
