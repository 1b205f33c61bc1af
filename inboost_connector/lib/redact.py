"""Keeps secrets, and personal data where wanted, out of what is stored and shown."""

import base64
import html
import json
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit

MASK = "***"
DOTS = "••••••••"
#: A token must be so long that its last characters give nothing away.
MIN_TOKEN = 12
LAST = 4

SECRET_HEADERS = {
    "authorization",
    "authorize",
    "proxy-authorization",
    "cookie",
    "set-cookie",
    "x-api-key",
}
PERSONAL_KEYS = (
    "phone",
    "name",
    "mail",
    "birth",
    "workplace",
)
#: Names of things, not of people.
IMPERSONAL_KEYS = {"name", "eventname"}
#: A shorter name is as often another word.
MIN_NAME = 3
#: Long numbers that are not phones.
NUMBERED_KEYS = ("barcode", "sku", "order", "event", "uuid", "code", "date", "time")

#: A date is no phone; a phone has 9 to 15 digits, whatever stands between them.
PHONE = re.compile(
    r"(?P<date>(?<!\d)\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?)?(?!\d))"
    r"|(?<!\d)\+?\(?\d(?:[\s().\-–—/]{0,3}\d){8,14}(?!\d)"
)
MAIL = re.compile(
    r"""[^\s@<>"'(),;:=&/]{1,64}(?:@|%40)[^\s@<>"'(),;:=&/%]{1,190}\.[^\s@<>"'(),;:=&/.]{2,63}""",
    re.IGNORECASE,
)


def headers(
    mapping: Mapping[str, str], secret_names: Iterable[str] = ()
) -> dict[str, str]:
    """A copy of ``mapping`` with the values of secret headers masked."""
    secret = SECRET_HEADERS | {name.lower() for name in secret_names if name}
    return {
        name: MASK if name.lower() in secret else value
        for name, value in mapping.items()
    }


def text(value: str, secrets: Iterable[str | None] = ()) -> str:
    """``value`` with every one of ``secrets`` masked, the longest first, in whatever
    form they are sent and echoed."""
    for form in _find_forms(tuple(secrets)):
        value = value.replace(form, MASK)
    return value


@lru_cache(1024)
def _find_forms(secrets: tuple[str | None, ...]) -> list[str]:
    known = {form for secret in secrets if secret for form in spellings(secret)}
    return sorted(known, key=len, reverse=True)


@lru_cache(1024)
def spellings(secret: str) -> frozenset[str]:
    """How ``secret`` may be spelled: percent-encoded, escaped in JSON or HTML, and
    within base64, as ``Basic`` has it."""
    escaped = {json.dumps(secret, ensure_ascii=ascii)[1:-1] for ascii in (True, False)}
    # Halves of characters cannot be sent, so that no other form of them exists.
    sent = secret.encode("utf-8", "ignore").decode()
    quoted = {quote(sent), quote(sent, safe=""), quote_plus(sent)}
    quoted |= {re.sub("%..", lambda m: m[0].lower(), form) for form in quoted}
    forms = {secret, html.escape(secret), *escaped, *quoted, *_base64_forms(sent)}
    forms |= {form.replace("/", "\\/") for form in forms}
    return frozenset(filter(None, forms))


def _base64_forms(secret: str) -> Iterable[str]:
    """What is always in the base64 of a longer text that has ``secret`` in it: it may
    begin at any of three places of a group."""
    raw = secret.encode()
    if len(raw) < 6:
        return
    for before in range(3):
        coded = base64.b64encode(b"\0" * before + raw).decode().rstrip("=")
        # The first and the last character also depend on what stands beside it.
        begin = (0, 2, 3)[before]
        end = len(coded) - (1 if (before + len(raw)) % 3 else 0)
        yield coded[begin:end]
        yield coded[begin:end].replace("+", "-").replace("/", "_")


