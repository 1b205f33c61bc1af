"""What a request carries to be let in, and how an access token is got and kept."""

import base64
import binascii
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any
from urllib.parse import quote_plus

from .client import Client, Exchange, Request

#: Seconds for the answer with a token, and to wait for another thread that asks.
TOKEN_TIMEOUT = 10.0
#: Seconds that a token is kept of which nobody says how long it lives.
DEFAULT_LIFE = 3600.0
#: Seconds before its end from which a token is not used any more; of a short life, a
#: tenth.
MARGIN = 30.0


@dataclass(frozen=True)
class Auth:
    """How a backend wants to be asked.

    :ivar kind: ``header``: the secret after its prefix; ``basic``: user and secret
        (RFC 7617); ``oauth``: client credentials (RFC 6749, 4.4) with user and secret
        as Basic, ``oauth_form``: the same with both in the form; ``none``
    :ivar token_url: where OAuth's tokens come from"""

    kind: str = "header"
    header: str = "Authorization"
    prefix: str = "Bearer"
    user: str = ""
    secret: str = field(default="", repr=False)
    token_url: str = ""
    scope: str = ""

    @property
    def needs_token(self) -> bool:
        return self.kind in ("oauth", "oauth_form")

    def prepare_headers(self, token: str = "") -> dict[str, str]:
        """:param token: of OAuth"""
        if self.needs_token:
            return {"Authorization": f"Bearer {token}"}
        if self.kind == "basic":
            return {"Authorization": _basic(self.user, self.secret)}
        if self.kind == "header" and self.secret and self.header:
            return {self.header: f"{self.prefix} {self.secret}".strip()}
        return {}

    def prepare_token_request(self) -> Request:
        form = {"grant_type": "client_credentials"}
        headers = {}
        if self.scope:
            form["scope"] = self.scope
        if self.kind == "oauth_form":
            form.update(client_id=self.user, client_secret=self.secret)
        else:
            # Both are encoded once more (RFC 6749, 2.3.1).
            pair = quote_plus(self.user), quote_plus(self.secret)
            headers["Authorization"] = _basic(*pair)
        return Request(
            "POST", self.token_url, headers, form, "form", timeout=TOKEN_TIMEOUT
        )


def _basic(user: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{secret}".encode()).decode()


@dataclass
class _Slot:
    """The token of one :class:`Auth`.

    :ivar ends, tried: by ``time.monotonic()``
    :ivar failure: what became of the last try, when it gave none"""

    lock: threading.Lock = field(default_factory=threading.Lock)
    token: str = ""
    ends: float = 0.0
    tried: float = 0.0
    failure: Exchange | None = None


class Tokens:
    """Those of this process, by whose they are; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._slots: dict[Auth, _Slot] = {}

    def get(
        self,
        auth: Auth,
        act: Callable[[Request], Exchange],
        refused: str = "",
        wait: float = TOKEN_TIMEOUT,
    ) -> str | Exchange:
        """A token that is still good, got when there is none.

        :param refused: a token that the server did not take
        :return: the token, or the exchange that gave none
        """
        with self._lock:
            slot = self._slots.setdefault(auth, _Slot())
        asked = time.monotonic()
        if not slot.lock.acquire(timeout=wait):
            return Exchange(
                auth.prepare_token_request(), trouble="timeout", error="Timeout"
            )
        try:
            if slot.token not in ("", refused) and time.monotonic() < slot.ends:
                return slot.token
            if slot.failure and slot.tried > asked:
                # Others waited with us: one answer is enough for all.
                return slot.failure
            return _fetch(slot, auth, act)
        finally:
            slot.lock.release()

    def clear(self) -> None:
        with self._lock:
            self._slots.clear()


def _fetch(
    slot: _Slot, auth: Auth, act: Callable[[Request], Exchange]
) -> str | Exchange:
    exchange = act(auth.prepare_token_request())
    now = slot.tried = time.monotonic()
    data = exchange.data if isinstance(exchange.data, dict) else {}
    token = data.get("access_token")
    if exchange.status not in (200, 201) or not isinstance(token, str) or not token:
        slot.token, slot.failure = "", exchange
        return exchange
    life = _read_life(data.get("expires_in"))
    slot.token, slot.failure = token, None
    slot.ends = now + life - min(MARGIN, life / 10)
    return token


def _read_life(value: Any) -> float:
    try:
        return min(max(float(value), 0.0), 10 * 365 * 86400.0)
    except (TypeError, ValueError):
        return DEFAULT_LIFE


tokens = Tokens()


def send(
    client: Client, request: Request, auth: Auth | None, within: float | None = None
) -> Exchange:
    """As ``client.send``, let in by ``auth``. A token that is refused is renewed once:
    a 401 says that nothing was done.

    :param within: seconds that the caller waits at most, tokens included
    """
    end = time.monotonic() + within if within else None

    def act(one: Request) -> Exchange:
        if end is None:
            return client.send(one)
        return client.send_within(one, max(end - time.monotonic(), 0.05))

    if auth is None or not auth.needs_token:
        return act(_authorised(request, auth.prepare_headers() if auth else {}))
    wait = min(within or TOKEN_TIMEOUT, TOKEN_TIMEOUT)
    refused = ""
    while True:
        token = tokens.get(auth, act, refused, wait)
        if isinstance(token, Exchange):
            return _without_token(request, token)
        exchange = act(_authorised(request, auth.prepare_headers(token)))
        if exchange.status != 401 or refused:
            return exchange
        refused = token


def _authorised(request: Request, headers: dict[str, str]) -> Request:
    names = {name.lower() for name in headers}
    kept = {k: v for k, v in request.headers.items() if k.lower() not in names}
    request.headers = {**kept, **headers}
    return request


def _without_token(request: Request, got: Exchange) -> Exchange:
    """The request did not leave, whatever was wrong: credentials that are refused, or
    a server that may be well again. Nothing of the token's exchange is kept in it."""
    if got.status is None:
        status, error = None, f"No access token: {got.error}"
    else:
        passing = got.status >= 500 or got.status == 429
        status, error = 503 if passing else 401, f"No access token: HTTP {got.status}"
    kept = {k: v for k, v in got.headers.items() if k.lower() == "retry-after"}
    trouble = got.trouble if status is None else None
    return Exchange(request, status, headers=kept, trouble=trouble, error=error)


def read_expiry(secret: str) -> datetime | None:
    """When a JWT (RFC 7519) ends; None for what is none, or has no end.

    >>> read_expiry("e30.eyJleHAiOjE4MDAwMDAwMDB9.c2ln")
    datetime.datetime(2027, 1, 15, 8, 0)

    :return: naive, UTC, as Odoo keeps it
    """
    parts = secret.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * 3))
        end = datetime.fromtimestamp(claims["exp"], timezone.utc)
    except (
        binascii.Error, ValueError, TypeError, KeyError, OverflowError, OSError,
        RecursionError,
    ):  # fmt: skip
        return None
    return end.replace(tzinfo=None)
