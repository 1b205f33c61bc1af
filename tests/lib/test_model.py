"""Sales, requests, accidents and people in any order: the real rules over an outbox in
memory, beside what InBoost itself saw. A few sentences must hold whatever happens."""

import os
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from inboost_connector.lib.backoff import CIRCUIT_THRESHOLD
from inboost_connector.lib.client import Exchange
from inboost_connector.lib.desk import Desk
from inboost_connector.lib.outcome import Verdict
from inboost_connector.lib.sending import Landed, Task, perform

from .outbox import BALANCE, ENDPOINTS, MAX_QUEUE, Outbox

#: Runs of up to STEPS steps; a night may have more.
RUNS = int(os.environ.get("MODEL_RUNS") or 3000)
STEPS = 40
PHONES = ("+380671234501", "+380671234502", "+380671234503")
#: What a server may do: (status, trouble), and whether it can have acted: True, False
#: or None for either.
ANSWERS = {
    "accepted": (200, None, True),
    "busy": (503, None, False),
    "too many": (429, None, False),
    "in conflict": (409, None, False),
    "refused": (422, None, False),
    "forbidden": (403, None, False),
    "unauthorised": (401, None, False),
    "not found": (404, None, False),
    "no connection": (None, "no_connection", False),
    "no name": (None, "name_error", False),
    "internal error": (500, None, None),
    "bad gateway": (502, None, None),
    "silence": (None, "timeout", None),
    "lost": (None, "connection_lost", None),
}
DOUBTFUL = {name for name, (_s, _t, acted) in ANSWERS.items() if acted is None}
DAY = 86_400
#: As in the delivery.
LOOK_AGAIN = timedelta(seconds=1)
#: Two processes.
LANE = st.integers(0, 1)
#: What comes back of several requests; None: as the server's mood is.
ANSWER_LISTS = st.lists(
    st.none() | st.none() | st.sampled_from(sorted(ANSWERS)), min_size=1, max_size=4
)
UNTIL = st.sampled_from(["settled", "settled", "sent", "claimed"])
#: What the connection test may say.
TESTS = [Verdict.DONE, Verdict.CREDENTIALS, Verdict.UNKNOWN]
#: What a person may decide about.
ATTENTION = ("held", "failed", "cancelled")
UNSENT = {"no_connection", "name_error"}


@dataclass
class InBoost:
    """The other side: it knows what it took, and drops no repeats.

    :ivar taken: {event id: how often}
    :ivar balances: {phone: the last that arrived}
    :ivar seen: rows in the order in which they were taken"""

    taken: dict = field(default_factory=dict)
    balances: dict = field(default_factory=dict)
    seen: list = field(default_factory=list)

    def act(self, task):
        self.taken[task.id] = self.taken.get(task.id, 0) + 1
        self.seen.append((task.phone, task.target.endpoint_id, task.id))
        if task.target.endpoint_id == BALANCE:
            self.balances[task.phone] = task.state["amount"]


@dataclass
class Wire:
    """A client that does what the test says."""

    inboost: InBoost
    task: Task
    answer: str
    acted: bool
    left: bool = False

    def send(self, request):
        status, trouble, acts = ANSWERS[self.answer]
        if acts or (acts is None and self.acted):
            self.inboost.act(self.task)
        self.left = trouble not in UNSENT
        return Exchange(request, status, trouble=trouble, sent=self.left)


@dataclass
class Worker:
    """A process that delivers; between two steps of it anything may happen.

    :ivar claimed_at: {event id: when it took it}; another may take it after that"""

    lease: str
    desk: Desk
    looked: datetime
    claimed_at: dict = field(default_factory=dict)
    waiting: list = field(default_factory=list)
    landed: list[Landed] = field(default_factory=list)

    @property
    def open(self):
        return [*self.waiting, *(one.task for one in self.landed)]


