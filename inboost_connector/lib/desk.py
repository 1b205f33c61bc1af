"""What a run of the delivery knows of its endpoints, and what it decides about them and
about events. Plain data: reading and writing it is the model's."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2s
from typing import Any

from . import backoff, states
from .outcome import Outcome, Verdict
from .sending import Landed, Target, Task
from .storable import dumps

#: Refusals in a row, of different customers, after which an endpoint is paused.
SUSPICIOUS = 5
#: Failures in a row after which a person hears of it.
FAILING = 10
#: Seconds of work that are claimed at once where a backend has a pace.
PACED_SECONDS = 2.0
#: Seconds that the connection test may take, where a run asks it something.
TEST_WITHIN = 5.0
#: Requests of many events that an endpoint has in flight at once.
MAX_BATCHES = 2
LONG_AGO = datetime(1970, 1, 1)


@dataclass
class Place:
    """An endpoint during a run.

    :ivar rest_until: nothing goes before, UTC
    :ivar refused: whose events were refused, one after another, as hashes
    :ivar test: a question that hurts nobody and shows whether the server is well
    :ivar pause: (code, arguments) once it is to be paused
    :ivar changed: whether something of it is to be written"""

    target: Target
    shelf_life_days: int = 0
    failures: int = 0
    refused: list[str] = field(default_factory=list)
    proven: bool = False
    rest_until: datetime | None = None
    test: Target | None = None
    pause: tuple[str, dict[str, Any]] | None = None
    changed: bool = False

    @property
    def is_probing(self) -> bool:
        """Whether one event at a time shows whether the server is well again."""
        return self.failures >= backoff.CIRCUIT_THRESHOLD

    def is_open(self, now: datetime) -> bool:
        """Whether all that waits here may go now."""
        resting = self.rest_until is not None and self.rest_until > now
        return not (self.pause or resting or self.is_probing)

    def rest(self, now: datetime, seconds: float) -> None:
        until = now + timedelta(seconds=seconds)
        if self.rest_until is None or until > self.rest_until:
            self.rest_until, self.changed = until, True

    def fail(self, now: datetime, wait: float | None) -> None:
        """One more failure in a row."""
        self.failures, self.changed = self.failures + 1, True
        self.rest(now, max(wait or 0.0, backoff.circuit_pause(self.failures)))

    def succeed(self, accepted: bool) -> None:
        """The server is well: the circuit closes."""
        if self.failures or self.rest_until:
            self.failures, self.rest_until, self.changed = 0, None, True
        if accepted and (not self.proven or self.refused):
            self.proven, self.refused, self.changed = True, [], True

    def refuse(self, phone: str | None, outcome: Outcome) -> None:
        """A 401 or 403 about one event. Several of different customers are none of
        their contents' fault."""
        whose = blake2s((phone or "").encode(), digest_size=8).hexdigest()
        if whose in self.refused:
            return
        self.refused, self.changed = [*self.refused, whose], True
        if len(self.refused) >= SUSPICIOUS:
            count = len(self.refused)
            arguments = {"count": count, **outcome.args, "text": outcome.text}
            self.pause = ("several_refused", arguments)


