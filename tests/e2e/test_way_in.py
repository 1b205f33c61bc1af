"""InBoost announces a customer to a real server: who is let in, how soon the contact is
there, and what a flood does to sales."""

import base64
import http.client
import itertools
import json
import multiprocessing
import statistics
import threading
import time
from collections import Counter
from datetime import datetime, timezone

import pytest
import requests
from standardwebhooks.webhooks import Webhook

from tests.chaos.register import Till, open_register
from tests.support.odoo_server import wait_until

TOKEN = "a-token-nobody-can-guess-1234"
SECRET = "whsec_" + base64.b64encode(bytes(32)).decode()
OPEN = f"""
backend = env["inboost.backend"].search([], limit=1)
backend.write({{"incoming_open": True, "incoming_token_entry": "{TOKEN}",
               "incoming_secret_entry": "{SECRET}"}})
for endpoint in backend.endpoint_ids.filtered("row_map"):
    endpoint.row_map = endpoint.row_map[:-1] + ", opted_out: optedOut}}"
env.cr.commit()
print("way in: %s" % backend.id)
"""
#: Bytes that are read at most.
LARGEST = 64 * 1024
#: Announcements a second of a flood.
RATE = 200
FORK = multiprocessing.get_context("fork")
SALES = 40


@pytest.fixture(scope="module")
def address(odoo):
    number = odoo.shell(OPEN).stdout.rpartition("way in: ")[2].strip()
    odoo.settle()
    return f"{odoo.url}/inboost/webhook/{number}"


def customer(number, **values):
    phone = f"38050{number:07}"
    return {"id": f"a-{number}", "userPhoneNumber": phone, **values}


def sign(body, message, secret=SECRET):
    now = datetime.now(timezone.utc).replace(microsecond=0)
    return {
        "webhook-id": message,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(message, now, body.decode()),
    }


def post(address, data, message, token=TOKEN, secret=SECRET):
    body = data if isinstance(data, bytes) else json.dumps(data).encode()
    headers = {
        "Content-Type": "application/json",
        "Authorization": f"Bearer {token}",
        **sign(body, message, secret),
    }
    return requests.post(address, data=body, headers=headers, timeout=20)


def phones(odoo):
    rows = odoo.sql(
        "SELECT phone_sanitized FROM res_partner WHERE phone_sanitized > ''"
    )
    return {row[0] for row in rows}


def test_a_customer_who_is_announced_is_a_contact_within_seconds(odoo, address):
    answer = post(address, customer(1, userName="Inna"), "m-1")
    assert (answer.status_code, answer.content) == (202, b"")
    assert "Set-Cookie" not in answer.headers
    wait_until(lambda: "+380500000001" in phones(odoo), 15, "the contact")
    post(address, customer(1, optedOut=True), "m-2")
    wait_until(
        lambda: odoo.sql("SELECT 1 FROM phone_blacklist WHERE number LIKE '%0000001'"),
        15,
        "the opt-out",
    )


def test_a_repeat_is_answered_alike_and_kept_once(odoo, address):
    for _n in range(5):
        assert post(address, customer(2), "m-3").status_code == 202
    count = "SELECT count(*) FROM inboost_announcement WHERE message_id = 'm-3'"
    assert odoo.value(count) == "1"


