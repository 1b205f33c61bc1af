"""A real Odoo server as a process of its own, on a copy of the test database."""

import os
import subprocess
import time
import xmlrpc.client
from pathlib import Path

import cluster
import psutil
import requests
from workspace import LOGS, MODULES, ODOO_CONF, PYTHON, STATE, free_port


def wait_until(condition, seconds=60, what="it"):
    """Poll for a condition that another process brings about.

    :return: its first true value
    """
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.1)
    raise AssertionError(f"{what} did not happen in {seconds} s")


class OdooServer:
    #: More arguments of the server's command.
    options: tuple[str, ...] = ()

    def __init__(self, database, template=None):
        self.database = database
        self.process = None
        self.uid = None
        cluster.copy(template or cluster.template("test", MODULES), database)

    # -- process -------------------------------------------------------------------

    def start(self, wait=True, cron_threads=2, workers=0):
        """:param int workers: of a prefork server; 0 for a threaded one"""
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = (LOGS / f"{self.database}.log").open("a")
        self.log_begin = self.log.tell()
        self.process = subprocess.Popen(
            [
                *(str(PYTHON), str(Path(__file__).with_name("odoo_bin.py"))),
                *("-c", str(ODOO_CONF), "-d", self.database),
                *("--http-port", str(self.port)),
                *("--max-cron-threads", str(cron_threads)),
                *("--workers", str(workers)),
                *("--gevent-port", str(free_port())),
                *self.options,
            ],
            stdout=self.log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            cwd=STATE,
        )
        if wait:
            wait_until(self.answers, 120, "the start of Odoo")
        return self

    def settle(self):
        """A new database has all of Odoo's own jobs to do, which take a while."""
        ready = (
            "SELECT 1 FROM ir_cron"
            " WHERE active AND nextcall < now() AT TIME ZONE 'UTC' - interval '5 s'"
        )
        self.wake()
        wait_until(lambda: not self.sql(ready), 120, "the end of Odoo's own jobs")

    def answers(self):
        assert self.process.poll() is None, "Odoo ended"
        try:
            return requests.get(f"{self.url}/web/health", timeout=5).ok
        except requests.RequestException:
            return False

    def kill(self):
        """As a power cut: no chance to tidy up, for no process of it."""
        processes = [self.process, *psutil.Process(self.process.pid).children(True)]
        for process in processes:
            process.kill()
        self.process.wait()
        self.log.close()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(45)
            except subprocess.TimeoutExpired:
                self.kill()
        self.log.close()

    def logged(self):
        """:return: what the server wrote since it was started"""
        with open(self.log.name) as stream:
            stream.seek(self.log_begin)
            return stream.read()

    # -- what it knows -------------------------------------------------------------

    def sql(self, statement):
        """:return: list of rows, each a list of texts"""
        text = cluster.query(self.database, statement)
        return [line.split("|") for line in text.splitlines()]

    def value(self, statement):
        rows = self.sql(statement)
        assert rows, f"nothing was found: {statement}"
        return rows[0][0]

    def states(self):
        rows = self.sql("SELECT state, count(*) FROM inboost_event GROUP BY state")
        return {state: int(count) for state, count in rows}

    def execute(self, model, method, *args, **kwargs):
        """Call a public method as the administrator."""
        if not self.uid:
            common = xmlrpc.client.ServerProxy(f"{self.url}/xmlrpc/2/common")
            self.uid = common.authenticate(self.database, "admin", "admin", {})
        proxy = xmlrpc.client.ServerProxy(
            f"{self.url}/xmlrpc/2/object", allow_none=True
        )
        return proxy.execute_kw(
            self.database, self.uid, "admin", model, method, list(args), kwargs
        )

    def shell(self, script, database=None):
        """Run ``script`` in Odoo's shell: a process of its own with ``env``.

        :return: the finished process
        """
        done = subprocess.run(
            self.shell_command(database),
            input=script,
            text=True,
            capture_output=True,
            cwd=STATE,
            check=False,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done

    def begin_shell(self, script):
        """:return: Odoo's shell, which works on ``script`` by now; what it prints, and
        its errors, can be read from ``stdout``"""
        process = subprocess.Popen(
            self.shell_command(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=STATE,
        )
        process.stdin.write(script)
        process.stdin.close()
        return process

    def shell_command(self, database=None):
        return [
            *(str(PYTHON), "-m", "odoo", "shell", "-c", str(ODOO_CONF)),
            *("-d", database or self.database, "--no-http", "--log-level=warn"),
        ]

    def connect_to(self, simulator):
        """A connected backend with all its webhooks."""
        done = self.shell(CONNECT.format(url=simulator.url, secret=simulator.secret))
        assert "connected-ok" in done.stdout, done.stderr[-2000:]

    def deliver_now(self):
        """Make what waits due, and wake the cron."""
        self.sql(
            # Odoo's own times have no fractions: a later one would not be due yet.
            "UPDATE inboost_event"
            " SET next_try = date_trunc('second', now() AT TIME ZONE 'UTC')"
            " WHERE state = 'pending'"
        )
        self.sql("UPDATE inboost_endpoint SET rest_until = NULL, failures = 0")
        self.wake()

    def wake(self, cron="ir_cron_deliver"):
        """Have the server run one of our crons now, not at its next turn."""
        self.sql(
            "INSERT INTO ir_cron_trigger (cron_id, call_at)"
            " SELECT res_id, now() AT TIME ZONE 'UTC' FROM ir_model_data"
            f" WHERE module = 'inboost_connector' AND name = '{cron}'"
        )
        self.notify()

    def notify(self):
        """Have the server's scheduler look whether anything is due."""
        cluster.query(
            "postgres", f"SELECT pg_notify('cron_trigger', '{self.database}')"
        )


CONNECT = """
backend = env["inboost.backend"].search([], limit=1) or env["inboost.backend"].create(
    {{"name": "Test portal", "address": "{url}"}})
backend.write({{"address": "{url}", "secret_entry": "{secret}"}})
for endpoint in backend.endpoint_ids:
    endpoint.timeout = 3
    if endpoint.kind == "webhook":
        token = endpoint.operation.replace("_", "-") + "-token"
        endpoint.address_entry = "{url}/api/webhok/%s/" % token
if backend.is_moved:
    backend.action_keep_portal()
backend._connect()
env.cr.commit()
print("connected-ok")
"""

os.environ.setdefault("ODOO_RC", str(ODOO_CONF))
