"""What happened in Odoo, in our own JSON shapes, before any mapping.

Amounts are floats in the order's currency and have the sign of the money: what comes in
is positive, what is paid back negative, in lines as in totals. Quantities are in the
line's unit, points in the program's, times ISO 8601 in UTC with a ``Z``, days
``YYYY-MM-DD`` of the company's calendar. A fact holds neither phone nor event id: these
belong to the event that carries it and are added when it is sent. So is consent, which
may change while an event waits."""

import math
from collections.abc import Iterable
from datetime import datetime
from typing import Any, TypedDict

from .problems import Problem


class Consent(TypedDict):
    """What is known, when an event about one customer leaves, of whether they want
    messages. All None of who never objected, which is no consent."""

    opted_out: bool | None  # wants no messages
    opted_out_by: str | None  # where that was said: "inboost" or "odoo"
    opted_out_at: str | None


#: That nobody objected is no consent.
UNKNOWN_CONSENT = Consent(opted_out=None, opted_out_by=None, opted_out_at=None)


class Customer(TypedDict):
    """A contact who is offered to InBoost; None where nothing is known."""

    firstname: str | None
    lastname: str | None
    email: str | None
    birthdate: str | None  # YYYY-MM-DD
    source: str | None  # of acquisition
    specialty: str | None
    lang: str | None  # UA, RU or EN


class Balance(TypedDict):
    """The points of a customer on all cards of the backend's programs."""

    amount: float
    change: float | None  # since the last balance that arrived; None before the first
    time: str


class Reference(TypedDict):
    """Another document."""

    number: str
    uuid: str


class Payment(TypedDict):
    method: str
    amount: float


class PurchaseLine(TypedDict):
    uuid: str | None
    product_id: int | None  # product.product, the same within one database
    sku: str | None  # product.default_code
    barcode: str | None
    name: str  # without the SKU before it
    category: str | None
    quantity: float  # negative in a refund
    unit_price: float  # before discount and as priced, with or without tax
    discount: float  # percent
    untaxed: float
    tax: float
    total: float  # with tax
    is_reward: bool
    note: str | None


class Purchase(TypedDict):
    """One order that was paid, placed or refunded."""

    source: str  # "pos" or "sale"
    number: str  # as printed on the receipt
    uuid: str  # never used twice, in any database
    time: str
    shop: str
    currency: str  # ISO 4217
    untaxed: float
    tax: float
    total: float
    rounding: float  # what was paid more than the total, because of cash rounding
    discount: float  # what the line discounts took off, with tax
    bonuses_spent: float  # points of the backend's programs; negative: given back
    promotions: float  # money that promotions and coupons took off
    gift_cards: float  # money paid by gift cards
    ewallets: float  # money paid by eWallets
    is_refund: bool
    refund_of: Reference | None  # the original
    lines: list[PurchaseLine]
    payments: list[Payment]


class Bonus(TypedDict):
    """Points that were won or spent, gross."""

    code: str  # readable and unique; the same over all tries
    kind: str  # "accrual" or "redemption"
    reason: str  # "order", "reversal" of an order, "expiry" or "other"
    amount: float  # points, positive
    change: float  # points, negative for a redemption
    balance: float  # points of the card afterwards
    program: str
    card: str
    order: Reference | None
    time: str


class ExpiringCustomer(Consent):
    """Nobody who had opted out when the notice was made is in it; consent is what it is
    when the notice leaves."""

    phone: str  # in the backend's style
    amount: float  # points
    date: str  # the last day of the first of them


class Expiring(TypedDict):
    """The customers whose points expire within the chosen days."""

    date: str  # the last day of those days
    phones: list[str]  # in the backend's style
    time: str
    customers: list[ExpiringCustomer]


class Sent(TypedDict):
    """An event of which nobody knows whether it arrived: what may be asked by."""

    operation: str
    order: Reference | None
    code: str | None  # of a bonus
    time: str | None


def iso(moment: datetime) -> str:
    """:param moment: naive, UTC, as Odoo keeps it"""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


# -- money -------------------------------------------------------------------------


def is_refund(total: float, quantities: Iterable[float] = ()) -> bool:
    """Whether money went back, however it was rung up. An exchange that the customer
    paid for is a purchase; where nothing was paid, what came back decides."""
    if total:
        return total < 0
    quantities = [quantity for quantity in quantities if quantity]
    return bool(quantities) and all(quantity < 0 for quantity in quantities)


def signed(amount: float, quantity: float, unit_price: float) -> float:
    """``amount`` of a line with the sign of the money. Odoo keeps the lines of some
    refunds with a positive amount beside a negative quantity."""
    money = quantity * unit_price
    return math.copysign(amount, money) if money and amount else amount


def check_sums(purchase: Purchase, digits: int = 2) -> list[Problem]:
    """What does not add up: lines to the total, untaxed and tax to it, payments (where
    there are any) to the total with rounding. Each line may be off by half a unit,
    since Odoo can round taxes once for the whole order.

    :param int digits: of the currency
    """
    total, lines, payments = purchase["total"], purchase["lines"], purchase["payments"]
    half = 0.5 * 10**-digits
    sums: list[tuple[str, float, float, float]] = [
        ("tax_differs", purchase["untaxed"] + purchase["tax"], total, half),
    ]
    if lines:
        lines_sum = math.fsum(line["total"] for line in lines)
        sums.append(("lines_differ", lines_sum, total, half * len(lines)))
    if payments:
        paid = math.fsum(payment["amount"] for payment in payments)
        sums.append(("payments_differ", paid, total + purchase["rounding"], half))
    return [
        Problem(code, {"sum": round(found, digits), "total": round(wanted, digits)})
        for code, found, wanted, most in sums
        # A little more for the noise of floats.
        if abs(found - wanted) > most + half / 100
    ]


