"""Customers come in: thousands of them, a server that is killed, a cashier who types a
phone that only InBoost knows."""

import re
import time

import pytest

from tests.support.odoo_server import wait_until
from tests.support.orders import PRELUDE
from tests.support.register import add_product, open_register, pay, sign_in

COUNT, HERE, BROKEN, DOUBLED = 5000, 2000, 50, 20

MAKE_CONTACTS = """
env.company.country_id = env.ref("base.ua")
spellings = ("+38 (067) {0}-{1}", "067{0}{1}", "38067{0}{1}", "067 {0} {1}")

def spelt(number):
    digits = "%07d" % number
    return spellings[number % 4].format(digits[:3], digits[3:])

env["res.partner"].with_context(tracking_disable=True).create([
    {"name": "Contact %s" % n, "country_id": env.ref("base.ua").id, "phone": spelt(n)}
    for n in range(COUNT)])
assert not env["res.partner"].search_count(
    [("name", "like", "Contact %"), ("phone_sanitized", "=", False)])
env.cr.commit()
print("contacts made")
"""


def client(number, **values):
    return {
        "id": f"client-{number}",
        "userPhoneNumber": f"38067{number:07}",
        "userName": f"First{number}",
        "lastName": f"Last{number}",
        "lang": "UA",
        "changed": "2026-01-01T00:00:00",
        **values,
    }


def put_clients(inboost, rows, raw=True):
    inboost.control("POST", "clients", {"clients": rows, "raw": raw})


def synchronise(odoo):
    """Press the button, and wait for the end.

    :return: the run, as read by a person
    """
    run = start(odoo)
    return finished(odoo, run)


def start(odoo):
    run = odoo.execute("inboost.backend", "action_synchronise", backends(odoo))[
        "res_id"
    ]
    odoo.wake("ir_cron_pull")
    return run


def finished(odoo, run, seconds=300):
    state = f"SELECT state FROM inboost_sync_run WHERE id = {run}"
    wait_until(
        lambda: odoo.value(state) not in ("queued", "running"), seconds, "the run's end"
    )
    names = ["state", "reason", "read_count", "page_count"]
    kinds = ("created", "linked", "updated", "unchanged", "conflict", "error")
    names += [f"{kind}_count" for kind in kinds]
    return odoo.execute("inboost.sync.run", "read", [run], names)[0]


def backends(odoo):
    return odoo.execute("inboost.backend", "search", [])


def counts(run):
    return {
        name.removesuffix("_count"): value
        for name, value in run.items()
        if name.endswith("_count") and value and name != "page_count"
    }


def doubled_phones(odoo):
    return odoo.sql(
        "SELECT phone_sanitized, count(*) FROM res_partner WHERE phone_sanitized"
        " LIKE '+38067%' GROUP BY 1 HAVING count(*) > 1"
    )


@pytest.fixture(scope="module")
def thousands(odoo, inboost):
    """5,000 rows, of which 50 are broken and 20 have the phone of another; 2,000 of the
    customers are here in other spellings."""
    script = MAKE_CONTACTS.replace("COUNT", str(HERE))
    assert "contacts made" in odoo.shell(script).stdout
    good = COUNT - BROKEN - DOUBLED
    rows = [client(n) for n in range(good)]
    bad = ["", None, "06x", "123", "no phone at all"]
    rows += [client(10**6 + n, userPhoneNumber=bad[n % 5]) for n in range(BROKEN)]
    rows += [
        client(2 * 10**6 + n, userPhoneNumber=client(n * 200)["userPhoneNumber"])
        for n in range(DOUBLED)
    ]
    put_clients(inboost, rows)
    return good


@pytest.fixture(scope="module")
def first_run(odoo, thousands):
    return synchronise(odoo)


def test_first_run_counts_exactly_and_doubles_nobody(odoo, first_run, thousands):
    assert first_run["state"] == "done", first_run["reason"]
    assert counts(first_run) == {
        "read": COUNT,
        "created": thousands - HERE,
        "linked": HERE,
        "conflict": DOUBLED,
        "error": BROKEN,
    }
    assert doubled_phones(odoo) == []
    links = "SELECT count(*) FROM inboost_customer WHERE partner_id IS NOT NULL"
    assert int(odoo.value(links)) == thousands


