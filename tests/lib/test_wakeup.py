"""One timer for each name and purpose, and what was planned last counts."""

import threading

import pytest

from inboost_connector.lib import wakeup


class Bell:
    def __init__(self):
        self.rung, self.event = [], threading.Event()

    def __call__(self, name):
        self.rung.append(name)
        self.event.set()


@pytest.fixture
def name(request):
    yield request.node.name
    for timer in wakeup._timers.values():
        timer.cancel()
    wakeup._timers.clear()


def test_it_rings_with_its_name(name):
    bell = Bell()
    wakeup.at(name, "retry", 0.0, bell)
    assert bell.event.wait(10)
    assert bell.rung == [name]


def test_a_moment_that_is_over_is_now(name):
    bell = Bell()
    wakeup.at(name, "retry", -5.0, bell)
    assert bell.event.wait(10)


def test_what_was_planned_last_counts_sooner_or_later(name):
    soon, later, now = Bell(), Bell(), Bell()
    wakeup.at(name, "retry", 0.2, soon)
    wakeup.at(name, "retry", 0.4, later)
    assert later.event.wait(10)
    wakeup.at(name, "retry", 60.0, soon)
    wakeup.at(name, "retry", 0.0, now)
    assert now.event.wait(10)
    assert not soon.rung


def test_one_that_is_planned_while_another_rings_rings_as_well(name):
    planned, bell = threading.Event(), Bell()

    def plan(name):
        wakeup.at(name, "retry", 0.1, bell)
        planned.set()

    wakeup.at(name, "retry", 0.0, plan)
    assert planned.wait(10)
    assert bell.event.wait(10)


def test_it_can_ring_again(name):
    for _ in range(2):
        bell = Bell()
        wakeup.at(name, "retry", 0.0, bell)
        assert bell.event.wait(10)


def test_purposes_do_not_mind_each_other(name):
    late, soon = Bell(), Bell()
    wakeup.at(name, "retry", 0.3, late)
    wakeup.at(name, "another", 0.0, soon)
    assert soon.event.wait(10) and late.event.wait(10)


def test_names_do_not_mind_each_other(name):
    one, other = Bell(), Bell()
    wakeup.at(name, "retry", 60.0, one)
    wakeup.at(f"{name}2", "retry", 0.0, other)
    assert other.event.wait(10)
    assert not one.rung
