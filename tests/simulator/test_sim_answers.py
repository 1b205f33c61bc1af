"""Answers as real servers give them: for whom, how often, and whether it arrived."""

import socket
import threading
import time
from email.utils import parsedate_to_datetime

import pytest
import requests

PATH = "api/Bonuses/SetBalance"
ONE, OTHER = "380671234567", "380501112233"


def balance(simulator, event_id, phone=ONE, **more):
    body = {"eventId": event_id, "userPhoneNumber": phone, "amount": 1}
    return simulator.send(PATH, body, **more)


def hook(simulator, event_id, **more):
    return simulator.send("api/webhok/t/", {"eventId": event_id, **more})


# name: status, kind, what stands in the body, whether the event arrived
NAMED = {
    "unknown_customer": (404, "json", '"code": "document_not_found"', False),
    "nothing_here": (404, "html", "404 Not Found", False),
    "client_not_found": (200, "json", '"success": false', False),
    "firewall": (403, "html", "Request blocked", False),
    "bad_credentials": (401, "json", "unauthorized", False),
    "forbidden": (403, "json", "forbidden", False),
    "login_page": (200, "html", "password", False),
    "too_large": (413, "json", "payload_too_large", False),
    "outstanding": (409, "json", "is outstanding", False),
    "received_before": (409, "json", "received before", False),
    "accepted": (202, "", "", True),
    "no_content": (204, "", "", True),
    "server_error": (500, "json", "Internal Server Error", True),
    "bad_gateway": (502, "html", "502 Bad Gateway", True),
    "garbage": (200, "json", "\x00\x01\x02", True),
    "deep": (200, "json", "[[[[", True),
    "wrong_charset": (200, "json", "message", True),
}


@pytest.mark.parametrize("name", NAMED)
def test_named_answer(simulator, name):
    status, kind, text, arrived = NAMED[name]
    simulator.fault("balance_set", answer=name)
    answer = balance(simulator, "e1")
    assert answer.status_code == status
    assert kind in answer.headers.get("Content-Type", "")
    assert text in answer.content.decode("latin-1")
    counts = simulator.counts()
    assert (counts["arrivals"], counts["refused"]) == (int(arrived), int(not arrived))
    told = {"arrived": int(arrived), "not_arrived": int(not arrived)}
    assert counts["by_fault"] == {f"answer {name}": told}
    assert len(simulator.control("GET", "balances")) == int(arrived)


def test_every_named_answer_is_offered_and_tested(simulator):
    assert set(simulator.control("GET", "about")["answers"]) == set(NAMED)


def test_answers_that_cannot_be_read(simulator):
    for name in ("garbage", "wrong_charset"):
        simulator.fault(PATH, answer=name)
        with pytest.raises(UnicodeDecodeError):
            balance(simulator, name).content.decode("utf-8")
    simulator.fault(PATH, answer="deep")
    with pytest.raises(RecursionError):
        balance(simulator, "deep").json()


def test_one_unknown_customer_among_others(simulator):
    simulator.fault("balance_set", answer="unknown_customer", phone=f"+{ONE}")
    assert balance(simulator, "e1", ONE).status_code == 404
    assert balance(simulator, "e2", OTHER).status_code == 200
    assert simulator.counts()["by_event_id"] == {"e2": 1}


def test_firewall_dislikes_one_word(simulator):
    simulator.fault("*", answer="firewall", contains="Крем")
    refused = hook(simulator, "e1", product="Крем зимовий")
    assert (refused.status_code, "text/html" in refused.headers["Content-Type"]) == (
        403,
        True,
    )
    assert hook(simulator, "e2", product="Мило").status_code == 200
    assert simulator.send("api/Users/GetPortalUser").status_code == 200
    assert simulator.counts()["by_event_id"] == {"e2": 1}


def test_credentials_are_refused_at_the_connection_test(simulator):
    simulator.fault("connection_test", answer="bad_credentials")
    assert simulator.send("api/Users/GetPortalUser").status_code == 401
    simulator.fault("connection_test", answer="login_page")
    assert "password" in simulator.send("api/Users/GetPortalUser").text


def test_body_that_is_too_large(simulator):
    simulator.fault("*", answer="too_large", larger_than=1000)
    assert hook(simulator, "e1", text="x" * 1000).status_code == 413
    assert hook(simulator, "e2", text="x" * 500).status_code == 200
    assert simulator.counts()["by_event_id"] == {"e2": 1}


def test_every_third_request(simulator):
    simulator.fault(PATH, status=503, share=1 / 3)
    statuses = [balance(simulator, f"e{n}").status_code for n in range(9)]
    assert statuses == [200, 200, 503] * 3


