"""Several events in one request, and an outcome for each."""

import json

import pytest

from inboost_connector.lib.backoff import CIRCUIT_THRESHOLD, Pace
from inboost_connector.lib.batch import (
    MAX_REQUESTS,
    bundle,
    judge,
    perform_all,
    read_answers,
)
from inboost_connector.lib.client import Exchange, Request
from inboost_connector.lib.desk import MAX_BATCHES
from inboost_connector.lib.outcome import AnswerRules, Verdict
from inboost_connector.lib.sending import Senders

from . import engine
from .engine import NOW, answering, desk, place, task

RULES = AnswerRules(
    failure_path="errors || status == 'rejected'",
    repeat_path="status == 'duplicate'",
    text_path="error || errors[0]",
    answers_path="data",
)


def target(size=100, **values):
    values = {"body": "{id: event_id, n: n}", "batch_body": "{data: rows}", **values}
    return engine.target(batch_size=size, rules=RULES, **values)


def tasks(count, where=None, **values):
    where = where or target()
    return [task(n, where, fact={"n": n}, **values) for n in range(1, count + 1)]


def send(client, some):
    [lead] = bundle(some)
    return {one.task.id: one for one in perform_all(client, lead)}


def verdicts(found):
    return {number: one.outcome.verdict.value for number, one in sorted(found.items())}


class Server:
    """Takes lists. What is disliked is refused, alone or with all that came along."""

    def __init__(self, disliked=(), status=None):
        self.disliked, self.status, self.bodies = set(disliked), status, []

    def send(self, request):
        rows = request.body["data"]
        self.bodies.append(rows)
        if self.status and any(row["n"] in self.disliked for row in rows):
            return answering(self.status, data={"errors": ["one of them"]})(request)
        answers = [self.answer(row) for row in rows]
        return answering(200, data={"data": answers})(request)

    def answer(self, row):
        if row["n"] in self.disliked:
            return {"id": row["id"], "status": "rejected", "error": f"no {row['n']}"}
        return {"id": row["id"], "status": "accepted"}


# -- one request -------------------------------------------------------------------


def test_a_request_takes_as_many_as_it_may_and_none_of_another_endpoint():
    other = target(endpoint_id=8, size=1)
    leads = bundle([*tasks(5, target(size=2)), task(6, other), task(7, other)])
    assert [lead.ids for lead in leads] == [[1, 2], [3, 4], [5], [6], [7]]


def test_many_leave_in_one_request_and_each_is_logged_with_its_own_part():
    server = Server()
    found = send(server, tasks(3))
    assert [len(rows) for rows in server.bodies] == [3]
    assert verdicts(found) == {1: "done", 2: "done", 3: "done"}
    second = found[2].log
    assert json.loads(second["request_body"]) == {"id": "event-2", "n": 2}
    assert json.loads(second["answer"]) == {"id": "event-2", "status": "accepted"}
    assert second["event_uuid"] == "event-2"


def test_the_same_events_have_the_same_key_of_repetition():
    def key_of(some):
        client = engine.Answers(answering(200))
        send(client, some)
        return client.requests[0].event_id

    assert key_of(tasks(3)) == key_of(tasks(3)) != key_of(tasks(2))
    assert key_of(tasks(1)) == "event-1"


def test_one_that_does_not_fit_the_mapping_stays_behind_alone():
    server = Server()
    some = tasks(3, target(body="{id: event_id, n: round(n, `0`)}"))
    some[1].fact = {"n": "two"}
    found = send(server, some)
    assert verdicts(found) == {1: "done", 2: "failed", 3: "done"}
    assert found[2].exchange is None
    assert len(server.bodies[0]) == 2


def test_what_is_wrong_around_the_list_leaves_nothing():
    client = engine.Answers()
    found = send(client, tasks(2, target(batch_body="round(rows, `1`)")))
    assert verdicts(found) == {1: "failed", 2: "failed"}
    assert found[1].outcome.args["error"][0] == "in_around"


# -- an answer for each ------------------------------------------------------------


def test_each_has_its_own_answer():
    found = send(Server(disliked=[2]), tasks(3))
    assert verdicts(found) == {1: "done", 2: "failed", 3: "done"}
    assert found[2].outcome.text == "no 2"


def answers(rows, ids=("a", "b", "c")):
    return read_answers({"data": rows}, "data", list(ids))


def test_answers_are_matched_by_event_id_in_whatever_order():
    rows = [{"event": "b", "x": 2}, {"event": "a", "x": 1}]
    assert answers(rows) == {"a": rows[1], "b": rows[0]}


def test_answers_without_ids_are_in_the_order_of_the_events():
    assert answers([1, 2, 3]) == {"a": 1, "b": 2, "c": 3}


