"""What all kinds of trouble share: a server, and the clock that it goes by."""

from urllib.parse import urlsplit

import cluster
import pytest

from tests.chaos.accidents import restart_postgres
from tests.chaos.clock import Clock
from tests.chaos.register import LISTED, open_register
from tests.support.fixtures import inboost as stand_in  # noqa: F401
from tests.support.odoo_server import OdooServer

#: Odoo's own defaults: two threads, or processes, run jobs.
MODES = {"threaded": {}, "prefork": {"workers": 2}}


@pytest.fixture(scope="module")
def inboost(stand_in):  # noqa: F811
    """When it is started again, it is at the same address."""
    stand_in.options += ["--port", str(urlsplit(stand_in.url).port)]
    return stand_in


@pytest.fixture(params=MODES)
def mode(request):
    return MODES[request.param]


@pytest.fixture
def clock(monkeypatch):
    """What is started meanwhile goes by it, PostgreSQL too."""
    clock = Clock()
    with monkeypatch.context() as patch:
        for name, value in clock.environment.items():
            patch.setenv(name, value)
        restart_postgres("fast", clock.environment)
        yield clock
    restart_postgres("fast", {})


@pytest.fixture
def odoo(inboost, clock, mode):
    inboost.control("POST", "reset")
    inboost.control("POST", "customers", {"count": LISTED})
    server = OdooServer("chaos")
    server.connect_to(inboost)
    server.register = open_register(server)
    server.start(**mode)
    yield server
    server.stop()
    cluster.drop(server.database)
