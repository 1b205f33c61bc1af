"""Edges of the rules that mutants showed: each of these fails with one that survived
the other tests (docs/mutations.rst)."""

import base64
import json
import time
from datetime import timedelta
from unittest.mock import patch

import pytest
from standardwebhooks.webhooks import Webhook

from inboost_connector.lib import backoff, door, signing, states
from inboost_connector.lib.backoff import Pace
from inboost_connector.lib.outcome import Verdict

from .engine import BACKEND, ENDPOINT, NOW, desk, landed, place, target, task

SICK = backoff.CIRCUIT_THRESHOLD
TOKEN = "x" * door.MIN_TOKEN


# -- the desk --------------------------------------------------------------------------


def test_a_rest_that_ends_now_is_over():
    one = place(rest_until=NOW)
    assert one.is_open(NOW)
    assert desk(one).find_ready(1, NOW, [])


def test_one_endpoint_that_cannot_send_keeps_no_other_from_it():
    """Whatever the reason is, and wherever it stands in the list."""
    off = [
        place(target(1), pause=("no_such_address", {})),
        place(target(2), rest_until=NOW + timedelta(seconds=1)),
        place(target(3), failures=SICK),
    ]
    busy = [task(1, target(3))]
    for one in off:
        found = desk(one, place(target(9)))
        ready = found.find_ready(5, NOW, busy)
        assert [t.endpoint_id for t, _quota, _fresh in ready] == [9]


def test_a_slow_pace_still_claims_one():
    found = desk(place(target(1, pace=Pace(0.1))))
    [(_target, quota, _fresh)] = found.find_ready(50, NOW, [])
    assert quota == 1
    assert not found.find_ready(50, NOW, [task(1, target(1))])


def test_a_probe_among_others_rests_its_endpoint_until_it_must_have_landed():
    found = desk(place(target(1)), place(target(2, timeout=20.0), failures=SICK))
    tasks = [task(1, target(1)), task(2, target(2))]
    found.note_claimed(tasks, NOW, 15)
    assert found.places[1].rest_until is None
    assert found.places[2].rest_until == NOW + timedelta(seconds=35)
    assert [one.is_probe for one in tasks] == [False, True]


def test_a_refusal_is_something_to_write_down():
    found = desk(place(proven=True))
    found.conclude(landed("failed", "http_status", 403, phone="+380501110000"), NOW)
    one = found.places[ENDPOINT]
    assert one.changed
    # Sixteen digits: enough to tell customers apart, too few to keep one.
    assert [len(whose) for whose in one.refused] == [16]


def test_a_later_rest_takes_the_place_of_an_earlier_one_and_not_the_reverse():
    one = place(rest_until=NOW + timedelta(seconds=10))
    one.rest(NOW, 5)
    assert one.rest_until == NOW + timedelta(seconds=10)
    one.rest(NOW, 20)
    assert one.rest_until == NOW + timedelta(seconds=20)


def test_failures_are_counted_one_by_one_and_a_backend_keeps_its_own():
    found = desk(place(failures=2))
    found.conclude(landed("retry", "busy", 503), NOW)
    assert found.places[ENDPOINT].failures == 3
    assert found.pauses == {}
    assert found.companies == {BACKEND: 1}


def test_what_is_written_of_an_event_says_what_happened():
    found = desk(place(failures=1))
    done = found.conclude(landed("done", "accepted", 200, text="thanks"), NOW)
    assert (done["state"], done["code"], done["args"]) == ("done", None, None)
    assert (done["duplicate"], done["done_at"], done["next_try"]) == (False, NOW, None)
    repeat = found.conclude(landed("duplicate", "repeat", 200), NOW)
    assert (repeat["state"], repeat["code"], repeat["args"]) == ("done", "repeat", None)
    assert repeat["duplicate"] is True
    refused = landed("failed", "http_status", 422, text="no such customer")
    row = found.conclude(refused, NOW)
    assert (row["state"], row["code"], row["done_at"]) == (
        "failed",
        "http_status",
        None,
    )
    assert json.loads(row["args"]) == {"status": 422, "text": "no such customer"}


def test_a_try_that_is_the_last_says_so_and_a_refusal_does_not():
    old = {"queued_at": NOW - timedelta(days=9)}
    found = desk(place(), retry_days=3)
    refused = found.conclude(landed("failed", "http_status", 422, **old), NOW)
    assert refused["code"] == "http_status"
    given_up = found.conclude(landed("retry", "busy", 503, **old), NOW)
    assert given_up["code"] == "last_try"
    assert json.loads(given_up["args"]) == {
        "days": 3,
        "last": ["busy", {"status": 503}],
    }


def test_what_is_too_large_is_remembered_and_nothing_else():
    found = desk()
    for number, status in ((1, 413), (2, 414), (3, 422)):
        found.conclude(landed("failed", "http_status", status, number=number), NOW)
    assert found.too_large == [1]


