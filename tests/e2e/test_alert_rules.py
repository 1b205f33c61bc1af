"""The alert rules of the documentation, evaluated over what a server really answers:
none fires where all is well, and each where what it is for has happened."""

import base64
import json
import time
from datetime import datetime, timezone

import cluster
import promql_parser
import pytest
import requests
import yaml
from docutils import nodes
from docutils.core import publish_doctree
from workspace import ROOT

from tests.support.odoo_server import OdooServer
from tests.support.outbox import fill
from tests.support.promql import evaluate, read

TOKEN = "a-token-of-the-operator"
DOCUMENT = publish_doctree(
    (ROOT / "docs/operations.rst").read_text(), settings_overrides={"report_level": 5}
)
#: How many requests were accepted, and how fast, within the last hour.
LOG = """
INSERT INTO inboost_request_log
       (backend_id, operation, kind, verdict, duration, create_date)
SELECT id, '{operation}', 'request', '{verdict}', {seconds}, now() AT TIME ZONE 'UTC'
  FROM inboost_backend, generate_series(1, {count})
"""
#: What the log of an earlier hour was summed up to.
TRAFFIC = """
INSERT INTO inboost_traffic
       (backend_id, operation, hour, requests, arrived, duplicates, median, p95)
SELECT id, '{operation}',
       date_trunc('hour', now() AT TIME ZONE 'UTC') - interval '{ago}',
       {arrived}, {arrived}, {duplicates}, 0.1, 0.2
  FROM inboost_backend
"""
QUIET = "DELETE FROM inboost_request_log"
#: At noon in the shop, so that today has earlier hours.
WELL = [
    "DELETE FROM inboost_request_log",
    "DELETE FROM inboost_traffic",
    "DELETE FROM inboost_alarm",
    "UPDATE inboost_backend SET state = 'connected', time_zone = '{noon}'",
    "UPDATE inboost_event SET state = 'done'",
    "UPDATE ir_cron SET lastcall = now() AT TIME ZONE 'UTC'",
    LOG.format(operation="purchase", verdict="done", seconds=0.2, count=25),
    TRAFFIC.format(operation="purchase", ago="2 h", arrived=30, duplicates=0),
]


def waits(seconds, due=True):
    """An event that waits, and could leave unless it has to be tried again later."""
    then = "now() AT TIME ZONE 'UTC' {} interval '{} s'"
    next_try = then.format("-", seconds) if due else then.format("+", 600)
    return (
        "UPDATE inboost_event SET state = 'pending',"
        f" queued_at = {then.format('-', seconds)}, next_try = {next_try}"
    )


def nothing_ran(seconds):
    return (
        "UPDATE ir_cron SET lastcall ="
        f" now() AT TIME ZONE 'UTC' - interval '{seconds} s'"
    )


def set_parameter(odoo, name, value):
    key = f"inboost_connector.{name}"
    odoo.execute("ir.config_parameter", "set_param", key, value)


def enter_secret(odoo, secret):
    [backend] = odoo.execute("inboost.backend", "search", [])
    odoo.execute("inboost.backend", "write", [backend], {"secret_entry": secret})


def token_that_ends(days):
    claims = json.dumps({"exp": int(time.time()) + days * 86400})
    parts = ('{"alg": "none"}', claims, "signature")
    return ".".join(
        base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts
    )


#: {alert: what makes a well server one that it is for: statements, functions}
WRONG = {
    "InBoostNothingIsSent": [
        waits(400),
        nothing_ran(400),
        lambda odoo: set_parameter(odoo, "health_seconds", "300"),
    ],
    "InBoostStandstill": [waits(700), nothing_ran(700)],
    "InBoostPaused": ["UPDATE inboost_backend SET state = 'paused'"],
    "InBoostUndecided": ["UPDATE inboost_event SET state = 'held'"],
    "InBoostWaits": [waits(4000, due=False)],
    "InBoostLate": [waits(1000)],
    "InBoostSilent": [QUIET],
    "InBoostRefuses": [
        LOG.format(operation="purchase", verdict="failed", seconds=0.2, count=5)
    ],
    "InBoostSlow": [
        LOG.format(operation="purchase", verdict="done", seconds=6, count=25)
    ],
    "InBoostNothingToday": [
        QUIET,
        "DELETE FROM inboost_traffic",
        # It was asked all the time.
        LOG.format(operation="customers_list", verdict="done", seconds=0.2, count=25),
    ],
    "InBoostRepeats": [
        TRAFFIC.format(operation="all", ago="2 days", arrived=0, duplicates=800)
    ],
    "InBoostNotices": [
        "INSERT INTO inboost_alarm (backend_id, code, since)"
        " SELECT id, 'duplicate_phones', now() FROM inboost_backend"
    ],
    "InBoostSecretEnds": [lambda odoo: enter_secret(odoo, token_that_ends(days=3))],
}


