"""The way in: who may announce something, how much of it, and what an announcement is.
Nothing is parsed before it is known whose it is, and how large and deep."""

import base64
import hashlib
import hmac
import json
import re
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from . import signing, storable

#: Bytes of an announcement. A customer has a few hundred.
MAX_BODY = 64 * 1024
#: Objects and lists within each other.
MAX_DEPTH = 32
#: Characters of an id; a longer one is kept as its hash.
MAX_ID = 128
MIN_TOKEN = 24
#: Announcements of a portal that one process takes at once, and each second: a flood
#: of them must not slow a sale. The sender tries again.
AT_ONCE, A_SECOND = 60, 5.0

_STRINGS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)
_BRACKETS = re.compile(rb"[\[\]{}]")


def digest(token: str) -> str:
    """What is kept of a token: enough to know it again, and no more."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def check_token(token: str) -> None:
    """:raise ValueError: when ``token`` could be guessed, or not be sent"""
    if len(token) < MIN_TOKEN or not all("!" <= char <= "~" for char in token):
        raise ValueError(
            f"a token has at least {MIN_TOKEN} characters, without blanks: letters, "
            "digits, signs"
        )


@dataclass(frozen=True)
class Door:
    """What a portal has to show; all that is set is asked for.

    :ivar token: its digest
    :ivar secrets: one of them has signed"""

    token: str = ""
    secrets: tuple[str, ...] = field(default=(), repr=False)

    @property
    def is_open(self) -> bool:
        return bool(self.token or self.secrets)


#: Stands for what is not set, so that each request costs the same.
_NOBODY = Door(
    digest(secrets.token_urlsafe()),
    tuple(
        signing.PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()
        for _two in "12"
    ),
)


def lets_in(door: Door, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether who sends ``body`` is whom ``door`` is for. It takes as long for a door
    that is closed, and for a wrong token as for a wrong signature.

    :param headers: with names in lower case
    """
    given = digest(_get_token(headers.get("authorization", "")))
    token = hmac.compare_digest(given, door.token or _NOBODY.token)
    pair = (*door.secrets, *_NOBODY.secrets)[:2]
    signed = any([signing.is_signed(secret, headers, body) for secret in pair])
    return door.is_open and (token or not door.token) and (signed or not door.secrets)


def _get_token(authorization: str) -> str:
    """With "Bearer" before it or without."""
    scheme, _blank, rest = authorization.strip().partition(" ")
    return rest.strip() if scheme.lower() == "bearer" else authorization.strip()


def read(body: bytes) -> Any:
    """The announcement, as it can be kept.

    :raise ValueError: when it is no JSON, or nested too deep
    """
    if find_depth(body) > MAX_DEPTH:
        raise ValueError(f"nested deeper than {MAX_DEPTH}")
    data = json.loads(body.decode(), parse_constant=_refuse)
    if not isinstance(data, dict | list):
        raise ValueError("neither an object nor a list")
    return storable.clean(data)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def find_depth(body: bytes) -> int:
    """How deep brackets are nested, whether or not they belong to each other.

    >>> find_depth(b'{"a": [1, "[[["]}')
    2
    """
    depth = deepest = 0
    for bracket in _BRACKETS.findall(_STRINGS.sub(b"", body)):
        depth += 1 if bracket in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest


def get_id(headers: Mapping[str, str], data: Any) -> str:
    """By which a repeat is recognised. Where the sender names none it is a new one:
    to take one announcement twice does no harm.

    :param headers: with names in lower case
    """
    given = headers.get("webhook-id") or headers.get("idempotency-key")
    if not given and isinstance(data, dict):
        given = data.get("eventId") or data.get("event_id")
    if not isinstance(given, str | int) or isinstance(given, bool) or not given:
        return str(uuid4())
    text = storable.text(str(given))
    return text if len(text) <= MAX_ID else digest(text)


class Bucket:
    """So many at once, and then so many a second; safe to use from several threads."""

    def __init__(self, size: float = AT_ONCE, rate: float = A_SECOND) -> None:
        self._size, self._rate = size, rate
        self._left, self._seen = float(size), 0.0
        self._lock = threading.Lock()

    def take(self, now: float) -> bool:
        """:param now: by ``time.monotonic()``"""
        with self._lock:
            passed = max(now - self._seen, 0.0)
            self._left = min(self._left + passed * self._rate, self._size)
            self._seen = now
            if self._left < 1:
                return False
            self._left -= 1
            return True
