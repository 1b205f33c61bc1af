"""Edges of several events in a request; tests/lib/test_edges.py has those of other
rules."""

import json
from dataclasses import replace

import pytest

from inboost_connector.lib.auth import Auth
from inboost_connector.lib.backoff import Pace
from inboost_connector.lib.batch import (
    MAX_REQUESTS,
    MAX_SHARED,
    judge,
    judge_one,
    perform_all,
)
from inboost_connector.lib.client import Exchange, Request
from inboost_connector.lib.outcome import Verdict, classify

from . import engine
from .engine import answering, task
from .test_batch import RULES, Server, send, target, tasks, verdicts

TIME = "2026-01-02T12:00:00Z"


def test_expressions_of_a_list_know_the_portals_ways():
    """The style of phones and the time zone, in each row and around them."""
    about = {"phone_style": "e164", "zone": "Europe/Kyiv", "batch_body": ""}
    body = "{to: phone(phone, phone_style), at: date(t, 'HH:mm'), k: key}"
    where = target(body=body, **about)
    some = [task(n, where, fact={"t": TIME}) for n in (1, 2)]
    server = engine.Answers(answering(200))
    send(server, some)
    about_all = {"to": "+380671234567", "at": "14:00"}
    first, second = server.requests[0].body
    assert first == {**about_all, "k": "pos:1"}
    assert second == {**about_all, "k": "pos:2"}
    around = f"{{of: phone_style, at: date('{TIME}', 'HH:mm')}}"
    server = engine.Answers(answering(200))
    send(server, tasks(1, target(**about | {"batch_body": around})))
    assert server.requests[0].body == {"of": "e164", "at": "14:00"}


def test_the_only_one_of_a_request_has_its_own_answer():
    request = Request("POST", "https://x.example", event_id="b")
    rows = {"data": [{"id": "b", "status": "rejected", "error": "no"}]}
    for named in (request, replace(request, event_id=None)):
        found = judge_one(Exchange(named, 200, data=rows, sent=True), RULES)
        assert (found.verdict, found.text) == (Verdict.FAILED, "no")


def test_what_was_found_when_it_was_claimed_stays_behind_alone():
    server, some = Server(), tasks(3)
    some[1].trouble = "KeyError: bug"
    found = send(server, some)
    assert verdicts(found) == {1: "done", 2: "failed", 3: "done"}
    assert [row["n"] for row in server.bodies[0]] == [1, 3]
    assert found[2].outcome.args == {"error": "KeyError: bug"}


def test_where_nothing_fits_nothing_leaves_and_each_keeps_its_reason():
    server, some = Server(), tasks(2, target(body="round(n, `0`)"))
    some[0].fact, some[1].trouble = {"n": "two"}, "KeyError: bug"
    found = send(server, some)
    assert server.bodies == []
    assert found[1].outcome.args["error"][0] == "in_body"
    assert found[2].outcome.args == {"error": "KeyError: bug"}


def test_where_a_request_takes_one_it_is_sent_by_itself():
    client, some = engine.Answers(answering(200)), task(1)
    [one] = perform_all(client, some)
    assert (one.task, one.outcome.verdict, one.leads) == (some, Verdict.DONE, True)


def test_a_server_that_is_not_well_gets_none_of_a_list():
    question = engine.target(1, method="GET", url="https://x.example/test")
    client, some = engine.Answers(answering(503)), tasks(3)
    some[0].test = question
    found = send(client, some)
    assert [request.url for request in client.requests] == ["https://x.example/test"]
    assert verdicts(found) == {1: "retry", 2: "retry", 3: "retry"}
    assert [found[number].leads for number in (1, 2, 3)] == [True, False, False]
    assert found[1].log and not found[2].log


def test_a_server_that_is_well_gets_the_list():
    client, some = engine.Answers(answering(200)), tasks(3)
    some[0].test = engine.target(1, method="GET", url="https://x.example/test")
    found = send(client, some)
    assert [request.method for request in client.requests] == ["GET", "POST"]
    assert len(found) == 3


