"""Edges of the rules that mutants showed: each of these fails with one that survived
the other tests (docs/mutations.rst)."""

import base64
from datetime import timedelta
from unittest.mock import patch

import pytest

from inboost_connector.lib import backoff, door, signing
from inboost_connector.lib.backoff import Pace
from inboost_connector.lib.client import Exchange, Request
from inboost_connector.lib.outcome import AnswerRules, read_received

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


# -- outcomes --------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 404, 500])
def test_a_404_is_a_no_only_where_the_endpoint_says_so(status):
    exchange = Exchange(Request("GET", "https://x.example"), status=status, data={})
    said = AnswerRules(not_found="content")
    silent = AnswerRules(not_found="address_until_proven", proven=True)
    assert read_received(exchange, said, "received") is (
        False if status == 404 else None
    )
    assert read_received(exchange, silent, "received") is None


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
