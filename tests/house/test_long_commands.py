"""The commands of the documentation that take long, once and small."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys

import cluster
import demo
import packages
import polib
import pytest
import requests
import screenshots
from workspace import MODULES, ODOO_CONF, PYTHON, ROOT, STATE, free_port

from tests.support.commands import alone, run


def program_of(*command):
    """:return: the last line that make would run"""
    return run("make", "-n", *command).splitlines()[-1].rstrip()


# -- what a new user tries -------------------------------------------------------------


@pytest.fixture
def demo_is_as_before():
    """Somebody's own demo shop stays; else none is left behind."""
    known = cluster.exists(demo.DATABASE)
    yield
    if not known:
        cluster.drop(demo.DATABASE)
        for path in STATE.glob(f"simulator-{demo.DATABASE}.sqlite*"):
            path.unlink()


def test_demo_serves_until_it_is_stopped(demo_is_as_before):
    odoo, simulator = free_port(), free_port()
    ports = [f"ODOO_PORT={odoo}", f"SIMULATOR_PORT={simulator}"]
    process = subprocess.Popen(
        ["make", f"PYTHON={sys.executable}", "demo", *ports],
        cwd=ROOT,
        env=alone(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        said = []
        for line in iter(process.stdout.readline, ""):
            said.append(line)
            if "Stop with Ctrl+C" in line:
                break
        assert f"http://127.0.0.1:{odoo}/odoo" in "".join(said)
        for port in (odoo, simulator):
            assert requests.get(f"http://127.0.0.1:{port}/", timeout=60).ok
    finally:
        os.killpg(process.pid, signal.SIGINT)
        rest, _none = process.communicate(timeout=120)
    assert "-- stopping" in rest
    assert "Traceback" not in rest


# -- what a developer does -------------------------------------------------------------


def test_screenshots(tmp_path, monkeypatch):
    """Of one screen, to another place: those of the documentation are looked at."""
    assert program_of("screenshots").endswith("python tools/screenshots.py")
    program = program_of("screenshots", "ONLY=events")
    assert program.endswith("python tools/screenshots.py --only events")
    images, description = tmp_path / "images", tmp_path / "description"
    shutil.copytree(screenshots.IMAGES, images)
    description.mkdir()
    for language in screenshots.LANGUAGES:
        (images / language / "events.png").unlink()
    monkeypatch.setattr(screenshots, "IMAGES", images)
    monkeypatch.setattr(screenshots, "DESCRIPTION", description)
    screenshots.take("events")
    for language in screenshots.LANGUAGES:
        assert (images / language / "events.png").stat().st_size > 10_000
    names = {path.stem for path in description.iterdir()}
    assert names == {*screenshots.SHOWN}


def test_renew_locks_what_is_newest(tmp_path, monkeypatch):
    """Of one package, in an environment of its own."""
    (tmp_path / "tools").mkdir()
    (tmp_path / "requirements.txt").write_text("standardwebhooks\n")
    (tmp_path / packages.OCA).write_text("")
    monkeypatch.setattr(packages, "ROOT", tmp_path)
    monkeypatch.setattr(packages, "VENVS", {"newest": tmp_path / "venv"})
    monkeypatch.setattr(packages, "REQUIREMENTS", {"newest": ["requirements.txt"]})
    packages.renew("newest")
    lock = (tmp_path / "tools/lock-newest.txt").read_text()
    assert re.search(r"^standardwebhooks==\S+ ; python_version == '3", lock, re.M)
    assert program_of("renew").endswith("tools/packages.py")


def test_templates_are_what_odoo_exports(tmp_path):
    """All addons that are in the database; texts only, not where they stand."""
    name, path = "e2e_export", tmp_path / "all.pot"
    addons = [one for one in MODULES.split(",") if one.startswith("inboost")]
    cluster.copy(cluster.template("test", MODULES), name)
    try:
        run(
            *(PYTHON, "-m", "odoo", "i18n", "export", "-c", ODOO_CONF, "-d", name),
            *("-l", "pot", "-o", path, *addons),
            cwd=STATE,
        )
    finally:
        cluster.drop(name)
    kept = {
        entry.msgid
        for one in addons
        for entry in polib.pofile(str(ROOT / one / "i18n" / f"{one}.pot"))
    }
    assert {entry.msgid for entry in polib.pofile(str(path))} == kept


# -- what takes an hour and more -------------------------------------------------------


def test_core_of_one_suite():
    assert program_of("test-core").endswith("tools/core_suites.py")
    printed = run(sys.executable, "tools/core_suites.py", "contacts")
    assert "tests compared with the baseline, 0 worse" in printed


def test_mutants_of_one_rule(copy):
    command = program_of("mutants").split()
    assert command[-3:] == ["run", "--max-children", "1"]
    name = "inboost_connector.lib.backoff.x_is_last_try__mutmut_1"
    printed = run(*command, name, cwd=copy)
    assert f"🎉 {name}" in printed


def test_bench_of_one_with_small_numbers(tmp_path):
    path = tmp_path / "figures.json"
    run("make", "bench", f"ARGS=--quick --only drain --json {path}")
    figures = json.loads(path.read_text())
    assert any(name.startswith("drain_50ms") for name in figures)


@pytest.mark.parametrize(
    "command", [["pressure", "SECONDS=20", "ONLY=bursts"], ["soak", "SECONDS=60"]]
)
def test_pressure_and_soak_in_short(command):
    assert re.search(r"^1 passed", run("make", *command), re.M)
