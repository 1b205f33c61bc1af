"""A stand-in started as its users start it: a process of its own."""

import base64
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from tests.support.browser import browser  # noqa: F401

ROOT = Path(__file__).resolve().parents[2]
SECRET = "portal-secret"
OTHER_STYLES = ("rest-path", "envelope", "oauth")


class Running:
    """One stand-in, with shorthands for its control API."""

    secret = SECRET

    def __init__(self, db, *options, style="inboost"):
        self.db, self.style = db, style
        self.options = [*options, "--style", style]
        self.start()

    def start(self):
        command = [sys.executable, "-m", "simulator", "--port", "0"]
        self.process = subprocess.Popen(
            [*command, "--db", str(self.db), *self.options],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        line = self.process.stdout.readline()
        assert "listens on" in line, "the stand-in did not start"
        self.url = line.split()[-1].rstrip("/")
        self._wait_until_it_answers()

    def _wait_until_it_answers(self):
        # The socket is bound before the line is printed: this waits, not polls.
        requests.get(f"{self.url}/_sim/health", timeout=20).raise_for_status()

    def stop(self, kill=False):
        self.process.kill() if kill else self.process.terminate()
        self.process.wait(timeout=10)
        self.process.stdout.close()

    def control(self, method, path, body=None, expect=200):
        answer = requests.request(
            method, f"{self.url}/_sim/{path}", json=body, timeout=20
        )
        assert answer.status_code == expect, answer.text
        return answer.json()

    def fault(self, endpoint, **fault):
        self.control("PUT", f"faults/{endpoint}", fault)

    def counts(self):
        return self.control("GET", "counts?all=1")

    def headers(self):
        """What authorises a request in this style."""
        if self.style == "rest-path":
            return {"X-Api-Key": SECRET}
        if self.style == "envelope":
            pair = base64.b64encode(f"shop:{SECRET}".encode()).decode()
            return {"Authorization": f"Basic {pair}"}
        token = self.token() if self.style == "oauth" else SECRET
        return {"Authorization": f"Bearer {token}"}

    def token(self):
        if not hasattr(self, "_token"):
            form = {"grant_type": "client_credentials", "client_id": "shop"}
            answer = requests.post(
                f"{self.url}/oauth/token",
                data={**form, "client_secret": SECRET},
                timeout=10,
            )
            self._token = answer.json()["access_token"]
        return self._token

    def send(self, path, body=None, method=None, timeout=10, **headers):
        return requests.request(
            method or ("GET" if body is None else "POST"),
            f"{self.url}/{path}",
            json=body,
            headers={"Authorization": f"Bearer {SECRET}", **headers},
            timeout=timeout,
            allow_redirects=False,
        )

    def balance(self, event_id, amount=1, **more):
        body = {"eventId": event_id, "userPhoneNumber": "380671234567"}
        return self.send("api/Bonuses/SetBalance", {**body, "amount": amount}, **more)


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    one = Running(tmp_path_factory.mktemp("sim") / "sim.sqlite3", "--secret", SECRET)
    yield one
    one.stop()


@pytest.fixture
def simulator(running):
    """An empty stand-in; the process is shared within a module."""
    running.control("POST", "reset")
    return running


@pytest.fixture(scope="module")
def speaking(tmp_path_factory):
    """Give the running stand-in of a style, without a limit of pace."""
    started = {}

    def start(style):
        if style not in started:
            db = tmp_path_factory.mktemp(style) / "sim.sqlite3"
            options = ("--secret", SECRET, "--token-seconds", "3600")
            started[style] = Running(db, *options, style=style)
            started[style].control("PUT", "settings", {"pace": None})
        return started[style]

    yield start
    for one in started.values():
        one.stop()
