"""Lost and doubled events are read from these counts: they have to be exact."""

import asyncio
import itertools
import random
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import requests

from simulator.store import Store
from tests.simulator.conftest import Running

ROOT = Path(__file__).resolve().parents[2]
THREADS = 32


def send_all(simulator, event_ids):
    """Send each id once over 32 kept connections; the statuses, in order."""
    sessions = [requests.Session() for _ in range(THREADS)]
    shares = [event_ids[n::THREADS] for n in range(THREADS)]

    def work(session, share):
        for event_id in share:
            answer = session.post(
                f"{simulator.url}/api/webhok/load/",
                json={"event": "purchase", "eventId": event_id, "total": 1},
                timeout=30,
            )
            assert answer.status_code == 200

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(work, sessions, shares))


def test_counts_are_exact_under_parallel_load(simulator):
    ids = [f"load-{n}" for n in range(2000)]
    repeated = ids[:150] + ids[:50]
    everything = ids + repeated
    random.Random(7).shuffle(everything)
    send_all(simulator, everything)
    counts = simulator.counts()
    assert counts["arrivals"] == 2200
    assert counts["distinct"] == 2000
    assert set(counts["doubled"]) == set(ids[:150])
    assert counts["by_event_id"] == {
        event_id: 1 + (n < 150) + (n < 50) for n, event_id in enumerate(ids)
    }
    assert counts["by_path"] == {"/api/webhok/load/": 2200}


def test_answered_events_survive_a_kill(simulator):
    simulator.control("POST", "clients", [{"userPhoneNumber": "380671234567"}])
    ids = [f"kill-{n}" for n in range(300)]
    send_all(simulator, ids)
    simulator.balance("b", 7.5)
    simulator.send(
        "api/Purchases/AddPurchase",
        {
            "eventId": "p",
            "userPhoneNumber": "380671234567",
            "orderId": "o",
            "date": "2026-01-31T10:15",
            "total": 5,
            "lines": [],
        },
    )
    simulator.fault("*", status=418)
    assert simulator.balance("refused").status_code == 418
    counts = simulator.counts()
    kept = ("clients", "balances", "purchases", "webhooks", "events?limit=5")
    before = [simulator.control("GET", path) for path in kept]
    simulator.stop(kill=True)
    simulator.start()
    assert simulator.counts() == counts
    assert [simulator.control("GET", path) for path in kept] == before
    assert len(before[3]) == 300
    assert before[1][0]["amount"] == 7.5
    # A fault does not outlive the process, so a new start is a good one.
    assert simulator.balance("kill-0").status_code == 200
    assert simulator.counts()["doubled"] == ["kill-0"]


def test_event_id_of_the_header_counts_where_the_body_has_none(simulator):
    for _ in range(2):
        simulator.send("api/webhok/t/", {}, **{"Idempotency-Key": "h1"})
    simulator.send("api/webhok/t/", {"eventId": "b1"}, **{"Idempotency-Key": "h1"})
    simulator.send("api/webhok/t/", {})
    counts = simulator.counts()
    assert counts["by_event_id"] == {"h1": 2, "b1": 1}
    assert counts["without_event_id"] == 1
    repeats = [row["repeat"] for row in simulator.control("GET", "webhooks")]
    assert repeats == [False, True, False, False]


def test_refused_content_is_listed_and_not_counted(simulator):
    assert simulator.balance("e1", amount="much").status_code == 422
    assert simulator.counts()["arrivals"] == 0
    (row,) = simulator.control("GET", "events?event_id=e1")
    assert (row["processed"], row["status"]) == (False, 422)
    assert row["body"]["amount"] == "much"


def test_secret_is_not_kept(simulator):
    simulator.balance("e1")
    stored = b"".join(
        path.read_bytes() for path in simulator.db.parent.glob(simulator.db.name + "*")
    )
    assert b"e1" in stored
    assert simulator.secret.encode() not in stored


def test_repeats_can_be_told_by_inboost(simulator):
    simulator.balance("e1", 1)
    simulator.control("PUT", "settings", {"repeats": "409"})
    assert simulator.balance("e1", 2).status_code == 409
    simulator.control("PUT", "settings", {"repeats": "flag"})
    assert simulator.balance("e1", 3).json()["repeat"] is True
    (balance,) = simulator.control("GET", "balances")
    assert (balance["amount"], balance["updates"]) == (1, 1)
    assert simulator.counts()["by_event_id"] == {"e1": 3}


def test_help():
    told = subprocess.run(
        [sys.executable, "-m", "simulator", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for option in ("--port", "--db", "--secret", "--style", "--customers"):
        assert option in told


def test_whatever_was_answered_before_a_kill_is_counted(tmp_path):
    running = Running(tmp_path / "db")
    answered, enough = [], threading.Event()

    def work(number):
        session = requests.Session()
        for turn in itertools.count():
            event_id = f"{number}-{turn}"
            try:
                session.post(
                    f"{running.url}/api/webhok/t/",
                    json={"eventId": event_id},
                    timeout=9,
                ).raise_for_status()
            except requests.RequestException:
                return
            answered.append(event_id)
            if len(answered) > 200:
                enough.set()

    try:
        with ThreadPoolExecutor(8) as pool:
            tries = [pool.submit(work, number) for number in range(8)]
            assert enough.wait(60)
            running.stop(kill=True)
            for one in tries:
                one.result()
        running.start()
        kept = running.counts()["by_event_id"]
    finally:
        running.stop()
    assert set(answered) <= set(kept)
    # What was in flight may have arrived, once for each connection.
    assert len(kept) <= len(answered) + 8
    assert set(kept.values()) == {1}


def test_file_of_another_version_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "old.sqlite3"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE arrivals (id INTEGER)")
    before = path.read_bytes()
    ended = subprocess.run(
        [sys.executable, "-m", "simulator", "--db", str(path), "--port", "0"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 1
    assert "delete it, or name another file with --db" in ended.stderr
    assert path.read_bytes() == before


def test_writes_that_come_together_share_a_commit(tmp_path):
    store = Store(tmp_path / "db")
    commits = []
    store.db.set_trace_callback(lambda sql: sql == "COMMIT" and commits.append(sql))

    async def come(number):
        store.first_time(f"e{number}")
        await store.committed()
        assert not store.db.in_transaction, "an answer would leave before the commit"

    async def together():
        await asyncio.gather(*(come(number) for number in range(50)))

    asyncio.run(together())
    assert len(commits) == 1
    store.close()
