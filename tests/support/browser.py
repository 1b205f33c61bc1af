"""Chromium, as fixtures for the tests that need a screen."""

import os
import shutil

import pytest
from playwright.sync_api import sync_playwright

#: Milliseconds that each request takes longer: a line as a shop may have it shows what
#: is not waited for.
SLOW_LINE = int(os.environ.get("SLOW_LINE") or 0)
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
    return open_page(browser, 900)


def open_page(browser, height):
    """A page with cookies of its own, on the line that is asked for."""
    page = browser.new_page(viewport={"width": 1366, "height": height})
    if SLOW_LINE:
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.send(
            "Network.emulateNetworkConditions",
            {
                "offline": False,
                "latency": SLOW_LINE,
                "downloadThroughput": -1,
                "uploadThroughput": -1,
            },
        )
    return page
