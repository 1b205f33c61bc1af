"""Secrets and a person that nobody else has the like of, planted everywhere; then all
that was kept, logged and shown is searched for them."""

import base64
import itertools
import json
import subprocess
from datetime import datetime, timezone

import cluster
import pytest
import requests
from standardwebhooks.webhooks import Webhook
from workspace import LOGS, ODOO_CONF, PYTHON, STATE

from tests.simulator.conftest import Running
from tests.support.dumps import plain_dump
from tests.support.odoo_server import OdooServer, wait_until
from tests.support.orders import PRELUDE
from tests.support.register import sign_in

SECRET = "canary-secret-7f3d9e1b5a"
TOKEN = "canary-token-2c8a6e4f0d"
WAY_IN = "canary-way-in-5e1b8d3c7a"
HEALTH = "canary-health-3d7f1c9b2e"
SIGNING, SIGNED = (
    "whsec_" + base64.b64encode(f"canary-{name}-6b2d9f4e8c1a7035".encode()).decode()
    for name in ("signing", "signed")
)
SECRETS = (SECRET, TOKEN, WAY_IN, HEALTH, SIGNING, SIGNED)
PERSON = ("Kanareika", "Vyhadana", "kanareika@vyhadana.example", "671230987")
#: Where a secret is kept on purpose, and nowhere else.
KEPT = {"inboost_backend", "inboost_endpoint", "ir_config_parameter"}
CONNECT = """
backend = env["inboost.backend"].search([], limit=1) or env["inboost.backend"].create(
    {{"name": "Canary portal", "address": "{url}"}})
backend.write({{"address": "{url}", "secret": "{secret}", "mask_personal": True,
    "signing_secret_entry": "{signing}", "incoming_open": True,
    "incoming_token_entry": "{way_in}", "incoming_secret_entry": "{signed}"}})
for endpoint in backend.endpoint_ids.filtered(lambda e: e.kind == "webhook"):
    endpoint.address = "{url}/api/webhok/{token}-%s" % endpoint.operation
backend.endpoint_ids.filtered(lambda e: e.operation == "customer_upsert").enabled = True
backend._connect()
env["ir.config_parameter"].set_param("inboost_connector.health_token", "{health}")
env.cr.commit()
print("connected-ok")
"""
FIRST, LAST, MAIL, PHONE = PERSON
SELL = (
    PRELUDE
    + f"""
env.company.country_id = env.ref("base.ua")
partners = env["res.partner"]
partner = partners.search([("email", "=", "{MAIL}")]) or partners.create(
    dict(firstname="{FIRST}", lastname="{LAST}", email="{MAIL}", phone="+380{PHONE}"))
sell(partner)
env.cr.commit()
print("partner=%s" % partner.id)
"""
)


class Loud(OdooServer):
    """A server that says all that it can say, short of the database's own queries."""

    options = ("--log-level=debug", "--log-handler=urllib3:DEBUG")


@pytest.fixture(scope="module")
def inboost(tmp_path_factory):
    running = Running(tmp_path_factory.mktemp("canary") / "db", "--secret", SECRET)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def server(template):
    (LOGS / "e2e_canary.log").unlink(missing_ok=True)
    server = Loud("e2e_canary", template)
    server.start()
    yield server
    server.stop()
    cluster.drop(server.database)


@pytest.fixture(scope="module")
def seen(server, inboost, browser):
    """All that can happen has happened. What a browser received and showed of it."""
    script = CONNECT.format(
        url=inboost.url,
        secret=SECRET,
        token=TOKEN,
        way_in=WAY_IN,
        signing=SIGNING,
        signed=SIGNED,
        health=HEALTH,
    )
    assert "connected-ok" in server.shell(script).stdout
    partner = sell(server)
    wait_until(lambda: server.states().get("done"), what="a delivery")
    be_in_trouble(server, inboost, partner)
    announce(server)
    monitor(server)
    texts = []
    page = browser.new_page(viewport={"width": 1366, "height": 900})
    page.on("response", lambda response: texts.append(text_of(response)))
    sign_in(page, server)
    for path in paths(server):
        page.goto(f"{server.url}/odoo/{path}")
        page.locator(".o_form_view, .o_list_view, .o_kanban_view").first.wait_for()
        texts.append(page.content())
        texts += [
            field.input_value() for field in page.locator("input, textarea").all()
        ]
    page.close()
    return texts


def text_of(response):
    kind = response.headers.get("content-type", "")
    if not response.ok or not kind.startswith(("application/json", "text/html")):
        return ""
    try:
        return response.text()
    except Exception:
        # The page went on to another before the body was read.
        return ""


def sell(server):
    return int(server.shell(SELL).stdout.rpartition("partner=")[2])


def be_in_trouble(server, inboost, partner):
    """Failures whose answers repeat all that they were sent."""
    backend = server.execute("inboost.backend", "search", [])[0]
    purchase = server.execute(
        "inboost.endpoint",
        "search",
        [("operation", "=", "purchase"), ("backend_id", "=", backend)],
    )
    address = f"{inboost.url}/api/webhok/{TOKEN}-purchase"
    echo = " ".join((SECRET, address, MAIL, f"+380{PHONE}"))
    for status in (422, 404):
        inboost.fault(f"webhook/{TOKEN}-purchase", status=status, body=echo, times=1)
        before = int(server.value("SELECT count(*) FROM inboost_request_log"))
        sell(server)
        wait_until(
            lambda n=before: (
                int(server.value("SELECT count(*) FROM inboost_request_log")) > n
            ),
            what="a request",
        )
        press(server, "inboost.endpoint", "action_resume", purchase)
    asks = [
        ("inboost.endpoint", "action_send_sample", purchase),
        ("inboost.backend", "action_test_connection", [backend]),
        ("res.partner", "action_inboost_synchronise", [partner]),
    ]
    for model, method, ids in asks:
        press(server, model, method, ids)
    inboost.fault("api/Users/GetPortalUser", status=401, body=echo, times=1)
    press(server, "inboost.backend", "action_test_connection", [backend])
    press(server, "inboost.backend", "action_pause", [backend])
    press(server, "inboost.backend", "action_connect", [backend])


