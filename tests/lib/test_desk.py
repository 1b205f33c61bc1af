"""What becomes of events and endpoints, decided without a database."""

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inboost_connector.lib import backoff, states
from inboost_connector.lib.backoff import Pace
from inboost_connector.lib.desk import FAILING, LONG_AGO, SUSPICIOUS
from inboost_connector.lib.outcome import CODES, Verdict

from .engine import BACKEND, ENDPOINT, NOW, desk, landed, place, target, task

texts = st.text(max_size=20)


# -- what becomes of an event ------------------------------------------------------


@given(
    verdict=st.sampled_from(Verdict),
    code=st.sampled_from(CODES),
    status=st.none() | st.integers(100, 599),
    wait=st.none() | st.floats(0, 3600),
    text=texts,
    guarantee=st.sampled_from(["at_most_once", "at_least_once"]),
    attempts=st.integers(1, 10_000),
    days_waited=st.integers(0, 30),
    failures=st.integers(0, 50),
    known=st.booleans(),
)
def test_whatever_lands_makes_an_allowed_move(
    verdict, code, status, wait, text, guarantee, attempts, days_waited, failures, known
):
    found = desk(place(failures=failures)) if known else desk(place(target(99)))
    row = found.conclude(
        landed(
            verdict,
            code,
            status,
            wait,
            text,
            where=target(guarantee=guarantee),
            attempts=attempts,
            queued_at=NOW - timedelta(days=days_waited),
        ),
        NOW,
    )
    assert ("sending", row["state"]) in states.MOVES
    assert (row["next_try"] is not None) == (row["state"] == "pending")
    assert (row["done_at"] is not None) == (row["state"] == "done")
    if row["next_try"]:
        assert row["next_try"] >= NOW
    if row["args"]:
        json.loads(row["args"])
        assert "\x00" not in row["args"]
    if verdict is Verdict.UNKNOWN and guarantee == "at_most_once":
        assert code == "not_begun" or row["state"] == "held", "never sent blindly"


def test_what_was_not_begun_costs_no_attempt_and_says_nothing_of_the_server():
    found = desk(place(failures=2))
    row = found.conclude(landed("retry", "not_begun", attempts=4), NOW)
    assert (row["state"], row["attempts"], row["next_try"]) == ("pending", 3, NOW)
    assert not found.places[ENDPOINT].changed


def test_a_retry_waits_as_long_as_the_server_asked_or_longer():
    row = desk().conclude(landed("retry", "busy", 503, wait=120.0), NOW)
    assert row["next_try"] == NOW + timedelta(seconds=120)
    row = desk().conclude(landed("retry", "busy", 503, wait=0.0, attempts=3), NOW)
    assert row["next_try"] >= NOW + timedelta(seconds=8 * (1 - backoff.JITTER))


@pytest.mark.parametrize("verdict", ["retry", "unknown"])
def test_the_last_try_fails_and_keeps_the_reason(verdict):
    found = desk(retry_days=3)
    waited = NOW - timedelta(days=3)
    row = found.conclude(
        landed(
            verdict, "busy", 503, where=target(guarantee="at_least_once"),
            queued_at=waited,
        ),
        NOW,
    )  # fmt: skip
    assert (row["state"], row["code"]) == ("failed", "last_try")
    assert json.loads(row["args"]) == {"days": 3, "last": ["busy", {"status": 503}]}
    assert found.troubled


def test_an_unknown_outcome_of_the_last_try_is_still_unknown():
    waited = NOW - timedelta(days=30)
    row = desk().conclude(landed("unknown", "timeout", queued_at=waited), NOW)
    assert row["state"] == "held"


def test_what_landed_after_its_backend_was_paused_is_written():
    found = desk(place(target(99)))
    row = found.conclude(landed("done", "accepted", 200), NOW)
    assert row["state"] == "done"


def test_a_state_that_left_is_remembered():
    some = landed("done", "accepted", 200, state={"amount": 5})
    assert json.loads(desk().conclude(some, NOW)["sent"]) == {"amount": 5}


