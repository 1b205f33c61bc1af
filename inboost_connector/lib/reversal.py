"""Taking a purchase or a refund back: the same, negated, under a uuid of its own."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, cast
from uuid import NAMESPACE_OID, uuid5

from .facts import Purchase, Reference, is_refund

AMOUNTS = (
    "untaxed", "tax", "total", "rounding", "discount", "bonuses_spent", "promotions",
    "gift_cards", "ewallets",
)  # fmt: skip
LINE_AMOUNTS = ("quantity", "untaxed", "tax", "total")


def cancellation(uuid: str) -> str:
    """The uuid of what takes back the purchase ``uuid``; always the same."""
    return str(uuid5(NAMESPACE_OID, f"{uuid}:cancelled"))


def taken_back(
    purchase: Purchase, time: str, refunds: Iterable[Purchase] = ()
) -> Purchase | None:
    """What takes back all of ``purchase`` that ``refunds`` did not take back before.

    :param str time: when, ISO 8601 in UTC
    :return: None when nothing is left
    """
    parts = [_negated(part) for part in (purchase, *refunds)]
    lines = [line for part in parts for line in part["lines"]]
    total = _rounded(sum(part["total"] for part in parts))
    if not total and not any(_quantities(lines)):
        return None
    back = {
        **parts[0],
        **{name: _rounded(sum(part[name] for part in parts)) for name in AMOUNTS},
        "uuid": cancellation(purchase["uuid"]),
        "time": time,
        "is_refund": is_refund(total, _quantities(lines)),
        "refund_of": Reference(number=purchase["number"], uuid=purchase["uuid"]),
        "lines": lines,
        # They paid for all of it.
        "payments": parts[0]["payments"] if len(parts) == 1 else [],
    }
    return cast(Purchase, back)


def _negated(purchase: Purchase) -> dict[str, Any]:
    """With the signs turned, but that no zero gets one: hence the differences."""
    recorded = cast(dict[str, Any], purchase)
    return {
        **recorded,
        **{name: 0.0 - recorded.get(name, 0.0) for name in AMOUNTS},
        "lines": [
            {**line, **{name: 0.0 - line[name] for name in LINE_AMOUNTS}}
            for line in recorded["lines"]
        ],
        "payments": [
            {**payment, "amount": 0.0 - payment["amount"]}
            for payment in recorded["payments"]
        ],
    }


def _quantities(lines: list[dict[str, Any]]) -> list[float]:
    """What is left of each product."""
    left: dict[Any, float] = defaultdict(float)
    for line in lines:
        left[line.get("product_id"), line["name"]] += line["quantity"]
    return [_rounded(quantity) for quantity in left.values()]


def _rounded(amount: float) -> float:
    return round(amount, 6) + 0.0
