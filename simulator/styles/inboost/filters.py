"""The filters of the Universal API, as SQL."""

import re

from ...times import as_utc

ZONED = re.compile(r"T.*(Z|[+-][0-9]{2}:[0-9]{2})$")
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
        return COMPARE[operator].format(column), (
            as_utc(value) if ZONED.search(value) else value,
        )
    if operator in (11, 12):
        values = [part.strip() for part in value.split(",")]
        marks = ", ".join("?" * len(values))
        inside = f"coalesce({column} IN ({marks}), 0)"
        return inside if operator == 11 else f"NOT {inside}", values
    if operator == 100:
        return f"substr({column}, 1, {len(value)}) = ?", (value,)
    return TEXTUAL[operator].format(column), (value,)
