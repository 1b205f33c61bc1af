"""A copy of the database, made by PostgreSQL behind Odoo's back."""

import time

import cluster
import pytest

from tests.support.odoo_server import OdooServer, wait_until
from tests.support.outbox import fill


@pytest.fixture
def copy(inboost):
    original = OdooServer("e2e_copy_original")
    original.connect_to(inboost)
    fill(original, 10, customers=10)
    server = OdooServer("e2e_copy", template=original.database)
    server.start()
    yield server
    server.stop()
    cluster.drop(server.database)
    cluster.drop(original.database)


def test_copy_is_silent_until_an_administrator_says_so(copy, inboost):
    copy.wake()
    wait_until(
        lambda: copy.value("SELECT state FROM inboost_backend") == "paused",
        what="the pause",
    )
    copy.wake()
    time.sleep(1)
    assert inboost.counts()["arrivals"] == 0
    assert copy.value("SELECT pause_code FROM inboost_backend") == "copy"
    assert copy.states() == {"pending": 10}
    [backend] = copy.execute("inboost.backend", "search", [])
    copy.execute("inboost.backend", "action_connect", [backend])
    # The original may have delivered them since: a person decides about that, too.
    assert copy.states() == {"held": 10}
    copy.execute("inboost.backend", "action_send_doubtful", [backend])
    wait_until(lambda: copy.states() == {"done": 10}, what="the delivery")
    counts = inboost.counts()
    assert counts["distinct"] == 10
    assert counts["doubled"] == []
