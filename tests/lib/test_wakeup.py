"""Whatever was planned is done, once for moments that are next to each other."""

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
    with wakeup._lock:
        for timer in wakeup._timers.values():
            timer.cancel()
        wakeup._timers.clear()


def test_it_rings_with_its_name(name):
    bell = Bell()
    wakeup.at(name, 0.0, bell)
    assert bell.event.wait(10)
    assert bell.rung == [name]


def test_a_moment_that_is_over_is_now(name):
    bell = Bell()
    wakeup.at(name, -5.0, bell)
    assert bell.event.wait(10)


def test_a_later_moment_is_kept_when_a_sooner_one_was_planned(name):
    soon, later = Bell(), Bell()
    wakeup.at(name, 0.2, soon)
    wakeup.at(name, 0.4, later)
    assert later.event.wait(10)
    assert soon.rung


def test_a_sooner_moment_is_kept_when_a_later_one_is_planned(name):
    """By a run beside it that has not seen what the other saw."""
    soon, later = Bell(), Bell()
    wakeup.at(name, 0.2, soon)
    wakeup.at(name, 60.0, later)
    assert soon.event.wait(10)
    assert not later.rung


def test_one_that_is_planned_while_another_rings_rings_as_well(name):
    planned, bell = threading.Event(), Bell()

    def plan(name):
        wakeup.at(name, 0.1, bell)
        planned.set()

    wakeup.at(name, 0.0, plan)
    assert planned.wait(10)
    assert bell.event.wait(10)


def test_a_thousand_plans_for_one_moment_are_few_timers(name, monkeypatch):
    monkeypatch.setattr(wakeup, "GRAIN", 1.0)
    for _ in range(1000):
        wakeup.at(name, 60.0, Bell())
    assert len(wakeup._timers) <= 3


def test_it_can_ring_again(name):
    for _ in range(2):
        bell = Bell()
        wakeup.at(name, 0.0, bell)
        assert bell.event.wait(10)


def test_names_do_not_mind_each_other(name):
    one, other = Bell(), Bell()
    wakeup.at(name, 60.0, one)
    wakeup.at(f"{name}2", 0.0, other)
    assert other.event.wait(10)
    assert not one.rung
