"""Each command of the documentation is run by something, which is named here."""

import os
import re
import shlex
import subprocess
import sys

import pytest
import requests
import suites
from workspace import ROOT, STATE

from tests.house.test_docs import PAGES
from tests.support.commands import alone, run

PROGRAMS = (
    r"(?:[A-Z_]+=\S+ )?(?:make|python3?|\.local/venv/bin/python|odoo|curl|openssl"
    r"|pip install) \S|\.ci/run"
)
#: In the text, where it may go on in the next line, or a line of a block.
COMMANDS = [
    re.compile(rf"``((?:{PROGRAMS})[^`]*)``"),
    re.compile(rf"^    ((?:{PROGRAMS})[^#\n]*)", re.M),
]
CI = "on every commit"
HERE = "house/test_commands.py"
LONG = "house/test_long_commands.py"
DEMO = f"{LONG}::test_demo_serves_until_it_is_stopped"
ONE = f"{HERE}::test_one_test_is_run_by_its_name"
SIMULATOR = f"{HERE}::test_the_simulator_serves"
PRESSURE = f"{LONG}::test_pressure_and_soak_in_short"
#: {command: a test that runs it, or a command whose run is one of it, too}
RUN = {
    ".ci/run": CI,
    "make lint": ".ci/run",
    "make test": ".ci/run",
    "make test-lib": "make test",
    "make test-unit": "make test",
    "make test-one": ONE,
    "make test-one K=...": ONE,
    "make test-one K=test_recipes": ONE,
    "SLOW_LINE=500 make test-one K=...": ONE,
    "make help": f"{HERE}::test_help_lists_each_target",
    "make docs": f"{HERE}::test_docs_make_the_book",
    "make demo": DEMO,
    "make demo ODOO_PORT=8169 SIMULATOR_PORT=8199": DEMO,
    "make PYTHON=python3.12 demo": DEMO,
    "make clean": "tools/test_cluster.py::test_clean_leaves_nothing",
    "make format": f"{HERE}::test_format_mends_what_lint_complains_about",
    "make format lint test test-core": "make format",
    "make screenshots": f"{LONG}::test_screenshots",
    "make screenshots ONLY=events": f"{LONG}::test_screenshots",
    "make renew": f"{LONG}::test_renew_locks_what_is_newest",
    "make test-core": f"{LONG}::test_core_of_one_suite",
    "make mutants": f"{LONG}::test_mutants_of_one_rule",
    "make bench": f"{LONG}::test_bench_of_one_with_small_numbers",
    'make bench ARGS="--quick"': f"{LONG}::test_bench_of_one_with_small_numbers",
    "make chaos": "chaos/test_chaos.py::test_chaos",
    'make chaos ONLY="kill_server"': "chaos/test_chaos.py::test_chaos",
    "make pressure": PRESSURE,
    "make soak": PRESSURE,
    "python3 tools/cluster.py start": (
        "tools/test_cluster.py::test_a_cluster_started_by_hand_is_stopped_by_hand"
    ),
    ".local/venv/bin/python -m build --wheel": (
        "packaging/test_wheel.py::test_odoo_installs_it_from_there"
    ),
    "pip install .": "packaging/test_wheel.py::test_odoo_installs_it_from_there",
    # These are brought before any test runs.
    "pip install -r requirements.txt": "make test",
    "pip install -r simulator/requirements.txt": "make test",
    "pip install odoo-addon-queue-job": "make test",
    "pip install 'phonenumbers>=8.13.33'": "make test",
    "odoo --addons-path=...,/path/to/this/checkout,/path/to/the/oca/modules": (
        "tools/test_environments.py::test_odoo_refuses_older_phonenumbers_in_one_line"
    ),
    "odoo -d DATABASE -u inboost_connector --stop-after-init": (
        "upgrade/test_upgrade.py::test_every_row_and_value_is_kept"
    ),
    "odoo neutralize": "e2e/test_canary.py::test_a_neutralized_copy_has_none",
    "odoo i18n export": f"{LONG}::test_templates_are_what_odoo_exports",
    "python -m simulator --style rest-path": SIMULATOR,
    "python -m simulator --port 8099 --db inboost.sqlite3 --customers 250": SIMULATOR,
    "python -m simulator --port 8099 --db inboost.sqlite3 --secret portal-secret"
    " --customers 250": SIMULATOR,
    'curl -H "Authorization: Bearer $TOKEN" https://odoo.example.com/inboost/health': (
        "e2e/test_monitor.py::test_the_command_of_the_documentation_asks_for_health"
    ),
    "curl -X PUT localhost:8099/_sim/faults/balance_set -H 'Content-Type:"
    ' application/json\' -d \'{"answer": "unknown_customer", "phone":'
    ' "380671234567"}\'': (
        "simulator/test_sim_readme.py::test_the_command_with_curl_sets_its_fault"
    ),
    "openssl rand -hex 24": f"{HERE}::test_a_token_is_made",
}


