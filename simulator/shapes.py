"""What InBoost takes, as far as this stand-in checks it. See openapi.yaml."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


def _whole(value):
    """JSON knows one kind of number: 1.0 is as whole as 1."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


DATE = r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
Phone = Annotated[str, Field(pattern=r"^[0-9]{7,15}$")]
Day = Annotated[str, Field(pattern=rf"^{DATE}$")]
Moment = Annotated[
    str,
    Field(pattern=rf"^{DATE}T([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$"),
]
Text = Annotated[str, Field(max_length=500)]
EventId = Annotated[str, Field(min_length=1, max_length=100)]
Number = Annotated[float, Field(ge=-1e12, le=1e12, allow_inf_nan=False)]
Guid = Annotated[
    str,
    Field(pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"),
]
Language = Literal["UA", "RU", "EN"]


def whole(least, most):
    return Annotated[int, BeforeValidator(_whole), Field(ge=least, le=most)]


class Shape(BaseModel):
    """Types are taken strictly: "5" is no number, and null is not absent."""

    model_config = ConfigDict(strict=True, extra="ignore")


class Filter(Shape):
    property: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,63}$")]
    opr: Literal[
        "Equals",
        "DoesNotEqual",
        "IsGreaterThan",
        "IsGreaterThanOrEqualTo",
        "IsLessThan",
        "IsLessThanOrEqualTo",
        "IsNull",
        "IsNotNull",
        "Contains",
        "NotContains",
        "In",
        "NotIn",
        "StartWith",
        1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 100,
    ]  # fmt: skip
    filterValue: Text | Number | None = None


class ListQuery(Shape):
    Lang: Language = "UA"
    Filters: list[Filter] = Field([], max_length=20)
    Page: whole(1, 1_000_000) = 1
    PageSize: whole(1, 1000) = 100
    Offset: whole(0, 1_000_000_000) = 0
    Limit: whole(1, 1000) = 100
    Cursor: Annotated[str, Field(max_length=40)] | None = None


class FindQuery(Shape):
    userPhone: Phone


class NewClient(Shape):
    userPhoneNumber: Phone
    userName: Text | None = None
    lastName: Text | None = None
    email: Text | None = None
    workplace: Text | None = None
    lang: Language | None = None
    profession: Text | None = None
    idRole: Guid | None = None
    birth: Day | None = None


class Balance(Shape):
    eventId: EventId
    userPhoneNumber: Phone
    amount: Number
    date: Moment = None


class Line(Shape):
    sku: Text = None
    barcode: Text = None
    name: Text
    category: Text = None
    quantity: Number
    price: Number
    discount: Number = None
    tax: Number = None
    total: Number


class Payment(Shape):
    method: Text
    amount: Number


class Purchase(Shape):
    eventId: EventId
    userPhoneNumber: Phone
    orderNumber: Text = None
    orderId: Text
    date: Moment
    shop: Text = None
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = None
    total: Number
    discount: Number = None
    tax: Number = None
    bonusesSpent: Number = None
    isRefund: bool = None
    refundOf: Text = None
    lines: list[Line] = Field(max_length=10_000)
    payments: list[Payment] = Field([], max_length=100)


class Hook(Shape):
    """A flow's variables: whatever the caller sends, under any name."""

    model_config = ConfigDict(strict=True, extra="allow")

    event: Text = None
    eventId: EventId = None