@dataclass
class Desk:
    """:ivar places: {endpoint id: Place}, of the endpoints that may send
    :ivar companies: {backend id: company id}, also of those that were paused since
    :ivar retry_days: {backend id: days after which a retry is the last}, likewise
    :ivar pauses: {backend id: (code, arguments)} of backends that are to be paused
    :ivar too_large: ids of events that the server finds too large
    :ivar troubled: whether a person may have to hear of something"""

    places: dict[int, Place] = field(default_factory=dict)
    companies: dict[int, int] = field(default_factory=dict)
    retry_days: dict[int, int] = field(default_factory=dict)
    pauses: dict[int, tuple[str, dict[str, Any]]] = field(default_factory=dict)
    too_large: list[int] = field(default_factory=list)
    troubled: bool = False

    @property
    def able(self) -> list[int]:
        return [id_ for id_, place in self.places.items() if not place.pause]

    def find_open(self, now: datetime) -> list[int]:
        """The endpoints whose events hold later ones of the same customer elsewhere:
        what rests or is probed one by one holds nobody."""
        return [id_ for id_, place in self.places.items() if place.is_open(now)]

    def find_ready(
        self, wanted: int, now: datetime, open_tasks: list[Task]
    ) -> list[tuple[Target, int, datetime]]:
        """:return: (endpoint, events that may be claimed, oldest that is still news) of
        the endpoints that may send now"""
        busy = Counter(task.target.endpoint_id for task in open_tasks)
        paced = Counter(task.target.backend_id for task in open_tasks)
        ready = []
        for id_, place in self.places.items():
            target = place.target
            if place.pause or (place.rest_until and place.rest_until > now):
                continue
            quota = _batched(target, wanted, busy[id_])
            if place.is_probing:
                quota = 0 if busy[id_] else 1
            elif target.pace and target.pace.rate:
                limit = max(1, int(target.pace.rate * PACED_SECONDS))
                left = max(0, limit - paced[target.backend_id])
                quota = min(quota, left * target.batch_size)
            if quota:
                days = place.shelf_life_days
                fresh = now - timedelta(days=days) if days else LONG_AGO
                ready.append((target, quota, fresh))
        return ready

    def note_claimed(self, tasks: list[Task], now: datetime, margin: float) -> None:
        """One probe at a time, by whichever process took it."""
        for task in tasks:
            place = self.places[task.target.endpoint_id]
            if not place.is_probing:
                continue
            place.rest(now, task.target.timeout + margin)
            task.is_probe = True
            if task.target.guarantee == "at_most_once":
                task.test = place.test

    def conclude(self, landed: Landed, now: datetime) -> dict[str, Any]:
        """What becomes of an event and of its endpoint.

        :return: values of the event's row
        """
        task, outcome = landed.task, landed.outcome
        if outcome.code == "not_begun":
            return self._row(task, "pending", next_try=now, begun=False)
        backend_id = task.target.backend_id
        last = backoff.is_last_try(task.queued_at, now, self.retry_days[backend_id])
        found = states.consequence_of(
            outcome.verdict,
            task.target.guarantee,
            tries_left=not last,
            answered=landed.exchange is not None and landed.exchange.status is not None,
        )
        states.check_move("sending", found.state)
        self._note(landed, found, now)
        code: str = outcome.code
        arguments = {**outcome.args, **({"text": outcome.text} if outcome.text else {})}
        if found.state == "failed" and outcome.verdict in (
            Verdict.RETRY,
            Verdict.UNKNOWN,
        ):
            arguments = {"days": self.retry_days[backend_id], "last": [code, arguments]}
            code = "last_try"
        next_try = None
        if found.retried:
            wait = max(outcome.wait or 0.0, backoff.delay(task.attempts))
            next_try = now + timedelta(seconds=wait)
        if found.state == "done":
            code, arguments = ("repeat", {}) if found.duplicate else ("", {})
        elif found.state != "pending":
            self.troubled = True
            if outcome.args.get("status") == 413:
                self.too_large.append(task.id)
        return self._row(
            task,
            found.state,
            code=code,
            arguments=arguments,
            duplicate=found.duplicate,
            next_try=next_try,
            done_at=now if found.state == "done" else None,
        )

    def _note(self, landed: Landed, found: states.Consequence, now: datetime) -> None:
        """What the outcome says of the endpoint."""
        place = self.places.get(landed.task.target.endpoint_id)
        outcome = landed.outcome
        if place is None:
            return
        failing = place.failures >= FAILING
        if found.circuit == "closes":
            place.succeed(accepted=found.state == "done")
        elif outcome.code == "too_many_requests":
            # The server is well, and wants to be asked more slowly.
            if outcome.wait:
                place.rest(now, outcome.wait)
        elif found.circuit == "counts" and landed.leads:
            # What was on its way when the circuit opened says nothing new: an outage of
            # seconds would count as one of minutes.
            if landed.task.is_probe or not place.is_probing:
                place.fail(now, outcome.wait)
            elif outcome.wait:
                place.rest(now, outcome.wait)
        if failing != (place.failures >= FAILING):
            self.troubled = True
        if found.pauses == "endpoint":
            place.pause = (outcome.code, {**outcome.args, "text": outcome.text})
            place.changed = self.troubled = True
        elif found.pauses == "backend":
            backend_id = landed.task.target.backend_id
            self.pauses[backend_id] = ("wrong_credentials", dict(outcome.args))
            self.troubled = True
        status = outcome.args.get("status")
        if found.state == "failed" and status in (401, 403) and landed.leads:
            place.refuse(landed.task.phone, outcome)

    @staticmethod
    def _row(
        task: Task,
        state: str,
        code: str = "",
        arguments: dict[str, Any] | None = None,
        duplicate: bool = False,
        next_try: datetime | None = None,
        done_at: datetime | None = None,
        begun: bool = True,
    ) -> dict[str, Any]:
        return {
            "id": task.id,
            "state": state,
            "code": code or None,
            "args": dumps(arguments) if arguments else None,
            "duplicate": duplicate,
            "next_try": next_try,
            "done_at": done_at,
            "sent": dumps(task.state) if task.state and begun else None,
            "attempts": task.attempts if begun else task.attempts - 1,
        }


def _batched(target: Target, wanted: int, busy: int) -> int:
    """Events that may go in ``wanted`` requests, where ``busy`` are on their way."""
    if target.batch_size < 2:
        return wanted
    return min(wanted, max(0, MAX_BATCHES - busy)) * target.batch_size