def announce(server):
    """Somebody knocks, with all that lets them in and more, is let in, and names the
    person; then something about them that cannot be processed."""
    backend = server.execute("inboost.backend", "search", [])[0]
    bodies = (
        {"id": "k-1", "userPhoneNumber": f"380{PHONE}", "email": MAIL},
        {"data": [{"userName": FIRST, "lastName": LAST, "email": MAIL}]},
    )
    for number, (token, data) in enumerate(itertools.product((WAY_IN, TOKEN), bodies)):
        body, message = json.dumps(data), f"canary-{number}"
        now = datetime.now(timezone.utc).replace(microsecond=0)
        answer = requests.post(
            f"{server.url}/inboost/webhook/{backend}?page=1",
            data=body,
            headers={
                "Content-Type": "application/json",
                "Authorization": f"Bearer {token}",
                "webhook-id": message,
                "webhook-timestamp": str(int(now.timestamp())),
                "webhook-signature": Webhook(SIGNED).sign(
                    f"canary-{number}", now, body
                ),
            },
            timeout=20,
        )
        assert answer.status_code == (202 if token == WAY_IN else 404)
    server.wake("ir_cron_announcement")
    waiting = "SELECT 1 FROM inboost_announcement WHERE state = 'waiting'"
    wait_until(lambda: not server.sql(waiting), what="what was announced")


def monitor(server):
    """A machine asks how it goes, with its token and with another."""
    for page in ("health", "metrics"):
        for token in (HEALTH, TOKEN):
            answer = requests.get(
                f"{server.url}/inboost/{page}",
                headers={"Authorization": f"Bearer {token}"},
                timeout=20,
            )
            assert (answer.status_code == 401) == (token != HEALTH)
            assert not [word for word in SECRETS if word in answer.text]


def press(server, model, method, ids):
    """Press a button. What it says when it fails must not tell either; one that has
    nothing to say fails by XML-RPC, which knows no nothing."""
    try:
        server.execute(model, method, ids)
    except Exception as error:
        assert not [word for word in SECRETS if word in str(error)]


def paths(server):
    names = "backend endpoint request.log event customer announcement"
    for model in names.split():
        name = f"inboost_{model.replace('.', '_')}"
        yield f"action-inboost_connector.{name}_action"
        for [record] in server.sql(f"SELECT max(id) FROM {name} HAVING max(id) > 0"):
            yield f"action-inboost_connector.{name}_action/{record}"


def tables_with(dump, *words):
    """:return: {table: first line} of a plain dump that holds one of ``words``"""
    found, table = {}, ""
    for line in dump.splitlines():
        if line.startswith("COPY public."):
            table = line.split()[1].partition(".")[2]
        elif any(word in line for word in words):
            found.setdefault(table, line[:300])
    return found


def test_a_secret_is_where_it_is_kept_and_nowhere_else(server, seen):
    found = tables_with(plain_dump(server.database), *SECRETS)
    # The search finds what is there.
    assert found.keys() >= KEPT
    assert found.keys() <= KEPT, {k: v for k, v in found.items() if k not in KEPT}


def test_no_file_has_one(server, seen):
    for path in cluster.filestore(server.database).rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not [word for word in SECRETS if word.encode() in content], path


def test_the_log_of_the_server_has_neither_secrets_nor_people(server, seen):
    text = (LOGS / "e2e_canary.log").read_text(errors="replace")
    assert "DEBUG" in text
    lines = [
        line
        for line in text.splitlines()
        if any(word in line for word in (*SECRETS, *PERSON))
    ]
    assert not lines, lines[:3]


def test_no_screen_shows_one(seen):
    assert any("Canary portal" in text for text in seen)
    for text in seen:
        for word in SECRETS:
            at = text.find(word)
            assert at < 0, text[max(0, at - 300) : at + 100]


def test_requests_name_nobody_where_people_are_masked(server, seen):
    rows = server.sql("SELECT count(*) FROM inboost_request_log")
    assert int(rows[0][0]) > 5
    found = tables_with(plain_dump(server.database), *PERSON)
    assert "res_partner" in found
    assert "inboost_request_log" not in found, found


def test_a_neutralized_copy_has_none(server, seen):
    name = "e2e_canary_copy"
    # PostgreSQL copies a database that nobody is in.
    server.stop()
    cluster.copy(server.database, name)
    try:
        subprocess.run(
            [str(PYTHON), "-m", "odoo", "neutralize", "-c", str(ODOO_CONF), "-d", name],
            cwd=STATE,
            check=True,
            capture_output=True,
        )
        assert tables_with(plain_dump(name), *SECRETS) == {}
    finally:
        cluster.drop(name)


def test_who_was_erased_is_in_nothing_of_ours(server, seen):
    if server.process.poll() is not None:
        server.start()
    [partner] = server.execute("res.partner", "search", [("email", "=", MAIL)])
    server.execute("res.partner", "action_inboost_erase", [partner])
    found = tables_with(plain_dump(server.database), *PERSON)
    assert "res_partner" in found
    assert not {table for table in found if table.startswith("inboost")}, found
    notes = server.sql(
        "SELECT body FROM mail_message WHERE model LIKE 'inboost%'"
        " OR body LIKE '%InBoost%'"
    )
    assert not [note for note in notes if any(word in str(note) for word in PERSON)]
