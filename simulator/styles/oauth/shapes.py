"""What the style with OAuth 2 takes. See openapi.yaml."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from ...style import QueryShape, Shape, whole
from ...times import DAY, MOMENT

Phone = Annotated[str, Field(pattern=r"^\+[1-9][0-9]{6,14}$")]
Day = Annotated[str, Field(pattern=DAY)]
Moment = Annotated[str, Field(pattern=MOMENT)]
Text = Annotated[str, Field(max_length=500)]
Id = Annotated[str, Field(min_length=1, max_length=100)]
#: Money in whole minor units: 18000 is 180.00.
Minor = Annotated[int, BeforeValidator(whole), Field(ge=-(10**14), le=10**14)]
Number = Annotated[float, Field(ge=-1e12, le=1e12, allow_inf_nan=False)]
MinorText = Annotated[str, Field(pattern=r"^-?[0-9]{1,14}$")]


class TokenForm(QueryShape):
    grant_type: Text
    client_id: Text = None
    client_secret: Text = None
    scope: Text = None


class ListQuery(QueryShape):
    page_size: Annotated[int, Field(ge=1, le=250)] = 50
    after: Annotated[str, Field(max_length=40)] = None
    updated_after: Moment = None


class Name(Shape):
    given: Text | None = None
    family: Text | None = None


class Attributes(Shape):
    source: Text | None = None
    specialty: Text | None = None


class Customer(Shape):
    name: Name = None
    email: Text | None = None
    dob: Day | None = None
    language: Literal["UA", "RU", "EN"] | None = None
    attributes: Attributes = None


class Balance(Shape):
    event_id: Id
    points_minor: Minor
    updated_at: Moment


class Line(Shape):
    sku: Text = None
    name: Text
    quantity: Number
    total_minor: Minor


class Order(Shape):
    event_id: Id
    id: Id
    number: Text = None
    phone: Phone
    placed_at: Moment
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    total_minor: Minor
    refund_of: Text = None
    lines: list[Line] = Field(max_length=10_000)


class EventQuery(QueryShape):
    order_id: Id


class Hook(QueryShape):
    event: Literal[
        "purchase", "refund", "bonus_accrual", "bonus_redemption", "bonuses_expiring"
    ]
    event_id: Id
    at: Moment = None
    day: Day = None
    phone: Phone = None
    phones: Annotated[str, Field(max_length=1_000_000)] = None
    amount_minor: MinorText = None
    code: Text = None
    order_id: Text = None
    order_number: Text = None
