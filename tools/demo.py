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
CONNECT = """
partner = env.ref("base.res_partner_2", raise_if_not_found=False)
backend = env["inboost.backend"].search([], limit=1) or env["inboost.backend"].create(
    {"name": "InBoost (simulator)", "address": "http://127.0.0.1:%(port)s"})
backend.write({"address": "http://127.0.0.1:%(port)s", "secret": "demo-secret"})
for endpoint in backend.endpoint_ids:
    if endpoint.kind == "webhook":
        endpoint.address = "http://127.0.0.1:%(port)s/api/webhok/%%s-demo/" %% (
            endpoint.operation.replace("_", "-"))
env.company.country_id = env.ref("base.ua")
for number, name in enumerate(("Olena Kovalenko", "Taras Shevchuk")):
    if not env["res.partner"].search([("name", "=", name)]):
        env["res.partner"].create({
            "name": name, "phone": "+38067123450%%s" %% number,
            "country_id": env.ref("base.ua").id})
backend._connect()
env.cr.commit()
"""


def prepare(port):
    """A database with demo data, connected to the simulator at ``port``."""
    if not cluster.exists(DATABASE):
        cluster.copy(cluster.template("test", MODULES), DATABASE)
    say("connecting the backend to the simulator")
    log = LOGS / "connect.log"
    with log.open("w") as stream:
        status = subprocess.run(
            [
                *(str(PYTHON), "-m", "odoo", "shell", "-c", str(ODOO_CONF)),
                *("-d", DATABASE, "--no-http"),
            ],
            input=(CONNECT % {"port": port}).encode(),
            stdout=stream,
            stderr=subprocess.STDOUT,
            cwd=STATE,
            check=False,
        ).returncode
    if status or "Traceback" in log.read_text():
        raise Trouble(f"the backend could not be connected; see {log}")


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
    check_port(odoo_port, "Odoo", "ODOO_PORT")
    check_port(simulator_port, "the simulator", "SIMULATOR_PORT")
    # make and a service manager end a program so; its servers end with it.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    say("starting PostgreSQL")
    with cluster.running():
        prepare(simulator_port)
        with (
            server("simulator.log", ROOT, *simulator_args(simulator_port)) as sim,
            server("odoo.log", STATE, *odoo_args(odoo_port)) as odoo,
        ):
            try:
                wait_for(f"http://127.0.0.1:{simulator_port}/", sim, "the simulator")
                wait_for(f"http://127.0.0.1:{odoo_port}/web/health", odoo, "Odoo")
                print(
                    WELCOME.format(odoo=odoo_port, simulator=simulator_port), flush=True
                )
                odoo.wait()
            except KeyboardInterrupt:
                return say("stopping")
            raise Trouble(f"Odoo ended; see {LOGS / 'odoo.log'}")


def simulator_args(port):
    database = STATE / "simulator.sqlite"
    return "-m", "simulator", "--port", str(port), "--db", str(database)


def odoo_args(port):
    conf = str(ODOO_CONF)
    return "-m", "odoo", "-c", conf, "-d", DATABASE, "--http-port", str(port)


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
   Simulator   http://127.0.0.1:{simulator}/          shows each event as it arrives

   Try first: keep the simulator's page in sight. In Odoo open Point of Sale, open a
   register, sell something to Olena Kovalenko, and see the purchase arrive. Then look
   at InBoost > Events. Set a fault on the simulator's page and sell again.

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
