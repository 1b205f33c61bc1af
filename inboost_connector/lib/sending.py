"""From a claimed event to what became of it: all that happens between two transactions.
Threads work here, so that nothing knows of Odoo."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from queue import Empty, SimpleQueue
from typing import Any, Literal
from urllib.parse import quote, urlencode

from . import auth, mapping, signing
from .auth import Auth
from .backoff import Pace
from .client import Client, Exchange, Request
from .facts import SAMPLES, WITH_CONSENT
from .log_row import LogRules, describe, mask_outcome
from .outcome import AnswerRules, Outcome, Verdict, classify
from .problems import ProblemError

#: Seconds in which what lands together is handed over together.
GATHER = 0.004
#: Most of what is handed over at once.
MAX_GATHERED = 200


@dataclass(frozen=True)
class Target:
    """One endpoint, as it was when the events were claimed.

    :ivar url: with ``{expression}`` in its path and query
    :ivar auth: None where no credentials are carried
    :ivar query, headers: JMESPaths of objects; empty for none
    :ivar body: JMESPath; empty for no body
    :ivar batch_size: events that one request takes
    :ivar batch_body: JMESPath around their bodies, ``rows``; empty for the bare list
    :ivar phone_style, zone: for the functions of expressions
    :ivar signing: secrets that sign the body, see lib.signing"""

    endpoint_id: int
    backend_id: int
    operation: str
    guarantee: str
    method: str
    url: str
    auth: Auth | None
    query: str
    headers: str
    body: str
    body_format: Literal["json", "form"]
    timeout: float
    max_answer: int
    phone_style: str
    zone: str | None
    rules: AnswerRules
    log: LogRules
    pace: Pace | None = None
    batch_size: int = 1
    batch_body: str = ""
    signing: tuple[str, ...] = field(default=(), repr=False)

    @cached_property
    def unread(self) -> list[str]:
        """Names of a fact that the request is not made of."""
        return self._find_unread(SAMPLES[self.operation])

    @cached_property
    def reads_consent(self) -> bool:
        """Whether the request may be made of what is known of consent: all its names
        have this one in them."""
        return self.operation in WITH_CONSENT and not self._find_unread(["opted_out"])

    def _find_unread(self, names: Iterable[str]) -> list[str]:
        texts = (self.url, self.query, self.headers, self.body, self.batch_body)
        return mapping.find_unread(names, *texts)

    def prepare_request(self, fact: dict[str, Any], **envelope: Any) -> Request:
        """The request, without the credentials: see :func:`lib.auth.send`.

        :raise lib.mapping.MappingError: when an expression does not fit the fact; it
            begins with which
        """
        data = {**fact, "phone_style": self.phone_style, **envelope}
        body = self.map_body(data)
        if self.batch_size > 1:
            return self.wrap([body], envelope.get("event_id") or "")
        return self._build(data, body)

    def map_body(self, data: dict[str, Any]) -> Any:
        """:param data: what :meth:`prepare_request` gives to expressions"""
        if not self.body:
            return None
        with _named("body"):
            return mapping.apply(self.body, data, self.zone)

    def wrap(self, bodies: list[Any], event_id: str) -> Request:
        """The request of several events: the rest of it knows none of them."""
        data = {"phone_style": self.phone_style, "event_id": event_id}
        with _named("around"):
            rows = {**data, "rows": bodies}
            body = mapping.apply(self.batch_body or "rows", rows, self.zone)
        return self._build(data, body)

    def _build(self, data: dict[str, Any], body: Any) -> Request:
        headers = {}
        with _named("address"):
            url = mapping.fill(self.url, data, self.zone)
        if self.query:
            with _named("query"):
                url = _add_query(url, mapping.query(self.query, data, self.zone))
        if self.headers:
            with _named("headers"):
                headers = mapping.headers(self.headers, data, self.zone)
        request = Request(
            method=self.method,
            url=url,
            headers=headers,
            body=body,
            body_format=self.body_format,
            event_id=data.get("event_id"),
            timeout=self.timeout,
            max_answer=self.max_answer,
        )
        if self.signing:
            with _named("body"):
                content = request.encode_body() or b""
            headers |= signing.sign(self.signing, content, request.event_id)
        return request


@contextmanager
def _named(part: str) -> Iterator[None]:
    """Says which of several expressions went wrong."""
    try:
        yield
    except ProblemError as error:
        raise mapping.MappingError(f"in_{part}", error=error.problem) from error


def _add_query(url: str, parameters: dict[str, str]) -> str:
    if not parameters:
        return url
    sign = "&" if "?" in url else "?"
    return url + sign + urlencode(parameters, quote_via=quote)


@dataclass
class Task:
    """One claimed event. ``id`` is its row, ``event_id`` what InBoost knows it by.

    :ivar state: what was read once it was leased: of operations that send a state, and
        consent where the request may be made of it
    :ivar trouble: why it cannot be sent, when that was found then
    :ivar is_probe: whether it alone shows whether the server is well again
    :ivar test: asked first: whether it is
    :ivar mates: the others of the same request, of which this one is the lead
    :ivar begin_before: by ``time.monotonic()``; later, its lease could run out while
        it is on its way, and somebody else take it for lost"""

    id: int
    event_id: str
    key: str
    fact: dict[str, Any]
    phone: str | None
    attempts: int
    queued_at: datetime
    target: Target
    state: dict[str, Any] = field(default_factory=dict)
    trouble: str = ""
    is_probe: bool = False
    test: Target | None = None
    begin_before: float = float("inf")
    mates: list["Task"] = field(default_factory=list)

    @property
    def ids(self) -> list[int]:
        """Rows of all that leave in the request."""
        return [self.id, *(mate.id for mate in self.mates)]

    def prepare_input(self) -> dict[str, Any]:
        """All that expressions may read."""
        return {
            **self.fact,
            **self.state,
            "phone_style": self.target.phone_style,
            "event_id": self.event_id,
            "phone": self.phone,
            "key": self.key,
        }


@dataclass
class Landed:
    """What became of a task.

    :ivar exchange: None when nothing was sent
    :ivar log: values of the request log, None when nothing was sent
    :ivar leads: whether it stands for its request, whose failure counts once"""

    task: Task
    outcome: Outcome
    exchange: Exchange | None = None
    log: dict[str, Any] | None = None
    leads: bool = True


def perform(client: Client, task: Task) -> Landed:
    """Send ``task``. Whatever goes wrong is this task's own failure, so that no other
    notices."""
    exchange = None
    try:
        if task.trouble:
            return Landed(task, our_error(task.trouble))
        if task.test and (sick := find_sickness(client, task, task.test)):
            return sick
        if not wait_for_turn(task):
            return Landed(task, Outcome(Verdict.RETRY, "not_begun"))
        request = task.target.prepare_request(
            {**task.fact, **task.state},
            event_id=task.event_id,
            phone=task.phone,
            key=task.key,
        )
        exchange = auth.send(client, request, task.target.auth)
        outcome = classify(exchange, task.target.rules)
        outcome = mask_outcome(outcome, request, task.target.log)
        note_pace(exchange, task.target)
        return Landed(task, outcome, exchange, describe(exchange, task.target.log))
    except mapping.MappingError as error:
        return Landed(task, our_error(error.problem.as_json()))
    except Exception as error:
        return Landed(task, after_exception(error, exchange), exchange)


def note_pace(exchange: Exchange, target: Target) -> None:
    """How long to wait is said of this endpoint; that they were too many, of us."""
    if exchange.status == 429 and target.pace:
        target.pace.slow_down(time.monotonic())


def our_error(what: str | list[Any]) -> Outcome:
    """:param what: text, or what ``lib.problems.Problem.as_json`` gives"""
    error = what[:500] if isinstance(what, str) else what
    return Outcome(Verdict.FAILED, "our_error", {"error": error})


def find_sickness(client: Client, task: Task, test: Target) -> Landed | None:
    """Ask a server that failed again and again something harmless, before somebody's
    purchase shows whether it is well.

    :return: what to write of a task that did not leave; None when the server is well
    """
    exchange = auth.send(client, test.prepare_request({}), test.auth)
    outcome = classify(exchange, test.rules)
    if outcome.verdict not in (Verdict.RETRY, Verdict.UNKNOWN):
        return None
    # Whatever became of the question: the event itself did not leave.
    outcome = replace(outcome, verdict=Verdict.RETRY)
    return Landed(task, outcome, exchange, describe(exchange, test.log))


def after_exception(error: Exception, exchange: Exchange | None) -> Outcome:
    """An error of ours after something left says nothing of what arrived."""
    left = exchange is not None and exchange.sent
    return Outcome(
        Verdict.UNKNOWN if left else Verdict.FAILED,
        "our_error",
        {"error": f"{type(error).__name__}: {error}"[:500]},
    )


def wait_for_turn(task: Task) -> bool:
    """:return: whether it may still begin"""
    now = time.monotonic()
    moment = task.target.pace.reserve(now) if task.target.pace else now
    if moment > task.begin_before:
        return False
    if moment > now:
        time.sleep(moment - now)
    return True


class Senders:
    """Threads that perform tasks, fed from a queue. They are started as they are
    needed: one sale does not need thirty.

    :param act: gives what became of a task and its mates
    :ivar open: the leads of what did not land yet, by their rows"""

    def __init__(
        self,
        client: Client,
        size: int,
        act: Callable[[Client, Task], list[Landed]],
    ) -> None:
        self._client, self._size, self._act = client, size, act
        self._waiting: SimpleQueue[Task | None] = SimpleQueue()
        self._landed: SimpleQueue[list[Landed]] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self.open: dict[int, Task] = {}

    def __enter__(self) -> "Senders":
        return self

    def __exit__(self, *exc_info: object) -> None:
        for _thread in self._threads:
            self._waiting.put(None)
        for thread in self._threads:
            thread.join()

    def hand_over(self, tasks: list[Task]) -> None:
        for task in tasks:
            self.open[task.id] = task
            self._waiting.put(task)
        while len(self._threads) < min(self._size, len(self.open)):
            thread = threading.Thread(target=self._work, daemon=True)
            self._threads.append(thread)
            thread.start()

    def take_back(self) -> list[Task]:
        """Tasks that no thread has begun."""
        found = []
        try:
            while True:
                task = self._waiting.get_nowait()
                if task is not None:
                    found.append(self.open.pop(task.id))
        except Empty:
            return found

    def gather(self, patience: float) -> list[Landed]:
        """Wait for the next that lands, and for those that land with it.

        :param patience: seconds to wait; what is new meanwhile must not wait longer
        """
        if not self.open:
            return []
        try:
            found = self._note(self._landed.get(timeout=patience))
        except Empty:
            return []
        end = time.monotonic() + GATHER
        while self.open and len(found) < MAX_GATHERED:
            try:
                found += self._note(self._landed.get(timeout=end - time.monotonic()))
            except (Empty, ValueError):
                break
        return found

    def _note(self, landed: list[Landed]) -> list[Landed]:
        for one in landed:
            self.open.pop(one.task.id, None)
        return landed

    def _work(self) -> None:
        while (task := self._waiting.get()) is not None:
            self._landed.put(self._act(self._client, task))


def with_outcome(landed: Landed, verdict: Verdict) -> Landed:
    """The same with another verdict; its reason stays."""
    return replace(landed, outcome=replace(landed.outcome, verdict=verdict))
