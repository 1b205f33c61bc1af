"""Odoo's limits: of a worker's time, of the threads that run jobs, of a stop."""

import statistics
import time
from datetime import datetime
from itertools import pairwise

import cluster
import pytest

from tests.support.odoo_server import OdooServer, wait_until
from tests.support.outbox import Till

PURCHASES, CUSTOMERS, MANY_CUSTOMERS = 3000, 5000, 20_000
#: Rows of a list that the pull writes in less than the second in which a sale leaves;
#: its turn, which a sale without a thread of its own would wait for, writes far more.
A_MOMENT = 300
#: What Odoo writes when it ends a process, or itself.
KILLS = ("timeout after", "limit reached", "time limit", "Reloading server")
MODES = {"threaded": {}, "prefork": {"workers": 2}}
WEBHOOKS = ("purchase", "bonus_accrual", "bonus_redemption")
#: How far a synchronisation is.
READ = "SELECT COALESCE(read_count, 0) FROM inboost_sync_run WHERE id = {run}"


@pytest.fixture(params=MODES)
def mode(request):
    return MODES[request.param]


@pytest.fixture
def odoo(inboost, request):
    inboost.control("POST", "reset")
    server = OdooServer("e2e_limits")
    server.connect_to(inboost)
    server.till = Till(server)
    yield server
    server.till.close()
    server.stop()
    cluster.drop(server.database)


def moments(inboost):
    """:return: {event id: unix times of its arrivals, refused ones too}"""
    found = {}
    for event in inboost.control("GET", "events?limit=100000"):
        if not event["event_id"]:
            continue
        moment = datetime.fromisoformat(event["at"]).timestamp()
        found.setdefault(event["event_id"], []).append(moment)
    return {event_id: sorted(some) for event_id, some in found.items()}


def say(what, seconds):
    seconds = sorted(seconds)
    late = seconds[min(len(seconds) - 1, int(len(seconds) * 0.99))]
    print(f"{what}: p50 {statistics.median(seconds):.3f} s, p99 {late:.3f} s")


@pytest.mark.parametrize("cron_threads", (1, 2))
def test_a_slow_receiver_and_default_limits_kill_no_worker(odoo, inboost, cron_threads):
    """3,000 purchases, a second for each: by one process for all jobs, and by the two
    of Odoo's default, one of which stays and listens."""
    inboost.fault("*", latency=1.0)
    odoo.start(**MODES["prefork"], cron_threads=cron_threads)
    odoo.settle()
    odoo.till.sell(PURCHASES)
    wait_until(lambda: odoo.states() == {"done": PURCHASES}, 300, "the delivery")
    counts = inboost.counts()
    assert (counts["arrivals"], counts["doubled"]) == (PURCHASES, [])
    times = sorted(moment for [moment] in moments(inboost).values())
    silence = max(after - before for before, after in pairwise(times))
    print(f"{PURCHASES / (times[-1] - times[0]):.0f} a second, silent {silence:.1f} s")
    assert silence < 15
    log = odoo.logged()
    assert [words for words in KILLS if words in log] == []


def test_a_first_synchronisation_kills_no_worker(odoo, inboost):
    inboost.control("POST", "customers", {"count": MANY_CUSTOMERS})
    odoo.start(**MODES["prefork"])
    begin = time.monotonic()
    run = synchronise(odoo)
    follow(odoo, run)
    print(f"{MANY_CUSTOMERS / (time.monotonic() - begin):.0f} customers a second")
    found = "SELECT state, read_count, created_count FROM inboost_sync_run"
    assert odoo.sql(found) == [["done", str(MANY_CUSTOMERS), str(MANY_CUSTOMERS)]]
    assert "held" not in odoo.states()
    log = odoo.logged()
    assert [words for words in KILLS if words in log] == []


def synchronise(odoo):
    backends = odoo.execute("inboost.backend", "search", [])
    run = odoo.execute("inboost.backend", "action_synchronise", backends)["res_id"]
    odoo.wake("ir_cron_pull")
    return run


def ended(odoo, run):
    state = odoo.value(f"SELECT state FROM inboost_sync_run WHERE id = {run}")
    return state not in ("queued", "running")


def follow(odoo, run):
    """To its end, however busy the machine is: it goes on, that is all."""
    read = READ.format(run=run)
    while not ended(odoo, run):
        before = odoo.value(read)
        wait_until(
            lambda: ended(odoo, run) or odoo.value(read) != before,  # noqa: B023
            60,
            "progress of the synchronisation",
        )


def test_a_first_synchronisation_keeps_no_sale_waiting(odoo, inboost):
    """By what the synchronisation does in the meantime, not by a clock of ours."""
    inboost.control("POST", "customers", {"count": CUSTOMERS})
    odoo.start()
    odoo.settle()
    run = synchronise(odoo)
    read = READ.format(run=run)
    wait_until(lambda: int(odoo.value(read)) > 0, 60, "the first page")
    sold, meanwhile = {}, []
    for number in range(10):
        before = int(odoo.value(read))
        [event_id], committed = odoo.till.sell(first=number)
        sold[event_id] = committed
        wait_until(lambda: event_id in inboost.counts()["by_event_id"], 60)  # noqa: B023
        meanwhile.append(int(odoo.value(read)) - before)
    assert not ended(odoo, run), "the synchronisation was over too soon to matter"
    times = moments(inboost)
    say("a sale beside it", [times[one][0] - sold[one] for one in sold])
    print(f"rows that were written meanwhile: {meanwhile}")
    assert statistics.median(meanwhile) <= A_MOMENT