def named():
    """:return: set of the commands, each in one line"""
    return {
        " ".join(command.split())
        for page in PAGES
        for pattern in COMMANDS
        # A command goes on after a backslash.
        for command in pattern.findall(page.read_text().replace("\\\n", " "))
    }


def suites_of(target):
    """:return: set of the suites that a target of make runs"""
    found = re.findall(r"suites\.py ([a-z0-9 -]+)$", run("make", "-n", target), re.M)
    return {name for names in found for name in names.split()}


def test_each_command_is_run_by_something():
    assert named() == RUN.keys()


@pytest.mark.parametrize("what", sorted({*RUN.values()} - {*RUN, CI}))
def test_the_test_that_runs_it_is_one_that_is_run(what):
    path, _, name = what.partition("::")
    assert f"\ndef {name}(" in (ROOT / "tests" / path).read_text()
    assert f"tests/{path}" not in suites.LONG


@pytest.mark.parametrize("command", [one for one in RUN if "make " in one])
def test_each_make_command_is_one(command):
    _line, _make, words = command.rpartition("make ")
    run("make", "-n", *shlex.split(words), "K=...")


def test_a_command_that_runs_another_does():
    lines = (ROOT / ".ci/run").read_text().splitlines()
    assert {c for c, by in RUN.items() if by == ".ci/run"} <= {*lines}
    assert suites_of("test-lib") | suites_of("test-unit") <= suites_of("test")
    assert suites_of("test-apart") == {"apart"}


# -- those that are quick --------------------------------------------------------------


def test_help_lists_each_target():
    listed = {line.split()[0] for line in run("make", "help").splitlines()}
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z0-9-]+):", makefile, re.M))
    # What only other targets need has no line.
    assert listed == targets - {"provision-lean"}


def test_docs_make_the_book():
    index = STATE / "docs/index.html"
    index.unlink(missing_ok=True)
    run("make", "docs")
    assert "Operations" in index.read_text()


def test_one_test_is_run_by_its_name():
    printed = run("make", "test-one", "K=test_recipes", env=alone(SLOW_LINE="500"))
    assert re.search(r"\b\d+ passed", printed)


@pytest.mark.parametrize("command", [one for one in RUN if RUN[one] == SIMULATOR])
def test_the_simulator_serves(command, tmp_path):
    words = shlex.split(command.replace("--port 8099", "")) + ["--port", "0"]
    process = subprocess.Popen(
        [sys.executable, *words[1:]],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        url = process.stdout.readline().split()[-1].rstrip("/")
        assert requests.get(f"{url}/_sim/health", timeout=20).ok
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def test_a_token_is_made():
    assert re.fullmatch(r"[0-9a-f]{48}", run("openssl", "rand", "-hex", "24").strip())


def test_format_mends_what_lint_complains_about(copy):
    faults = {
        "tools/demo.py": ("import argparse\n", "import  argparse\n"),
        "inboost_connector/static/description/index.html": ("</", "< /"),
        "inboost_connector/views/outbox/inboost_event_views.xml": (
            "<field ",
            "<field  ",
        ),
    }
    before = {}
    for name, fault in faults.items():
        before[name] = (copy / name).read_text()
        assert fault[0] in before[name]
        (copy / name).write_text(before[name].replace(*fault))
    run("make", "format", cwd=copy)
    assert {name: (copy / name).read_text() for name in faults} == before
