"""Health and metrics, asked for as a supervisor and Prometheus do."""

import json
import os
import re
import subprocess

import pytest
import requests
from workspace import ROOT

from tests.support.odoo_server import OdooServer
from tests.support.outbox import fill

TOKEN = "a-token-of-the-operator"
PATHS = ("/inboost/health", "/inboost/metrics")


@pytest.fixture(scope="module")
def odoo(inboost, template):
    """Its scheduled actions died: nothing is sent."""
    server = OdooServer("e2e_monitor", template)
    server.connect_to(inboost)
    fill(server, 3, customers=3)
    server.start(cron_threads=0)
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def settings(odoo):
    set_parameter(odoo, "health_token", TOKEN)
    set_parameter(odoo, "health_seconds", "300")


def set_parameter(odoo, name, value):
    key = f"inboost_connector.{name}"
    odoo.execute("ir.config_parameter", "set_param", key, value)


def ask(odoo, path="/inboost/health", token=TOKEN):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return requests.get(odoo.url + path, headers=headers, timeout=20)


@pytest.mark.parametrize("path", PATHS)
def test_without_a_token_in_the_settings_there_is_nothing(odoo, path):
    set_parameter(odoo, "health_token", False)
    assert ask(odoo, path).status_code == 404
    assert ask(odoo, path, "").status_code == 404


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("token", ["", "another", TOKEN[:-1]])
def test_who_has_no_token_learns_nothing(odoo, path, token):
    answer = ask(odoo, path, token)
    assert answer.status_code == 401
    assert "backend" not in answer.text
    assert "session_id" not in answer.cookies


def test_a_token_in_the_address_is_none(odoo):
    """Access logs have what is in addresses."""
    answer = requests.get(f"{odoo.url}/inboost/health?token={TOKEN}", timeout=20)
    assert answer.status_code == 401


def test_503_when_what_is_due_waits_and_nothing_runs(odoo):
    assert ask(odoo).status_code == 200
    ago = "now() AT TIME ZONE 'UTC' - interval '10 min'"
    odoo.sql(f"UPDATE inboost_event SET next_try = {ago}")
    odoo.sql(f"UPDATE ir_cron SET lastcall = {ago}")
    answer = ask(odoo)
    assert answer.status_code == 503
    assert not answer.json()["ok"]
    assert answer.headers["Cache-Control"] == "no-store"
    set_parameter(odoo, "health_seconds", "3600")
    assert ask(odoo).status_code == 200


def test_metrics(odoo):
    answer = ask(odoo, "/inboost/metrics")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain")
    backend = odoo.value("SELECT min(id) FROM inboost_backend WHERE active")
    label = f'backend="{backend}"'
    assert f'inboost_events{{{label},state="waiting"}} 3.0' in answer.text
    assert f"inboost_connected{{{label}}} 1.0" in answer.text
    helped = [line for line in answer.text.splitlines() if line.startswith("# HELP")]
    assert len(helped) >= 12


# -- as the documentation has it -------------------------------------------------------


def test_the_command_of_the_documentation_asks_for_health(odoo):
    text = (ROOT / "docs/operations.rst").read_text()
    [command] = re.findall("^    (curl .*)$", text, re.M)
    done = subprocess.run(
        ["bash", "-c", command.replace("https://odoo.example.com", odoo.url)],
        env={**os.environ, "TOKEN": TOKEN},
        capture_output=True,
        text=True,
        check=True,
    )
    answer = json.loads(done.stdout)
    assert answer["backends"][0]["state"] == "connected"
    example = re.search(r"code-block:: json\n\n((?: {4}.*\n)+)", text)[1]
    assert json.loads(example).keys() == answer.keys()
    assert json.loads(example)["backends"][0].keys() == answer["backends"][0].keys()


def test_the_statements_of_the_documentation_are_answered(odoo):
    text = (ROOT / "docs/guides/operator.rst").read_text()
    [block] = re.findall(r"code-block:: sql\n\n((?: {4}.*\n)+)", text)
    waited, states = [one for one in block.split(";") if one.strip()]
    odoo.sql("UPDATE inboost_event SET next_try = now() AT TIME ZONE 'UTC'")
    [[age]] = odoo.sql(waited)
    assert "day" not in age
    assert odoo.sql(states) == []
    odoo.sql("UPDATE inboost_event SET state = 'held'")
    assert odoo.sql(states) == [["held", "3"]]
