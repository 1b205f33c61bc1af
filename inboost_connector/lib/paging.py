"""Reading a list page by page, in the three styles that servers have.

A position is a text that can be kept between two pages: a page number from 1, an offset
from 0, or a cursor as the server gave it; empty for the first page."""

import hashlib
import json
from dataclasses import dataclass

from . import mapping

STYLES = ("page", "offset", "cursor")
#: Rows beyond what was asked for are refused: a list that cannot be paged.
MAX_ROWS = 10_000
#: More pages than any shop has customers: the list does not end.
MAX_PAGES = 20_000


class PageError(ValueError):
    """An answer that cannot be read as a page; the text says what to correct."""


@dataclass(frozen=True)
class Page:
    """:ivar rows: as they came, of any type
    :ivar next: position of the next page, None when this was the last
    :ivar total: rows of the whole list as the server says, or None
    :ivar digest: tells whether two pages are the same"""

    rows: list
    next: str | None
    total: int | None
    digest: str


def query(style, position, size, since=None):
    """What a request for the page at ``position`` is mapped from.

    :param str since: ISO 8601; only what changed since then is wanted
    :return: dict; the keys of the other styles are None
    :raise PageError: when the position is of another style
    """
    if style != "cursor" and position and not position.isdecimal():
        raise PageError(
            f"the list stopped at {position[:20]!r}, which is no {style}: the paging "
            "was changed meanwhile"
        )
    return {
        "page": int(position or 1) if style == "page" else None,
        "offset": int(position or 0) if style == "offset" else None,
        "limit": size if style == "offset" else None,
        "cursor": (position or None) if style == "cursor" else None,
        "page_size": None if style == "offset" else size,
        "since": since,
    }


def read(data, paths, style, position, size, seen, previous=""):
    """One page out of an answer.

    The end is where the server has nothing more, not where a page is short: a server
    may give less than was asked for, and some give everything whatever is asked.

    :param data: the parsed answer, any JSON
    :param dict paths: JMESPaths ``rows``, ``total``, ``next``
    :param int seen: rows of the pages before
    :param str previous: digest of the page before
    :rtype: Page
    :raise PageError: when there is no list where the rows should be, or no end to it
    """
    try:
        rows = mapping.search(paths["rows"] or "@", data)
        total = mapping.search(paths["total"], data) if paths["total"] else None
        cursor = mapping.search(paths["next"], data) if paths["next"] else None
    except mapping.MappingError as error:
        raise PageError(str(error)) from error
    if not isinstance(rows, list):
        raise PageError(
            f"the path of the rows leads to {type(rows).__name__}, not to a list"
        )
    if len(rows) > MAX_ROWS:
        raise PageError(f"{len(rows)} rows came at once; at most {MAX_ROWS} are read")
    if not isinstance(total, int) or isinstance(total, bool):
        total = None
    if total and seen + len(rows) > 2 * total + size:
        raise PageError(
            f"{seen + len(rows)} rows came of a list of {total}: InBoost seems not to "
            "heed the paging. Choose another style, or a page size that takes them all"
        )
    # A server that ignores the paging may give the same in another order.
    text = json.dumps(sorted(json.dumps(row, sort_keys=True) for row in rows))
    digest = hashlib.sha256(text.encode()).hexdigest()
    end = not rows or digest == previous
    if style == "cursor":
        follow = None if cursor in (None, "", position) else str(cursor)
        end = end or follow is None
    else:
        # A short page is the last one only if the total says so, too.
        complete = total is not None and seen + len(rows) >= total
        end = end or (len(rows) < size and complete)
        step = 1 if style == "page" else len(rows)
        start = int(position or (1 if style == "page" else 0))
        follow = str(start + step)
    if digest == previous:
        rows = []
    return Page(rows, None if end else follow, total, digest)
