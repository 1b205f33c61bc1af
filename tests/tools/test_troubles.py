"""Trouble is one line that says what to do, and the command fails."""

import os
import socket
import subprocess
import sys

import pytest
from workspace import ROOT, free_port

TOOLS = ROOT / "tools"


def fails(*command, **environment):
    """Run ``command`` and expect trouble.

    :return: its one line
    """
    done = subprocess.run(
        [sys.executable, *map(str, command)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(TOOLS), **environment},
        timeout=120,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    [line] = [one for one in done.stderr.splitlines() if one]
    assert line.startswith("error: ")
    assert "Traceback" not in done.stdout
    return line


def fails_when(preparation, call):
    """``call`` by ``workspace.main``, as the commands do, after ``preparation``."""
    script = f"import packages, provision, workspace\n{preparation}\n"
    return fails("-c", script + f"workspace.main(lambda: {call})")


@pytest.mark.parametrize("option", ["odoo", "simulator"])
def test_port_is_taken(option):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        ports = {"odoo": free_port(), "simulator": free_port(), option: port}
        options = [f"--{name}-port={number}" for name, number in ports.items()]
        line = fails(TOOLS / "demo.py", *options)
    assert f"port {port}" in line
    assert f"make demo {option.upper()}_PORT={port + 100}" in line


def test_too_little_disk():
    line = fails_when(
        "provision.MIN_DISK = 2**60\n"
        "provision.ODOO_HOME_FILE = provision.STATE / 'none'",
        "provision.check_machine()",
    )
    assert "of disk are free" in line
    assert "free some" in line


def test_python_is_too_old():
    line = fails_when("provision.MIN_PYTHON = (4, 0)", "provision.check_machine()")
    assert "too old; install Python" in line
    assert "make PYTHON=" in line


def test_postgresql_is_too_old(tmp_path):
    for name in ("initdb", "postgres"):
        program = tmp_path / name
        program.write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 11.22'\n")
        program.chmod(0o755)
    line = fails_when(
        f"provision.postgres_bin = lambda: provision.Path({str(tmp_path)!r})",
        "provision.provide_postgres()",
    )
    assert "PostgreSQL 11 is too old; install PostgreSQL 13 or newer" in line


def test_odoo_home_without_odoo(tmp_path):
    line = fails_when(
        f"provision.os.environ['ODOO_HOME'] = {str(tmp_path)!r}",
        "provision.provide_odoo()",
    )
    assert "has no odoo/release.py" in line


def test_no_network_for_odoo(tmp_path):
    """Git finds nobody at the repository's address."""
    line = fails_when(
        "provision.ODOO_REPOSITORY = 'https://127.0.0.1:9/odoo.git'\n"
        f"provision.STATE = provision.Path({str(tmp_path)!r})",
        "provision.odoo_from_clone()",
    )
    assert "network" in line


def test_no_network_for_packages(tmp_path):
    line = fails_when(
        "import os\n"
        "os.environ.update(PIP_INDEX_URL='https://127.0.0.1:9/', PIP_NO_CACHE_DIR='1',"
        " PIP_RETRIES='0', PIP_CONFIG_FILE=os.devnull)\n"
        f"packages.VENVS['newest'] = provision.Path({str(tmp_path)!r}) / 'venv'",
        "packages.provide(['newest'])",
    )
    assert "network" in line
