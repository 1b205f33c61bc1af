"""A threaded server says so by an event, a process of a prefork one by its worker."""

import signal

import pytest

from inboost_connector.lib import stopping


class Worker:
    alive = True

    def handle(self, *_signal):
        """As Odoo's, which handles the signals of its process."""


@pytest.fixture
def worker():
    worker = Worker()
    before = signal.signal(signal.SIGINT, worker.handle)
    yield worker
    signal.signal(signal.SIGINT, before)


def test_a_worker_is_known_by_its_signals(worker):
    assert stopping.get_worker() is worker
    assert not stopping.is_stopping()
    worker.alive = False
    assert stopping.is_stopping()


def test_a_threaded_server_has_no_worker(monkeypatch):
    assert stopping.get_worker() is None
    assert not stopping.is_stopping()
    monkeypatch.setattr(stopping, "stopping", stopping.threading.Event())
    stopping.stopping.set()
    assert stopping.is_stopping()