def test_several_faults_of_one_place(simulator):
    simulator.fault(PATH, answer="unknown_customer", phone=ONE)
    simulator.control("POST", f"faults/{PATH}", {"status": 503, "times": 1})
    assert balance(simulator, "e1", OTHER).status_code == 503
    assert balance(simulator, "e1", OTHER).status_code == 200
    assert balance(simulator, "e2", ONE).status_code == 404
    simulator.control("PUT", f"faults/{PATH}", [{"status": 500}, {"status": 502}])
    assert balance(simulator, "e3").status_code == 500
    assert [one["status"] for one in simulator.control("GET", "faults")[PATH]] == [
        500,
        502,
    ]


def test_events_are_places_whatever_their_address(simulator):
    simulator.fault("bonus_accrual", status=503)
    assert hook(simulator, "e1", event="bonus_accrual").status_code == 503
    assert hook(simulator, "e2", event="bonus_redemption").status_code == 200


def test_retry_after_as_a_date(simulator):
    simulator.fault(PATH, status=503, retry_after_date=90)
    answer = balance(simulator, "e1")
    told = parsedate_to_datetime(answer.headers["Retry-After"])
    sent = parsedate_to_datetime(answer.headers["Date"])
    assert 85 <= (told - sent).total_seconds() <= 95


def test_any_body_with_any_status(simulator):
    simulator.fault(PATH, status=422, body={"code": "odd"}, processed=True)
    answer = balance(simulator, "e1")
    assert (answer.status_code, answer.json()) == (422, {"code": "odd"})
    simulator.fault(PATH, body="<p>hello", content_type="text/html")
    answer = balance(simulator, "e2")
    assert (answer.status_code, answer.text) == (200, "<p>hello")
    assert answer.headers["Content-Type"] == "text/html"
    assert simulator.counts()["distinct"] == 2


def test_lost_answer_then_outstanding_then_a_repeat(simulator):
    simulator.fault(PATH, close="after")
    with pytest.raises(requests.ConnectionError):
        balance(simulator, "e1")
    simulator.fault(PATH, answer="outstanding", times=1)
    assert balance(simulator, "e1").status_code == 409
    assert balance(simulator, "e1").status_code == 200
    counts = simulator.counts()
    assert (counts["by_event_id"], counts["doubled"]) == ({"e1": 2}, ["e1"])
    assert counts["by_fault"] == {
        "close after": {"arrived": 1, "not_arrived": 0},
        "answer outstanding": {"arrived": 0, "not_arrived": 1},
    }


def test_a_fact_that_comes_again_under_a_new_id_is_found(simulator):
    sale = {"event": "purchase", "orderId": "o1", "total": 5}
    hook(simulator, "e1", **sale)
    hook(simulator, "e2", **sale)
    hook(simulator, "e3", event="bonus_accrual", code="ACC-1", orderId="o1")
    counts = simulator.counts()
    assert counts["doubled"] == []
    assert counts["doubled_keys"] == ["purchase:o1"]
    assert counts["by_key"] == {"purchase:o1": 2, "bonus_accrual:ACC-1": 1}


def test_connection_is_closed_before_the_body_is_read(simulator):
    simulator.fault(PATH, close="unread")
    host, port = simulator.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        head = f"POST /{PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"
        connection.sendall(head.encode())
        # The body has not been sent, and the server hangs up all the same.
        assert connection.recv(100) == b""
    counts = simulator.counts()
    assert (counts["arrivals"], counts["refused"]) == (0, 1)


def test_header_in_drops(simulator):
    simulator.fault(PATH, drip_headers=0.01)
    before = time.monotonic()
    answer = balance(simulator, "e1")
    assert answer.json() == {"eventId": "e1", "repeat": False}
    assert time.monotonic() - before > 0.5
    assert simulator.counts()["arrivals"] == 1


def test_client_that_leaves_while_the_header_drops(simulator):
    simulator.fault(PATH, drip_headers=0.2)
    host, port = simulator.url.removeprefix("http://").split(":")
    body = b'{"eventId": "e1", "userPhoneNumber": "380671234567", "amount": 1}'
    head = (
        f"POST /{PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {simulator.secret}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(head.encode() + body)
        assert connection.recv(1) == b"H"
    simulator.control("DELETE", "faults")
    assert balance(simulator, "e2").status_code == 200
    assert simulator.counts()["by_event_id"] == {"e1": 1, "e2": 1}


def test_slow_answers_do_not_hold_each_other_up(simulator):
    simulator.fault(PATH, latency=1)
    threads = [
        threading.Thread(target=balance, args=(simulator, f"e{n}")) for n in range(8)
    ]
    before = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.monotonic() - before < 8
    assert simulator.counts()["distinct"] == 8


@pytest.mark.parametrize(
    "fault",
    [
        {"answer": "nonsense"},
        {"answer": "firewall", "status": 403},
        {"answer": "firewall", "body": "x"},
        {"close": "unread", "contains": "x"},
        {"close": "unread", "phone": ONE},
        {"drip": 1, "drip_headers": 1},
        {"contains": ""},
    ],
)
def test_impossible_fault_is_refused(simulator, fault):
    simulator.control("PUT", f"faults/{PATH}", fault, expect=422)
    assert simulator.control("GET", "faults") == {}