@pytest.mark.parametrize(
    "verdict, code, status, troubled",
    [
        ("done", "accepted", 200, False),
        ("retry", "busy", 503, False),
        ("failed", "http_status", 422, True),
        ("unknown", "http_status", 500, True),
        ("credentials", "credentials", 401, True),
        ("address", "no_such_address", 404, True),
    ],
)
def test_somebody_may_have_to_hear_of_what_does_not_mend_itself(
    verdict, code, status, troubled
):
    found = desk()
    found.conclude(landed(verdict, code, status, text="why"), NOW)
    assert found.troubled is troubled
    pause = found.places[ENDPOINT].pause
    expected = (code, {"status": 404, "text": "why"}) if verdict == "address" else None
    assert pause == expected
    assert found.places[ENDPOINT].changed or verdict not in ("address", "done")


@pytest.mark.parametrize("status, counts", [(401, 1), (402, 0), (403, 1), (422, 0)])
def test_only_refusals_of_who_asks_are_counted(status, counts):
    found = desk()
    found.conclude(landed("failed", "http_status", status), NOW)
    assert len(found.places[ENDPOINT].refused) == counts


def test_a_first_retry_comes_as_soon_as_the_back_off_says():
    """Where the server asks for nothing, nothing is added."""
    found = desk()
    with patch.object(backoff, "delay", return_value=0.25):
        row = found.conclude(landed("retry", "busy", 503), NOW)
    assert row["next_try"] == NOW + timedelta(seconds=0.25)


def test_what_was_not_begun_costs_no_try_and_is_due_at_once():
    found = desk()
    row = found.conclude(landed("retry", "not_begun", attempts=3), NOW)
    assert (row["state"], row["next_try"], row["attempts"]) == ("pending", NOW, 2)
    assert (row["code"], row["sent"], row["duplicate"]) == (None, None, False)
    assert not found.places[ENDPOINT].changed


# -- the pace --------------------------------------------------------------------------


def test_a_place_that_is_free_now_is_taken_now():
    pace = Pace(10)
    pace.reserve(100.0)
    assert pace.reserve(100.1) == pytest.approx(100.1)
    assert pace.reserve(100.1) == pytest.approx(100.2)


def test_each_refusal_halves_the_speed():
    pace = Pace(1)
    pace.slow_down(100.0)
    first, second = pace.reserve(110.0), None
    second = pace.reserve(first)
    # Two seconds between two, less what has faded since.
    assert 1.5 < second - first < 2.0


def test_refusals_within_a_second_count_once_and_later_ones_again():
    alone, thrice = Pace(1), Pace(1)
    alone.slow_down(100.0)
    for moment in (100.0, 100.5, 100.9):
        thrice.slow_down(moment)
    assert alone._current(101.0) == thrice._current(101.0)
    thrice.slow_down(101.0)
    assert thrice._current(101.0) > alone._current(101.0)


def test_a_slowdown_is_bounded_with_the_pace_of_its_own():
    pace = Pace(1)
    for number in range(20):
        pace.slow_down(100.0 + 2 * number)
    assert pace._current(138.0) == pytest.approx(backoff.SLOWEST_INTERVAL)


def test_a_slowdown_fades_to_nothing():
    pace = Pace()
    pace.slow_down(100.0)
    assert pace._current(100.0) == backoff.SLOW_INTERVAL
    # The clock of another thread may have been read before.
    assert pace._current(99.0) == backoff.SLOW_INTERVAL
    half = pace._current(100.0 + backoff.RECOVERY)
    assert half == pytest.approx(backoff.SLOW_INTERVAL / 2)
    assert pace._current(400.0) == 0.0


# -- the way in ------------------------------------------------------------------------


def test_a_token_of_the_least_length_is_one():
    door.check_token(TOKEN)
    door.check_token("!~" + TOKEN)
    for odd in ("\x7f", " ", "\n"):
        with pytest.raises(ValueError, match="without blanks"):
            door.check_token(TOKEN + odd)


def test_two_secrets_are_compared_however_many_are_set():
    own = ("whsec_" + "A" * 43 + "=", "whsec_" + "B" * 43 + "=")
    for count in (0, 1, 2):
        with patch.object(signing, "is_signed", return_value=False) as compare:
            door.lets_in(door.Door(secrets=own[:count]), {}, b"")
        assert compare.call_count == 2
        given = [call.args[0] for call in compare.call_args_list]
        assert given[:count] == list(own[:count])


def test_an_announcement_may_be_nested_as_deep_as_the_bound_and_no_deeper():
    deepest = b"[" * door.MAX_DEPTH + b"]" * door.MAX_DEPTH
    assert door.read(deepest)
    with pytest.raises(ValueError, match=f"deeper than {door.MAX_DEPTH}"):
        door.read(b"[" + deepest + b"]")
    for odd, words in ((b"7", "neither an object"), (b"[NaN]", "NaN is no JSON")):
        with pytest.raises(ValueError, match=words):
            door.read(odd)


def test_a_secret_with_other_letters_is_none():
    """Python's own decoder leaves them out, and what is left may be long enough."""
    with pytest.raises(ValueError, match="whsec_"):
        signing.check_secret("whsec_" + "A" * 40 + "!!" + "A" * 40)


