"""The one door for HTTP. Sends a request and says what happened; it never raises for
trouble on the wire and never sends anything twice.

Built on ``http.client``: of all clients it costs least, and connecting stays ours."""

import contextlib
import json
import logging
import socket
import ssl
import time
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass, field, replace
from email.message import Message
from functools import cache
from http.client import HTTPException, HTTPResponse
from types import TracebackType
from typing import Any, Literal
from urllib.parse import urlencode

import certifi

from .address_guard import Address, AddressRefused, check_url
from .connect import Watch, connect, watchdog
from .pool import Connection, Pool
from .problems import Problem, ProblemError

_logger = logging.getLogger(__name__)

USER_AGENT = "inboost_connector/19.0"
#: Characters kept of an answer; more is not read.
MAX_ANSWER = 64 * 1024
#: Pages of customers may be larger than what is worth keeping in a log.
MAX_PAGE = 8 * 1024 * 1024
#: Seconds to reach a server, TLS included.
CONNECT_TIMEOUT = 5.0
#: Seconds that a socket's own timeout comes after the watchdog: a second net.
NET = 1.0

#: Set by the client itself: they say where a message ends and whom it is for.
FRAMING_HEADERS = {
    "connection",
    "content-length",
    "expect",
    "host",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}

#: Why there is no answer, or no whole one.
Trouble = Literal[
    "address_refused",
    "name_error",
    "no_connection",
    "tls_error",
    "timeout",
    "connection_lost",
    "unreadable",
    "our_error",
]


@dataclass
class Request:
    """:ivar method: GET, POST, PUT, PATCH or DELETE
    :ivar url: with its query
    :ivar headers: further ones; once sent, all that left
    :ivar body: any JSON value, or None for no body; a form has no more than one level
    :ivar timeout: seconds for the whole answer"""

    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict)
    body: object = None
    body_format: Literal["json", "form"] = "json"
    event_id: str | None = None
    timeout: float = 20.0
    max_answer: int = MAX_ANSWER

    def encode_body(self) -> bytes | None:
        """:raise ProblemError: when the body cannot be sent"""
        if self.body is None:
            return None
        if self.method == "GET":
            raise ProblemError("get_body")
        if self.body_format == "form":
            return _encode_form(self.body)
        return json.dumps(self.body, ensure_ascii=False, allow_nan=False).encode()

    def complete_headers(self) -> dict[str, str]:
        """Ours, with the request's own in their place where both name one.

        :raise ProblemError: for a header that is not the request's business
        """
        ours = {"User-Agent": USER_AGENT, "Accept": "application/json"}
        if self.body is not None:
            ours["Content-Type"] = (
                "application/x-www-form-urlencoded"
                if self.body_format == "form"
                else "application/json"
            )
        if self.event_id:
            ours["Idempotency-Key"] = self.event_id
        names = {name.lower() for name in self.headers}
        if fixed := sorted(names & FRAMING_HEADERS):
            raise ProblemError("header_fixed", names=", ".join(fixed))
        kept = {name: v for name, v in ours.items() if name.lower() not in names}
        return {**kept, **self.headers}


def _encode_form(body: object) -> bytes:
    if not isinstance(body, dict):
        raise ProblemError("form_object")
    fields = []
    for name, value in body.items():
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, dict | list):
                raise ProblemError("form_level", name=name[:40])
            if isinstance(item, bool):
                item = "true" if item else "false"
            if item is not None:
                fields.append((name, item))
    return urlencode(fields).encode("ascii")


@dataclass
class Exchange:
    """:ivar sent: whether a byte of the request may have left
    :ivar data: the parsed answer, None when it is not JSON
    :ivar duration: seconds
    :ivar trouble, error: why the answer is missing or broken; in words, for logs
    :ivar problem: the same for people, where it was found here
    :ivar truncated: whether the answer is not whole"""

    request: Request
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    answer: str = ""
    data: Any = None
    duration: float = 0.0
    trouble: Trouble | None = None
    problem: Problem | None = None
    error: str | None = None
    sent: bool = False
    truncated: bool = False

    def note(self, error: BaseException) -> None:
        self.trouble, self.error = describe(error, self.sent)
        self.problem = error.problem if isinstance(error, ProblemError) else None


@cache
def _tls() -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=certifi.where())
    context.set_alpn_protocols(["http/1.1"])
    return context