# -- the circuit -------------------------------------------------------------------


def failed_times(found, count, **values):
    for _ in range(count):
        found.conclude(landed("retry", "busy", 503, **values), NOW)


def test_circuit_opens_after_failures_in_a_row_and_rests_longer_each_time():
    found = desk()
    one = found.places[ENDPOINT]
    failed_times(found, backoff.CIRCUIT_THRESHOLD - 1)
    assert not one.is_probing and found.find_ready(9, NOW, [])
    failed_times(found, 1)
    assert one.is_probing and not found.find_ready(9, NOW, [])
    first = one.rest_until
    failed_times(found, 1, is_probe=True)
    assert one.rest_until > first


def test_what_was_on_its_way_when_the_circuit_opened_makes_no_longer_rest():
    """Or thirty requests at once would make five minutes of an outage of seconds."""
    found = desk()
    one = found.places[ENDPOINT]
    failed_times(found, backoff.CIRCUIT_THRESHOLD)
    known = one.failures, one.rest_until
    failed_times(found, 30)
    assert (one.failures, one.rest_until) == known
    failed_times(found, 1, wait=60.0)
    assert one.rest_until == NOW + timedelta(seconds=60), "the server asked for it"


def test_one_probe_at_a_time():
    found = desk(place(failures=backoff.CIRCUIT_THRESHOLD))
    [(_target, quota, _fresh)] = found.find_ready(50, NOW, [])
    assert quota == 1
    assert not found.find_ready(50, NOW, [task()]), "one is on its way here"
    found.note_claimed([task()], NOW, 15)
    assert not found.find_ready(50, NOW, []), "one is on its way elsewhere"
    assert found.places[ENDPOINT].changed


@pytest.mark.parametrize("verdict", ["done", "duplicate", "failed"])
def test_any_answer_of_a_server_that_is_well_closes_the_circuit(verdict):
    found = desk(place(failures=7, rest_until=NOW))
    found.conclude(landed(verdict, status=200 if verdict != "failed" else 422), NOW)
    one = found.places[ENDPOINT]
    assert (one.failures, one.rest_until, one.changed) == (0, None, True)


def test_our_own_error_says_nothing_of_the_server():
    found = desk(place(failures=7))
    found.conclude(landed("failed", "our_error"), NOW)
    assert found.places[ENDPOINT].failures == 7


def test_too_many_requests_slow_down_without_opening_the_circuit():
    found = desk()
    for _ in range(20):
        found.conclude(landed("retry", "too_many_requests", 429), NOW)
    assert found.places[ENDPOINT].failures == 0
    for _ in range(20):
        found.conclude(landed("retry", "too_many_requests", 429, wait=3.0), NOW)
    assert found.places[ENDPOINT].rest_until == NOW + timedelta(seconds=3)
    assert found.places[ENDPOINT].failures == 0


def test_only_a_purchase_is_preceded_by_the_harmless_question():
    test = target(1)
    for guarantee, wanted in (("at_most_once", test), ("at_least_once", None)):
        one = task(where=target(guarantee=guarantee))
        desk(place(one.target, failures=5, test=test)).note_claimed([one], NOW, 15)
        assert one.test is wanted
    one = task()
    desk(place(failures=0, test=test)).note_claimed([one], NOW, 15)
    assert one.test is None, "the server is well"


def test_a_person_hears_when_an_endpoint_begins_and_ends_to_fail():
    found = desk(place(failures=FAILING - 2))
    failed_times(found, 1, is_probe=True)
    assert not found.troubled
    failed_times(found, 1, is_probe=True)
    assert found.troubled
    found.troubled = False
    found.conclude(landed("done", status=200), NOW)
    assert found.troubled


# -- refusals and pauses -----------------------------------------------------------


def refuse(found, *phones):
    for phone in phones:
        found.conclude(landed("failed", "http_status", 403, phone=phone), NOW)


