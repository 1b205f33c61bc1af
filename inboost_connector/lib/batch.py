"""Several events in one request, where an endpoint takes lists. Each keeps an outcome
of its own: by its own answer where the server gives one for each, else that of all."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from . import auth, mapping
from .client import Client, Exchange, Request
from .log_row import describe, mask_outcome
from .outcome import AnswerRules, Outcome, Verdict, classify
from .sending import (
    Landed,
    Target,
    Task,
    after_exception,
    find_sickness,
    note_pace,
    our_error,
    perform,
    wait_for_turn,
)

#: Requests by which the rows that a server dislikes are looked for: enough for one in
#: a thousand. What is left then goes with the next ones.
MAX_REQUESTS = 40
#: Characters of an answer about all that are kept beside each.
MAX_SHARED = 1000


@dataclass
class Row:
    """An event and what is sent of it."""

    task: Task
    body: Any


def bundle(tasks: Iterable[Task]) -> list[Task]:
    """The tasks that lead a request each; the others of it are their ``mates``."""
    leads: list[Task] = []
    latest: dict[int, Task] = {}
    for task in tasks:
        lead = latest.get(task.target.endpoint_id)
        if lead and len(lead.mates) + 1 < task.target.batch_size:
            lead.mates.append(task)
        else:
            latest[task.target.endpoint_id] = task
            leads.append(task)
    return leads


def perform_all(client: Client, lead: Task) -> list[Landed]:
    """Send a task with its mates, and say what became of each."""
    if lead.target.batch_size < 2:
        return [perform(client, lead)]
    tasks = [lead, *lead.mates]
    try:
        if lead.test and (sick := find_sickness(client, lead, lead.test)):
            return _share(sick, tasks)
        rows, landed = _prepare(tasks)
        return landed + _send_parts(client, rows)
    except Exception as error:
        return _share(Landed(lead, after_exception(error, None)), tasks)


def _share(landed: Landed, tasks: list[Task]) -> list[Landed]:
    """One outcome for all; it is counted and logged once."""
    return [
        landed if task is landed.task else Landed(task, landed.outcome, leads=False)
        for task in tasks
    ]


def _prepare(tasks: list[Task]) -> tuple[list[Row], list[Landed]]:
    """What does not fit the mapping is that event's own failure."""
    rows, landed = [], []
    for task in tasks:
        if task.trouble:
            landed.append(Landed(task, our_error(task.trouble)))
            continue
        try:
            rows.append(Row(task, task.target.map_body(task.prepare_input())))
        except mapping.MappingError as error:
            landed.append(Landed(task, our_error(error.problem.as_json())))
    return rows, landed


def _send_parts(client: Client, rows: list[Row]) -> list[Landed]:
    """All in one request. Where the content is refused as a whole, nothing of it was
    done: the halves are sent, until it is known which rows are disliked."""
    landed: list[Landed] = []
    waiting = [rows] if rows else []
    requests = 0
    while waiting:
        part = waiting.pop()
        if requests == MAX_REQUESTS or not wait_for_turn(part[0].task):
            later = Outcome(Verdict.RETRY, "not_begun")
            landed += [Landed(row.task, later, leads=False) for row in part]
            continue
        requests += 1
        found = _send(client, part)
        if len(part) > 1 and _is_refused_whole(found):
            half = len(part) // 2
            waiting += [part[half:], part[:half]]
        else:
            landed += found
    return landed


def _is_refused_whole(landed: list[Landed]) -> bool:
    """Whether it is the content that a 4xx is about, of whichever row. A firewall says
    403; if it is the credentials, the first row alone says so, too."""
    first = landed[0]
    status = (first.exchange and first.exchange.status) or 0
    dislikes = first.outcome.verdict in (Verdict.FAILED, Verdict.CREDENTIALS)
    return dislikes and 400 <= status < 500 and status != 401


