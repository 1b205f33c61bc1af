"""Run our tests. A test that was skipped though it should have run is a failure."""

import argparse
import os
import subprocess

import cluster
from workspace import LOGS, MODULES, ODOO_CONF, PYTHON, ROOT, main, say


def unit():
    """The addons' own tests, in a database of their own."""
    database = cluster.template("test", MODULES)
    cluster.copy(database, "unit")
    folders = [str(path) for path in sorted(ROOT.glob("inboost_connector*/tests"))]
    return pytest("--odoo-database=unit", *folders)


def e2e():
    """Real servers, the simulator over HTTP, Chromium."""
    cluster.template("test", MODULES)
    return pytest("-p", "no:odoo", "tests")


def pytest(*arguments):
    environment = {
        **os.environ,
        "ODOO_RC": str(ODOO_CONF),
        "PYTHONPATH": f"{ROOT}:{ROOT / 'tools'}",
    }
    return subprocess.run(
        [
            *(str(PYTHON), "-m", "pytest", "-p", "tests.no_skips"),
            *("--durations=10", *arguments),
        ],
        cwd=ROOT,
        env=environment,
        check=False,
    ).returncode


def run(names):
    say(f"logs are in {LOGS}")
    with cluster.running():
        failed = [name for name in names if {"unit": unit, "e2e": e2e}[name]()]
    if failed:
        print(f"FAILED: {', '.join(failed)}")
    return bool(failed)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("suites", nargs="+", choices=["unit", "e2e"])
    main(run, parser.parse_args().suites)
