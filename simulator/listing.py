"""One page of the list of clients, right, or wrong in the ways of real servers."""

import base64
import binascii
from dataclasses import dataclass

from .call import Refusal

#: What ``PUT /_sim/settings`` takes as ``listing``.
LISTINGS = {
    "right": "as it should be",
    "ignores_page": "gives the first page whatever is asked",
    "ends_early": "stops after half of its total",
    "cursor_elsewhere": "gives the way to the next page in another place",
    "repeats_page": "gives the first page again as the second",
    "deletes_row": "loses its first row between page 1 and page 2, once",
}


@dataclass(frozen=True)
class Page:
    """:ivar cursor: where the next page begins; None at the end"""

    rows: list
    total: int
    cursor: str | None


def position(cursor):
    try:
        found = int(base64.urlsafe_b64decode(cursor or "MA=="))
    except (ValueError, binascii.Error):
        found = -1
    if not 0 <= found < 2**63:
        raise Refusal(400, "this cursor was not given out here")
    return found


def read_page(simulator, size, start=0, cursor=None, where="1", values=()):
    """
    :param start: number of rows before the page, unless a cursor says it
    :param where, values: which clients, in SQL
    :raise Refusal: for a cursor that was not given out here
    """
    clients, listing = simulator.clients, simulator.settings.listing
    if cursor is not None:
        after = [*values, position(cursor)]
        start = clients.count(f"({where}) AND pos <= ?", after)
    total = clients.count(where, values)
    if listing == "ignores_page":
        start = 0
    last = total // 2 if listing == "ends_early" else total
    shown = 0 if listing == "repeats_page" and start == size else start
    found = clients.rows(where, values, max(min(size, last - shown), 0), shown)
    end = start + size
    page = Page(
        [row for _, row in found],
        total,
        _cursor_at(clients, where, values, end - 1) if end < last else None,
    )
    if listing == "deletes_row" and start == 0 and found:
        clients.delete("pos", found[0][0])
        simulator.settings.listing = "right"
    return page


def _cursor_at(clients, where, values, number):
    [(pos, _)] = clients.rows(where, values, 1, number)
    return base64.urlsafe_b64encode(str(pos).encode()).decode()