def _send(client: Client, rows: list[Row]) -> list[Landed]:
    """One request, and what became of each row."""
    target = rows[0].task.target
    exchange = None
    try:
        ids = [row.task.event_id for row in rows]
        request = prepare(target, [row.body for row in rows], ids)
        exchange = auth.send(client, request, target.auth)
        note_pace(exchange, target)
        found = judge(exchange, target.rules, ids)
        return [
            _land(row, exchange, outcome, answer, leads=not number)
            for number, (row, (outcome, answer)) in enumerate(
                zip(rows, found, strict=True)
            )
        ]
    except mapping.MappingError as error:
        outcome = our_error(error.problem.as_json())
    except Exception as error:
        outcome = after_exception(error, exchange)
    tasks = [row.task for row in rows]
    return _share(Landed(tasks[0], outcome, exchange), tasks)


def prepare(target: Target, bodies: list[Any], ids: list[str]) -> Request:
    """:param ids: of the events; the request's own is made of them, so that the same
    rows have the same
    """
    event_id = ids[0] if len(ids) == 1 else str(uuid5(NAMESPACE_OID, " ".join(ids)))
    return target.wrap(bodies, event_id)


def _land(
    row: Row, exchange: Exchange, outcome: Outcome, answer: Any, leads: bool
) -> Landed:
    """The log of an event has its own part only: others' data is not about it."""
    own = replace(
        exchange,
        request=replace(exchange.request, body=row.body, event_id=row.task.event_id),
    )
    if answer is not None:
        own = _with_answer(own, answer)
    elif not leads:
        own = replace(own, answer=own.answer[:MAX_SHARED])
    rules = row.task.target.log
    outcome = mask_outcome(outcome, own.request, rules)
    return Landed(row.task, outcome, own, describe(own, rules), leads)


def _with_answer(exchange: Exchange, answer: Any) -> Exchange:
    text = json.dumps(answer, ensure_ascii=False)
    return replace(exchange, data=answer, answer=text)


# -- answers -----------------------------------------------------------------------


def judge(
    exchange: Exchange, rules: AnswerRules, ids: list[str]
) -> list[tuple[Outcome, Any]]:
    """What an exchange means for each event, with the part of the answer that is about
    it, None for all of it.

    :param ids: of the events, in the order in which they were sent
    """
    whole = classify(exchange, rules)
    is_accepted = exchange.status is not None and 200 <= exchange.status < 300
    answers = read_answers(exchange.data, rules.answers_path, ids)
    if not is_accepted or answers is None:
        return [(whole, None)] * len(ids)
    found = [_judge_row(exchange, rules, answers.get(id_)) for id_ in ids]
    refused = {Verdict.FAILED, Verdict.UNKNOWN}
    if whole.code == "refused" and not any(o.verdict in refused for o, _a in found):
        # It was refused, and not because of one of them.
        return [(whole, None)] * len(ids)
    return found


def judge_one(exchange: Exchange, rules: AnswerRules) -> Outcome:
    """What an exchange means for the only event of its request."""
    [(outcome, _part)] = judge(exchange, rules, [exchange.request.event_id or ""])
    return outcome


def _judge_row(
    exchange: Exchange, rules: AnswerRules, answer: Any
) -> tuple[Outcome, Any]:
    if answer is None:
        # Nobody says that it is there, so that nobody believes it.
        args = {"status": exchange.status}
        return Outcome(Verdict.UNKNOWN, "row_missing", args), None
    return classify(_with_answer(exchange, answer), rules), answer


def read_answers(data: Any, path: str, ids: list[str]) -> dict[str, Any] | None:
    """The answer for each event: by its id where all rows name one, else in the order
    in which they were sent.

    :return: {event id: answer}, without those that are missing; None where an answer
        says nothing of single rows
    """
    try:
        rows = mapping.search(path, data) if path else None
    except mapping.MappingError:
        return None
    if not isinstance(rows, list) or not rows:
        return None
    known = set(ids)
    named = [_find_id(row, known) for row in rows]
    if all(named):
        return dict(zip(map(str, named), rows, strict=True))
    if len(rows) == len(ids):
        return dict(zip(ids, rows, strict=True))
    return {}


def _find_id(row: Any, known: set[str]) -> str | None:
    values = row.values() if isinstance(row, dict) else [row]
    return next((v for v in values if isinstance(v, str) and v in known), None)