def find_rules():
    """:return: list of all alert rules of the document, as YAML has them"""
    blocks = [
        yaml.safe_load(block.astext())
        for block in DOCUMENT.findall(nodes.literal_block)
        if "alert:" in block.astext()
    ]
    single, file = blocks
    [group] = file["groups"]
    return [*single, *group["rules"]]


def find_table():
    """:return: {metric: words about the alert for it}"""
    [table] = DOCUMENT.findall(nodes.table)
    body = table.next_node(nodes.tbody)
    rows = [[cell.astext() for cell in row] for row in body.findall(nodes.row)]
    return {metric: alert for metric, _about, alert in rows}


RULES = find_rules()


@pytest.fixture(scope="module")
def odoo(inboost, template):
    """Nothing but us changes anything: no scheduled action runs."""
    server = OdooServer("e2e_alert_rules", template)
    server.connect_to(inboost)
    fill(server, 1, customers=1)
    server.start(cron_threads=0)
    set_parameter(server, "health_token", TOKEN)
    yield server
    server.stop()
    cluster.drop(server.database)


@pytest.fixture
def well(odoo, inboost):
    ahead = 12 - datetime.now(timezone.utc).hour
    for statement in WELL:
        # The sign of these names is the other way round.
        odoo.sql(statement.format(noon=f"Etc/GMT{-ahead:+d}"))
    enter_secret(odoo, inboost.secret)
    set_parameter(odoo, "health_seconds", "3600")


def ask(odoo, path):
    headers = {"Authorization": f"Bearer {TOKEN}"}
    return requests.get(odoo.url + path, headers=headers, timeout=20)


def metrics(odoo):
    answer = ask(odoo, "/inboost/metrics")
    assert answer.status_code == 200, answer.text
    return answer.text


def firing(odoo):
    """:return: sorted names of the rules whose expression holds"""
    # As the blackbox exporter puts the other address.
    probe = f'probe_success{{job="inboost_health"}} {ask(odoo, "/inboost/health").ok:d}'
    samples = [*read(metrics(odoo)), *read(f"{probe}\n")]
    return sorted(rule["alert"] for rule in RULES if evaluate(rule["expr"], samples))


def test_nothing_fires_where_all_is_well(odoo, well):
    assert firing(odoo) == []


@pytest.mark.parametrize("alert", [rule["alert"] for rule in RULES])
def test_each_fires_where_it_should_and_no_other(odoo, well, alert):
    for step in WRONG[alert]:
        step(odoo) if callable(step) else odoo.sql(step)
    assert firing(odoo) == [alert]


def test_each_is_a_rule_as_prometheus_takes_them():
    for rule in RULES:
        assert {"alert", "expr", "annotations"} <= rule.keys()
        assert rule.keys() <= {"alert", "expr", "annotations", "for"}
        assert rule["annotations"].keys() == {"summary"}
        assert promql_parser.parse_duration(rule.get("for", "1m"))


@pytest.mark.parametrize(
    "expression",
    ["rate(a[5m])", "sum(a)", "a offset 1h", "a == bool 0", "0 < a", "a and b", "-a"],
)
def test_what_cannot_be_evaluated_here_is_refused(expression):
    with pytest.raises(NotImplementedError):
        evaluate(expression, [])


def test_each_metric_of_the_documentation_is_answered_and_has_its_alert(odoo, well):
    lines = [line.split() for line in metrics(odoo).splitlines()]
    kinds = {words[2]: words[3] for words in lines if words[:2] == ["#", "TYPE"]}
    helped = {words[2] for words in lines if words[:2] == ["#", "HELP"]}
    table = find_table()
    assert kinds == dict.fromkeys(table, "gauge")
    assert helped == table.keys()
    rules = {rule["alert"]: rule["expr"] for rule in RULES}
    for metric, alert in table.items():
        assert metric in rules[alert]
    assert len(set(table.values())) == len(table)
