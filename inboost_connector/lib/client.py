"""The one door for HTTP. Sends a request and tells what happened; it never raises for
trouble on the wire and never sends anything twice."""

import contextlib
import json
import socket
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass, field

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NameResolutionError, NewConnectionError

from .address import AddressRefused, check_ip, check_url

USER_AGENT = "inboost_connector/19.0"
#: Characters kept of an answer; more is not read.
MAX_ANSWER = 64 * 1024
#: Pages of customers may be larger than what is worth keeping in a log.
MAX_PAGE = 8 * 1024 * 1024
#: Seconds after which an idle connection may have been closed by the server.
MAX_IDLE = 3.0

#: Seconds to reach a server, TLS included.
CONNECT_TIMEOUT = 5.0

_wire = threading.local()


@dataclass
class Request:
    """:ivar body: any JSON value, or None for no body
    :ivar timeout: seconds for the whole answer"""

    method: str
    url: str
    headers: dict = field(default_factory=dict)
    body: object = None
    event_id: str | None = None
    timeout: float = 20.0
    max_answer: int = MAX_ANSWER


@dataclass
class Exchange:
    """:ivar sent: whether a byte of the request may have left
    :ivar data: the parsed answer, None when it is no JSON
    :ivar duration: seconds"""

    request: Request
    status: int | None = None
    headers: dict = field(default_factory=dict)
    answer: str = ""
    data: object = None
    duration: float = 0.0
    error: str | None = None
    sent: bool = False
    truncated: bool = False


class _Guarded:
    """Connects to checked addresses only and notes when the first byte leaves."""

    allowed_networks = ()
    last_used = 0.0

    def _new_conn(self):
        try:
            found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        except (socket.gaierror, UnicodeError) as error:
            raise NameResolutionError(self.host, self, error) from error
        for *_rest, target in found:
            check_ip(target[0], self.allowed_networks)
        last = None
        for family, kind, proto, _name, target in found:
            sock = socket.socket(family, kind, proto)
            try:
                sock.settimeout(min(self.timeout or CONNECT_TIMEOUT, CONNECT_TIMEOUT))
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                sock.connect(target)
                return sock
            except OSError as error:
                sock.close()
                last = error
        raise NewConnectionError(self, f"cannot connect: {last}") from last

    def send(self, data):
        if self.sock is None:
            self.connect()
        _wire.sent = True
        self.last_used = time.monotonic()
        return super().send(data)


class _Connection(_Guarded, HTTPConnection):
    pass


class _SecureConnection(_Guarded, HTTPSConnection):
    pass


class _NoStale:
    """Hands out no connection that sat idle: the server may be closing it just now,
    and the outcome of what we send would be unknown for nothing."""

    def _get_conn(self, timeout=None):
        conn = super()._get_conn(timeout)
        if conn.sock and time.monotonic() - conn.last_used > MAX_IDLE:
            conn.close()
        return conn

    def _put_conn(self, conn):
        if conn is not None:
            conn.last_used = time.monotonic()
        return super()._put_conn(conn)


class _Adapter(HTTPAdapter):
    def __init__(self, allowed_networks, pool_size):
        self.allowed_networks = tuple(allowed_networks)
        super().__init__(pool_connections=4, pool_maxsize=pool_size)

    def send(self, *args, timeout=None, **kwargs):
        # For connecting and waiting together; requests means each of them.
        total = urllib3.Timeout(total=timeout)
        return super().send(*args, timeout=total, **kwargs)

    def init_poolmanager(self, *args, **kwargs):
        result = super().init_poolmanager(*args, **kwargs)
        networks = {"allowed_networks": self.allowed_networks}
        plain = type("Connection", (_Connection,), networks)
        secure = type("SecureConnection", (_SecureConnection,), networks)
        self.poolmanager.pool_classes_by_scheme = {
            "http": type(
                "Pool", (_NoStale, HTTPConnectionPool), {"ConnectionCls": plain}
            ),
            "https": type(
                "SecurePool", (_NoStale, HTTPSConnectionPool), {"ConnectionCls": secure}
            ),
        }
        return result


