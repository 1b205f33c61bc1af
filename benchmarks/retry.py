"""How late a retry leaves after its time: after a back-off, whose time is on the event,
and after a ``Retry-After``, whose time the receiver named."""

import time

from workspace import Trouble

from . import shop
from .measure import Figure, percentile
from .server import Server, fill

#: Share of the events whose first try is refused: few enough that the circuit, which
#: opens after several failures in a row, stays closed.
REFUSED = 0.2
RETRY_AFTER = 3
#: Seconds that are waited for a retry.
PATIENCE = 150
#: Seconds between two looks at the times of retries.
LOOK = 0.2


def run(bench):
    with Server("bench_retry", bench.receiver, shop.connected()) as server:
        late = []
        for number in range(bench.rounds):
            bench.say(f"round {number + 1} of {bench.rounds}")
            late += after_backoff(server, bench.scale(100, 10))
        yield from figures("backoff", late)
        asked = [after_wish(server) for _time in range(bench.scale(12, 2))]
        yield from figures("after", asked)
        yield from figures("late", late + asked)


def figures(name, late):
    note = f"{len(late)} retries"
    yield Figure(f"retry_{name}_p50_ms", percentile(late, 0.5), "ms", note)
    yield Figure(f"retry_{name}_p99_ms", percentile(late, 0.99), "ms", note)


def after_backoff(server, sales):
    """:return: milliseconds from the time on the event to the retry's arrival, of each
    event that was refused once"""
    server.receiver.plan(fail=REFUSED)
    fill(server.fetch, sales)
    server.wake()
    due = {}
    end = time.monotonic() + PATIENCE
    while not server.is_settled():
        if time.monotonic() > end:
            raise Trouble(f"retries did not come in {PATIENCE} s")
        rows = server.fetch(
            "SELECT event_id, extract(epoch FROM next_try AT TIME ZONE 'UTC')"
            " FROM inboost_event WHERE state = 'pending' AND attempts = 1"
        )
        due.update((event_id, float(moment)) for event_id, moment in rows)
        time.sleep(LOOK)
    retried = {event_id: times[1] for event_id, times in tries(server).items()}
    return [(retried[event_id] - due[event_id]) * 1000 for event_id in due]


def after_wish(server):
    """:return: milliseconds from the end of the wait that the receiver asked for to
    the retry's arrival, of one event"""
    server.receiver.plan(fail=1, retry_after=RETRY_AFTER)
    fill(server.fetch, 1, "(SELECT * FROM bench_pending LIMIT 1)")
    server.wake()
    end = time.monotonic() + PATIENCE
    while server.receiver.counts()["arrivals"] < 2:
        if time.monotonic() > end:
            raise Trouble(f"a retry did not come in {PATIENCE} s")
        time.sleep(0.05)
    [(first, second)] = tries(server).values()
    return (second - first - RETRY_AFTER) * 1000


def tries(server):
    """:return: {event id: [unix times of its arrivals]} of those that came twice"""
    found = {}
    for moment, _path, event_id, _order in server.receiver.arrivals():
        found.setdefault(event_id, []).append(moment)
    return {event_id: times for event_id, times in found.items() if len(times) > 1}