@pytest.mark.parametrize("count, good", [(23, False), (24, True), (128, True)])
def test_a_secret_has_at_least_so_many_bytes(count, good):
    secret = "whsec_" + base64.b64encode(bytes(count)).decode()
    if good:
        signing.check_secret(secret)
    else:
        with pytest.raises(ValueError, match="24 bytes"):
            signing.check_secret(secret)


def test_what_is_signed_need_not_be_json():
    """Nothing is parsed before it is known whose it is."""
    body = b"{ not json"
    secret = "whsec_" + "A" * 43 + "="
    assert signing.is_signed(secret, signing.sign([secret], body), body)


def test_a_signature_does_not_depend_on_where_the_server_stands(monkeypatch):
    secret = "whsec_" + "A" * 43 + "="
    try:
        for zone in ("Asia/Tokyo", "America/Lima", "UTC"):
            monkeypatch.setenv("TZ", zone)
            time.tzset()
            headers = signing.sign([secret], b"{}")
            assert abs(int(headers["webhook-timestamp"]) - time.time()) < 60
            Webhook(secret).verify(b"{}", headers)
    finally:
        monkeypatch.undo()
        time.tzset()


# -- back-off, circuit, states ---------------------------------------------------------


class Rng:
    def __init__(self, value):
        self.value = value

    def uniform(self, low, high):
        assert (low, high) == (0.8, 1.2)
        return self.value


def test_a_delay_doubles_from_two_seconds_and_is_spread():
    assert [backoff.delay(n, Rng(1.0)) for n in (0, 1, 2, 3, 11)] == [2, 2, 4, 8, 2048]
    assert backoff.delay(12, Rng(1.0)) == backoff.delay(99, Rng(1.0)) == 3600
    assert backoff.delay(1, Rng(1.2)) == pytest.approx(2.4)


def test_a_circuit_rests_five_seconds_and_doubles():
    pauses = [backoff.circuit_pause(SICK + n) for n in (-1, 0, 1, 2, 5, 6, 60)]
    assert pauses == [0, 5, 10, 20, 160, 300, 300]


def test_there_are_tries_left_unless_somebody_says_otherwise():
    assert states.consequence_of(Verdict.RETRY, "at_most_once").retried
    left = states.consequence_of(Verdict.RETRY, "at_most_once", tries_left=False)
    assert left is states.GIVEN_UP


@pytest.mark.parametrize("failures, rest", [(0, None), (3, None), (0, NOW), (7, NOW)])
def test_a_success_changes_what_has_to_change(failures, rest):
    one = place(failures=failures, rest_until=rest, proven=True)
    one.succeed(accepted=True)
    assert (one.failures, one.rest_until) == (0, None)
    assert one.changed is bool(failures or rest)


@pytest.mark.parametrize(
    "accepted, proven, refused, changed",
    [
        (True, False, [], True),
        (True, True, ["x"], True),
        (True, True, [], False),
        (False, False, ["x"], False),
    ],
)
def test_an_address_is_proven_by_what_it_accepts(accepted, proven, refused, changed):
    one = place(proven=proven, refused=refused)
    one.succeed(accepted)
    assert one.changed is changed
    assert one.proven is (proven or accepted)
    assert one.refused == ([] if accepted else refused)


def test_a_failure_is_written_down():
    one = place()
    one.fail(NOW, None)
    assert (one.failures, one.changed) == (1, True)
    assert one.rest_until == NOW
    # Also where it is to rest for longer already.
    later = NOW + timedelta(minutes=9)
    one = place(rest_until=later)
    one.fail(NOW, None)
    assert (one.failures, one.changed, one.rest_until) == (1, True, later)


def test_a_row_has_what_the_statement_writes():
    about = {"number": 7, "state": {"amount": 3}, "attempts": 4}
    row = desk().conclude(landed("done", "accepted", 200, **about), NOW)
    assert row == {
        "id": 7,
        "state": "done",
        "code": None,
        "args": None,
        "duplicate": False,
        "next_try": None,
        "done_at": NOW,
        "sent": '{"amount": 3}',
        "attempts": 4,
    }
    assert desk().conclude(landed("done", "accepted", 200), NOW)["sent"] is None


def test_after_a_refusal_the_next_one_waits():
    pace = Pace()
    pace.slow_down(100.0)
    assert pace.reserve(100.0) == pytest.approx(100.0 + backoff.SLOW_INTERVAL)


def test_a_paused_endpoint_repeats_the_words_of_who_refused():
    found = desk()
    for number in range(9):
        phone = f"+38050111000{number}"
        refused = landed("failed", "http_status", 403, text="not you", phone=phone)
        found.conclude(refused, NOW)
    _code, arguments = found.places[ENDPOINT].pause
    assert arguments["text"] == "not you"


def test_a_move_that_is_refused_says_what_may_be():
    with pytest.raises(states.IllegalMove, match="expired cannot become.*nothing$"):
        states.check_move("expired", "pending")
    with pytest.raises(states.IllegalMove, match="become pending, parked$"):
        states.check_move("cancelled", "done")
