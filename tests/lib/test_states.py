"""The moves of an event and what verdicts lead to."""

from itertools import product

import pytest

from inboost_connector.lib import states
from inboost_connector.lib.outcome import Verdict
from inboost_connector.lib.states import IllegalMove, check_move, consequence_of

GUARANTEES = ("at_most_once", "at_least_once")


def test_every_move_is_allowed_or_raises():
    for old, new in product(states.STATES, repeat=2):
        if (old, new) in states.MOVES:
            check_move(old, new)
        else:
            with pytest.raises(IllegalMove, match=f"{old} cannot become {new}"):
                check_move(old, new)


def test_what_was_replaced_or_expired_stays_so():
    for old in ("superseded", "expired"):
        assert not [new for o, new in states.MOVES if o == old]


def test_what_was_delivered_is_only_taken_back_to_be_decided_anew():
    assert [new for old, new in states.MOVES if old == "done"] == ["held"]


def test_what_is_in_flight_is_cancelled_by_nobody():
    outcomes = {new for old, new in states.MOVES if old == "sending"}
    assert outcomes == {"pending", "done", "held", "failed"}


def test_every_state_can_come_to_rest():
    """From anywhere, something settled can be reached."""
    for state in states.STATES:
        reached = {state}
        while True:
            more = {new for old, new in states.MOVES if old in reached} - reached
            if not more:
                break
            reached |= more
        assert reached & set(states.SETTLED), state


def test_every_verdict_leads_from_sending_by_an_allowed_move():
    for verdict, guarantee, left, answered in product(
        Verdict, GUARANTEES, (True, False), (True, False)
    ):
        found = consequence_of(verdict, guarantee, left, answered)
        check_move("sending", found.state)
        assert found.retried == (found.state == "pending")


@pytest.mark.parametrize(
    "verdict, guarantee, tries_left, state, circuit, pauses",
    [
        (Verdict.DONE, "at_most_once", True, "done", "closes", ""),
        (Verdict.DUPLICATE, "at_most_once", True, "done", "closes", ""),
        (Verdict.RETRY, "at_most_once", True, "pending", "counts", ""),
        (Verdict.RETRY, "at_most_once", False, "failed", "counts", ""),
        (Verdict.UNKNOWN, "at_most_once", True, "held", "counts", ""),
        (Verdict.UNKNOWN, "at_most_once", False, "held", "counts", ""),
        (Verdict.UNKNOWN, "at_least_once", True, "pending", "counts", ""),
        (Verdict.UNKNOWN, "at_least_once", False, "failed", "counts", ""),
        (Verdict.FAILED, "at_least_once", True, "failed", "closes", ""),
        (Verdict.CREDENTIALS, "at_least_once", True, "pending", "stays", "backend"),
        (Verdict.CREDENTIALS, "at_least_once", False, "pending", "stays", "backend"),
        (Verdict.ADDRESS, "at_most_once", True, "pending", "stays", "endpoint"),
        (Verdict.ADDRESS, "at_most_once", False, "pending", "stays", "endpoint"),
    ],
)
def test_what_a_verdict_leads_to(
    verdict, guarantee, tries_left, state, circuit, pauses
):
    found = consequence_of(verdict, guarantee, tries_left)
    assert (found.state, found.circuit, found.pauses) == (state, circuit, pauses)
    assert found.duplicate == (verdict is Verdict.DUPLICATE)


def test_our_own_failure_says_nothing_about_the_server():
    found = consequence_of(Verdict.FAILED, "at_most_once", answered=False)
    assert (found.state, found.circuit) == ("failed", "stays")
