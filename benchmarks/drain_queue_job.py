"""Our deliveries against OCA's queue_job at its best setting: one request a job."""

import os
import subprocess
import time
import uuid
from contextlib import contextmanager
from statistics import median

import cluster
from workspace import LOGS, MODULES, ODOO_CONF, PYTHON, STATE, free_port
from workspace import run as command

from tests.support.odoo_server import wait_until

from . import shop
from .databases import copy_of, prepared
from .drain import BODY
from .measure import Figure, interleave, ratio
from .server import PATIENCE, Server
from .worker import Worker

#: Its packages, apart from everybody else's.
FOLDER = STATE / "queue_job"
PACKAGES = ("odoo-addon-queue-job>=19.0,<20", "openupgradelib")
ADDONS = os.path.join(os.path.dirname(__file__), "addons")
CONF = STATE / "queue_job.conf"
#: Capacities of the root channel that are tried.
CAPACITIES = (8, 16, 32)
DELAY = 50
DATABASE = "bench_queue_job"


def run(bench):
    jobs = bench.scale(400, 40)
    with copy_of(prepare(bench), DATABASE):
        yield from compare(bench, jobs)


def compare(bench, jobs):
    speeds = {}
    for capacity in CAPACITIES:
        with serve(capacity) as worker:
            drain(bench, worker, jobs // 4)
            speeds[capacity] = drain(bench, worker, jobs)
        bench.say(f"root:{capacity}: {speeds[capacity]:.0f} jobs/s")
    best = max(speeds, key=speeds.get)
    with (
        Server("bench_drain", bench.receiver, shop.connected()) as server,
        serve(best) as worker,
    ):
        server.drain(jobs // 8, 0)
        drain(bench, worker, jobs // 4)
        ours, theirs = interleave(
            bench.rounds,
            lambda: server.drain(jobs, DELAY),
            lambda: drain(bench, worker, jobs),
        )
    note = f"queue_job {installed_version()} at root:{best}, threaded"
    yield Figure("drain_vs_queue_job", ratio(ours, theirs), limited=note)
    yield Figure("queue_job_per_s", median(theirs), "jobs/s", note)


def prepare(_bench):
    install()
    return prepared("queue_job", make_database)


def install():
    """Bring queue_job into a folder of its own, and a configuration that finds it."""
    if not (FOLDER / "odoo/addons/queue_job").exists():
        command(
            *(PYTHON, "-m", "pip", "install", "--quiet", "--no-deps"),
            *("--target", FOLDER, *PACKAGES),
        )
    text = ODOO_CONF.read_text()
    paths = f"{ADDONS},{FOLDER / 'odoo/addons'},"
    lines = f"server_wide_modules = web,queue_job\naddons_path = {paths}"
    CONF.write_text(text.replace("addons_path = ", lines))


def installed_version():
    [folder] = FOLDER.glob("odoo_addon_queue_job-*.dist-info")
    return folder.name.removesuffix(".dist-info").rpartition("-")[2]


def environment(capacity=0):
    return {
        "PYTHONPATH": os.pathsep.join((str(FOLDER), os.environ["PYTHONPATH"])),
        "ODOO_QUEUE_JOB_CHANNELS": f"root:{capacity}",
    }


def make_database(database):
    cluster.copy(cluster.base(MODULES), database)
    odoo(database, "-i", "inboost_benchmark_job", "--stop-after-init", "--no-http")
    # Odoo's own scheduled actions would only add noise.
    cluster.query(database, "UPDATE ir_cron SET active = FALSE")


def odoo(database, *arguments):
    command(
        *(PYTHON, "-m", "odoo", "-c", CONF, "-d", database, *arguments),
        cwd=STATE,
        env={**os.environ, **environment()},
    )


@contextmanager
def serve(capacity):
    """A threaded server whose runner works, and a process beside it that makes jobs."""
    port = free_port()
    with (LOGS / "bench_queue_job.log").open("w") as log:
        process = subprocess.Popen(
            [
                *(str(PYTHON), "-m", "odoo", "-c", str(CONF), "-d", DATABASE),
                *("--http-port", str(port), "--max-cron-threads", "1"),
                *("--log-level", "warn"),
            ],
            stdout=log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            cwd=STATE,
            env={
                **os.environ,
                **environment(capacity),
                "ODOO_QUEUE_JOB_HOST": "127.0.0.1",
                "ODOO_QUEUE_JOB_PORT": str(port),
            },
        )
    try:
        with Worker(DATABASE, CONF, environment()) as worker:
            yield worker
    finally:
        process.terminate()
        process.wait()


def drain(bench, worker, jobs):
    """:return: jobs a second, from their commit to the last arrival"""
    bench.receiver.plan(delay=DELAY)
    url = f"{bench.receiver.url}/job"
    committed = worker(enqueue, url=url, jobs=jobs)
    counts = bench.receiver.wait_for(jobs, PATIENCE)
    done = "SELECT count(*) FROM queue_job WHERE state <> 'done'"
    wait_until(lambda: cluster.query(DATABASE, done) == "0", 60, "the end of the jobs")
    return jobs / (counts["last"] - committed)


# -- inside a worker -----------------------------------------------------------------


def enqueue(env, url, jobs):
    """:return: the unix time of the commit"""
    model = env["inboost.benchmark.job"]
    for _number in range(jobs):
        body = BODY.replace("EVENT-ID", str(uuid.uuid4()))
        model.with_delay().deliver(url, body)
    env.cr.commit()
    return time.time()
