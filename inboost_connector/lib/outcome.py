"""What an HTTP exchange means for the event it carried: the one outcome table.

The first question is whether InBoost can have acted on the request. Where nobody
knows, the endpoint's guarantee decides (:func:`after_unknown`)."""

import re
from dataclasses import dataclass, field
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import Any, Literal, get_args

from . import mapping
from .client import Exchange, Trouble

#: A server may ask us to wait, but not for ever (seconds).
MAX_RETRY_AFTER = 3600.0
#: Characters kept of an answer's own words.
MAX_TEXT = 500

#: True for the common ways to refuse with a 2xx.
FAILURE_PATH = (
    "success == `false` || (error && error != `0`) || (errors && errors != `0`)"
)
#: Where people's words usually are, the best first.
TEXT_PATHS = (
    "message",
    "error.message",
    "errors[0].message",
    "error_description",
    "title",
    "detail",
    "error",
    "errors[0]",
    "errors[0].detail",
    "errors[0].code",
    "error.code",
    "code",
    "@",
)

#: Codes such as document_not_found, CLIENT_NOT_FOUND or userNotFound, and those that
#: are about the address.
NOT_FOUND = re.compile(r"[a-z].?(not.?found|unknown)|unknown.?[a-z]", re.I)
NO_ADDRESS = re.compile(r"route|path|url|endpoint|page|resource|method|http", re.I)
MARKUP = re.compile(r"<[^<>]*>")


class Verdict(str, Enum):
    DONE = "done"  # arrived
    DUPLICATE = "duplicate"  # had arrived before
    RETRY = "retry"  # certainly not processed: try again later
    CREDENTIALS = "credentials"  # refused: ours, or this content? The test decides
    ADDRESS = "address"  # nobody is at this address
    FAILED = "failed"  # the content is refused
    UNKNOWN = "unknown"  # may or may not have arrived


#: Stable words for reasons; the models say them in the reader's language.
Code = (
    Trouble
    | Literal[
        "accepted",  # a 2xx
        "repeat",  # the receiver knew the event
        "refused",  # a 2xx whose failure path is true
        "web_page",  # a page for people where an answer was expected
        "redirect",
        "credentials",
        "no_such_address",
        "not_found",  # what the request is about, not the address
        "busy",  # 409, 425, 503
        "too_many_requests",  # 429
        "http_status",  # any other; the number is in the arguments
        "row_missing",  # a 2xx that says of other events of the request only
        "not_begun",  # it waited too long for its turn: nothing left
    ]
)
CODES: tuple[str, ...] = tuple(
    code for group in get_args(Code) for code in get_args(group)
)


@dataclass(frozen=True)
class AnswerRules:
    """How one endpoint answers.

    :ivar failure_path: JMESPath over the answer; true where a 2xx is a refusal
    :ivar repeat_path: JMESPath; true where the receiver knew the event already
    :ivar text_path: JMESPath; the answer's own words, "" for the usual places
    :ivar answers_path: JMESPath; the answer for each of several events, to which the
        three above are applied then
    :ivar not_found: what 404 and 410 mean. ``content``: what the event is about is
        unknown there; ``address_until_proven``: wrong address, until a 2xx or when
        a code of the answer names what is unknown, such as client_not_found
    :ivar conflict: what 409 means: ``busy``: try again, ``repeat``: arrived before
    :ivar web_page: whether a web page may be the answer to what was accepted
    :ivar authorised: whether the request carries the backend's credentials
    :ivar proven: whether the endpoint ever answered with a 2xx"""

    failure_path: str = FAILURE_PATH
    repeat_path: str = ""
    text_path: str = ""
    answers_path: str = ""
    not_found: Literal["content", "address_until_proven"] = "address_until_proven"
    conflict: Literal["busy", "repeat"] = "busy"
    web_page: Literal["refused", "accepted"] = "refused"
    authorised: bool = False
    proven: bool = False