class Delivery(RuleBasedStateMachine):
    @initialize(sick=st.sets(st.sampled_from(sorted(ENDPOINTS))))
    def begin(self, sick):
        self.outbox, self.inboost = Outbox(), InBoost()
        for endpoint in sick:
            # It failed before.
            self.outbox.circuits[endpoint].failures = CIRCUIT_THRESHOLD + 1
        self.workers, self.count = {}, 0
        self.mood = "accepted"
        #: What a test knows of each event, beside the outbox.
        self.resent, self.doubtful, self.marked = {}, set(), set()
        self.balances, self.probed = {}, {}

    # -- the shop, the clock, and the other side -----------------------------------

    @precondition(lambda self: len(self.outbox.in_state("pending")) < 8)
    @rule(
        phone=st.sampled_from(PHONES),
        endpoints=st.lists(st.sampled_from(sorted(ENDPOINTS)), min_size=1, max_size=3),
    )
    def sell(self, phone, endpoints):
        for endpoint in endpoints:
            row = self.outbox.capture(endpoint, phone)
            if endpoint == BALANCE:
                self.balances[phone] = row.id

    @rule(seconds=st.sampled_from([1, 5, 12, 40, 700, 4000, DAY, 4 * DAY, 8 * DAY]))
    def wait(self, seconds):
        self.outbox.now += timedelta(seconds=seconds)

    @rule(mood=st.sampled_from(sorted(ANSWERS)))
    def change_mood(self, mood):
        self.mood = mood

    # -- the delivery --------------------------------------------------------------

    def start(self, lane):
        self.outbox.recover_leases()
        self.outbox.expire()
        self.outbox.supersede()
        self.count += 1
        desk = self.outbox.read_desk()
        worker = Worker(f"lease-{self.count}", desk, self.outbox.now)
        self.workers[lane] = worker
        return worker

    def claim_in(self, worker, wanted):
        if self.outbox.now - worker.looked > LOOK_AGAIN:
            worker.desk, worker.looked = self.outbox.read_desk(), self.outbox.now
        tasks = self.outbox.claim(worker.desk, wanted, worker.open, worker.lease)
        for task in tasks:
            worker.claimed_at[task.id] = self.outbox.now
            self.probed[task.id] = self.is_sick(task.target.endpoint_id)
            if task.target.endpoint_id == BALANCE:
                # Read in the claim, as it is then.
                task.state = {"amount": self.balances[task.phone]}
        worker.waiting += tasks

    @rule(
        lane=LANE,
        answers=ANSWER_LISTS,
        acted=st.booleans(),
        until=UNTIL,
        times=st.sampled_from([1, 1, 3, 9]),
    )
    def turn(self, lane, answers, acted, until, times):
        """Claim, send, settle, and on; the last time only so far."""
        for left in range(times, 0, -1):
            self.turn_once(lane, answers, acted, "settled" if left > 1 else until)
            self.outbox.now += timedelta(seconds=40 if left > 1 else 0)

    def turn_once(self, lane, answers, acted, until):
        worker = self.workers.get(lane) or self.start(lane)
        self.claim_in(worker, len(answers))
        if until != "claimed":
            self.send_some(worker, answers, acted)
        if until == "settled":
            self.settle_in(worker)

    @precondition(lambda self: any(w.waiting for w in self.workers.values()))
    @rule(lane=LANE, answers=ANSWER_LISTS, acted=st.booleans())
    def send(self, lane, answers, acted):
        self.send_some(self.pick(lane, "waiting"), answers, acted)

    def send_some(self, worker, answers, acted):
        for odd in answers[: len(worker.waiting)]:
            self.send_next(worker, odd or self.mood, acted)

    def send_next(self, worker, answer, acted=True):
        task = worker.waiting.pop(0)
        waited = self.outbox.now - worker.claimed_at[task.id]
        if waited > timedelta(seconds=MAX_QUEUE):
            task.begin_before = float("-inf")
        wire = Wire(self.inboost, task, answer, acted)
        worker.landed.append(perform(wire, task))
        if not wire.left:
            return
        if answer in DOUBTFUL:
            self.doubtful.add(task.id)
        row = self.outbox.rows[task.id]
        assert (row.state, row.lease) == ("sending", worker.lease), "without a lease"

    @precondition(lambda self: any(w.landed for w in self.workers.values()))
    @rule(lane=LANE, in_the_way=st.booleans(), test=st.sampled_from(TESTS))
    def settle(self, lane, in_the_way, test):
        worker = self.pick(lane, "landed")
        if in_the_way:
            # Another transaction was: all is rolled back, read anew and done again.
            for one in worker.landed:
                worker.desk.conclude(one, self.outbox.now)
            worker.desk = self.outbox.read_desk()
        self.settle_in(worker, test)

    def settle_in(self, worker, test=Verdict.DONE):
        self.outbox.settle(worker.desk, worker.landed, worker.lease, test)
        worker.landed = []

    @precondition(lambda self: self.workers)
    @rule(lane=LANE, in_good_order=st.booleans())
    def end(self, lane, in_good_order):
        self.kill(lane) if not in_good_order else self.stop(lane)

    def kill(self, lane):
        """All that was not committed is gone. What it had leased nobody knows of."""
        worker = self.pick(lane)
        self.doubtful |= {task.id for task in worker.open}
        self.forget(worker)

    def stop(self, lane):
        """What nobody began goes back, what landed is written."""
        worker = self.pick(lane)
        self.outbox.give_back(worker.lease, [one.task.id for one in worker.landed])
        self.outbox.settle(worker.desk, worker.landed, worker.lease)
        self.forget(worker)

    def pick(self, lane, having=None):
        fitting = {
            number: worker
            for number, worker in self.workers.items()
            if not having or getattr(worker, having)
        }
        return fitting.get(lane) or next(iter(fitting.values()))

    def forget(self, worker):
        self.workers = {n: one for n, one in self.workers.items() if one is not worker}

    # -- people --------------------------------------------------------------------

    @precondition(lambda self: self.outbox.in_state(*ATTENTION))
    @rule(
        number=st.integers(0, 9),
        action=st.sampled_from(["send again", "done", "cancelled"]),
    )
    def decide(self, number, action):
        rows = self.outbox.in_state(*ATTENTION)
        row = rows[number % len(rows)]
        if row.state == "cancelled" and action != "send again":
            return
        self.outbox.decide(row, action)
        if action == "send again":
            self.resent[row.id] = self.resent.get(row.id, 0) + 1
            self.doubtful.discard(row.id)
        elif action == "done":
            self.marked.add(row.id)

    @rule()
    def mend(self):
        self.outbox.mend()

    # -- what must hold, whatever happens ------------------------------------------

    @invariant()
    def nothing_arrives_twice(self):
        for id_, times in self.inboost.taken.items():
            row = self.outbox.rows[id_]
            if ENDPOINTS[row.endpoint][1] == "at_most_once":
                assert times <= 1 + self.resent.get(id_, 0), row

    @invariant()
    def what_is_delivered_has_arrived(self):
        for row in self.outbox.in_state("done"):
            if row.id not in self.marked:
                assert row.id in self.inboost.taken, row

    @invariant()
    def what_is_held_is_what_nobody_knows(self):
        for row in self.outbox.in_state("held"):
            assert row.id in self.doubtful or row.code == "killed", row

    @invariant()
    def what_waits_was_not_taken(self):
        for row in self.outbox.in_state("pending", "expired"):
            if ENDPOINTS[row.endpoint][1] == "at_most_once":
                taken = self.inboost.taken.get(row.id, 0)
                assert taken <= self.resent.get(row.id, 0), row

    @invariant()
    def a_customer_has_one_request_on_its_way(self):
        """Under leases that are good: one that ran out belongs to nobody. A probe of a
        sick endpoint holds nothing elsewhere, and goes beside it."""
        for phone in PHONES:
            on_its_way = [
                row
                for row in self.outbox.in_state("sending")
                if row.phone == phone
                and row.lease_until >= self.outbox.now
                and not self.is_sick(row.endpoint)
            ]
            assert len(on_its_way) <= 1, on_its_way

    def is_sick(self, endpoint):
        return self.outbox.circuits[endpoint].failures >= CIRCUIT_THRESHOLD

    @invariant()
    def a_sick_endpoint_gets_one_request_at_a_time(self):
        for endpoint in filter(self.is_sick, ENDPOINTS):
            probes = [
                id_
                for id_, sick in self.probed.items()
                if sick
                and self.outbox.rows[id_].endpoint == endpoint
                and self.outbox.rows[id_].state == "sending"
                and self.outbox.rows[id_].lease_until >= self.outbox.now
            ]
            assert len(probes) <= 1, probes

    @invariant()
    def attempts_are_counted(self):
        for row in self.outbox.rows.values():
            assert row.attempts >= 0
            assert row.state != "done" or row.id in self.marked or row.attempts

    def teardown(self):
        """The trouble is over: everything finds its end, and the newest balance is the
        one that InBoost has."""
        while self.workers:
            self.kill(0)
        for _round in range(60):
            if not self.outbox.in_state("pending", "sending"):
                break
            self.outbox.mend()
            self.outbox.now += timedelta(minutes=6)
            worker = self.start(0)
            self.claim_in(worker, 9)
            while worker.waiting:
                self.send_next(worker, "accepted")
            self.settle_in(worker)
            self.forget(worker)
        assert not self.outbox.in_state("pending", "sending"), "it waits for ever"
        self.check_everything()
        for phone, amount in self.balances.items():
            newest = self.outbox.rows[amount]
            if newest.state == "done" and newest.id not in self.marked:
                assert self.inboost.balances[phone] == amount

    def check_everything(self):
        self.nothing_arrives_twice()
        self.what_is_delivered_has_arrived()
        self.what_is_held_is_what_nobody_knows()


def test_who_is_late_sends_nothing_that_another_took_over():
    """What chance found once: the model measured the lateness of the first by the claim
    of the second."""
    model = Delivery()
    model.begin(sick=set())
    model.sell(phone=PHONES[0], endpoints=[BALANCE])
    model.turn(lane=1, answers=[None], acted=False, until="claimed", times=1)
    for seconds in (40, 5):
        model.wait(seconds=seconds)
        model.turn(lane=0, answers=[None], acted=False, until="settled", times=1)
    assert model.inboost.taken == {1: 1}
    model.send(lane=1, answers=[None], acted=False)
    assert model.inboost.taken == {1: 1}
    model.teardown()


def test_what_must_hold_holds_whatever_happens():
    run_state_machine_as_test(
        Delivery,
        settings=settings(
            max_examples=RUNS,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