def test_repeats_at_the_same_time_are_kept_once(odoo, address):
    answers = []
    threads = [
        threading.Thread(
            target=lambda: answers.append(post(address, customer(3), "m-4").status_code)
        )
        for _n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(answers) == {202}
    count = "SELECT count(*) FROM inboost_announcement WHERE message_id = 'm-4'"
    assert odoo.value(count) == "1"


def test_wrong_requests_get_one_answer(odoo, address):
    other = "whsec_" + base64.b64encode(bytes(range(32))).decode()
    elsewhere = address.rpartition("/")[0] + "/999999"
    answers = [
        post(elsewhere, customer(4), "m-5"),
        post(address, customer(4), "m-5", token="wrong"),
        post(address, customer(4), "m-5", secret=other),
        post(address, b"{", "m-5", token="wrong"),
        requests.post(address, data={"a": "form"}, timeout=20),
        requests.post(address, timeout=20),
    ]
    seen = {
        (
            answer.status_code,
            answer.content,
            *sorted((k, v) for k, v in answer.headers.items() if k != "Date"),
        )
        for answer in answers
    }
    assert len(seen) == 1, seen
    assert answers[0].status_code == 404
    kept = "SELECT count(*) FROM inboost_announcement WHERE message_id = 'm-5'"
    assert odoo.value(kept) == "0"


def test_what_is_too_large_is_refused_before_it_is_read(address):
    """By what it says of its size: no byte of it is sent."""
    host, _slash, path = address.removeprefix("http://").partition("/")
    for headers in (
        {"Content-Length": str(LARGEST + 1)},
        {"Content-Length": str(10**12), "Authorization": f"Bearer {TOKEN}"},
    ):
        connection = http.client.HTTPConnection(host, timeout=20)
        connection.putrequest("POST", f"/{path}")
        connection.putheader("Content-Type", "application/json")
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        assert connection.getresponse().status == 413
        connection.close()


def test_what_does_not_say_its_size_is_refused(address):
    answer = requests.post(address, data=iter([b"{}"]), timeout=20)
    assert answer.status_code == 411


class Flood:
    """Requests at a steady rate, from a process of its own: sending them must not slow
    who measures.

    :ivar answered: how many there were of each status
    :ivar rate: requests a second that were answered"""

    def __init__(self, send):
        self.send = send
        self.closing = FORK.Event()
        self.results = FORK.Queue()
        self.process = FORK.Process(target=self.work, daemon=True)

    def __enter__(self):
        self.process.start()
        return self

    def __exit__(self, *exc_info):
        self.closing.set()
        self.answered, self.rate = self.results.get(timeout=60)
        self.process.join()

    def work(self):
        begin, numbers, statuses = time.monotonic(), itertools.count(), []
        threads = [
            threading.Thread(target=self.run, args=(begin, numbers, statuses))
            for _n in range(12)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seconds = time.monotonic() - begin
        self.results.put((Counter(statuses), len(statuses) / seconds))

    def run(self, begin, numbers, statuses):
        with requests.Session() as session:
            while not self.closing.is_set():
                number = next(numbers)
                time.sleep(max(0, begin + number / RATE - time.monotonic()))
                statuses.append(self.send(session, number).status_code)


def time_of_sales(till):
    """:return: seconds of the median sale"""
    found = []
    for _n in range(SALES):
        order = till.make_order()
        begin = time.monotonic()
        assert till.synchronise(order)
        found.append(time.monotonic() - begin)
    return statistics.median(found)


def test_a_flood_slows_a_sale_no_more_than_one_at_odoo_itself(odoo, address):
    """What Odoo itself takes to answer anybody at all is not ours: a sale beside 200
    announcements a second takes no longer than beside 200 requests for a page of
    Odoo's that does nothing."""
    register = open_register(odoo, 4)
    till = Till(odoo, register, register["partners"], 1)
    body = json.dumps(customer(5)).encode()
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {TOKEN}"}

    def announce(session, number):
        signed = headers | sign(body, f"flood-{number}")
        return session.post(address, data=body, headers=signed, timeout=20)

    def knock(session, _number):
        return session.post(address, data=body, headers=headers, timeout=20)

    def ask_odoo(session, _number):
        # Routed, with a database and without a session, as the way in is.
        return session.get(f"{odoo.url}/web/manifest.webmanifest", timeout=20)

    time_of_sales(till)
    took, floods = {"quiet": time_of_sales(till)}, {}
    for send in (ask_odoo, knock, announce):
        with Flood(send) as floods[send]:
            took[send] = time_of_sales(till)
    for send, flood in floods.items():
        ratio = took[send] / took["quiet"]
        print(f"{send.__name__}: {flood.rate:.0f}/s, {flood.answered}, x{ratio:.2f}")
    assert floods[ask_odoo].answered.keys() == {200}
    assert floods[knock].answered.keys() == {404}
    assert floods[announce].answered.keys() == {202, 429}
    for send in (knock, announce):
        assert took[send] < 1.25 * took[ask_odoo], took
