"""Back-off, the circuit, the last try and the pace."""

import threading
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inboost_connector.lib import backoff
from inboost_connector.lib.backoff import Pace

NOW = datetime(2026, 1, 10)


@given(st.integers(-5, 10**9))
def test_a_delay_is_bounded(attempt):
    seconds = backoff.delay(attempt)
    assert seconds >= backoff.BASE * (1 - backoff.JITTER)
    assert seconds <= backoff.CAP * (1 + backoff.JITTER)


def test_delays_grow_and_differ():
    assert backoff.delay(1) < backoff.delay(3)
    assert len({backoff.delay(5) for _n in range(20)}) > 1


@given(st.integers(0, 10**9))
def test_a_circuit_opens_at_the_threshold_and_its_rest_is_bounded(failures):
    pause = backoff.circuit_pause(failures)
    assert (pause > 0) == (failures >= backoff.CIRCUIT_THRESHOLD)
    assert pause <= backoff.CIRCUIT_CAP


@pytest.mark.parametrize(
    "waited, last",
    [
        (timedelta(0), False),
        (timedelta(days=3) - timedelta(seconds=1), False),
        (timedelta(days=3), True),
        (timedelta(days=30), True),
    ],
)
def test_the_last_try_is_after_so_many_days(waited, last):
    assert backoff.is_last_try(NOW - waited, NOW, 3) is last


def test_a_pace_spreads_requests_evenly():
    pace = Pace(10)
    moments = [pace.reserve(100.0) for _n in range(3)]
    assert moments == pytest.approx([100, 100.1, 100.2])
    assert pace.reserve(200.0) == 200, "what was not used does not add up"
    assert pace.reserve(200.0) == pytest.approx(200.1)


def test_without_a_limit_nothing_waits():
    pace = Pace()
    assert {pace.reserve(5.0) for _n in range(100)} == {5.0}


@given(st.floats(0, 1000), st.lists(st.floats(0, 10), max_size=20))
def test_no_place_is_in_the_past_and_none_overtakes(per_second, steps):
    pace, now, before = Pace(per_second), 0.0, 0.0
    for step in steps:
        now += step
        moment = pace.reserve(now)
        assert moment >= max(now, before)
        before = moment


@pytest.mark.parametrize("per_second", [0, 0.01, 2, 100])
def test_a_refusal_slows_and_the_pace_recovers(per_second):
    def gap(pace, now):
        first = pace.reserve(now)
        return pace.reserve(now) - first

    pace = Pace(per_second)
    usual = gap(pace, 0.0)
    pace.slow_down(1000.0)
    slowed = gap(pace, 1000.0)
    assert slowed >= usual
    assert slowed > usual or usual >= backoff.SLOWEST_INTERVAL
    assert gap(pace, 2000.0) == pytest.approx(usual), "recovered"


def test_refusals_of_requests_in_flight_together_count_once():
    one, many = Pace(50), Pace(50)
    one.slow_down(100.0)
    for n in range(32):
        many.slow_down(100.0 + n / 100)
    assert many.reserve(101.0) == one.reserve(101.0)


def test_one_refusal_after_another_slows_more_and_more_but_not_for_ever():
    pace, gaps = Pace(50), []
    for n in range(20):
        pace.slow_down(100.0 + 2 * n)
        first = pace.reserve(100.0 + 2 * n)
        gaps.append(pace.reserve(first) - first)
    assert gaps[0] < gaps[3] < gaps[5]
    assert max(gaps) <= backoff.SLOWEST_INTERVAL


def test_a_wait_that_the_server_asked_for_is_kept():
    pace = Pace(10)
    pace.slow_down(100.0, 3.0)
    assert pace.reserve(100.0) >= 103.0


def test_threads_take_different_places():
    pace, taken = Pace(1000), []

    def take():
        for _n in range(200):
            taken.append(pace.reserve(0.0))

    threads = [threading.Thread(target=take) for _n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(taken)) == 1600
