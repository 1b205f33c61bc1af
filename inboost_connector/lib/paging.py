"""Reading a list page by page, in the styles that servers have, and saying whether all
of it came.

A position is a text that can be kept between two pages: a page number from 1, an offset
from 0, a cursor as the server gave it, or the full address of the next page; empty for
the first page."""

import contextlib
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from requests.utils import parse_header_links

from . import mapping
from .problems import Problem, ProblemError, name_type

#: ``cursor``: of the body or the query, as the request is mapped. ``address``: the next
#: page's, in the answer. ``link``: the same in the ``Link`` header (RFC 8288).
STYLES = ("page", "offset", "cursor", "address", "link")
NUMBERED = ("page", "offset")
#: The styles whose position is the address to ask, in place of the endpoint's own.
BY_ADDRESS = ("address", "link")
#: Rows beyond what was asked for are refused: a list that cannot be paged.
MAX_ROWS = 10_000
#: More pages than any shop has customers: the list does not end.
MAX_PAGES = 20_000
#: How deep an answer is searched for a cursor that its path does not lead to.
_DEPTH = 3
#: Names of what says that there is more, in lower case and without signs.
_SIGNS = frozenset(
    "next nextcursor cursor nextpage nextpagetoken nexttoken pagetoken nextlink "
    "nexturl nexthref continuationtoken odatanextlink hasmore hasnext "
    "hasnextpage".split()
)
_PORTS = {"http": 80, "https": 443}


class PageError(ProblemError):
    """An answer that cannot be read as a page; the text says what to correct."""


@dataclass(frozen=True)
class Page:
    """:ivar rows: as they came, of any type
    :ivar next: position of the next page, None when this was the last
    :ivar total: rows of the whole list as the server says, or None
    :ivar digest: tells whether two pages are the same
    :ivar complete: this was the last page and nothing of it shows that rows are missing
    :ivar problem: why the list is not whole, whatever the pages after this one say"""

    rows: list[Any]
    next: str | None
    total: int | None
    digest: str
    complete: bool
    problem: Problem | None


def query(
    style: str, position: str | None, size: int, since: str | None = None
) -> dict[str, Any]:
    """What a request for the page at ``position`` is mapped from.

    :param str since: ISO 8601; only what changed since then is wanted
    :return: dict; the keys of the other styles are None
    :raise PageError: when the position is of another style
    """
    if position and (
        (style in NUMBERED and not (position.isascii() and position.isdecimal()))
        or (style in BY_ADDRESS and not position.startswith(("http://", "https://")))
    ):
        raise PageError("other_style", position=position[:20], style=style)
    return {
        "page": int(position or 1) if style == "page" else None,
        "offset": int(position or 0) if style == "offset" else None,
        "limit": size if style == "offset" else None,
        "cursor": (position or None) if style == "cursor" else None,
        "page_size": None if style == "offset" else size,
        "since": since,
    }


def read(
    data: Any,
    paths: Mapping[str, str],
    style: str,
    position: str | None,
    size: int,
    seen: int,
    previous: str = "",
    *,
    headers: Mapping[str, str] | None = None,
    address: str = "",
    total_before: int | None = None,
) -> Page:
    """One page out of an answer.

    The end is where the server has nothing more, not where a page is short: a server
    may give less than was asked for, and some give everything whatever is asked.

    :param data: the parsed answer, any JSON
    :param paths: JMESPaths ``rows``, ``total``, ``next``; empty for none
    :param int seen: rows of the pages before
    :param str previous: digest of the page before
    :param headers: of the answer
    :param str address: that was asked, for the styles of BY_ADDRESS
    :param int total_before: total of the page before, if it had one
    :raise PageError: when there is no list where the rows should be, or no end to it,
        or the next page is on another server
    """
    rows, total, pointer = _search(data, paths)
    _check_rows(rows, total, size, seen)
    digest = _digest(rows)
    repeated = digest == previous
    if style in NUMBERED:
        follow = _next_number(style, position, size, len(rows), seen, total)
        ended = not rows or repeated or follow is None
    else:
        pointer = _linked(headers or {}) if style == "link" else pointer
        follow = _next_pointer(style, pointer, address)
        ended = repeated or follow in (None, position)
    count = seen + (0 if repeated else len(rows))
    problem = None
    if total_before and total is not None and total < total_before:
        problem = Problem("shrank", {"before": total_before, "total": total})
    elif ended and count != total:
        if repeated and rows and (len(rows) >= size or style not in NUMBERED):
            problem = Problem("repeated")
        elif style not in NUMBERED:
            problem = _pointer_left(follow, data, rows, headers or {}, position)
        problem = problem or _shortfall(count, total)
    return Page(
        rows=[] if repeated else rows,
        next=None if ended else follow,
        total=total,
        digest=digest,
        complete=ended and not problem,
        problem=problem,
    )


