"""An exchange as the request log keeps it: without secrets and, where wanted, without
what identifies a person."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from . import redact, storable
from .client import Exchange, Request
from .outcome import Outcome
from .problems import is_problem

#: Characters kept of a body and of an answer.
MAX_TEXT = 20_000
#: Of a page of customers: there are many, and each customer has what came of them.
MAX_PAGE_TEXT = 1000


@dataclass(frozen=True)
class LogRules:
    """:ivar tokens: of the portal's webhooks, which its other answers may name, too
    :ivar webhook: whether the address itself is the secret
    :ivar people: whether bodies are about people, so that ``name`` is one's name
    :ivar page: whether an answer is a page of a list"""

    secrets: tuple[str, ...] = ()
    secret_headers: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()
    webhook: bool = True
    mask_personal: bool = False
    people: bool = False
    page: bool = False


def describe(exchange: Exchange, rules: LogRules) -> dict[str, Any]:
    """:return: values of the fields of the log that the exchange itself gives"""
    request = exchange.request
    headers = redact.headers(request.headers, rules.secret_headers)
    secrets = _secrets_of(request, rules)
    body, answer = request.body, exchange.answer
    error = mask_text(exchange.error or "", rules, secrets)
    if rules.mask_personal:
        words = _words_in(request.body, rules) | _words_in(exchange.data, rules)
        answer = redact.without_words(_mask(exchange, rules), words)
        error = redact.without_words(error, words)
        body = redact.personal(body, rules.people)
    # The screen indents it: here that would cost five times as much.
    shown = "" if body is None else json.dumps(body, ensure_ascii=False)
    limit = MAX_PAGE_TEXT if rules.page and exchange.data is not None else MAX_TEXT
    return {
        "event_uuid": request.event_id,
        "method": request.method,
        "url": redact.text(redact.url(request.url, rules.webhook), secrets),
        "request_headers": redact.text(json.dumps(headers), secrets),
        "request_body": _hide(shown, secrets, rules)[:MAX_TEXT],
        "status": exchange.status or 0,
        "answer": _hide(answer, secrets, rules)[:limit],
        "duration": exchange.duration,
        "reason_code": exchange.trouble,
        "error": error or None,
    }


def mask_outcome(outcome: Outcome, request: Request, rules: LogRules) -> Outcome:
    """``outcome`` as it may be kept and read: answers repeat what they were sent."""
    secrets = _secrets_of(request, rules)
    words = _words_in(request.body, rules)

    def mask(value: Any) -> Any:
        if is_problem(value):
            return [value[0], mask_all(value[1])]
        if not isinstance(value, str):
            return value
        return redact.without_words(mask_text(value, rules, secrets), words)

    def mask_all(values: dict[str, Any]) -> dict[str, Any]:
        return {name: mask(value) for name, value in values.items()}

    return replace(
        outcome,
        args=mask_all(outcome.args),
        text=mask(outcome.text),
        misfits=mask_all(outcome.misfits),
    )


def _words_in(value: Any, rules: LogRules) -> set[str]:
    """Names in what was sent or came back: a sentence of the answer may repeat them."""
    return redact.personal_words(value, rules.people) if rules.mask_personal else set()


def _secrets_of(request: Request, rules: LogRules) -> list[str]:
    found = [*rules.secrets, *_find_tokens(request, rules)]
    if rules.webhook:
        found += redact.url_secrets(request.url)
    return found


def _find_tokens(request: Request, rules: LogRules) -> list[str]:
    """What is hidden in headers, such as an access token, may come back elsewhere."""
    shown = redact.headers(request.headers, rules.secret_headers)
    return [
        value.rpartition(" ")[2]
        for name, value in request.headers.items()
        if shown[name] == redact.MASK and len(value) >= redact.MIN_TOKEN
    ]


def _mask(exchange: Exchange, rules: LogRules) -> str:
    if exchange.data is None:
        return redact.personal_text(exchange.answer)
    return json.dumps(redact.personal(exchange.data, rules.people), ensure_ascii=False)


def mask_text(text: str, rules: LogRules, secrets: list[str] | None = None) -> str:
    """A reason or an error as it may be kept."""
    if rules.mask_personal:
        text = redact.personal_text(text)
    return _hide(text, secrets or rules.secrets, rules)


def _hide(text: str, secrets: Iterable[str], rules: LogRules) -> str:
    text = redact.text(text, secrets)
    for token in rules.tokens:
        # As they are: eleven tokens in all spellings would cost more than a request.
        text = text.replace(token, redact.MASK)
    return storable.text(text)