@dataclass(frozen=True)
class Outcome:
    """:ivar args: JSON values that the words of ``code`` need
    :ivar wait: seconds the server asked us to wait, or None
    :ivar text: the answer's own words, plain, at most MAX_TEXT characters
    :ivar misfits: paths that could not be applied to the answer, with the reason as
        ``lib.problems.Problem.as_json`` gives it"""

    verdict: Verdict
    code: Code
    args: dict[str, Any] = field(default_factory=dict)
    wait: float | None = None
    text: str = ""
    misfits: dict[str, Any] = field(default_factory=dict)


def classify(exchange: Exchange, rules: AnswerRules) -> Outcome:
    """Say what ``exchange`` means."""
    misfits: dict[str, Any] = {}
    if exchange.status is None:
        return _without_answer(exchange)
    verdict, code = _judge(exchange, exchange.status, rules, misfits)
    return Outcome(
        verdict,
        code,
        {"status": exchange.status},
        retry_after(exchange.headers) if verdict is Verdict.RETRY else None,
        "" if verdict is Verdict.DONE else _find_text(exchange, rules, misfits),
        misfits,
    )


def _without_answer(exchange: Exchange) -> Outcome:
    code = exchange.trouble or "connection_lost"
    if exchange.sent:
        verdict = Verdict.UNKNOWN
    elif code == "our_error":
        verdict = Verdict.FAILED
    else:
        verdict = Verdict.RETRY
    problem = exchange.problem
    error = problem.as_json() if problem else exchange.error or ""
    return Outcome(verdict, code, {"error": error})


def _judge(
    exchange: Exchange, status: int, rules: AnswerRules, misfits: dict[str, Any]
) -> tuple[Verdict, Code]:
    page = rules.web_page == "refused" and is_web_page(exchange)
    if _holds("repeat_path", exchange, rules, misfits):
        return Verdict.DUPLICATE, "repeat"
    match status:
        case _ if 200 <= status < 300:
            return _judge_success(exchange, rules, misfits, page)
        case 401 | 403 if rules.authorised:
            return Verdict.CREDENTIALS, "credentials"
        case 404 | 410:
            unproven = rules.not_found == "address_until_proven" and not rules.proven
            if page or (unproven and not _names_content(exchange)):
                return Verdict.ADDRESS, "no_such_address"
            return Verdict.FAILED, "not_found"
        # The server gave up waiting for a request that we had sent.
        case 408:
            return Verdict.UNKNOWN, "http_status"
        case 409 if rules.conflict == "repeat":
            return Verdict.DUPLICATE, "repeat"
        case 409 | 425 | 503:
            return Verdict.RETRY, "busy"
        case 429:
            return Verdict.RETRY, "too_many_requests"
        case _ if 300 <= status < 400:
            return Verdict.FAILED, "redirect"
        case _ if 400 <= status < 500:
            return Verdict.FAILED, "http_status"
    return Verdict.UNKNOWN, "http_status"


def _judge_success(
    exchange: Exchange, rules: AnswerRules, misfits: dict[str, Any], page: bool
) -> tuple[Verdict, Code]:
    if page:
        return Verdict.FAILED, "web_page"
    if _holds("failure_path", exchange, rules, misfits):
        return Verdict.FAILED, "refused"
    return Verdict.DONE, "accepted"


def after_unknown(guarantee: str) -> Verdict:
    """:return: the verdict that takes the place of an unknown outcome,
    or UNKNOWN where a person has to decide."""
    return Verdict.RETRY if guarantee == "at_least_once" else Verdict.UNKNOWN


def after_credentials(test: Verdict) -> Verdict:
    """The verdict that takes the place of CREDENTIALS for an event.

    :param Verdict test: of the connection test, asked with the same credentials
    """
    if test is Verdict.CREDENTIALS:
        return Verdict.CREDENTIALS
    if test in (Verdict.DONE, Verdict.DUPLICATE):
        return Verdict.FAILED  # somebody dislikes this content
    return Verdict.RETRY  # it says nothing about either


