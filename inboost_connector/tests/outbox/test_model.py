"""The same as ``tests/lib/test_model.py``, shorter and over the real database: what the
statements of the delivery do in any order, beside what InBoost saw."""

from datetime import timedelta

from freezegun import freeze_time
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo import fields
from odoo.tests import tagged

from ...lib.client import Exchange
from ...lib.desk import Desk
from ...lib.sending import perform
from ...models.outbox.inboost_delivery_claim import MAX_QUEUE
from .test_delivery_cases import DeliveryCase

RUNS, STEPS = 60, 14
OPERATIONS = ("purchase", "purchase_details", "balance_set")
#: (status, trouble, whether InBoost acts); None: nobody knows, and it did.
ANSWERS = {
    "accepted": (200, None, True),
    "busy": (503, None, False),
    "refused": (422, None, False),
    "no connection": (None, "no_connection", False),
    "error after": (500, None, True),
    "lost after": (None, "connection_lost", True),
    "lost before": (None, "connection_lost", False),
}
DOUBTFUL = {"error after", "lost after", "lost before"}
STEP = st.one_of(
    st.tuples(st.just("sell"), st.integers(0, 1), st.sampled_from(OPERATIONS)),
    st.tuples(st.just("sell"), st.integers(0, 1), st.sampled_from(OPERATIONS)),
    st.tuples(st.just("claim"), st.integers(0, 1), st.integers(1, 4)),
    st.tuples(st.just("claim"), st.integers(0, 1), st.integers(1, 4)),
    st.tuples(st.just("send"), st.integers(0, 1), st.sampled_from(sorted(ANSWERS))),
    st.tuples(st.just("send"), st.integers(0, 1), st.just("accepted")),
    st.tuples(st.just("settle"), st.integers(0, 1), st.none()),
    st.tuples(st.just("kill"), st.integers(0, 1), st.none()),
    st.tuples(st.just("wait"), st.just(0), st.sampled_from([3, 30, 60, 900, 5000])),
)


class Wire:
    def __init__(self, walk, task, answer):
        self.walk, self.task, self.answer = walk, task, answer

    def send(self, request):
        status, trouble, acts = ANSWERS[self.answer]
        if acts:
            self.walk.arrived.append(self.task.id)
        if self.answer in DOUBTFUL:
            self.walk.doubtful.add(self.task.id)
        return Exchange(
            request, status, trouble=trouble, sent=trouble != "no_connection"
        )


class Walk:
    """One run: two processes, a clock, and InBoost.

    :ivar arrived: ids of events, as they arrived
    :ivar doubtful: of which nobody can know"""

    def __init__(self, case, clock):
        self.case, self.clock = case, clock
        self.delivery = case.env["inboost.delivery"].sudo()
        self.arrived, self.doubtful = [], set()
        self.lanes, self.late, self.count = {}, {}, 0
        self.people = (case.customer, case.other_customer)

    def sell(self, who, operation):
        self.case.capture(operation, self.people[who], amount=1)

    def wait(self, _lane, seconds):
        self.clock.tick(timedelta(seconds=seconds))

    def claim(self, lane, wanted):
        if lane not in self.lanes:
            self.delivery._recover_leases()
            self.delivery._supersede()
            self.count += 1
            desk = self.case.part("desk")._read(Desk())
            self.lanes[lane] = [f"lease-{self.count}", desk, [], []]
        lease, desk, waiting, landed = self.lanes[lane]
        open_tasks = [*waiting, *(one.task for one in landed)]
        claim = self.case.part("claim")
        tasks = claim._claim(desk, wanted, open_tasks, lease)
        self.case.assertFalse(claim._find_crossed(tasks), "two at once")
        claim._read_states(tasks)
        late = fields.Datetime.now() + timedelta(seconds=MAX_QUEUE)
        self.late |= {task.id: late for task in tasks}
        waiting += tasks

    def send(self, lane, answer):
        _lease, _desk, waiting, landed = self.lanes.get(lane) or ("", None, [], [])
        if waiting:
            task = waiting.pop(0)
            late = fields.Datetime.now() > self.late[task.id]
            task.begin_before = float("-inf" if late else "inf")
            landed.append(perform(Wire(self, task, answer), task))

    def settle(self, lane, _nothing=None):
        if lane in self.lanes:
            lease, desk, _waiting, landed = self.lanes[lane]
            self.case.part("settle")._settle(desk, landed, lease)
            landed.clear()

    def kill(self, lane, _nothing=None):
        _lease, _desk, waiting, landed = self.lanes.pop(lane, ("", None, [], []))
        self.doubtful |= {task.id for task in waiting}
        self.doubtful |= {one.task.id for one in landed}

    def finish(self):
        """The trouble is over: everything finds its end."""
        for lane in (0, 1):
            self.kill(lane)
        for _round in range(40):
            self.case.env.invalidate_all()
            if not self.events().filtered(lambda e: e.state in ("pending", "sending")):
                return
            self.wait(0, 700)
            self.claim(0, 20)
            while self.lanes[0][2]:
                self.send(0, "accepted")
            self.settle(0)
            self.kill(0)
        raise AssertionError("something waits for ever")

    def events(self):
        return self.case.env["inboost.event"].search(
            [("key", "like", "test:"), ("id", ">", self.case.before)]
        )


@tagged("post_install", "-at_install")
class TestModel(DeliveryCase):
    def setUp(self):
        super().setUp()
        self.backend.endpoint_ids.write({"proven": True})

    @settings(
        max_examples=RUNS,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(steps=st.lists(STEP, min_size=STEPS, max_size=2 * STEPS))
    def test_what_must_hold_holds_whatever_happens(self, steps):
        self.before = max(self.env["inboost.event"].search([]).ids, default=0)
        savepoint = self.env.cr.savepoint()
        try:
            with freeze_time(fields.Datetime.now()) as clock:
                walk = Walk(self, clock)
                for name, *arguments in steps:
                    getattr(walk, name)(*arguments)
                    self.check(walk)
                walk.finish()
                self.check(walk)
        finally:
            savepoint.close(rollback=True)
            self.env.invalidate_all()
            self.env.cr.precommit.clear()

    def check(self, walk):
        self.env.invalidate_all()
        events = {event.id: event for event in walk.events()}
        once = [
            i
            for i in walk.arrived
            if events[i].endpoint_id.guarantee != "at_least_once"
        ]
        self.assertEqual(len(once), len(set(once)), "twice")
        for event in events.values():
            if event.state == "done":
                self.assertIn(event.id, walk.arrived)
            if event.state == "held":
                known = event.id in walk.doubtful or event.reason_code == "killed"
                self.assertTrue(known, event.reason_code)
        for key in {(e.endpoint_id, e.phone) for e in events.values()}:
            mine = [e for e in events.values() if (e.endpoint_id, e.phone) == key]
            busy = [
                e
                for e in mine
                if e.state == "sending" and e.lease_until >= fields.Datetime.now()
            ]
            self.assertLessEqual(len(busy), 1, "two at once")

    def test_after_a_long_outage_the_order_is_kept(self):
        """What is due holds later ones, however long it waited."""
        first, second = self.capture(), self.capture()
        events = first | second
        events.sudo().write({"queued_at": self.ago(hours=2)})
        self.env.flush_all()
        self.due_now(events)
        desk = self.part("desk")._read(Desk())
        tasks = self.part("claim")._claim(desk, 10, [], "lease")
        self.assertEqual([task.id for task in tasks], [min(events.ids)])