@pytest.mark.parametrize("rows", [[], None, "fine", {"a": 1}])
def test_where_there_is_no_list_all_share_the_answer(rows):
    assert answers(rows) is None


def exchange(status=200, data=None):
    request = Request("POST", "https://x.example")
    return Exchange(request, status, answer=json.dumps(data), data=data, sent=True)


def judged(data, status=200, ids=("a", "b", "c")):
    found = judge(exchange(status, data), RULES, list(ids))
    return [outcome.verdict.value for outcome, _part in found]


def test_of_whom_nothing_is_said_nobody_knows():
    assert judged({"data": [{"id": "b", "status": "rejected"}]}) == [
        "unknown",
        "failed",
        "unknown",
    ]
    assert judged({"data": [{"index": 1}]}) == ["unknown"] * 3


def test_a_repeat_is_one_of_that_event_only():
    rows = [{"id": "a", "status": "duplicate"}, {"id": "b"}, {"id": "c"}]
    assert judged({"data": rows}) == ["duplicate", "done", "done"]


def test_a_refusal_of_all_is_not_overheard_because_the_rows_say_nothing():
    rows = [{"id": "a"}, {"id": "b"}, {"id": "c"}]
    assert judged({"errors": ["closed"], "data": rows}) == ["failed"] * 3
    assert judged({"data": rows}, status=503) == ["retry"] * 3
    assert judged(None) == ["done"] * 3


# -- a refusal of all --------------------------------------------------------------


@pytest.mark.parametrize("status", [400, 403, 413, 422])
def test_one_bad_row_is_found_and_the_others_arrive_once(status):
    server = Server(disliked=[437], status=status)
    found = send(server, tasks(1000, target(size=1000)))
    refused = [number for number, word in verdicts(found).items() if word != "done"]
    assert refused == [437]
    assert len(found) == 1000
    sent = [{row["n"] for row in rows} for rows in server.bodies]
    arrived = [number for numbers in sent if 437 not in numbers for number in numbers]
    assert len(arrived) == len(set(arrived)) == 999
    assert len(server.bodies) < 2 * 11


def test_a_server_that_refuses_everything_is_not_hammered():
    server = Server(disliked=range(1001), status=400)
    found = send(server, tasks(1000, target(size=1000)))
    assert len(server.bodies) == MAX_REQUESTS
    codes = {one.outcome.code for one in found.values()}
    assert codes == {"http_status", "not_begun"}, "the rest goes later"


@pytest.mark.parametrize(
    "status, verdict", [(401, "failed"), (503, "retry"), (500, "unknown")]
)
def test_what_is_not_about_the_content_is_shared_by_all(status, verdict):
    server = Server(disliked=[1], status=status)
    found = send(server, tasks(4))
    assert len(server.bodies) == 1
    assert set(verdicts(found).values()) == {verdict}


def test_a_lost_answer_is_unknown_for_all_and_counts_once():
    found = send(engine.Answers(answering(None)), tasks(9))
    assert set(verdicts(found).values()) == {"unknown"}
    where = place(found[1].task.target)
    one_desk = desk(where)
    for one in found.values():
        one_desk.conclude(one, NOW)
    assert where.failures == 1 < CIRCUIT_THRESHOLD


def test_an_error_of_ours_before_it_left_is_known():
    found = send(engine.Answers(KeyError("bug")), tasks(2))
    assert {one.outcome.verdict for one in found.values()} == {Verdict.FAILED}
    assert [found[number].leads for number in (1, 2)] == [True, False]


# -- how many go -------------------------------------------------------------------


def test_a_few_requests_of_many_events_are_claimed_at_once():
    one_desk = desk(place(target(size=100)))
    assert one_desk.find_ready(64, NOW, [])[0][1] == MAX_BATCHES * 100
    [lead] = bundle(tasks(2))
    assert one_desk.find_ready(64, NOW, [lead])[0][1] == (MAX_BATCHES - 1) * 100
    assert not one_desk.find_ready(64, NOW, [lead] * MAX_BATCHES)


def test_the_pace_counts_requests_and_not_events():
    slow = target(size=100, pace=Pace(0.5))
    assert desk(place(slow)).find_ready(64, NOW, [])[0][1] == 100


def test_a_probe_is_one_event():
    sick = place(target(size=100), failures=CIRCUIT_THRESHOLD)
    assert desk(sick).find_ready(64, NOW, [])[0][1] == 1


def test_threads_land_all_of_a_request():
    with Senders(Server(), 2, perform_all) as senders:
        senders.hand_over(bundle(tasks(5, target(size=2))))
        found = []
        while senders.open:
            found += senders.gather(5)
    assert sorted(one.task.id for one in found) == [1, 2, 3, 4, 5]