def _search(data: Any, paths: Mapping[str, str]) -> tuple[Any, int | None, Any]:
    try:
        rows = mapping.search(paths["rows"] or "@", data)
        total = mapping.search(paths["total"], data) if paths["total"] else None
        pointer = mapping.search(paths["next"], data) if paths["next"] else None
    except mapping.MappingError as error:
        raise PageError("path_misfit", error=error.problem) from error
    return rows, _whole_number(total), pointer


def _whole_number(value: Any) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdecimal():
        return int(value[:18])
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _check_rows(rows: Any, total: int | None, size: int, seen: int) -> None:
    if not isinstance(rows, list):
        raise PageError("not_a_list", type=name_type(rows))
    if len(rows) > MAX_ROWS:
        raise PageError("too_many_rows", count=len(rows), limit=MAX_ROWS)
    if total and seen + len(rows) > 2 * total + size:
        raise PageError("paging_ignored", count=seen + len(rows), total=total)


def _digest(rows: list[Any]) -> str:
    """A server that ignores the paging may give the same in another order."""
    text = json.dumps(sorted(json.dumps(row, sort_keys=True) for row in rows))
    return hashlib.sha256(text.encode()).hexdigest()


def _next_number(
    style: str,
    position: str | None,
    size: int,
    count: int,
    seen: int,
    total: int | None,
) -> str | None:
    # A short page is the last one only if the total says so, too.
    if count < size and total is not None and seen + count >= total:
        return None
    if style == "page":
        return str(int(position or 1) + 1)
    return str(int(position or 0) + count)


def _next_pointer(style: str, pointer: Any, address: str) -> str | None:
    """The next page as the server named it, a cursor or an address."""
    if pointer in (None, "", False):
        return None
    if isinstance(pointer, bool) or not isinstance(pointer, str | int):
        raise PageError("not_a_cursor", type=name_type(pointer))
    if style == "cursor":
        return str(pointer)
    # What is not an address at all is none of this server's.
    with contextlib.suppress(ValueError):
        following = urljoin(address, str(pointer))
        if _server(following) == _server(address):
            return following
    # Without its query, which may hold a secret.
    raise PageError("foreign_address", address=str(pointer).partition("?")[0][:80])


def _server(address: str) -> tuple[str, str | None, str | None, int | None]:
    parts = urlsplit(address)
    port = parts.port or _PORTS.get(parts.scheme)
    return parts.scheme, parts.username, parts.hostname, port


def _linked(headers: Mapping[str, str]) -> str | None:
    """The address of the ``Link`` header whose relation is ``next``."""
    value = next((v for k, v in headers.items() if k.lower() == "link"), "")
    for link in parse_header_links(value):
        if "next" in link.get("rel", "").lower().split():
            return str(link["url"])
    return None


def _shortfall(count: int, total: int | None) -> Problem | None:
    if total is None or count >= total:
        return None
    return Problem("short", {"count": count, "total": total})


def _pointer_left(
    follow: str | None,
    data: Any,
    rows: list[Any],
    headers: Mapping[str, str],
    position: str | None,
) -> Problem | None:
    """More pages, although this one was the last that can be asked for: the pointer
    stands still, or is where the path does not lead."""
    if follow is not None:
        return Problem("stuck")
    signs = list(_signs(data, rows, _DEPTH))
    if link := _linked(headers):
        signs.append(("Link", link))
    for name, value in signs:
        if value != position:
            return Problem("cursor_left", {"name": name, "value": value[:40]})
    return None


def _signs(data: Any, rows: list[Any], depth: int) -> Iterator[tuple[str, str]]:
    if not isinstance(data, dict) or not depth:
        return
    for key, value in data.items():
        if value is rows:
            continue
        name = "".join(char for char in key.lower() if char.isalnum())
        if name in _SIGNS and _says_something(value):
            # Without a query, which may hold a secret.
            yield key, str(value).partition("?")[0]
        elif isinstance(value, dict):
            yield from _signs(value, rows, depth - 1)


def _says_something(value: Any) -> bool:
    """HAL and others have an object there."""
    return any(value.values()) if isinstance(value, dict) else bool(value)
