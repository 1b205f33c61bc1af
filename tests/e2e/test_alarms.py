"""Each alarm of the engine in Chromium: Health says it, the backend lists it, and it is
an activity of the administrator's; all three go with the cause, by what a person does
about it. Nothing happens by itself here: the server runs no scheduled actions."""

import base64
import json
import time

import cluster
import pytest
from playwright.sync_api import expect

from tests.support.odoo_server import OdooServer
from tests.support.outbox import Till
from tests.support.register import sign_in

#: Prints the causes that the engine knows.
PREPARE = """
env = env(user=env.ref("base.user_admin").id)
env.company.country_id = env.ref("base.ua")
backend = env["inboost.backend"].search([], limit=1)
backend.program_ids = env["loyalty.program"].create(
    {"name": "Points", "program_type": "loyalty", "applies_on": "both"})
env["inboost.bonus.missing"].sudo().create({
    "order_model": "pos.order", "order_uuid": "lost", "order_name": "000001",
    "time": "2026-01-01 10:00:00", "company_id": env.company.id, "won": 10,
    "program_id": backend.program_ids.id, "state": "dismissed",
    "partner_id": env["res.partner"].create({"name": "Olena"}).id})
env["inboost.capture.failure"].sudo().create({
    "what": "a sale", "res_model": "pos.order", "method": "exists", "attempts": 2,
    "solved_at": "2026-01-01 10:00:00"})
env.cr.commit()
print("causes", *env["inboost.alarm"]._get_causes())
"""
CAUSES = [
    "backend_paused",
    "endpoint_paused",
    "endpoint_failing",
    "waiting",
    "crons",
    "crons_missing",
    "crons_off",
    "held",
    "failed",
    "restored",
    "secret_ends",
    "missed",
    "points_missing",
]
NOW = "now() AT TIME ZONE 'UTC'"


