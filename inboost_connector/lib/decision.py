"""What becomes of one row of a list of customers."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from .problems import Problem

#: How rows are read and decided about. A change of the rules counts it up, so that
#: every row is looked at again.
RULES = 1


def fingerprint(settings: Any) -> bytes:
    """What a row is read by, as a key for :func:`row_hash`.

    :param settings: any JSON
    """
    text = json.dumps([RULES, settings], sort_keys=True, default=str)
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def row_hash(row: Any, key: bytes) -> str:
    """The same for the same row, read by the same mapping and settings.

    :param row: any JSON
    :param bytes key: from :func:`fingerprint`
    """
    text = json.dumps(row, sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=16, key=key).hexdigest()


@dataclass
class Decision:
    """
    :ivar number: of the row within its list, from 1
    :ivar hash: of the row as it was read
    :ivar kind: created, linked, updated, unchanged, conflict or error
    :ivar changes: new values by the words of lib.customers
    :ivar question: of a conflict; the same text is the same question
    :ivar problem: why it is a conflict or an error
    """

    row: Any
    number: int = 0
    hash: str = ""
    kind: str = "unchanged"
    customer: Any = None
    link: Any = None
    partner: Any = None
    changes: dict[str, Any] = field(default_factory=dict)
    question: str = ""
    problem: Problem | None = None
    warnings: list[Problem] = field(default_factory=list)

    def fail(self, code: str, **args: object) -> None:
        self.kind, self.problem = "error", Problem(code, args)


@dataclass(frozen=True)
class Part:
    """Rows of a page that are written in one transaction.

    :ivar start: place of its first row in the page, from 0
    :ivar end: place after its last row
    :ivar new: places of those that have to be decided about
    :ivar last: whether the page ends with it"""

    start: int
    end: int
    new: list[int]
    last: bool


def cut(new: Iterable[int], start: int, end: int, size: int) -> list[Part]:
    """The places from ``start`` to ``end`` in parts of at most ``size`` new rows; at
    least one part, so that the end of an empty page is written, too.

    >>> [(p.start, p.end, p.new) for p in cut([1, 2, 7], 0, 9, 2)]
    [(0, 7, [1, 2]), (7, 9, [7])]
    """
    places = [place for place in new if place >= start]
    groups = [places[at : at + size] for at in range(0, len(places), size)] or [[]]
    starts = [start, *(group[0] for group in groups[1:])]
    return [
        Part(begin, finish, group, group is groups[-1])
        for begin, finish, group in zip(starts, [*starts[1:], end], groups, strict=True)
    ]