def test_refusals_of_several_customers_pause_the_endpoint():
    found = desk()
    refuse(found, *range_of_phones(SUSPICIOUS - 1))
    assert not found.places[ENDPOINT].pause
    refuse(found, "+380509999999")
    code, arguments = found.places[ENDPOINT].pause
    assert (code, arguments["count"]) == ("several_refused", SUSPICIOUS)
    assert found.troubled and not found.able


def range_of_phones(count):
    return [f"+3805011100{number:02}" for number in range(count)]


@pytest.mark.parametrize("phone", ["+380501110000", None])
def test_one_customer_refused_again_and_again_is_one(phone):
    found = desk()
    refuse(found, *[phone] * 20)
    assert len(found.places[ENDPOINT].refused) == 1
    assert not found.places[ENDPOINT].pause


def test_whose_events_were_refused_is_kept_without_their_phones():
    found = desk()
    refuse(found, "+380501110000")
    again = desk(place(refused=found.places[ENDPOINT].refused))
    refuse(again, "+380501110000")
    assert len(again.places[ENDPOINT].refused) == 1, "also in the next run"
    assert "38050" not in str(again.places[ENDPOINT].refused)


def test_an_accepted_event_ends_the_row_of_refusals():
    found = desk()
    refuse(found, *range_of_phones(SUSPICIOUS - 1))
    found.conclude(landed("done", "accepted", 200), NOW)
    assert found.places[ENDPOINT].refused == []
    assert found.places[ENDPOINT].proven


def test_other_refusals_are_the_contents_own():
    found = desk()
    for phone in range_of_phones(20):
        found.conclude(landed("failed", "http_status", 422, phone=phone), NOW)
    assert not found.places[ENDPOINT].pause


def test_credentials_pause_the_backend_and_a_wrong_address_the_endpoint():
    found = desk()
    found.conclude(landed("credentials", "credentials", 401), NOW)
    assert found.pauses == {BACKEND: ("wrong_credentials", {"status": 401})}
    found.conclude(landed("address", "no_such_address", 404), NOW)
    assert found.places[ENDPOINT].pause[0] == "no_such_address"


# -- what may go -------------------------------------------------------------------


def test_what_holds_later_events_of_a_customer_is_what_may_go():
    found = desk(
        place(target(1)),
        place(target(2), rest_until=NOW + timedelta(seconds=1)),
        place(target(3), rest_until=NOW - timedelta(seconds=1)),
        place(target(4), failures=backoff.CIRCUIT_THRESHOLD),
        place(target(5), pause=("no_such_address", {})),
    )
    assert found.find_open(NOW) == [1, 3]


def test_news_is_what_is_within_the_shelf_life():
    found = desk(place(target(1), shelf_life_days=3), place(target(2)))
    assert [fresh for _t, _q, fresh in found.find_ready(9, NOW, [])] == [
        NOW - timedelta(days=3),
        LONG_AGO,
    ]


def test_a_pace_bounds_what_is_claimed():
    found = desk(place(target(1, pace=Pace(10.0))))
    [(_target, quota, _fresh)] = found.find_ready(500, NOW, [])
    assert quota == 20
    open_tasks = [task(number, target(1)) for number in range(20)]
    assert not found.find_ready(500, NOW, open_tasks)


def test_two_events_in_a_request_are_a_batch():
    found = desk(place(target(1, batch_size=2)))
    for busy, expected in ((0, 4), (1, 2), (2, 0)):
        open_tasks = [task(n, target(1, batch_size=2)) for n in range(busy)]
        ready = found.find_ready(9, NOW, open_tasks)
        assert sum(quota for _target, quota, _fresh in ready) == expected


def test_a_server_that_fails_rests_until_it_wants_to_be_asked():
    found = desk(place())
    found.conclude(landed("retry", "busy", 503, wait=90.0), NOW)
    assert found.places[ENDPOINT].rest_until == NOW + timedelta(seconds=90)
