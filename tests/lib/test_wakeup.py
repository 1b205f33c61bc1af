"""One timer for each name, and the soonest counts."""

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
    for _moment, timer in wakeup._timers.values():
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


def test_a_later_one_changes_nothing_and_a_sooner_one_takes_its_place(name):
    late, later, soon = Bell(), Bell(), Bell()
    wakeup.at(name, "retry", 60.0, late)
    first = wakeup._timers[name, "retry"]
    wakeup.at(name, "retry", 90.0, later)
    assert wakeup._timers[name, "retry"] is first
    wakeup.at(name, "retry", 0.0, soon)
    assert soon.event.wait(10)
    first[1].join(10)
    assert not first[1].is_alive() and not late.rung and not later.rung


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
