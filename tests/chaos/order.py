"""Whether what is about one customer arrived in the order in which it happened.

The promise has two ends (see *Order* in docs/architecture.rst). An event in back-off
holds later ones for ten minutes at most, by the clock that the server has; one whose
lease is over counts as killed and holds nobody. A clock that is set brings either about
within seconds. All else that arrives out of order is a failure."""

import itertools
from collections import defaultdict
from typing import NamedTuple

from tests.chaos.curve import arrivals_of

#: Seconds that an event waits for an earlier one of the same customer.
PATIENCE = 600.0
#: Pairs of events of which it may be that nothing was promised: of a hundred, two.
MAX_SHARE = 0.02
BALANCE = "balance_set"
TRIES = (
    "SELECT event_id, id, attempt, verdict, EXTRACT(EPOCH FROM create_date)"
    " FROM inboost_request_log WHERE event_id IS NOT NULL"
)
QUEUED = "SELECT id, EXTRACT(EPOCH FROM queued_at) FROM inboost_event"


class Overtaking(NamedTuple):
    """:ivar earlier: the row of the event that arrived too late, or its balance"""

    operation: str
    phone: str
    earlier: float
    later: float


class Try(NamedTuple):
    """:ivar number: they have the order in which they were written
    :ivar failed: whether it is tried again
    :ivar at: unix time of its end, by the clock that the server had"""

    number: int
    attempt: int
    failed: bool
    at: float


class Promise(NamedTuple):
    """:ivar queued: {row: unix time since when it waits, by the server's clock}
    :ivar tries: {row: its tries}
    :ivar lapsed: rows whose leases a set clock ended"""

    queued: dict[int, float]
    tries: dict[int, list[Try]]
    lapsed: frozenset[int] = frozenset()

    def is_over(self, one):
        """Whether the later one did not have to wait when it left. That needs a try of
        the earlier one that failed before, so late by the clock of then that its
        back-off went beyond the ten minutes: without one it was due, and held."""
        if one.operation == BALANCE:
            # It says what there is, whenever it leaves.
            return False
        if one.earlier in self.lapsed:
            return True
        end = self.queued[one.earlier] + PATIENCE
        # One that was killed has no line in the log.
        left = max(
            (try_.number for try_ in self.tries.get(one.later, ())),
            default=float("inf"),
        )
        return any(
            try_.failed and try_.number < left and try_.at + longest_wait(try_) > end
            for try_ in self.tries.get(one.earlier, ())
        )


def longest_wait(failed):
    """:return: seconds until the next try at most: 2, 4, 8, … and a fifth"""
    return 1.2 * 2.0**failed.attempt


def group(arrivals, events):
    """Of each operation and customer, rows come as they happened. A balance says what
    there is when it leaves, and one of the day's business goes before one that a
    program's change asks for: not the rows but what they say must be in order. Points
    only grow here.

    :param arrivals: (event id, amount) of what was processed, as it came
    :param events: texts of (row, event id, operation, phone, …)
    :return: {(operation, phone): rows or balances as they arrived}
    """
    rows = {event[1]: (int(event[0]), event[2], event[3]) for event in events}
    groups = defaultdict(list)
    for event_id, amount in arrivals:
        row, operation, phone = rows[event_id]
        place = amount if operation == BALANCE else row
        groups[operation, phone].append(place)
    return groups


def find_overtakings(groups):
    """:param groups: see :func:`group`"""
    return [
        Overtaking(*key, earlier, later)
        for key, places in groups.items()
        if places != sorted(places)
        for later, earlier in itertools.combinations(places, 2)
        if later > earlier
    ]


def judge(groups, promise):
    """Fail if anything is out of order that was promised."""
    found = find_overtakings(groups)
    over = [one for one in found if promise.is_over(one)]
    count = sum(len(places) * (len(places) - 1) // 2 for places in groups.values())
    print(f"order of {count} pairs, of which {len(over)} had ceased to be promised")
    broken = [one for one in found if one not in over]
    assert not broken, f"out of order: {broken}"
    assert len(over) <= MAX_SHARE * count, f"too many left out: {over}"


def check_order(odoo, inboost, events, lapsed):
    """:param lapsed: ids of events, as texts"""
    tries = defaultdict(list)
    for row, number, attempt, verdict, at in odoo.sql(TRIES):
        one = Try(int(number), int(attempt), verdict == "retry", float(at))
        tries[int(row)].append(one)
    queued = {int(row): float(at) for row, at in odoo.sql(QUEUED) if at}
    promise = Promise(queued, tries, frozenset(map(int, lapsed)))
    judge(group(read_arrivals(inboost), events), promise)


def out_of_order(inboost, events):
    """Where no clock is set, and nothing waits for minutes."""
    return find_overtakings(group(read_arrivals(inboost), events))


def read_arrivals(inboost):
    return arrivals_of(inboost).execute(
        "SELECT event_id, amount FROM arrivals"
        " WHERE processed AND event_id IS NOT NULL ORDER BY id"
    )
