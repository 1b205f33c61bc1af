"""A shop to try: Odoo with demo data, connected to the simulator."""

import argparse
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import contextmanager

import cluster
from workspace import (
    LOGS,
    MODULES,
    ODOO_CONF,
    PYTHON,
    ROOT,
    STATE,
    Trouble,
    check_port,
    main,
    say,
)

DATABASE = "demo"
MADE = "SELECT 1 FROM ir_model_data WHERE name = 'demo_backend'"
#: Run in Odoo's shell. As an administrator does it by hand, and once more each time:
#: the port may be another one.
CONNECT = """
address = "http://127.0.0.1:%(port)s"
company = env.ref("inboost_connector.demo_company")
backend = env.ref("inboost_connector.demo_backend")
backend.write({"address": address, "secret": "demo-secret"})
for endpoint in backend.endpoint_ids:
    if endpoint.kind == "webhook":
        name = endpoint.operation.replace("_", "-")
        endpoint.address = f"{address}/api/webhok/{name}-demo/"
if backend.is_moved:
    backend.action_keep_portal()
backend._connect()
if backend.doubt_decision == "ask":
    env["inboost.restoration"]._decide(backend, "send")
env["inboost.sync.run"]._queue_and_show(backend, dry_run=False)
admin = env.ref("base.user_admin")
admin.write({"company_id": company.id, "tz": "Europe/Kyiv"})
if not env["res.users"].search_count([("login", "=", "oksana")]):
    env["res.users"].create({
        "name": "Оксана Литвин", "login": "oksana", "password": "oksana",
        "lang": "uk_UA", "tz": "Europe/Kyiv", "company_id": company.id,
        "company_ids": company.ids, "group_ids": admin.group_ids.ids})
env.cr.commit()
print("connected")
"""


def prepare(database, port):
    """The demo database, connected to the simulator at ``port``."""
    if not cluster.exists(database):
        make(database)
    say("connecting the backend to the simulator")
    log = LOGS / "connect.log"
    with log.open("w") as stream:
        status = subprocess.run(
            [
                *(str(PYTHON), "-m", "odoo", "shell", "-c", str(ODOO_CONF)),
                *("-d", database, "--no-http"),
            ],
            input=(CONNECT % {"port": port}).encode(),
            stdout=stream,
            stderr=subprocess.STDOUT,
            cwd=STATE,
            check=False,
        ).returncode
    if status or "connected" not in log.read_text():
        raise Trouble(f"the backend could not be connected; see {log}")


def make(database):
    """A database with the addons' own demo data, in English and Ukrainian."""
    template = cluster.template(DATABASE, MODULES, demo=True)
    if not cluster.query(template, MADE):
        cluster.drop(template)
        log = LOGS / "template.log"
        raise Trouble(f"the demo data could not be loaded; see {log}")
    cluster.copy(template, database)


def wait_for(url, process, what, seconds=120):
    for _try in range(seconds * 4):
        if process.poll() is not None:
            raise Trouble(f"{what} ended at once; see the logs in {LOGS}")
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.25)
    raise Trouble(f"{what} does not answer at {url}; see the logs in {LOGS}")


def serve(odoo_port, simulator_port):
    # make and a service manager end a program so; its servers end with it.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with shop(DATABASE, odoo_port, simulator_port) as odoo:
            print(WELCOME.format(odoo=odoo_port, simulator=simulator_port), flush=True)
            odoo.wait()
    except KeyboardInterrupt:
        return say("stopping")
    raise Trouble(f"Odoo ended; see {LOGS / 'odoo.log'}")


@contextmanager
def shop(database, odoo_port, simulator_port):
    """Odoo and the simulator, connected and answering.

    :return: the process of Odoo
    """
    check_port(odoo_port, "Odoo", "ODOO_PORT")
    check_port(simulator_port, "the simulator", "SIMULATOR_PORT")
    say("starting PostgreSQL")
    with cluster.running():
        prepare(database, simulator_port)
        simulated = simulator_args(database, simulator_port)
        with (
            server("simulator.log", ROOT, *simulated) as sim,
            server("odoo.log", STATE, *odoo_args(database, odoo_port)) as odoo,
        ):
            wait_for(f"http://127.0.0.1:{simulator_port}/", sim, "the simulator")
            wait_for(f"http://127.0.0.1:{odoo_port}/web/health", odoo, "Odoo")
            yield odoo


def simulator_args(database, port):
    path = STATE / f"simulator-{database}.sqlite"
    return (
        *("-m", "simulator", "--port", str(port), "--db", str(path)),
        # The first of them are the customers of the demo data.
        *("--customers", "60"),
    )


def odoo_args(database, port):
    conf = str(ODOO_CONF)
    return "-m", "odoo", "-c", conf, "-d", database, "--http-port", str(port)


@contextmanager
def server(log, folder, *arguments):
    """A program that runs until the block is left."""
    with (LOGS / log).open("w") as stream:
        process = subprocess.Popen(
            [str(PYTHON), *arguments],
            stdout=stream,
            stderr=subprocess.STDOUT,
            cwd=folder,
        )
        try:
            yield process
        finally:
            process.terminate()
            process.wait()


WELCOME = """
   Odoo        http://127.0.0.1:{odoo}/odoo      login admin, password admin
                                           in Ukrainian: oksana, oksana
   Simulator   http://127.0.0.1:{simulator}/          shows each event as it arrives

   A shop in Kyiv, with what happened in three months. Try first: keep the simulator's
   page in sight. In Odoo open Point of Sale, open the register, sell something to
   Вероніка Коваль, and see the purchase arrive. Then look at InBoost > Events: some
   wait for you. Set a fault on the simulator's page and sell again.

   Stop with Ctrl+C. make demo starts it again with the same data; make clean removes
   everything.
"""

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--odoo-port", type=int, default=os.environ.get("ODOO_PORT", 8069)
    )
    parser.add_argument(
        "--simulator-port", type=int, default=os.environ.get("SIMULATOR_PORT", 8099)
    )
    arguments = parser.parse_args()
    main(serve, arguments.odoo_port, arguments.simulator_port)
