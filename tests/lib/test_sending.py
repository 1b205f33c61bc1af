"""From a claimed event to what became of it, over any mapping and any answer."""

import json
import threading
import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inboost_connector.lib.auth import Auth
from inboost_connector.lib.client import Exchange
from inboost_connector.lib.log_row import LogRules
from inboost_connector.lib.operations import OPERATIONS
from inboost_connector.lib.outcome import AnswerRules, Verdict
from inboost_connector.lib.sending import (
    Landed,
    Senders,
    after_exception,
    perform,
    with_outcome,
)

from .engine import Answers, answering, landed, target, task

# -- what is read before it leaves -------------------------------------------------


@pytest.mark.parametrize(
    "where, read",
    [
        ({"body": "{consent: opted_out}"}, True),
        ({"body": "{since: opted_out_at}"}, True),
        ({"body": "merge(@, {event: 'purchase'})"}, True),
        ({"headers": '{"X-Opted-Out-By": opted_out_by}'}, True),
        ({"query": "{out: opted_out}"}, True),
        ({"batch_body": "{rows: rows, out: opted_out}"}, True),
        ({"body": "{total: total}"}, False),
        ({"operation": "connection_test", "body": "{out: opted_out}"}, False),
        ({"operation": "bonuses_expiring", "body": "customers[?!opted_out]"}, True),
        ({"operation": "bonuses_expiring", "body": "{to: phones}"}, False),
    ],
)
def test_consent_is_read_only_where_a_request_may_be_made_of_it(where, read):
    assert target(**where).reads_consent is read


@pytest.mark.parametrize("name", OPERATIONS)
def test_no_shipped_request_reads_consent(name):
    shipped = OPERATIONS[name]
    assert not target(operation=name, body=shipped.body).reads_consent


# -- any expression, any fact, any answer ------------------------------------------

NAMES = ("number", "uuid", "time", "total", "lines", "phone", "note", "order", "shop")
FUNCTIONS = ("date", "phone", "round", "length", "sum", "join", "max_by", "nonsense")

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(["067 123 45 67", "2026-01-01T10:00:00Z", "\ud83d", "\x00", ""]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=6), inner)
    ),
    max_leaves=8,
)


def as_bytes(value):
    return json.dumps(value).encode()


def deeper(inner):
    literals = st.text("ab '\"`\\é", max_size=5).map(lambda text: f"'{text}'")
    return st.one_of(
        st.tuples(inner, inner).map(lambda two: f"{two[0]}.{two[1]}"),
        st.tuples(inner, st.sampled_from(["[0]", "[-9]", "[]", "[*]", "[::0]"])).map(
            "".join
        ),
        st.tuples(inner, st.sampled_from(["||", "&&", "==", "<"]), inner).map(" ".join),
        st.lists(st.tuples(st.sampled_from(NAMES), inner), min_size=1, max_size=3).map(
            lambda pairs: "{" + ", ".join(f"{k}: {v}" for k, v in pairs) + "}"
        ),
        st.tuples(
            st.sampled_from(FUNCTIONS), st.lists(inner | literals, max_size=3)
        ).map(lambda call: f"{call[0]}({', '.join(call[1])})"),
        inner.map(lambda one: f"[?{one}]"),
        literals,
    )


expressions = st.recursive(
    st.sampled_from([*NAMES, "@", "`null`", "`1`", "*"]), deeper, max_leaves=6
)
#: Some that are none at all.
bodies = expressions | st.text(max_size=12)


@settings(max_examples=300)
@given(body=bodies, fact=st.dictionaries(st.sampled_from(NAMES), json_values))
def test_any_mapping_over_any_fact_is_sent_or_is_that_events_failure(body, fact):
    client = Answers(answering(200))
    result = perform(client, task(where=target(body=body), fact=fact))
    if client.requests:
        assert result.outcome.verdict is Verdict.DONE
        assert result.log is not None
    else:
        assert result.outcome.verdict is Verdict.FAILED
        assert result.outcome.code == "our_error"
        assert result.outcome.args["error"]