class Client:
    """A pool of connections; safe to use from several threads at once.

    :param bool allow_http: a developer's option; else https only
    :param allowed_networks: CIDR strings of private networks that may be called
    """

    def __init__(self, allow_http=False, allowed_networks=(), pool_size=16):
        self.allow_http = allow_http
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.cookies.set_policy(_NoCookies())
        adapter = _Adapter(allowed_networks, pool_size)
        self.session.mount("https://", adapter)
        self.session.mount("http://", adapter)

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self.close()

    def close(self):
        self.session.close()

    def send(self, request):
        """:param Request request: :rtype: Exchange"""
        exchange = Exchange(request)
        _wire.sent = False
        begin = time.monotonic()
        try:
            check_url(request.url, self.allow_http)
            self._exchange(request, exchange, begin + request.timeout)
        except (
            AddressRefused,
            requests.RequestException,
            urllib3.exceptions.HTTPError,
            OSError,
            ValueError,
        ) as error:
            exchange.error = describe(error)
        exchange.sent = _wire.sent
        exchange.duration = time.monotonic() - begin
        return exchange

    def send_within(self, request, seconds):
        """As ``send``, but the caller waits ``seconds`` at most: neither a name server
        nor a body that trickles holds them longer.

        :rtype: Exchange
        """
        executor = ThreadPoolExecutor(1)
        try:
            return executor.submit(self.send, request).result(seconds)
        except FutureTimeout:
            error = f"Timeout: no answer within {seconds:g} s"
            return Exchange(request, error=error, sent=True, duration=seconds)
        finally:
            executor.shutdown(wait=False)

    def _exchange(self, request, exchange, deadline):
        headers = {"User-Agent": USER_AGENT, "Accept": "application/json"}
        headers.update(request.headers)
        body = None
        if request.body is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(request.body, ensure_ascii=False).encode()
        if request.event_id:
            headers["Idempotency-Key"] = request.event_id
        request.headers = headers
        with contextlib.closing(
            self.session.request(
                request.method,
                request.url,
                data=body,
                headers=headers,
                timeout=request.timeout,
                allow_redirects=False,
                stream=True,
            )
        ) as response:
            exchange.status = response.status_code
            exchange.headers = dict(response.headers)
            self._read(response, exchange, request.max_answer, deadline)

    @staticmethod
    def _read(response, exchange, limit, deadline):
        """Read up to ``limit`` bytes; the status stands whatever becomes of them."""
        raw = b""
        try:
            for chunk in response.iter_content(8192):
                raw += chunk
                if time.monotonic() > deadline:
                    exchange.error = "Timeout: the answer did not end in time"
                exchange.truncated = bool(exchange.error) or len(raw) > limit
                if exchange.truncated:
                    break
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            exchange.error = describe(error)
            exchange.truncated = True
        exchange.answer = raw[:limit].decode("utf-8", "replace").replace("\x00", "")
        if not exchange.truncated:
            # Brackets in brackets in brackets are no answer either.
            with contextlib.suppress(ValueError, RecursionError):
                exchange.data = json.loads(raw)


class _NoCookies(requests.cookies.cookielib.DefaultCookiePolicy):
    def set_ok(self, cookie, request):
        return False


def describe(error):
    """A short text that names the kind of trouble, for logs and for people."""
    cause = error
    while cause is not None:
        if isinstance(cause, AddressRefused):
            return f"Address refused: {cause}"
        if isinstance(cause, NameResolutionError):
            return "Name error: the host name cannot be resolved"
        if isinstance(cause, NewConnectionError):
            return "Connect error: nothing answers at this address"
        if isinstance(cause, ssl.SSLError):
            return f"TLS error: {cause.reason or cause}"
        reason = getattr(cause, "reason", None)
        nested = reason if isinstance(reason, BaseException) else None
        args = [arg for arg in cause.args if isinstance(arg, BaseException)]
        cause = nested or (args[0] if args else cause.__cause__)
    if isinstance(error, requests.Timeout):
        return "Timeout: no answer in time"
    return f"{type(error).__name__}: {error}"[:300]