def test_a_stop_leaves_nothing_unknown(odoo, inboost, mode):
    """What was on its way lands; what no thread had begun waits for the next server."""
    count = 500
    odoo.till.sell(count)
    inboost.fault("*", latency=0.5)
    odoo.start(**mode)
    odoo.wake()
    wait_until(lambda: inboost.counts()["arrivals"] > 40, 90, "the flow of events")
    odoo.stop()
    states = odoo.states()
    assert set(states) == {"done", "pending"}, states
    assert states["done"] == inboost.counts()["arrivals"]
    assert odoo.value("SELECT count(*) FROM inboost_event WHERE attempts > 1") == "0"
    inboost.control("DELETE", "faults")
    odoo.start(**mode)
    wait_until(lambda: odoo.states() == {"done": count}, 90, "the rest")
    assert inboost.counts()["doubled"] == []


def test_a_slow_answer_keeps_nobody_waiting(odoo, inboost):
    """One customer's request hangs; another's leaves all the same."""
    odoo.sql("UPDATE inboost_endpoint SET timeout = 20")
    odoo.start()
    inboost.fault("*", silence=10, phone="+380500000001")
    odoo.till.sell(first=1)
    wait_until(lambda: odoo.states() == {"sending": 1}, 60, "the first request")
    [event_id], committed = odoo.till.sell(first=2)
    wait_until(lambda: event_id in inboost.counts()["by_event_id"], 60, "the second")
    assert odoo.value("SELECT count(*) FROM inboost_event WHERE state = 'held'") == "0"
    say("a sale beside it", [moments(inboost)[event_id][0] - committed])


def test_a_hanging_server_keeps_no_sale_after_its_run_waiting(odoo, inboost, mode):
    """The run that sent it is over long before the answer comes."""
    odoo.sql("UPDATE inboost_endpoint SET timeout = 30")
    odoo.start(**mode)
    odoo.settle()
    inboost.fault("*", latency=25, phone="+380500000001")
    odoo.till.sell(first=1)
    wait_until(lambda: odoo.states() == {"sending": 1}, 60, "the first request")
    wait_until(lambda: not is_delivering(odoo), 60, "the end of its run")
    [event_id], committed = odoo.till.sell(first=2)
    wait_until(lambda: odoo.states().get("done"), 60, "the second")
    assert odoo.states() == {"sending": 1, "done": 1}, "the first hangs still"
    wait_until(lambda: odoo.states() == {"done": 2}, 60, "the first answer")
    assert inboost.counts()["doubled"] == []
    say("a sale after it", [moments(inboost)[event_id][0] - committed])


def test_a_stop_waits_for_what_its_run_did_not_wait_for(odoo, inboost, mode):
    odoo.sql("UPDATE inboost_endpoint SET timeout = 30")
    odoo.start(**mode)
    odoo.settle()
    inboost.fault("*", latency=25)
    odoo.till.sell(first=1)
    wait_until(lambda: odoo.states() == {"sending": 1}, 60, "the request")
    wait_until(lambda: not is_delivering(odoo), 60, "the end of its run")
    odoo.stop()
    assert odoo.states() == {"done": 1}


def is_delivering(odoo):
    """By the log: two runs within a second have the same time in the database."""
    lines = odoo.logged().splitlines()
    runs = [line for line in lines if "Job 'InBoost: deliver events'" in line]
    return "starting" in runs[-1]


def test_a_sale_leaves_at_once_and_a_retry_in_time(odoo, inboost):
    odoo.start()
    odoo.settle()
    sold = {}
    for number in range(50):
        [event_id], committed = odoo.till.sell(first=number)
        sold[event_id] = committed
        wait_until(lambda: odoo.states() == {"done": number + 1}, 60)  # noqa: B023
    times = moments(inboost)
    waits = [times[one][0] - sold[one] for one in sold]
    say("from commit to arrival", waits)

    due = {}
    for number in range(7):
        found = ",".join(
            f"'{fail_once(odoo, inboost, operation, 1000 + 3 * number + place)}'"
            for place, operation in enumerate(WEBHOOKS)
        )
        rows = wait_until(
            lambda: three(  # noqa: B023
                odoo.sql(
                    "SELECT event_id, extract(epoch FROM next_try AT TIME ZONE 'UTC')"
                    f" FROM inboost_event WHERE event_id IN ({found})"  # noqa: B023
                    " AND state = 'pending' AND attempts = 1"
                )
            ),
            60,
            "the first tries",
        )
        due |= {event_id: float(moment) for event_id, moment in rows}
        wait_until(lambda: set(odoo.states()) == {"done"}, 60, "the retries")
    times = moments(inboost)
    lateness = [times[one][1] - due[one] for one in due]
    say("lateness of a retry", lateness)
    assert min(lateness) > -0.1
    # Odoo's scheduler looks once a minute by itself.
    assert statistics.median(waits) < 5 and statistics.median(lateness) < 5


def fail_once(odoo, inboost, operation, first):
    """:return: the event id of a fact that is refused at first"""
    word = operation.replace("_", "-")
    inboost.fault(f"webhook/{word}-token", status=503, times=1)
    [event_id], _committed = odoo.till.sell(first=first, operations=[operation])
    return event_id


def three(rows):
    return rows if len(rows) == 3 else None
