"""From the rows of a document to the fact of a purchase: one builder for the register,
for sale orders and for credit notes, live and in history."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple, TypedDict, cast

from .facts import Payment, Purchase, PurchaseLine, Reference, is_refund, iso, signed

#: Points are kept with so many digits.
POINTS = 6
#: What a purchase is recorded as, whichever of them is switched on.
RECORDED = ["purchase", "purchase_refund", "purchase_details"]


class Order(TypedDict):
    """A document. Amounts are the document's and have the sign of the money, but for
    the tax, whose sign its lines tell."""

    source: str  # "pos" or "sale"
    number: str
    uuid: str
    time: datetime  # naive, UTC
    shop: str
    currency: str  # ISO 4217
    digits: int  # of the currency
    tax: float
    total: float
    rounding: float  # what was paid more than the total, because of cash rounding
    refund_of: Reference | None


class Line(TypedDict):
    """A line of a document. Only the quantity and the unit price need their signs."""

    uuid: str | None
    product_id: int | None
    sku: str | None
    barcode: str | None
    name: str
    category: str | None
    quantity: float
    unit_price: float
    discount: float  # percent
    untaxed: float
    total: float  # with tax
    program_id: int | None  # of the reward that the line is
    program_type: str | None
    points: float | None  # that the reward cost
    note: str | None


class Rows(NamedTuple):
    order: Order
    lines: list[Line]
    payments: list[Payment]


def read_order(values: Sequence[Any]) -> Order:
    """:param values: in the order of the keys of :class:`Order`"""
    return cast(Order, dict(zip(Order.__annotations__, values, strict=True)))


def build(rows: Rows, bonus_programs: Collection[int]) -> Purchase:
    """The fact of one document.

    :param bonus_programs: ids of the programs whose points are the backend's bonuses
    """
    order, payments = rows.order, rows.payments
    lines = [_line(row, order["digits"]) for row in rows.lines]
    rewards = [
        (row, line)
        for row, line in zip(rows.lines, lines, strict=True)
        if row["program_id"]
    ]

    def money(amount: float) -> float:
        return _rounded(amount, order["digits"])

    def paid_by(kind: str) -> float:
        return money(
            math.fsum(
                _discount(line) - line["total"]
                for row, line in rewards
                if _kind(row, bonus_programs) == kind
            )
        )

    total = money(order["total"])
    tax = money(_nearest(order["tax"], math.fsum(line["tax"] for line in lines)))
    refund = is_refund(total, (line["quantity"] for line in lines))
    return Purchase(
        source=order["source"],
        number=order["number"],
        uuid=order["uuid"],
        time=iso(order["time"]),
        shop=order["shop"],
        currency=order["currency"],
        untaxed=money(total - tax),
        tax=tax,
        total=total,
        rounding=money(order["rounding"]),
        discount=money(
            math.fsum(_discount(line) for line in lines if not line["is_reward"])
        ),
        bonuses_spent=_rounded(
            math.fsum(
                _points(row)
                for row, _reward in rewards
                if _kind(row, bonus_programs) == "bonus"
            ),
            POINTS,
        ),
        promotions=paid_by("promotion"),
        gift_cards=paid_by("gift_card"),
        ewallets=paid_by("ewallet"),
        is_refund=refund,
        refund_of=order["refund_of"] if refund else None,
        lines=lines,
        payments=[
            Payment(method=payment["method"], amount=money(payment["amount"]))
            for payment in payments
        ],
    )


def only(rows: Rows, lines: list[Line]) -> Rows:
    """The document as if it had only ``lines``. What paid for all of it says nothing
    about them."""
    nothing = Order(**{**rows.order, "total": 0.0, "tax": 0.0, "rounding": 0.0})
    return plus(Rows(nothing, [], []), lines)


def plus(rows: Rows, lines: list[Line]) -> Rows:
    """The document with ``lines`` more."""
    total = math.fsum(_signed(row, "total") for row in lines)
    untaxed = math.fsum(_signed(row, "untaxed") for row in lines)
    order = rows.order.copy()
    order["total"] += total
    order["tax"] += total - untaxed
    return rows._replace(order=order, lines=[*rows.lines, *lines])


def plain_name(name: str, sku: str | None) -> str:
    """The first line of ``name`` without the SKU that Odoo puts before it.

    >>> plain_name("[TEA-01] Green tea", "TEA-01")
    'Green tea'
    >>> plain_name("[new] Green tea", "TEA-01")
    '[new] Green tea'
    """
    first = name.strip().partition("\n")[0].strip()
    prefix = f"[{sku}] "
    return first[len(prefix) :].strip() or first if first.startswith(prefix) else first


# -- steps -------------------------------------------------------------------------


def _line(row: Line, digits: int) -> PurchaseLine:
    total = _rounded(_signed(row, "total"), digits)
    untaxed = _rounded(_signed(row, "untaxed"), digits)
    return PurchaseLine(
        uuid=row["uuid"],
        product_id=row["product_id"],
        sku=row["sku"] or None,
        barcode=row["barcode"] or None,
        name=plain_name(row["name"] or "", row["sku"]),
        category=row["category"] or None,
        quantity=float(row["quantity"]),
        unit_price=float(row["unit_price"]),
        discount=float(row["discount"] or 0),
        untaxed=untaxed,
        tax=_rounded(total - untaxed, digits),
        total=total,
        is_reward=bool(row["program_id"]),
        note=row["note"] or None,
    )


def _signed(row: Line, name: Literal["total", "untaxed"]) -> float:
    return signed(float(row[name]), row["quantity"], row["unit_price"])


def _discount(line: PurchaseLine) -> float:
    """What the percentage took off, with tax as in the total."""
    percent = line["discount"]
    if percent >= 100:
        return line["unit_price"] * line["quantity"]
    return line["total"] * percent / (100 - percent)


def _kind(row: Line, bonus_programs: Collection[int]) -> str:
    if row["program_id"] in bonus_programs:
        return "bonus"
    kind = row["program_type"]
    return kind if kind in ("gift_card", "ewallet") else "promotion"


def _points(row: Line) -> float:
    """Spent, or negative: given back with what was bought by them."""
    return math.copysign(row["points"] or 0.0, row["quantity"])


def _nearest(amount: float, wanted: float) -> float:
    """``amount`` with the sign that brings it nearest to ``wanted``."""
    return min((amount, -amount), key=lambda some: abs(some - wanted))


def _rounded(amount: float, digits: int) -> float:
    # Never "-0.0".
    return round(amount, digits) + 0.0