def test_second_run_changes_nothing_and_sends_nothing(odoo, inboost, first_run):
    history_ended(odoo)
    written = odoo.value("SELECT max(write_date) FROM res_partner")
    messages = odoo.value("SELECT count(*) FROM mail_message")
    events = odoo.states()
    arrived = inboost.counts()["distinct"]
    second = synchronise(odoo)
    assert counts(second) == {
        "read": COUNT,
        "unchanged": COUNT - BROKEN - DOUBLED,
        "conflict": DOUBLED,
        "error": BROKEN,
    }
    assert odoo.value("SELECT max(write_date) FROM res_partner") == written
    assert odoo.value("SELECT count(*) FROM mail_message") == messages
    assert odoo.states() == events
    assert inboost.counts()["distinct"] == arrived


def test_third_run_touches_the_ten_that_changed(odoo, inboost, first_run):
    before = odoo.value("SELECT max(write_date) FROM res_partner")
    changed = range(2500, 2510)
    put_clients(inboost, [client(n, email=f"c{n}@example.com") for n in changed])
    third = synchronise(odoo)
    assert counts(third)["updated"] == 10
    touched = odoo.sql(
        f"SELECT email FROM res_partner WHERE write_date > '{before}' ORDER BY id"
    )
    assert touched == [[f"c{n}@example.com"] for n in changed]
    notes = odoo.value(
        "SELECT count(*) FROM mail_message m JOIN res_partner p ON p.id = m.res_id"
        " WHERE m.model = 'res.partner' AND p.email LIKE 'c25%@example.com'"
    )
    assert int(notes) == 20, "one when created, one when changed"


def test_only_what_changed_where_the_endpoint_can_tell(odoo, inboost, first_run):
    [endpoint] = odoo.execute(
        "inboost.endpoint", "search", [("operation", "=", "customers_list")]
    )
    odoo.execute("inboost.endpoint", "write", [endpoint], {"incremental": True})
    now = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())
    changed = [
        client(n, userName="Other", email=f"c{n}@example.com", changed=now)
        for n in (3, 1003, 4003)
    ]
    put_clients(inboost, changed)
    odoo.execute(
        "inboost.backend", "write", backends(odoo), {"policy_name": "overwrite"}
    )
    run = synchronise(odoo)
    odoo.execute("inboost.endpoint", "write", [endpoint], {"incremental": False})
    odoo.execute("inboost.backend", "write", backends(odoo), {"policy_name": "fill"})
    assert run["read_count"] == 3
    assert counts(run)["updated"] == 3


#: As the job does it, who is nobody's user.
OPEN_PAGE = """
import os, time
backend = env["inboost.backend"].search([], limit=1)
row = dict(id="client-7", userPhoneNumber="380670000007", email="new@example.com")
backend.policy_email = "overwrite"
[decision] = env["inboost.customer.decision"]._decide(backend, [row])
assert decision.changes["email"] == "new@example.com"
env["inboost.customer.write"]._carry_out(backend, [decision])
env.flush_all()
print("page is open", flush=True)
end = time.monotonic() + 60
while not os.path.exists("{sold}") and time.monotonic() < end:
    time.sleep(0.1)
backend.policy_email = "fill"
env.cr.commit()
print("page is written")
"""
SELL_MEANWHILE = (
    PRELUDE
    + """
partner = env["res.partner"].search([("phone_sanitized", "=", "+380670000007")])
env.cr.execute("SET LOCAL lock_timeout = '3s'")
order = sell(partner)
env.cr.commit()
print("sold", order.uuid)
"""
)


def test_a_sale_needs_nothing_that_a_page_holds(odoo, inboost, first_run, tmp_path):
    sold = tmp_path / "sold"
    page = odoo.begin_shell(OPEN_PAGE.replace("{sold}", str(sold)))
    assert any("page is open" in line for line in page.stdout), "it ended too soon"
    done = odoo.shell(SELL_MEANWHILE)
    sold.touch()
    rest = page.stdout.read()
    page.wait(60)
    assert "page is written" in rest
    uuid = re.search("sold (.*)", done.stdout)[1]
    wait_until(
        lambda: uuid in [row["orderId"] for row in inboost.control("GET", "purchases")],
        60,
        "the purchase",
    )


