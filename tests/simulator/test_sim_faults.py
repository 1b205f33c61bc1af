"""Every fault, as the client meets it, and whether the request had its effect."""

import threading
import time

import pytest
import requests

PATH = "api/Bonuses/SetBalance"


def effect(simulator):
    return simulator.counts()["arrivals"]


@pytest.mark.parametrize(
    ("fault", "seen", "processed"),
    [
        ({"close": "before"}, "RemoteDisconnected", False),
        ({"close": "after"}, "RemoteDisconnected", True),
        ({"close": "before", "reset": True}, "ConnectionResetError", False),
        ({"close": "after", "reset": True}, "ConnectionResetError", True),
        ({"silence": 0.3}, "RemoteDisconnected", True),
        ({"silence": 0.3, "processed": False}, "RemoteDisconnected", False),
        ({"broken": "length"}, "IncompleteRead", True),
    ],
)
def test_connection_is_closed(simulator, fault, seen, processed):
    simulator.fault(PATH, **fault)
    with pytest.raises(requests.RequestException, match=seen):
        simulator.balance("e1")
    assert effect(simulator) == int(processed)
    assert len(simulator.control("GET", "balances")) == int(processed)
    (row,) = simulator.control("GET", "events?event_id=e1")
    assert row["processed"] is processed
    assert row["fault"].startswith(next(iter(fault)))


def test_silence_outlasts_the_client(simulator):
    simulator.fault(PATH, silence=60)
    with pytest.raises(requests.ReadTimeout):
        simulator.balance("e1", timeout=0.3)
    assert effect(simulator) == 1
    simulator.control("DELETE", "faults")
    assert simulator.balance("e2").status_code == 200


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 425, 429, 500, 503])
@pytest.mark.parametrize("retry_after", [None, "7", "Wed, 21 Oct 2026 07:28:00 GMT"])
def test_status_with_and_without_retry_after(simulator, status, retry_after):
    simulator.fault(PATH, status=status, retry_after=retry_after)
    answer = simulator.balance("e1")
    assert answer.status_code == status
    assert answer.headers.get("Retry-After") == retry_after
    counts = simulator.counts()
    assert (counts["arrivals"], counts["refused"]) == (0, 1)


def test_status_although_processed(simulator):
    simulator.fault(PATH, status=504, processed=True)
    assert simulator.balance("e1").status_code == 504
    assert effect(simulator) == 1


def test_latency(simulator):
    simulator.fault(PATH, latency=0.4)
    before = time.monotonic()
    assert simulator.balance("e1").status_code == 200
    assert time.monotonic() - before >= 0.4
    assert effect(simulator) == 1


def test_latency_does_not_hold_others_up(simulator):
    simulator.fault(PATH, latency=1)
    slow = threading.Thread(target=simulator.balance, args=("e1",))
    slow.start()
    before = time.monotonic()
    assert simulator.send("api/Users/GetPortalUser").status_code == 200
    assert time.monotonic() - before < 0.9
    slow.join()


@pytest.mark.parametrize("status", [None, 307])
def test_redirect(simulator, status):
    simulator.fault(PATH, redirect="http://127.0.0.1:9/x", status=status)
    answer = simulator.balance("e1")
    assert answer.status_code == (status or 302)
    assert answer.headers["Location"] == "http://127.0.0.1:9/x"
    assert effect(simulator) == 0


def test_huge_answer(simulator):
    simulator.fault(PATH, huge=3_000_000)
    answer = simulator.balance("e1")
    assert len(answer.content) == 3_000_000
    assert set(answer.json()) == {"data"}
    assert effect(simulator) == 1


def test_broken_answer(simulator):
    simulator.fault(PATH, broken=True)
    answer = simulator.balance("e1")
    assert answer.status_code == 200
    with pytest.raises(requests.JSONDecodeError):
        answer.json()
    simulator.fault(PATH, broken="encoding")
    with pytest.raises(UnicodeDecodeError):
        simulator.balance("e2").content.decode("utf-8")
    assert effect(simulator) == 2


def test_dripping_answer(simulator):
    simulator.fault(PATH, drip=0.02)
    before = time.monotonic()
    answer = simulator.balance("e1")
    assert answer.json() == {"eventId": "e1", "repeat": False}
    assert time.monotonic() - before > 0.02 * (len(answer.content) - 1)


def test_rate_limit(simulator):
    simulator.fault(PATH, rate_limit=3, retry_after="1")
    answers = [simulator.balance(f"e{n}") for n in range(8)]
    statuses = [answer.status_code for answer in answers]
    # Eight quick requests fit in one second, or at most touch the next.
    assert statuses[:4] == [200, 200, 200, 429]
    assert answers[3].headers["Retry-After"] == "1"
    assert effect(simulator) == statuses.count(200)
    simulator.fault(PATH, rate_limit=1000)
    assert simulator.balance("e9").status_code == 200


def test_times_and_share(simulator):
    simulator.fault(PATH, status=503, times=2)
    assert [simulator.balance(f"a{n}").status_code for n in range(4)] == [
        503,
        503,
        200,
        200,
    ]
    assert simulator.control("GET", "faults") == {}
    simulator.fault(PATH, status=503, share=0.25)
    statuses = [simulator.balance(f"b{n}").status_code for n in range(40)]
    assert statuses.count(503) == 10


def test_fault_is_for_its_endpoint_only(simulator):
    simulator.fault("webhook/one", status=500)
    assert simulator.send("api/webhok/one/", {}).status_code == 500
    assert simulator.send("api/webhok/one", {}).status_code == 500
    assert simulator.send("api/webhok/two/", {}).status_code == 200
    simulator.fault("webhook/*", status=502)
    assert simulator.send("api/webhok/two/", {}).status_code == 502
    assert simulator.balance("e1").status_code == 200
    simulator.fault("*", status=503)
    assert simulator.balance("e1").status_code == 503
    assert simulator.send("api/webhok/one/", {}).status_code == 500
    simulator.control("DELETE", "faults/webhook/one")
    assert simulator.send("api/webhok/one/", {}).status_code == 502


@pytest.mark.parametrize(
    "fault",
    [
        {"nonsense": 1},
        {"status": 42},
        {"close": "sometimes"},
        {"close": "after", "silence": 1},
        {"close": "after", "processed": False},
        {"latency": -1},
    ],
)
def test_impossible_fault_is_refused(simulator, fault):
    simulator.control("PUT", f"faults/{PATH}", fault, expect=422)
    assert simulator.control("GET", "faults") == {}
