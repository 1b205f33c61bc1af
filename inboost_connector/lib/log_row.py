"""An exchange as the request log keeps it: without secrets and, where wanted, without
what tells of a person."""

import json
from dataclasses import dataclass
from typing import Any

from . import redact, storable
from .client import Exchange

#: Characters kept of a body and of an answer.
MAX_TEXT = 20_000
#: Of a page of customers: there are many, and each customer has what came of them.
MAX_PAGE_TEXT = 1000


@dataclass(frozen=True)
class LogRules:
    """:ivar webhook: whether the address itself is the secret
    :ivar people: whether bodies are about people, so that ``name`` is one's name
    :ivar page: whether an answer is a page of a list"""

    secrets: tuple[str, ...] = ()
    secret_headers: tuple[str, ...] = ()
    webhook: bool = True
    mask_personal: bool = False
    people: bool = False
    page: bool = False


def describe(exchange: Exchange, rules: LogRules) -> dict[str, Any]:
    """:return: values of the fields of the log that the exchange itself tells"""
    request = exchange.request
    headers = redact.headers(request.headers, rules.secret_headers)
    secrets = [*rules.secrets, *_find_tokens(request.headers, headers)]
    if rules.webhook:
        secrets += redact.url_secrets(request.url)
    body, answer = request.body, exchange.answer
    if rules.mask_personal:
        body = redact.personal(body, rules.people)
        answer = _mask(exchange, rules)
    shown = "" if body is None else json.dumps(body, ensure_ascii=False, indent=2)
    limit = MAX_PAGE_TEXT if rules.page and exchange.data is not None else MAX_TEXT
    return {
        "event_uuid": request.event_id,
        "method": request.method,
        "url": redact.text(redact.url(request.url, rules.webhook), secrets),
        "request_headers": redact.text(json.dumps(headers, indent=2), secrets),
        "request_body": storable.text(redact.text(shown, secrets))[:MAX_TEXT],
        "status": exchange.status or 0,
        "answer": storable.text(redact.text(answer, secrets))[:limit],
        "duration": exchange.duration,
        "error": mask_text(exchange.error or "", rules, secrets) or None,
    }


def _find_tokens(sent: dict[str, str], shown: dict[str, str]) -> list[str]:
    """What is hidden in headers, such as an access token, may come back elsewhere."""
    return [
        value.rpartition(" ")[2]
        for name, value in sent.items()
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
    return storable.text(redact.text(text, secrets or rules.secrets))