def url(value: str, webhook: bool = True) -> str:
    """``value`` as it may be shown: no value of its query, and of a webhook, whose
    address is the secret, no more than the end of its token.

    >>> url("https://shop.inboost.ai/api/webhok/0123456789abcdef")
    'https://shop.inboost.ai/…••••••••cdef'

    :param bool webhook: whether the path is a secret
    """
    try:
        parts = urlsplit(value)
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return MASK
    query = "&".join(
        f"{pair.partition('=')[0]}={MASK}" if "=" in pair else MASK
        for pair in parts.query.split("&")
        if pair
    )
    path = parts.path
    if webhook and (path.strip("/") or not host):
        token = path.rstrip("/").rpartition("/")[2]
        path = f"/…{DOTS}{token[-LAST:] if len(token) >= MIN_TOKEN else ''}"
    return f"{parts.scheme}://{host}{path}" + (f"?{query}" if query else "")


def token(value: str) -> str:
    """The token in a webhook's address: the last part of its path; empty where that is
    too short to be one.

    >>> token("https://shop.inboost.ai/api/webhok/0123456789abcdef/")
    '0123456789abcdef'
    """
    found = urlsplit(value).path.rstrip("/").rpartition("/")[2]
    return found if len(found) >= MIN_TOKEN else ""


def url_secrets(value: str) -> list[str]:
    """What of a webhook's address has to be masked in texts, for :func:`text`."""
    parts = urlsplit(value)
    found = [value, parts.path.strip("/"), parts.path.rstrip("/").rpartition("/")[2]]
    found += [item for _name, item in parse_qsl(parts.query)]
    found += [unquote(item) for item in found]
    return sorted({item for item in found if len(item) >= MIN_TOKEN // 2})


def personal(value: Any, people: bool = False, key: str = "") -> Any:
    """``value`` (any JSON) with what identifies a person masked: by the names of keys,
    and phones and e-mail addresses wherever they stand.

    :param bool people: it is about people, so that ``name`` is one's name"""
    if isinstance(value, dict):
        return {
            personal_text(str(k)): personal(v, people, str(k).lower())
            for k, v in value.items()
        }
    if isinstance(value, list):
        return [personal(item, people, key) for item in value]
    if value is None or isinstance(value, bool):
        return value
    if _is_personal(key, people):
        return MASK
    if any(word in key for word in NUMBERED_KEYS):
        return value
    if isinstance(value, str):
        return personal_text(value)
    if isinstance(value, int) and PHONE.fullmatch(str(value)):
        return MASK
    return value


def _is_personal(key: str, people: bool) -> bool:
    named = any(word in key for word in PERSONAL_KEYS)
    return named and (people or key not in IMPERSONAL_KEYS)


def personal_words(value: Any, people: bool = False, key: str = "") -> set[str]:
    """The words of ``value`` (any JSON) that :func:`personal` masks by the names of
    keys: an answer may repeat them in a sentence."""
    if isinstance(value, dict):
        pairs = ((str(k).lower(), v) for k, v in value.items())
        return set().union(*(personal_words(v, people, k) for k, v in pairs))
    if isinstance(value, list):
        return set().union(*(personal_words(item, people, key) for item in value))
    if isinstance(value, str) and _is_personal(key, people):
        return {word for word in value.split() if len(word) >= MIN_NAME}
    return set()


def without_words(value: str, words: set[str]) -> str:
    """``value`` with ``words`` masked, in whatever case.

    >>> without_words("ОЛЕНА is unknown here", {"Олена"})
    '*** is unknown here'
    """
    if not words:
        return value
    choice = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    pattern = rf"(?<!\w)(?:{choice})(?!\w)"
    return re.sub(pattern, MASK, value, flags=re.IGNORECASE)


def personal_text(value: str) -> str:
    """``value`` (free text, such as the reason of a failure) without phones in any
    spelling and without e-mail addresses. Names: see :func:`without_words`."""
    value = MAIL.sub(MASK, value)
    return PHONE.sub(lambda found: found["date"] or MASK, value)