class Client:
    """A pool of connections; safe to use from several threads at once. No proxies, no
    cookies, no redirects.

    :param bool allow_http: a developer's option; else https only
    :param allowed_networks: CIDR strings of private networks that may be called
    """

    def __init__(
        self,
        allow_http: bool = False,
        allowed_networks: "list[str] | tuple[str, ...]" = (),
        pool_size: int = 16,
    ) -> None:
        self.allow_http = allow_http
        self.allowed_networks = tuple(allowed_networks)
        self._pool = Pool(pool_size)

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._pool.close()

    def send(self, request: Request) -> Exchange:
        exchange = Exchange(request)
        begin = time.monotonic()
        try:
            self._exchange(request, exchange, begin + request.timeout)
        except Exception as error:
            exchange.note(error)
            if exchange.trouble == "our_error":
                _logger.info("InBoost: a request failed here", exc_info=True)
        exchange.duration = time.monotonic() - begin
        return exchange

    def send_within(self, request: Request, seconds: float) -> Exchange:
        """As ``send``, but the caller waits ``seconds`` at most, even for the name
        server, which no deadline of ours reaches."""
        request = replace(request, timeout=min(request.timeout, seconds))
        executor = ThreadPoolExecutor(1)
        try:
            return executor.submit(self.send, request).result(seconds)
        except FutureTimeout:
            error = f"Timeout: no answer within {seconds:g} s"
            return Exchange(
                request, trouble="timeout", error=error, sent=True, duration=seconds
            )
        finally:
            executor.shutdown(wait=False)

    def _exchange(self, request: Request, exchange: Exchange, deadline: float) -> None:
        address = check_url(request.url, self.allow_http, self.allowed_networks)
        body = request.encode_body()
        request.headers = request.complete_headers()
        place = (address.scheme, address.host, address.port)
        connection = self._pool.take(place) or self._connect(address, deadline)
        reusable = False
        try:
            connection.sock.settimeout(max(deadline - time.monotonic(), 0) + NET)
            with watchdog.guard(connection.sock, deadline) as watch:
                try:
                    reusable = _talk(connection, address.target, exchange, body, watch)
                except (OSError, HTTPException) as error:
                    exchange.note(error)
            if watch.expired:
                reusable, exchange.truncated, exchange.data = False, True, None
                exchange.note(TimeoutError())
        finally:
            if reusable:
                self._pool.give(place, connection)
            else:
                connection.close()

    def _connect(self, address: Address, deadline: float) -> Connection:
        """A connection with a checked address, TLS done."""
        deadline = min(deadline, time.monotonic() + CONNECT_TIMEOUT)
        sock = connect(address.host, address.port, self.allowed_networks, deadline)
        try:
            if address.scheme == "https":
                sock = _secure(sock, address.host, deadline)
        except BaseException:
            sock.close()
            raise
        connection = Connection(address.host, address.port)
        connection.sock = sock
        if address.scheme == "https":
            connection.default_port = 443
        return connection


def _secure(sock: socket.socket, host: str, deadline: float) -> ssl.SSLSocket:
    sock.settimeout(max(deadline - time.monotonic(), 0) + NET)
    with watchdog.guard(sock, deadline) as watch:
        try:
            return _tls().wrap_socket(sock, server_hostname=host)
        except OSError as error:
            if watch.expired:
                raise TimeoutError("the server does not finish TLS") from error
            raise


def _talk(
    connection: Connection,
    target: str,
    exchange: Exchange,
    body: bytes | None,
    watch: Watch,
) -> bool:
    """:return: whether the connection may be used again"""
    request = exchange.request
    connection.sent = False
    try:
        # A server may answer before it has read all, and hang up: "too large", say.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.request(request.method, target, body, request.headers)
            connection.flush()
    finally:
        exchange.sent = connection.sent
    with connection.getresponse() as response:
        if watch.expired:
            # Cut in the middle of the headers, which reads like their end.
            raise TimeoutError
        exchange.status = response.status
        exchange.headers = _join(response.headers)
        _read(response, exchange, request.max_answer)
        return not exchange.truncated and connection.sock is not None


def _join(headers: Message) -> dict[str, str]:
    """One value a name; several are joined as RFC 9110 (5.3) does."""
    joined: dict[str, str] = {}
    for name, value in headers.items():
        joined[name] = f"{joined[name]}, {value}" if name in joined else value
    return joined


def _read(response: HTTPResponse, exchange: Exchange, limit: int) -> None:
    """Read up to ``limit`` bytes; the status stands whatever becomes of them."""
    try:
        raw = response.read(limit + 1)
        if response.length and len(raw) <= limit:
            raise ConnectionError("the answer broke off")
        exchange.truncated = len(raw) > limit
    except (OSError, HTTPException) as error:
        raw = getattr(error, "partial", b"")
        exchange.note(error)
        exchange.truncated = True
    exchange.answer = raw[:limit].decode("utf-8", "replace").replace("\x00", "")
    if not exchange.truncated:
        # Brackets in brackets in brackets are not an answer either.
        with contextlib.suppress(ValueError, RecursionError):
            exchange.data = json.loads(raw)


def describe(error: BaseException, sent: bool = False) -> tuple[Trouble, str]:
    """The kind of trouble and a short text about it, for logs."""
    words = str(error)[:300]
    if isinstance(error, AddressRefused):
        return "address_refused", words
    if isinstance(error, socket.gaierror):
        return "name_error", "Name error: the host name cannot be resolved"
    if isinstance(error, TimeoutError):
        return "timeout", f"Timeout: {words or 'no answer in time'}"
    if isinstance(error, HTTPException) and not isinstance(error, OSError):
        return "unreadable", f"Not HTTP: {type(error).__name__}: {words}"
    if isinstance(error, OSError) and sent:
        return "connection_lost", f"Connection lost: {words}"
    if isinstance(error, ssl.SSLError):
        return "tls_error", f"TLS error: {error.reason or words}"
    if isinstance(error, OSError):
        return "no_connection", f"Connect error: nothing answers ({words})"
    return "our_error", f"{type(error).__name__}: {words}"
