"""What the client's tests over whole requests do not reach."""

import contextlib
import math
import os
import socket
import time

import pytest

from inboost_connector.lib import connect
from inboost_connector.lib.connect import Watchdog


def test_families_take_turns_from_the_preferred_one():
    targets = [(10, 0, 0, "", n) for n in "abc"] + [(2, 0, 0, "", n) for n in "xy"]
    mixed = connect._interleave(targets)
    assert [target[4] for target in mixed] == list("axbyc")


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.settimeout(10)
        yield ours, theirs


def test_a_nearer_deadline_is_noticed_while_a_farther_one_is_awaited(pair):
    ours, theirs = pair
    watchdog = Watchdog()
    with contextlib.ExitStack() as stack:
        for seconds in (3600, 1800):
            other = stack.enter_context(socket.socket())
            stack.enter_context(watchdog.guard(other, time.monotonic() + seconds))
        while watchdog._next == math.inf:
            time.sleep(0.01)
        watch = stack.enter_context(watchdog.guard(ours, time.monotonic() + 0.1))
        assert theirs.recv(1) == b"", "cut"
        assert watch.expired


def test_a_connection_is_cut_whoever_has_closed_their_descriptor(pair):
    """As after an answer with "Connection: close", while its body is still read."""
    ours, theirs = pair
    reader = ours.makefile("rb")
    with Watchdog().guard(ours, time.monotonic() + 0.1):
        ours.close()
        assert reader.read() == b""
    reader.close()


def test_what_ended_in_time_is_not_cut(pair):
    ours, theirs = pair
    watchdog = Watchdog()
    with watchdog.guard(ours, time.monotonic() + 0.2) as done:
        """It is over at once."""
    with (
        socket.socket() as other,
        watchdog.guard(other, time.monotonic() + 0.3) as later,
    ):
        while not later.expired:
            time.sleep(0.01)
    assert not done.expired
    theirs.sendall(b"x")
    assert ours.recv(1) == b"x"


def test_no_descriptor_stays_behind(pair):
    ours, _theirs = pair
    before = len(os.listdir("/proc/self/fd"))
    watchdog = Watchdog()
    for _n in range(20):
        with watchdog.guard(ours, time.monotonic() + 60):
            pass
    assert len(os.listdir("/proc/self/fd")) == before