@settings(max_examples=300)
@given(
    status=st.none() | st.integers(100, 999),
    raw=st.binary(max_size=200) | json_values.map(as_bytes),
    headers=st.dictionaries(
        st.sampled_from(["Content-Type", "Retry-After", "retry-after", "X"]),
        st.text(max_size=20),
    ),
    path=bodies,
    masked=st.booleans(),
)
def test_any_bytes_as_an_answer_have_one_verdict(status, raw, headers, path, masked):
    answer = raw.decode("utf-8", "replace")
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError):
        data = None
    rules = AnswerRules(failure_path=path, repeat_path=path, text_path=path)
    some = task(where=target(rules=rules))
    result = perform(Answers(answering(status, answer, data, headers)), some)
    assert isinstance(result, Landed) and result.task is some
    assert result.outcome.verdict in Verdict
    assert result.log is None or "\x00" not in result.log["answer"]


def test_the_envelope_goes_along():
    client = Answers(answering(200))
    where = target(body="{id: event_id, whose: phone, what: key, style: phone_style}")
    perform(client, task(where=where))
    assert client.requests[0].body == {
        "id": "event-1",
        "whose": "+380671234567",
        "what": "pos:1",
        "style": "national",
    }


# -- errors of ours ----------------------------------------------------------------


def test_an_error_before_anything_left_is_a_failure():
    result = perform(Answers(KeyError("bug")), task())
    assert result.outcome.verdict is Verdict.FAILED
    assert "KeyError" in result.outcome.args["error"]


def test_an_error_after_something_left_is_unknown(monkeypatch):
    def broken(*_args):
        raise KeyError("bug")

    monkeypatch.setattr("inboost_connector.lib.sending.classify", broken)
    result = perform(Answers(answering(200)), task())
    assert result.outcome.verdict is Verdict.UNKNOWN
    assert (result.exchange.status, result.log) == (200, None)


@pytest.mark.parametrize("sent", [True, False])
def test_what_an_exception_means_depends_on_what_left(sent):
    exchange = Exchange(target().prepare_request({}), sent=sent)
    wanted = Verdict.UNKNOWN if sent else Verdict.FAILED
    found = after_exception(ValueError("x" * 10_000), exchange)
    assert (found.verdict, found.code) == (wanted, "our_error")
    assert found.args == {"error": f"ValueError: {'x' * 10_000}"[:500]}


def test_trouble_found_while_it_was_claimed_is_its_failure():
    client = Answers(answering(200))
    result = perform(client, task(trouble="KeyError: bug"))
    assert (result.outcome.verdict, client.requests) == (Verdict.FAILED, [])
    assert result.outcome.args == {"error": "KeyError: bug"}


def test_trouble_of_any_length_is_kept_short():
    result = perform(Answers(answering(200)), task(trouble="x" * 10_000))
    assert result.outcome.args == {"error": "x" * 500}


# -- turn and probe ----------------------------------------------------------------


class Slow:
    """A pace that gives the next place later."""

    rate = 0.0
    slowed = None

    def reserve(self, now):
        return now + 0.2

    def slow_down(self, now, wait=None):
        self.slowed = now


def test_one_whose_lease_would_run_out_does_not_begin():
    client = Answers(answering(200))
    some = task(where=target(pace=Slow()), begin_before=time.monotonic() + 0.1)
    outcome = perform(client, some).outcome
    assert (outcome.verdict, outcome.code) == (Verdict.RETRY, "not_begun")
    assert not client.requests


def test_one_whose_turn_comes_later_waits_for_it(monkeypatch):
    waited = []
    monkeypatch.setattr("inboost_connector.lib.sending.time.sleep", waited.append)
    client = Answers(answering(200))
    assert perform(client, task(where=target(pace=Slow()))).outcome.code == "accepted"
    assert waited == [pytest.approx(0.2)]
    assert len(client.requests) == 1


@pytest.mark.parametrize(
    "answer, values, status",
    [
        (answering(200), {}, 200),
        (answering(None), {}, None),
        (KeyError("bug"), {}, None),
        (answering(200), {"trouble": "KeyError: bug"}, None),
        (answering(200), {"begin_before": float("-inf")}, None),
        (answering(200), {"where": target(body="round(@, `1`)")}, None),
    ],
)
def test_whatever_becomes_of_a_task_is_said_of_it(answer, values, status):
    some = task(**values)
    result = perform(Answers(answer), some)
    assert result.task is some
    assert (result.exchange and result.exchange.status) == status


