"""What end-to-end tests share: a running simulator and a running Odoo, as fixtures."""

import cluster
import pytest
from workspace import MODULES

from tests.simulator.conftest import SECRET, Running
from tests.support.odoo_server import OdooServer


@pytest.fixture(scope="module")
def inboost(tmp_path_factory):
    """The simulator, fresh for a module."""
    running = Running(tmp_path_factory.mktemp("inboost") / "db", "--secret", SECRET)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def template():
    """The database that the server's is a copy of; a module may have another."""
    return cluster.template("test", MODULES)


@pytest.fixture(scope="module")
def odoo(inboost, template, request):
    """A server on a database of its own, connected to the simulator."""
    name = f"e2e_{request.module.__name__.rpartition('.')[2]}"
    server = OdooServer(name, template)
    server.connect_to(inboost)
    server.start()
    yield server
    server.stop()
    cluster.drop(name)
