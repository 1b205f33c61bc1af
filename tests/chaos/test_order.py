"""The check of order sees what it is there for, also where a clock was set."""

import pytest

from tests.chaos.order import Promise, Try, group, judge

HOUR = 3600.0
PHONE = "+380671234567"


def arrive(*rows, operation="purchase", amounts=()):
    """:return: what arrived, in this order"""
    events = [[str(row), f"id-{row}", operation, PHONE, "done"] for row in rows]
    amounts = amounts or [None] * len(rows)
    ids = [event[1] for event in events]
    return group(zip(ids, amounts, strict=True), events)


def promise(tries, lapsed=()):
    """Events that came one a second."""
    return Promise({row: float(row) for row in range(100)}, tries, frozenset(lapsed))


def fail(number, at, attempt=1):
    return Try(number, attempt, True, at)


def end(number, at):
    return Try(number, 2, False, at)


#: Others of the customer, so that one pair is a small share.
MANY = range(10, 50)
#: A try that failed before the clock was set, and the later event, which left while it
#: was six hours ahead: the earlier one was due by then.
BEFORE_THE_CLOCK = {1: [fail(1, 1.5)], 2: [end(2, 6 * HOUR + 3)]}
#: One that failed again then, so that it was put off, after more than ten minutes.
UNDER_THE_CLOCK = {1: [fail(1, 6 * HOUR + 2)], 2: [end(2, 6 * HOUR + 3)]}


def test_as_it_happened_is_in_order(capsys):
    judge(arrive(1, 2, *MANY), promise({}))
    assert "order of 861 pairs, of which 0 had" in capsys.readouterr().out


def test_one_that_was_due_behind_a_set_clock_is_reported():
    with pytest.raises(AssertionError, match="out of order.*earlier=1, later=2"):
        judge(arrive(2, 1, *MANY), promise(BEFORE_THE_CLOCK))


def test_one_that_came_by_a_clock_that_was_ahead_holds_when_it_is_right_again():
    queued = {1: 6 * HOUR, 2: 2.0}
    tries = {1: [fail(1, 6 * HOUR + 1)], 2: [end(2, 3.0)]}
    with pytest.raises(AssertionError, match="out of order"):
        judge(arrive(2, 1, *MANY), Promise(queued, tries))


def test_after_ten_minutes_by_the_set_clock_nothing_is_promised(capsys):
    judge(arrive(2, 1, *MANY), promise(UNDER_THE_CLOCK))
    assert "of which 1 had ceased" in capsys.readouterr().out


@pytest.mark.parametrize("at, over", [(590.0, False), (598.7, True)])
def test_back_off_has_to_go_beyond_the_ten_minutes(at, over):
    tries = {1: [fail(1, at)], 2: [end(2, at + 1)]}
    if over:
        judge(arrive(2, 1, *MANY), promise(tries))
    else:
        with pytest.raises(AssertionError, match="out of order"):
            judge(arrive(2, 1, *MANY), promise(tries))


def test_what_left_before_that_try_had_to_wait():
    tries = {1: [fail(2, 6 * HOUR + 3)], 2: [end(1, 6 * HOUR + 2)]}
    with pytest.raises(AssertionError, match="out of order"):
        judge(arrive(2, 1, *MANY), promise(tries))


def test_one_whose_lease_the_clock_ended_holds_nobody():
    judge(arrive(2, 1, *MANY), promise({}, lapsed=[1]))
    with pytest.raises(AssertionError, match="out of order"):
        judge(arrive(2, 1, *MANY), promise({}, lapsed=[2]))


def test_too_many_that_were_not_promised_are_a_failure():
    with pytest.raises(AssertionError, match="too many left out"):
        judge(arrive(2, 1), promise(UNDER_THE_CLOCK))


def test_balances_only_grow_whatever_the_clock_was():
    judge(arrive(2, 1, operation="balance_set", amounts=(5, 7)), promise({}))
    with pytest.raises(AssertionError, match="out of order.*earlier=5, later=7"):
        judge(
            arrive(1, 2, operation="balance_set", amounts=(7, 5)),
            promise(UNDER_THE_CLOCK, lapsed=[1, 2, 5]),
        )
