"""The list of clients: filters, and three ways to page through it."""

import base64
import binascii

from .problems import Problem

NAMES = {
    "Equals": 1,
    "DoesNotEqual": 2,
    "IsGreaterThan": 3,
    "IsGreaterThanOrEqualTo": 4,
    "IsLessThan": 5,
    "IsLessThanOrEqualTo": 6,
    "IsNull": 7,
    "IsNotNull": 8,
    "Contains": 9,
    "NotContains": 10,
    "In": 11,
    "NotIn": 12,
    "StartWith": 100,
}
COMPARE = {1: "{} = ?", 2: "{} IS NOT ?", 3: "{} > ?", 4: "{} >= ?",
           5: "{} < ?", 6: "{} <= ?"}  # fmt: skip
TEXTUAL = {9: "instr({}, ?) > 0", 10: "coalesce(instr({}, ?), 0) = 0"}


def condition(wanted):
    """One filter as SQL and its values."""
    operator = NAMES.get(wanted.opr, wanted.opr)
    name = wanted.property[0].lower() + wanted.property[1:]
    # The moment of a change is known even of rows too broken to carry it.
    column = "changed" if name == "changed" else f"json_extract(row, '$.{name}')"
    if operator == 7:
        return f"{column} IS NULL", ()
    if operator == 8:
        return f"{column} IS NOT NULL", ()
    value = wanted.filterValue
    if operator in COMPARE and isinstance(value, float | int):
        return COMPARE[operator].format(column), (value,)
    column = f"CAST({column} AS TEXT)"
    value = "" if value is None else str(value)
    if operator in COMPARE:
        return COMPARE[operator].format(column), (value,)
    if operator in (11, 12):
        values = [part.strip() for part in value.split(",")]
        marks = ", ".join("?" * len(values))
        inside = f"coalesce({column} IN ({marks}), 0)"
        return inside if operator == 11 else f"NOT {inside}", values
    if operator == 100:
        return f"substr({column}, 1, {len(value)}) = ?", (value,)
    return TEXTUAL[operator].format(column), (value,)


def position(cursor):
    try:
        return int(base64.urlsafe_b64decode(cursor or "MA=="))
    except (ValueError, binascii.Error):
        raise Problem(400, "this cursor was not given out here") from None


def list_clients(store, settings, query):
    """One page of clients, in the style and shape that are set."""
    parts = [condition(wanted) for wanted in query.Filters]
    where = " AND ".join(sql for sql, _ in parts) or "1"
    values = [value for _, some in parts for value in some]
    answer = {"totalCount": store.count_clients(where, values)}
    if settings.style == "cursor":
        after = position(query.Cursor)
        found = store.clients(
            f"{where} AND pos > ?", [*values, after], query.PageSize + 1
        )
        rows = found[: query.PageSize]
        answer["nextCursor"] = None
        if len(found) > len(rows):
            last = str(rows[-1][0]).encode()
            answer["nextCursor"] = base64.urlsafe_b64encode(last).decode()
    elif settings.style == "offset":
        rows = store.clients(where, values, query.Limit, query.Offset)
    else:
        skip = (query.Page - 1) * query.PageSize
        rows = store.clients(where, values, query.PageSize, skip)
    rows = [row for _, row in rows]
    return rows if settings.shape == "bare" else {**answer, settings.shape: rows}