def read_received(exchange: Exchange, rules: AnswerRules, path: str) -> bool | None:
    """What a server says of an event that it was asked about.

    :param str path: JMESPath over the answer: true or false
    :return: None where it says neither: then nobody knows
    """
    outcome = classify(exchange, rules)
    if outcome.code == "not_found" and rules.not_found == "content":
        return False
    if outcome.verdict not in (Verdict.DONE, Verdict.DUPLICATE):
        return None
    value = _search("received", path, exchange.data, {})
    return value if isinstance(value, bool) else None


def is_web_page(exchange: Exchange) -> bool:
    """Whether a page for people came: of a firewall, a login, a wrong address."""
    kind = _header(exchange.headers, "content-type") or ""
    if kind.partition(";")[0].strip().lower() in ("text/html", "application/xhtml+xml"):
        return True
    return exchange.answer.lstrip("\ufeff \t\r\n").startswith("<")


def retry_after(headers: dict[str, str], now: datetime | None = None) -> float | None:
    """Seconds asked for by a ``Retry-After`` header (RFC 9110, 10.2.3), bounded.

    :return: in [0, MAX_RETRY_AFTER], or None when absent or unreadable
    """
    value = _header(headers, "retry-after")
    if value is None:
        return None
    value = value.strip()
    if value.isascii() and value.isdigit():
        # Cut before converting: a thousand digits are not a number of seconds.
        seconds = float(value[:9])
    else:
        try:
            moment = parsedate_to_datetime(value)
        except (TypeError, ValueError, OverflowError, IndexError):
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=timezone.utc)
        now = now or datetime.now(timezone.utc)
        seconds = (moment - now).total_seconds()
    return min(max(seconds, 0.0), MAX_RETRY_AFTER)


def _header(headers: dict[str, str], name: str) -> str | None:
    return next((v for k, v in headers.items() if k.lower() == name), None)


def _holds(
    name: str, exchange: Exchange, rules: AnswerRules, misfits: dict[str, Any]
) -> bool:
    return bool(_search(name, getattr(rules, name), exchange.data, misfits))


def _search(name: str, path: str, data: Any, misfits: dict[str, Any]) -> Any:
    """The value of ``path``; one that does not fit is the endpoint's fault, not the
    event's, and is said in ``misfits``."""
    if not path or data is None:
        return None
    try:
        return mapping.search(path, data)
    except Exception as error:
        misfits[name] = mapping.find_problem(error).as_json()
        return None


def _names_content(exchange: Exchange) -> bool:
    """Whether a 404 comes from who lives at the address: it has a code for what it does
    not know, which is not the address."""
    path = "code || error.code || errors[0].code"
    code = _search("code", path, exchange.data, {})
    if not isinstance(code, str) or not NOT_FOUND.search(code):
        return False
    return not NO_ADDRESS.search(code)


def _find_text(exchange: Exchange, rules: AnswerRules, misfits: dict[str, Any]) -> str:
    """The answer's own words, never markup."""
    if is_web_page(exchange):
        return ""
    paths = (rules.text_path,) if rules.text_path else TEXT_PATHS
    for path in paths:
        text = _plain(_search("text_path", path, exchange.data, misfits))
        if text:
            return text
    return _plain(exchange.answer) if exchange.data is None else ""


def _plain(value: Any) -> str:
    """``value`` as one line of text; "" for what is not text."""
    if isinstance(value, list):
        return "; ".join(filter(None, map(_plain, value)))[:MAX_TEXT]
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    # Halves of characters are no text, and no database takes them.
    text = str(value)[: 10 * MAX_TEXT].encode("utf-8", "replace").decode()
    return " ".join(MARKUP.sub(" ", text).replace("\x00", "").split())[:MAX_TEXT]