def test_an_error_of_ours_is_that_of_all_and_each_is_there():
    some = tasks(3)
    some[0].test = engine.target(1)
    found = send(engine.Answers(KeyError("bug")), some)
    assert [found[number].task for number in (1, 2, 3)] == some
    for one in found.values():
        assert one.outcome.verdict is Verdict.FAILED
        assert one.outcome.args == {"error": "KeyError: 'bug'"}
    assert [found[number].leads for number in (1, 2, 3)] == [True, False, False]


def test_an_error_of_ours_after_a_list_left_is_unknown_for_all(monkeypatch):
    """It may have arrived: sent again, it would be there twice."""

    def broken(*_args):
        raise KeyError("bug")

    monkeypatch.setattr("inboost_connector.lib.batch.judge", broken)
    client = engine.Answers(answering(200))
    found = send(client, tasks(3))
    assert verdicts(found) == {1: "unknown", 2: "unknown", 3: "unknown"}
    assert found[1].outcome.args == {"error": "KeyError: 'bug'"}
    assert found[1].exchange.request is client.requests[0]


def test_a_list_carries_the_credentials_and_minds_the_pace():
    where = target(auth=Auth(secret="key"), pace=Pace(1000))
    client = engine.Answers(answering(429))
    found = send(client, tasks(2, where))
    assert client.requests[0].headers["Authorization"] == "Bearer key"
    assert verdicts(found) == {1: "retry", 2: "retry"}
    assert where.pace._slowdown > 0
    well = target(pace=Pace(1000))
    send(engine.Answers(answering(200)), tasks(2, well))
    assert well.pace._slowdown == 0, "only too many requests slow it down"


def test_one_event_alone_is_a_list_where_lists_are_taken():
    """As the screen shows it."""
    where = target(size=2, body="n", batch_body="{id: event_id, data: rows}")
    request = where.prepare_request({"n": 7}, event_id="event-1")
    assert request.body == {"id": "event-1", "data": [7]}
    assert request.event_id == "event-1"
    assert where.prepare_request({"n": 7}).body == {"id": "", "data": [7]}


def test_a_list_has_the_same_name_tomorrow():
    """It may be sent again after a restart, and be recognised."""
    client = engine.Answers(answering(200))
    send(client, tasks(2))
    assert client.requests[0].event_id == "4b5e74e4-f3cf-51c0-b9a0-6121998db46a"


def test_what_is_left_of_a_list_that_is_disliked_goes_later_all_of_it():
    server = Server(disliked=range(1001), status=400)
    found = send(server, tasks(1000, target(size=1000)))
    assert sorted(found) == list(range(1, 1001))
    later = [one for one in found.values() if one.outcome.code == "not_begun"]
    assert len(later) > 1000 - 2 * MAX_REQUESTS
    # No failure of the endpoint.
    assert {(one.outcome.verdict, one.leads) for one in later} == {
        (Verdict.RETRY, False)
    }


def test_of_whom_nothing_is_said_the_reason_says_so():
    data = {"data": [{"id": "b", "status": "accepted"}]}
    exchange = Exchange(Request("POST", "https://x.example"), 200, data=data, sent=True)
    (missing, _part), (done, _own) = judge(exchange, RULES, ["a", "b"])
    assert (missing.code, missing.args) == ("row_missing", {"status": 200})
    assert done.verdict is Verdict.DONE
    # Rows count in a success only.
    for status in (300, 422, 500):
        other = replace(exchange, status=status)
        whole = classify(other, RULES)
        assert judge(other, RULES, ["a", "b"]) == [(whole, None)] * 2


@pytest.mark.parametrize("count", [1, 2])
def test_an_answer_about_all_is_kept_whole_once(count):
    text = "ї" * 3 * MAX_SHARED
    found = send(engine.Answers(answering(200, text, data=text)), tasks(count))
    lengths = [len(found[number].log["answer"]) for number in range(1, count + 1)]
    assert lengths == [3 * MAX_SHARED, MAX_SHARED][:count]


def test_the_part_of_an_answer_can_be_read():
    row = {"id": "event-1", "status": "rejected", "error": "немає"}
    found = send(engine.Answers(answering(200, data={"data": [row]})), tasks(1))
    assert "немає" in found[1].log["answer"]
    assert json.loads(found[1].log["answer"]) == row
