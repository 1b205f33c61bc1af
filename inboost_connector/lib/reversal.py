"""Taking a purchase back: the same purchase, negative, under a uuid of its own."""

from typing import Any
from uuid import NAMESPACE_OID, uuid5

AMOUNTS = ("untaxed", "tax", "total", "discount", "bonuses_spent")
LINE_AMOUNTS = ("quantity", "untaxed", "tax", "total")


def cancellation(uuid: str) -> str:
    """The uuid of the refund that takes back the purchase ``uuid``; always the same."""
    return str(uuid5(NAMESPACE_OID, f"{uuid}:cancelled"))


def negated(purchase: dict[str, Any]) -> dict[str, Any]:
    """The refund of a whole ``purchase``.

    :param purchase: lib.facts.Purchase
    :rtype: lib.facts.Purchase
    """
    return {
        **purchase,
        **{name: -purchase[name] for name in AMOUNTS},
        "uuid": cancellation(purchase["uuid"]),
        "is_refund": True,
        "refund_of": {"number": purchase["number"], "uuid": purchase["uuid"]},
        "lines": [
            {**line, **{name: -line[name] for name in LINE_AMOUNTS}}
            for line in purchase["lines"]
        ],
        "payments": [
            {**payment, "amount": -payment["amount"]}
            for payment in purchase["payments"]
        ],
    }