# -- samples -----------------------------------------------------------------------


_PURCHASE = Purchase(
    source="pos",
    number="Shop/0001",
    uuid="6f1c2f0e-3b5c-4c5a-9a52-3f0d5a1f2b10",
    time="2026-01-31T12:30:00Z",
    shop="Main shop",
    currency="UAH",
    untaxed=150.0,
    tax=30.0,
    total=180.0,
    rounding=0.0,
    discount=20.0,
    bonuses_spent=5.0,
    promotions=0.0,
    gift_cards=0.0,
    ewallets=0.0,
    is_refund=False,
    refund_of=None,
    lines=[
        PurchaseLine(
            uuid="0f1f5a9e-6c86-4a6f-8f61-2b7b0f7e9d11",
            product_id=17,
            sku="TEA-01",
            barcode="4820000000017",
            name="Green tea",
            category="Tea",
            quantity=2.0,
            unit_price=100.0,
            discount=10.0,
            untaxed=150.0,
            tax=30.0,
            total=180.0,
            is_reward=False,
            note=None,
        )
    ],
    payments=[Payment(method="Cash", amount=180.0)],
)
_ORDER = Reference(number=_PURCHASE["number"], uuid=_PURCHASE["uuid"])
_BONUS = Bonus(
    code="ACC-0001",
    kind="accrual",
    reason="order",
    amount=10.0,
    change=10.0,
    balance=45.0,
    program="Loyalty card",
    card="0441-1234",
    order=_ORDER,
    time=_PURCHASE["time"],
)
_REFUND = {
    **_PURCHASE,
    "number": "Shop/0002",
    "uuid": "b0a9f1c2-7d45-4e0b-8f5e-1c2d3e4f5a6b",
    "untaxed": -150.0,
    "tax": -30.0,
    "total": -180.0,
    "discount": -20.0,
    "bonuses_spent": -5.0,
    "is_refund": True,
    "refund_of": _ORDER,
    "lines": [
        {
            **_PURCHASE["lines"][0],
            "quantity": -2.0,
            "untaxed": -150.0,
            "tax": -30.0,
            "total": -180.0,
        }
    ],
    "payments": [{"method": "Cash", "amount": -180.0}],
}
_CUSTOMER = Customer(
    firstname="Olena",
    lastname="Kovalenko",
    email="olena@example.com",
    birthdate="1990-05-17",
    source="Instagram",
    specialty="Cosmetologist",
    lang="UA",
)
_BALANCE = Balance(amount=45.0, change=10.0, time=_PURCHASE["time"])
_EXPIRING = Expiring(
    date="2026-02-07",
    phones=["380671234567"],
    time=_PURCHASE["time"],
    customers=[
        ExpiringCustomer(
            phone="380671234567", amount=12.0, date="2026-02-05", **UNKNOWN_CONSENT
        )
    ],
)

_SENT = Sent(
    operation="purchase",
    order=_ORDER,
    code=None,
    time=_PURCHASE["time"],
)

#: One sample for each operation, for previews and test requests.
SAMPLES: dict[str, dict[str, Any]] = {
    "connection_test": {},
    "customers_list": {
        "page": 1,
        "offset": None,
        "limit": None,
        "cursor": None,
        "page_size": 500,
        "since": "2026-01-31T10:00:00Z",
    },
    "customer_find": {},
    "customer_upsert": {**_CUSTOMER, **UNKNOWN_CONSENT},
    "balance_set": {**_BALANCE, **UNKNOWN_CONSENT},
    "purchase": {**_PURCHASE, **UNKNOWN_CONSENT},
    "purchase_refund": {**_REFUND, **UNKNOWN_CONSENT},
    "purchase_details": {**_PURCHASE, **UNKNOWN_CONSENT},
    "bonus_accrual": {**_BONUS, **UNKNOWN_CONSENT},
    "bonus_redemption": {
        **_BONUS,
        "code": "RED-0001",
        "kind": "redemption",
        "change": -10.0,
        **UNKNOWN_CONSENT,
    },
    "bonuses_expiring": dict(_EXPIRING),
    "event_check": dict(_SENT),
}
#: Operations whose expressions can read consent: the customer's, or that of each of a
#: list.
WITH_CONSENT = {name for name, sample in SAMPLES.items() if "opted_out" in sample} | {
    "bonuses_expiring"
}
SAMPLE_ENVELOPE = {
    "event_id": "2b0d7b3d-0000-4000-8000-6a1e1c4b9d01",
    "phone": "+380671234567",
    "key": "sample",
}
#: What the input of an operation has of the envelope, where it is not all of it.
_ENVELOPES: dict[str, tuple[str, ...]] = {
    "connection_test": (),
    "customers_list": (),
    "customer_find": ("phone",),
    "bonuses_expiring": ("event_id", "key"),
}


def sample_input(operation: str, phone_style: str = "digits") -> dict[str, Any]:
    """All that the expressions of a request of ``operation`` can read, as a sample."""
    names = _ENVELOPES.get(operation, tuple(SAMPLE_ENVELOPE))
    envelope = {name: SAMPLE_ENVELOPE[name] for name in names}
    return {**SAMPLES[operation], "phone_style": phone_style, **envelope}


def describe_sent(operation: str, fact: dict[str, Any]) -> Sent:
    """An event as one asks about it."""
    order = fact.get("order")
    if not order and fact.get("uuid"):
        order = Reference(number=fact.get("number") or "", uuid=fact["uuid"])
    return Sent(
        operation=operation,
        order=order or None,
        code=fact.get("code"),
        time=fact.get("time"),
    )
