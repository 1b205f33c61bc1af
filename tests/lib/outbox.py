"""The outbox in memory: rows and transactions as the database has them, for a test that
drives the real rules. What a statement of the models does is done here in Python, and
every move of an event is checked."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from inboost_connector.lib import backoff, states
from inboost_connector.lib.desk import Desk, Place
from inboost_connector.lib.outcome import AnswerRules, Verdict, after_credentials
from inboost_connector.lib.sending import Task, with_outcome

from . import engine

START = datetime(2026, 1, 2, 12, 0)
RETRY_DAYS = 7
TIMEOUT, MAX_QUEUE, MARGIN = 20, 10, 5
PATIENCE = timedelta(minutes=10)
#: {endpoint id: (operation, guarantee, days of shelf life)}
ENDPOINTS = {
    1: ("purchase", "at_most_once", 3),
    2: ("purchase_details", "at_most_once", 0),
    3: ("balance_set", "at_least_once", 0),
}
BALANCE = 3


@dataclass
class Row:
    """An event. ``began`` is when it happened."""

    id: int
    endpoint: int
    phone: str
    began: datetime
    queued: datetime
    state: str = "pending"
    next_try: datetime | None = None
    attempts: int = 0
    lease: str | None = None
    lease_until: datetime | None = None
    code: str | None = None

    def move(self, state, **values):
        states.check_move(self.state, state)
        self.state = state
        self.__dict__.update(lease=None, lease_until=None, next_try=None)
        self.__dict__.update(values)


@dataclass
class Circuit:
    """What the database knows of an endpoint."""

    failures: int = 0
    refused: list = field(default_factory=list)
    proven: bool = False
    rest_until: datetime | None = None
    paused: bool = False


@dataclass
class Outbox:
    """:ivar now: the clock of everybody"""

    now: datetime = START
    rows: dict[int, Row] = field(default_factory=dict)
    circuits: dict[int, Circuit] = field(
        default_factory=lambda: {id_: Circuit() for id_ in ENDPOINTS}
    )
    paused: bool = False

    def capture(self, endpoint, phone):
        id_ = len(self.rows) + 1
        row = Row(id_, endpoint, phone, self.now, self.now, next_try=self.now)
        self.rows[id_] = row
        return row

    def in_state(self, *names):
        return [row for row in self.rows.values() if row.state in names]

    # -- what a run begins with ----------------------------------------------------

    def recover_leases(self):
        for row in self.in_state("sending"):
            if row.lease_until < self.now:
                _operation, guarantee, _days = ENDPOINTS[row.endpoint]
                if guarantee == "at_most_once":
                    row.move("held", code="killed")
                else:
                    soon = self.now + timedelta(seconds=backoff.BASE)
                    row.move("pending", code="killed", next_try=soon)

    def expire(self):
        for row in self.in_state("pending"):
            days = ENDPOINTS[row.endpoint][2]
            if days and row.began < self.now - timedelta(days=days):
                row.move("expired")

    def supersede(self):
        newest = {}
        for row in self.in_state("pending"):
            if row.endpoint == BALANCE:
                newest[row.phone] = max(newest.get(row.phone, 0), row.id)
        for row in self.in_state("pending"):
            if row.endpoint == BALANCE and row.id < newest[row.phone]:
                row.move("superseded")

    def read_desk(self):
        places = {
            id_: Place(
                target=self.target(id_),
                shelf_life_days=ENDPOINTS[id_][2],
                failures=circuit.failures,
                refused=list(circuit.refused),
                proven=circuit.proven,
                rest_until=circuit.rest_until,
            )
            for id_, circuit in self.circuits.items()
            if not circuit.paused and not self.paused
        }
        backend = engine.BACKEND
        return Desk(places, {backend: 1}, {backend: RETRY_DAYS})

    def target(self, id_):
        operation, guarantee, _days = ENDPOINTS[id_]
        rules = AnswerRules(
            repeat_path="repeat",
            authorised=id_ != 1,
            proven=self.circuits[id_].proven,
        )
        return replace(
            engine.target(id_), operation=operation, guarantee=guarantee, rules=rules
        )

    # -- one turn ------------------------------------------------------------------

    def claim(self, desk, wanted, open_tasks, lease):
        """:return: list of lib.sending.Task, leased and committed"""
        now, tasks = self.now, []
        pending = sorted(self.in_state("pending"), key=lambda row: row.id)
        holding = desk.find_open(now)
        for target, quota, fresh in desk.find_ready(wanted, now, open_tasks):
            circuit = self.circuits[target.endpoint_id]
            if circuit.paused or (circuit.rest_until and circuit.rest_until > now):
                continue
            due = [
                row
                for row in pending
                if row.endpoint == target.endpoint_id
                and row.next_try <= now
                and row.began >= fresh
                and not self.is_held_back(row, holding)
            ]
            for row in due[: min(quota, wanted - len(tasks))]:
                tasks.append((row, target))
        for row, target in tasks:
            until = now + timedelta(seconds=MAX_QUEUE + target.timeout + MARGIN)
            row.move(
                "sending", lease=lease, lease_until=until, attempts=row.attempts + 1
            )
        claimed = [self.make_task(row, target) for row, target in tasks]
        desk.note_claimed(claimed, now, MAX_QUEUE + MARGIN)
        self.write_desk(desk)
        return claimed

    def is_held_back(self, row, holding):
        return any(
            other.state == "sending"
            or (
                other.id < row.id
                and (other.endpoint == row.endpoint or other.endpoint in holding)
                and (other.next_try <= self.now or other.queued > self.now - PATIENCE)
            )
            for other in self.in_state("pending", "sending")
            if other.phone == row.phone and other.id != row.id
        )

    def make_task(self, row, target):
        return Task(
            row.id,
            f"event-{row.id}",
            key=f"pos:{row.id}",
            fact={},
            phone=row.phone,
            attempts=row.attempts,
            queued_at=row.queued,
            target=target,
        )

    def give_back(self, lease, begun):
        for row in self.in_state("sending"):
            if row.lease == lease and row.id not in begun:
                row.move("pending", next_try=self.now, attempts=row.attempts - 1)

    def settle(self, desk, landed, lease, test=Verdict.DONE):
        """:param test: what the connection test says where credentials are refused"""
        for one in landed:
            if one.outcome.verdict is Verdict.CREDENTIALS:
                one = with_outcome(one, after_credentials(test))
            values = desk.conclude(one, self.now)
            row = self.rows[values["id"]]
            if row.state == "sending" and row.lease == lease:
                row.move(
                    values["state"],
                    next_try=values["next_try"],
                    attempts=values["attempts"],
                    code=values["code"],
                )
        self.write_desk(desk)

    def write_desk(self, desk):
        self.paused = self.paused or bool(desk.pauses)
        desk.pauses.clear()
        for id_, place in desk.places.items():
            if not place.changed:
                continue
            circuit = self.circuits[id_]
            circuit.failures, circuit.refused = place.failures, list(place.refused)
            circuit.proven, circuit.rest_until = place.proven, place.rest_until
            circuit.paused = circuit.paused or bool(place.pause)
            place.changed = False

    # -- people --------------------------------------------------------------------

    def mend(self):
        """Whatever was paused is well again."""
        self.paused = False
        for circuit in self.circuits.values():
            if circuit.paused:
                circuit.paused, circuit.refused = False, []
                circuit.failures, circuit.rest_until = 0, None

    def decide(self, row, action):
        if action == "send again":
            row.move("pending", next_try=self.now, queued=self.now)
        else:
            row.move(action)