def test_too_many_requests_slow_down_the_pace():
    pace = Slow()
    pace.reserve = lambda now: now
    perform(Answers(answering(429)), task(where=target(pace=pace)))
    assert pace.slowed


TEST = target(
    1,
    method="GET",
    url="https://shop.example.com/api/Users/GetPortalUser",
    log=LogRules(webhook=False),
)


@pytest.mark.parametrize("answer", [answering(503), answering(500), answering(None)])
def test_a_server_that_is_not_well_gets_no_purchase_as_a_probe(answer):
    client = Answers(answer)
    some = task(test=TEST)
    result = perform(client, some)
    assert [request.method for request in client.requests] == ["GET"]
    assert result.outcome.verdict is Verdict.RETRY, "it did not leave"
    assert result.task is some
    assert result.exchange.request is client.requests[0]
    assert result.log["url"].endswith("GetPortalUser")


@pytest.mark.parametrize("status", [200, 401, 404, 422])
def test_once_the_server_answers_the_purchase_follows(status):
    client = Answers(answering(status), answering(200))
    result = perform(client, task(test=TEST))
    assert [request.method for request in client.requests] == ["GET", "POST"]
    assert result.outcome.verdict is Verdict.DONE


def test_another_verdict_leaves_the_reason():
    some = with_outcome(landed("credentials", "credentials", 403), Verdict.FAILED)
    assert some.outcome.verdict is Verdict.FAILED
    assert (some.outcome.code, some.outcome.args) == ("credentials", {"status": 403})


# -- threads -----------------------------------------------------------------------


def land(_client, some):
    return [landed("done", number=some.id)]


def collect(senders):
    found = []
    while senders.open:
        found += senders.gather(5)
    return found


def test_each_task_lands_once():
    with Senders(None, 4, land) as senders:
        senders.hand_over([task(number) for number in range(100)])
        numbers = [one.task.id for one in collect(senders)]
    assert sorted(numbers) == list(range(100))


def test_no_more_threads_than_tasks_and_than_allowed():
    with Senders(None, 4, land) as senders:
        senders.hand_over([task(1)])
        assert len(senders._threads) == 1
        senders.hand_over([task(number) for number in range(2, 50)])
        assert len(senders._threads) == 4
        # A process that ends does not wait for what hangs.
        assert all(thread.daemon for thread in senders._threads)
        collect(senders)


def test_what_no_thread_began_is_taken_back():
    begun, release = threading.Event(), threading.Event()

    def wait(_client, some):
        begun.set()
        release.wait(10)
        return [landed("done", number=some.id)]

    with Senders(None, 1, wait) as senders:
        senders.hand_over([task(1), task(2), task(3)])
        begun.wait(10)
        assert [one.id for one in senders.take_back()] == [2, 3]
        assert list(senders.open) == [1]
        release.set()
        assert [one.task.id for one in collect(senders)] == [1]


def test_gathering_ends_though_nothing_lands():
    release = threading.Event()

    def wait(_client, some):
        release.wait(10)
        return [landed("done", number=some.id)]

    with Senders(None, 1, wait) as senders:
        senders.hand_over([task(1)])
        assert senders.gather(0.01) == [], "a new sale is claimed meanwhile"
        assert senders.open
        release.set()
        collect(senders)
    assert senders.gather(5) == []


def test_what_landed_is_handed_over_though_others_still_fly():
    release = threading.Event()

    def wait(client, some):
        if some.id == 2:
            release.wait(5)
        return [landed("done", number=some.id, fact={"client": client})]

    with Senders("the client", 2, wait) as senders:
        senders.hand_over([task(1), task(2)])
        found = senders.gather(5)
        assert [one.task.id for one in found] == [1]
        assert list(senders.open) == [2]
        release.set()
        found += collect(senders)
    assert {one.task.fact["client"] for one in found} == {"the client"}


def test_the_credentials_go_along_with_an_event_and_with_what_is_asked_before():
    client = Answers(answering(200))
    credentials = Auth(secret="key")
    some = task(where=target(auth=credentials), test=replace(TEST, auth=credentials))
    assert perform(client, some).outcome.verdict is Verdict.DONE
    carried = [request.headers["Authorization"] for request in client.requests]
    assert carried == ["Bearer key", "Bearer key"]
