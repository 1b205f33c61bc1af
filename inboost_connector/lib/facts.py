"""What happened in Odoo, in our own JSON shapes, before any mapping.

Amounts are floats in the order's currency, quantities in the line's unit, times ISO
8601 in UTC with a ``Z``. A fact holds neither phone nor event id: these belong to the
event that carries it and are added when it is sent."""

from typing import TypedDict


class PurchaseLine(TypedDict):
    uuid: str | None
    sku: str | None  # product.default_code
    barcode: str | None
    name: str
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
    discount: float  # what the line discounts took off, with tax
    bonuses_spent: float  # points
    is_refund: bool
    refund_of: dict | None  # {"number", "uuid"} of the original
    lines: list[PurchaseLine]
    payments: list[dict]  # {"method", "amount"}


class Bonus(TypedDict):
    """Points that were won or spent, gross."""

    code: str  # readable and unique; the same over all tries
    kind: str  # "accrual" or "redemption"
    reason: str  # "order", "reversal" of an order, "expiry" or "other"
    amount: float  # points, positive
    balance: float  # points of the card afterwards
    program: str
    card: str
    order: dict | None  # {"number", "uuid"}
    time: str


def iso(moment):
    """:param datetime moment: naive, UTC, as Odoo keeps it"""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


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
    discount=20.0,
    bonuses_spent=5.0,
    is_refund=False,
    refund_of=None,
    lines=[
        PurchaseLine(
            uuid="0f1f5a9e-6c86-4a6f-8f61-2b7b0f7e9d11",
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
    payments=[{"method": "Cash", "amount": 180.0}],
)
_BONUS = Bonus(
    code="ACC-0001",
    kind="accrual",
    reason="order",
    amount=10.0,
    balance=45.0,
    program="Loyalty card",
    card="0441-1234",
    order={"number": _PURCHASE["number"], "uuid": _PURCHASE["uuid"]},
    time=_PURCHASE["time"],
)

#: One sample for each operation, for previews and test requests.
SAMPLES = {
    "connection_test": {},
    "customers_list": {"page": 1, "page_size": 500, "since": "2026-01-31T10:00:00Z"},
    "customer_find": {},
    "customer_upsert": {
        "firstname": "Olena",
        "lastname": "Kovalenko",
        "email": "olena@example.com",
        "birthdate": "1990-05-17",
        "source": "Instagram",
        "specialty": "Cosmetologist",
        "lang": "UA",
    },
    "balance_set": {"amount": 45.0, "time": _PURCHASE["time"]},
    "purchase": _PURCHASE,
    "purchase_refund": {**_PURCHASE, "is_refund": True, "total": -180.0},
    "purchase_details": _PURCHASE,
    "bonus_accrual": _BONUS,
    "bonus_redemption": {**_BONUS, "kind": "redemption", "code": "RED-0001"},
    "bonuses_expiring": {
        "date": "2026-02-07",
        "phones": ["380671234567"],
        "time": _PURCHASE["time"],
        "customers": [{"phone": "380671234567", "amount": 12.0, "date": "2026-02-05"}],
    },
}
SAMPLE_ENVELOPE = {
    "event_id": "2b0d7b3d-0000-4000-8000-6a1e1c4b9d01",
    "phone": "+380671234567",
    "key": "sample",
}