def test_watched_and_cancelled_while_it_runs(odoo, inboost, page, first_run):
    [endpoint] = odoo.execute(
        "inboost.endpoint", "search", [("operation", "=", "customers_list")]
    )
    odoo.execute("inboost.endpoint", "write", [endpoint], {"page_size": 100})
    inboost.fault("*", latency=0.5)
    run = start(odoo)
    sign_in(page, odoo)
    page.goto(f"{odoo.url}/odoo/action-inboost_connector.inboost_sync_run_action/{run}")
    read = page.locator(".o_field_widget[name=read_count]")
    read.wait_for()

    def count():
        return int(read.inner_text().replace(",", ""))

    first = count()
    wait_until(lambda: count() > first, 30, "progress without a reload")
    page.locator("button[name=action_cancel]").click()
    page.locator(".modal-footer .btn-primary").click()
    page.locator(".o_statusbar_status :text('Cancelled')").first.wait_for(timeout=30000)
    inboost.control("DELETE", "faults")
    after = finished(odoo, run)
    odoo.execute("inboost.endpoint", "write", [endpoint], {"page_size": 500})
    assert after["state"] == "cancelled"
    assert after["read_count"] < COUNT
    assert after["read_count"] == 100 * after["page_count"]


def test_killed_in_the_middle_of_a_page_and_of_a_run(odoo, inboost, first_run):
    fresh = range(3_000_000, 3_000_600)
    put_clients(inboost, [client(n) for n in fresh])
    [endpoint] = odoo.execute(
        "inboost.endpoint", "search", [("operation", "=", "customers_list")]
    )
    odoo.execute("inboost.endpoint", "write", [endpoint], {"page_size": 200})
    run = start(odoo)
    position = f"SELECT COALESCE(position, '1') FROM inboost_sync_run WHERE id = {run}"
    wait_until(lambda: int(odoo.value(position)) >= 26, 120, "the new customers' pages")
    # A page of customers who are all new is being written now.
    time.sleep(0.3)
    odoo.kill()
    state, where = odoo.sql(
        f"SELECT state, position FROM inboost_sync_run WHERE id = {run}"
    )[0]
    assert state == "running", "killed too late to prove anything"
    links = (
        "SELECT count(*) FROM inboost_customer WHERE inboost_id ~ '^client-3000...$'"
    )
    assert int(odoo.value(links)) < len(fresh), "killed too late to prove anything"
    odoo.start()
    odoo.wake("ir_cron_pull")
    after = finished(odoo, run)
    assert after["state"] == "done"
    assert after["read_count"] == COUNT + len(fresh)
    assert counts(after)["created"] == len(fresh)
    assert doubled_phones(odoo) == []
    assert int(odoo.value(links)) == len(fresh)
    assert int(where) >= 26
    odoo.execute("inboost.endpoint", "write", [endpoint], {"page_size": 500})


HISTORY = (
    PRELUDE
    + """
partner = customer(4000000)
backend = env["inboost.backend"].search([], limit=1)
backend.state = "paused"
old = []
for days in (170, 120, 91, 89, 45, 10):
    order = sell(partner, price=days)
    order.date_order = fields.Datetime.subtract(fields.Datetime.now(), days=days)
    old.append(order)
events = env["inboost.event"].sudo().search([("res_id", "in", [o.id for o in old])])
events.state = "cancelled"
# Nobody but the retention may delete them: as if they had never been captured.
events.with_context(inboost_retention=True).unlink()
backend.state = "connected"
live = sell(partner, price=1)
live.date_order = fields.Datetime.subtract(fields.Datetime.now(), hours=1)
env.cr.commit()
print("uuids", *[o.uuid for o in old], live.uuid)
"""
)
SELL_ONE = (
    PRELUDE
    + """
partner = env["res.partner"].search([("phone_sanitized", "=", "+380674000000")])
order = sell(partner, price=2)
env.cr.commit()
print("uuid", order.uuid)
"""
)


def test_history_of_ninety_days_once(odoo, inboost, first_run):
    found = re.search("uuids (.*)", odoo.shell(HISTORY).stdout)
    *old, live = found[1].split()
    phone = "380674000000"

    def sent():
        rows = inboost.control("GET", "purchases")
        return [row["orderId"] for row in rows if row["userPhoneNumber"] == phone]

    wait_until(lambda: sent() == [live], 60, "the live sale")
    put_clients(inboost, [client(4000000)])
    run = start(odoo)
    during = re.search("uuid (.*)", odoo.shell(SELL_ONE).stdout)[1]
    assert counts(finished(odoo, run))["linked"] == 1
    wait_until(lambda: len(sent()) >= 5, 60, "the history")
    wait_until(lambda: not odoo.states().get("pending"), 60, "an empty queue")
    assert sorted(sent()) == sorted([*old[3:], live, during])
    hooks = inboost.control("GET", "webhooks")
    hooked = [h["body"]["orderId"] for h in hooks if h["phone"] == phone]
    assert sorted(hooked) == sorted([live, during])
    # All of it again: those who came from InBoost are told their balance, once.
    send_history_again(odoo)
    arrived = inboost.counts()["arrivals"]
    send_history_again(odoo)
    assert inboost.counts()["arrivals"] == arrived
    assert inboost.counts()["doubled"] == []
    assert sorted(sent()) == sorted([*old[3:], live, during])


