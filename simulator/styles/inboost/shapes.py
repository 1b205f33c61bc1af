"""What InBoost takes, as far as this stand-in checks it. See openapi.yaml."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, ConfigDict, Field

from ...style import Shape, whole

DATE = r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
Phone = Annotated[str, Field(pattern=r"^[0-9]{7,15}$")]
Day = Annotated[str, Field(pattern=rf"^{DATE}$")]
Moment = Annotated[
    str,
    Field(
        pattern=rf"^{DATE}T([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{{1,6}})?)?"
        r"(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])?$"
    ),
]
Text = Annotated[str, Field(max_length=500)]
EventId = Annotated[str, Field(min_length=1, max_length=100)]
Number = Annotated[float, Field(ge=-1e12, le=1e12, allow_inf_nan=False)]
Guid = Annotated[
    str,
    Field(pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"),
]
Language = Literal["UA", "RU", "EN"]


def integer(least, most):
    return Annotated[int, BeforeValidator(whole), Field(ge=least, le=most)]


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
    Page: integer(1, 1_000_000) = 1
    PageSize: integer(1, 1000) = 100
    Offset: integer(0, 1_000_000_000) = 0
    Limit: integer(1, 1000) = 100
    Cursor: Annotated[str, Field(max_length=40)] | None = None


class FindQuery(Shape):
    userPhone: Phone


class Consent(Shape):
    sms: bool | None = None
    email: bool | None = None
    messengers: bool | None = None
    time: Moment | None = None
    source: Text | None = None


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
    source: Text | None = None
    consent: bool | Consent | None = None


class Balance(Shape):
    eventId: EventId
    userPhoneNumber: Phone
    amount: Number
    date: Moment = None
    change: Number = None
    program: Text = None
    card: Text = None


class Reward(Shape):
    name: Text = None
    program: Text = None
    code: Text = None
    points: Number = None
    amount: Number = None


class Line(Shape):
    uuid: Text = None
    productId: Text | Number = None
    sku: Text = None
    barcode: Text = None
    name: Text
    category: Text = None
    quantity: Number
    unit: Text = None
    price: Number
    discount: Number = None
    discountAmount: Number = None
    untaxed: Number = None
    tax: Number = None
    total: Number
    isReward: bool = None
    note: Text = None


class Payment(Shape):
    method: Text
    amount: Number


Rewards = list[Reward] | Number


class Purchase(Shape):
    """Both spellings of what nobody attests are taken."""

    eventId: EventId
    userPhoneNumber: Phone
    orderNumber: Text = None
    orderId: Text
    date: Moment
    shop: Text = None
    shopId: Text | Number = None
    source: Text = None
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = None
    untaxed: Number = None
    total: Number
    discount: Number = None
    tax: Number = None
    paid: Number = None
    bonusesSpent: Number = None
    bonusesEarned: Number = None
    promotions: Rewards = None
    giftCards: Rewards = None
    gift_cards: Rewards = None
    ewallets: Rewards = None
    cashRounding: Number = None
    cash_rounding: Number = None
    consent: bool | Consent = None
    isRefund: bool = None
    refundOf: Text = None
    refundOfId: Text = None
    lines: list[Line] = Field(max_length=10_000)
    payments: list[Payment] = Field([], max_length=100)


class Hook(Shape):
    """A flow's variables: whatever the caller sends, under any name."""

    model_config = ConfigDict(strict=True, extra="allow")

    event: Text = None
    eventId: EventId = None