class Shop:
    """A server, somebody who looks at it, and what may go wrong there. What raises a
    cause is ``break_<cause>``, what a person does about it ``mend_<cause>``."""

    def __init__(self, odoo, page, secret):
        self.odoo, self.page, self.secret = odoo, page, secret
        self.till = Till(odoo)
        [self.backend] = self.call("inboost.backend", "search", [])
        self.sold = 0

    def call(self, model, method, *args):
        """As the browser does it: XML-RPC takes no method that returns nothing."""
        answer = self.page.request.post(
            f"{self.odoo.url}/web/dataset/call_kw/{model}/{method}",
            data={
                "params": {
                    "model": model,
                    "method": method,
                    "args": list(args),
                    "kwargs": {},
                }
            },
        ).json()
        assert "error" not in answer, answer["error"]["data"]["debug"]
        return answer.get("result")

    # -- looking -------------------------------------------------------------------

    def look(self):
        """The engine looks for causes whenever a person does something."""
        [endpoint] = self.call(
            "inboost.endpoint", "search", [["operation", "=", "customer_find"]]
        )
        self.call("inboost.endpoint", "action_resume", [endpoint])

    def alarms(self):
        """:return: {code: text}"""
        rows = self.call("inboost.alarm", "search_read", [], ["code", "text"])
        return {row["code"]: row["text"] for row in rows}

    def open_health(self):
        self.page.goto(f"{self.odoo.url}/odoo/inboost")
        self.page.locator(".o_inboost_health_view section[data-backend]").wait_for()

    def open_backend(self):
        action = "action-inboost_connector.inboost_backend_action"
        self.page.goto(f"{self.odoo.url}/odoo/{action}/{self.backend}")
        self.page.locator(".o-mail-Chatter").wait_for()

    def trouble(self, code):
        return self.page.locator(f"[data-code='{code}']")

    def listed(self):
        """Each once: why nothing is sent has a place of its own."""
        return self.page.locator(
            ".o_inboost_alarms .o_kanban_record:visible, .o_inboost_pause:visible"
        )

    def activities(self):
        return self.page.locator(".o-mail-Activity")

    # -- doing ---------------------------------------------------------------------

    def press(self, code, remedy):
        self.open_health()
        self.trouble(code).locator(f"button[name={remedy}]").click()

    def mend_at_once(self, code, remedy):
        self.press(code, remedy)
        expect(self.trouble(code)).to_have_count(0)

    def push(self, selector):
        """Press a button, and wait until the server has done it."""
        with self.page.expect_response(lambda answer: "/call_button/" in answer.url):
            self.page.locator(f"{selector}:visible").click()

    def push_and_confirm(self, selector):
        self.page.locator(f"{selector}:visible").click()
        self.push(".modal-footer .btn-primary")

    def run(self, cron):
        self.call("ir.cron", "method_direct_trigger", [self.find(cron)])

    def find(self, cron):
        return int(
            self.odoo.value(f"SELECT res_id FROM ir_model_data WHERE name = '{cron}'")
        )

    def sell(self, **columns):
        """An event of another customer each time, as it came to stand."""
        self.sold += 1
        [[event], _time] = self.till.sell(first=self.sold)
        names = ", ".join(f"{name} = {value}" for name, value in columns.items())
        self.odoo.sql(f"UPDATE inboost_event SET {names} WHERE event_id = '{event}'")

    def set(self, table, condition="TRUE", **columns):
        names = ", ".join(f"{name} = {value}" for name, value in columns.items())
        self.odoo.sql(f"UPDATE inboost_{table} SET {names} WHERE {condition}")

    def decide(self, code, remedy, action):
        """Follow the button of Health to the event, and decide about it there."""
        self.press(code, remedy)
        self.page.locator(".o_data_row td[name=display_name]").first.click()
        self.push_and_confirm(f".o_form_view button[name={action}]")

    def send(self):
        """The server is started again with scheduled actions."""
        self.set("event", "state = 'pending'", next_try=f"date_trunc('second', {NOW})")
        self.run("ir_cron_deliver")

    # -- each cause ----------------------------------------------------------------

    def break_backend_paused(self):
        self.set(
            "backend",
            state="'paused'",
            pause_code="'wrong_credentials'",
            pause_args="""'{"status": 401}'""",
        )

    def mend_backend_paused(self):
        self.mend_at_once("backend_paused", "connect")

    def break_endpoint_paused(self):
        self.set(
            "endpoint",
            "operation = 'purchase'",
            paused="TRUE",
            pause_code="'no_such_address'",
            pause_args="""'{"status": 404}'""",
        )

    def mend_endpoint_paused(self):
        self.mend_at_once("endpoint_paused", "resume")

    def break_endpoint_failing(self):
        self.set("endpoint", "operation = 'purchase'", failures=10)

    def mend_endpoint_failing(self):
        self.sell(priority=0)
        self.send()

    def break_waiting(self):
        ago = f"{NOW} - interval '61 minutes'"
        self.sell(queued_at=ago, next_try=f"{NOW} + interval '9 minutes'")

    def mend_waiting(self):
        self.send()

    def break_crons(self):
        ago = f"{NOW} - interval '6 minutes'"
        self.sell(queued_at=ago, next_try=ago)
        self.odoo.sql(
            f"UPDATE ir_cron SET lastcall = {NOW} - interval '6 minutes'"
            f" WHERE id = {self.find('ir_cron_deliver')}"
        )

    def mend_crons(self):
        self.send()

    def break_crons_missing(self):
        self.call("ir.cron", "unlink", [self.find("ir_cron_pull")])

    def mend_crons_missing(self):
        self.mend_at_once("crons_missing", "repair_crons")

    def break_crons_off(self):
        cron = self.find("ir_cron_deliver")
        self.call("ir.cron", "write", [cron], {"active": False})

    def mend_crons_off(self):
        self.mend_at_once("crons_off", "start_crons")

    def break_held(self):
        self.sell(state="'held'", reason_code="'timeout'")

    def mend_held(self):
        self.decide("held", "open_held", "action_mark_delivered")

    def break_failed(self):
        self.sell(state="'failed'", reason_code="'no_such_address'")

    def mend_failed(self):
        self.decide("failed", "open_failed", "action_cancel")

    def break_restored(self):
        self.sell(state="'held'", reason_code="'restored'")
        self.set("backend", doubt_decision="'ask'", doubt_before=NOW)

    def mend_restored(self):
        self.press("restored", "open_backend")
        self.push_and_confirm("button[name=action_keep_doubtful]")

    def break_secret_ends(self):
        """A token that says so itself."""
        claims = json.dumps({"exp": int(time.time()) + 5 * 24 * 3600}).encode()
        token = f"e30.{base64.urlsafe_b64encode(claims).decode().rstrip('=')}.c2ln"
        self.call("inboost.backend", "write", [self.backend], {"secret_entry": token})

    def mend_secret_ends(self):
        self.press("secret_ends", "open_backend")
        entry = self.page.locator(".o_field_widget[name=secret_entry] input")
        entry.fill(self.secret)
        self.page.locator(".o_form_button_save").click()
        self.page.locator(".o_form_saved").wait_for(state="attached")

    def break_missed(self):
        self.set("capture_failure", solved_at="NULL")

    def mend_missed(self):
        self.run("ir_cron_reconcile")

    def break_points_missing(self):
        self.set("bonus_missing", state="'open'")

    def mend_points_missing(self):
        self.press("points_missing", "open_missing_points")
        self.page.locator(".o_data_row .o_list_record_selector input").first.check()
        self.push("button[name=action_dismiss]")


@pytest.fixture(scope="module")
def odoo(inboost, template):
    server = OdooServer("e2e_alarms", template)
    server.connect_to(inboost)
    known = server.shell(PREPARE).stdout.split("causes ")[1].split()
    assert sorted(known) == sorted(CAUSES)
    server.start(cron_threads=0)
    yield server
    server.stop()
    cluster.drop(server.database)


@pytest.fixture(scope="module")
def shop(odoo, page, inboost):
    sign_in(page, odoo)
    shop = Shop(odoo, page, inboost.secret)
    shop.look()
    assert shop.alarms() == {}
    yield shop
    shop.till.close()


@pytest.mark.parametrize("code", CAUSES)
def test_it_is_seen_appearing_and_going_away(shop, code):
    getattr(shop, f"break_{code}")()
    shop.look()
    [(found, text)] = shop.alarms().items()
    assert found == code
    shop.open_health()
    expect(shop.trouble(code)).to_contain_text(text)
    expect(shop.trouble(code)).to_contain_text("Since")
    shop.open_backend()
    expect(shop.listed()).to_have_count(1)
    expect(shop.listed()).to_contain_text(text)
    expect(shop.activities()).to_have_count(1)
    expect(shop.activities()).to_contain_text(text)
    getattr(shop, f"mend_{code}")()
    shop.open_health()
    expect(shop.trouble(code)).to_have_count(0)
    shop.open_backend()
    expect(shop.listed()).to_have_count(0)
    expect(shop.activities()).to_have_count(0)
    assert shop.alarms() == {}
