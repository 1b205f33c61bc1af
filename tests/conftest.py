"""What end-to-end tests share: a running simulator, a running Odoo, a browser."""

import shutil

import cluster
import pytest
from playwright.sync_api import sync_playwright
from workspace import MODULES

from tests.simulator.conftest import SECRET, Running
from tests.support.odoo_server import OdooServer

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


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


@pytest.fixture(scope="module")
def browser():
    """Chromium; a machine without it fails, it does not skip."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    assert path, "Chromium is missing; run: make provision"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def page(browser):
    return browser.new_page(viewport={"width": 1366, "height": 900})