def send_history_again(odoo):
    odoo.execute("inboost.backend", "action_send_history", backends(odoo))
    odoo.wake("ir_cron_history")
    history_ended(odoo)


def history_ended(odoo):
    waiting = "SELECT count(*) FROM inboost_customer WHERE history_state = 'waiting'"
    wait_until(lambda: odoo.value(waiting) == "0", 120, "the end of the history")
    wait_until(lambda: set(odoo.states()) <= {"done"}, 120, "an empty queue")


def test_signed_up_in_the_chat_and_served_at_the_till(
    odoo, inboost, page, first_run, tmp_path
):
    phone = "380675000001"
    put_clients(
        inboost,
        [client(5000001, userName="Sofiia", lastName="Melnyk", source="Instagram")],
    )
    assert odoo.shell(SHELF).stdout.strip().endswith("on the shelf")
    sign_in(page, odoo)
    open_register(page, odoo)
    page.locator("button.set-partner").click()
    search = page.locator(".modal input").first
    search.fill("067 500 00 01")
    page.locator(".modal").get_by_text("press enter to load more").wait_for()
    search.press("Enter")
    line = page.locator(".partner-line:has-text('Sofiia Melnyk')")
    line.wait_for(timeout=15000)
    assert line.locator(".inboost-customer").inner_text() == "InBoost"
    page.screenshot(path=tmp_path / "found.png")
    line.locator("td:last-child button").click()
    page.locator(".dropdown-item:has-text('Edit Details')").click()
    page.locator(".modal .nav-link:has-text('InBoost')").click()
    source = page.locator(".modal .o_field_widget[name=inboost_source_id] input")
    assert source.input_value() == "Instagram"
    for field in ("inboost_specialty_id", "firstname", "lastname"):
        assert page.locator(f".modal .o_field_widget[name={field}] input").count()
    page.screenshot(path=tmp_path / "editor.png")
    # Saving chooses the customer.
    page.locator(".modal button:has-text('Save')").click()
    page.locator("button.set-partner:has-text('Sofiia Melnyk')").wait_for()
    add_product(page, "Green tea")
    pay(page)

    def hooks():
        found = inboost.control("GET", "webhooks")
        return [h for h in found if h["phone"] == phone]

    wait_until(hooks, 60, "the purchase")
    assert len(hooks()) == 1
    assert hooks()[0]["body"]["UserPhoneNumber"] == phone


def test_a_silent_inboost_holds_the_till_for_two_seconds(odoo, inboost, first_run):
    """By the ratio to a server that answers at once, not by a clock of ours."""
    config = int(odoo.value("SELECT min(id) FROM pos_config WHERE active"))
    inboost.fault("api/booking_settings/getUser", silence=30)

    def ask(number):
        begin = time.monotonic()
        answer = odoo.execute(
            "res.partner", "inboost_find_at_register", config, f"0676{number:06}"
        )
        return answer["state"], time.monotonic() - begin

    slow = [ask(n) for n in range(7)]
    inboost.control("DELETE", "faults")
    assert [state for state, _seconds in slow] == ["silent"] * 7
    # The circuit opened after five: the sixth and seventh asked nobody.
    asked = odoo.value(
        "SELECT count(*) FROM inboost_request_log WHERE operation = 'customer_find'"
        " AND error LIKE 'Timeout%'"
    )
    assert int(asked) == 5
    waited = [seconds for _state, seconds in slow]
    assert max(waited[:5]) < 30 / 2, "a tenth of the silence, and the machine is noisy"
    assert max(waited[5:]) < min(waited[:5])


SHELF = """
env = env(user=env.ref("base.user_admin").id)
env["loyalty.program"].search([]).active = False
config = env["pos.config"].search([], order="id", limit=1)
env["product.product"].create({
    "name": "Green tea", "list_price": 120.0, "available_in_pos": True,
    "taxes_id": False, "pos_categ_ids": config.iface_available_categ_ids[:1].ids})
env.cr.commit()
print("on the shelf")
"""
