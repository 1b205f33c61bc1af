"""What the style with the phone in the path takes. See openapi.yaml."""

import re
from typing import Annotated, Literal

from pydantic import Field

from ...style import QueryShape, Shape
from ...times import DAY, MOMENT

PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
Phone = Annotated[str, Field(pattern=r"^\+[1-9][0-9]{6,14}$")]
Day = Annotated[str, Field(pattern=DAY)]
Moment = Annotated[str, Field(pattern=MOMENT)]
Text = Annotated[str, Field(max_length=500)]
Id = Annotated[str, Field(min_length=1, max_length=100)]
Number = Annotated[float, Field(ge=-1e12, le=1e12, allow_inf_nan=False)]


class ListQuery(QueryShape):
    offset: Annotated[int, Field(ge=0, le=1_000_000_000)] = 0
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    changed_since: Moment = None


class Customer(Shape):
    first_name: Text | None = None
    last_name: Text | None = None
    email: Text | None = None
    birthday: Day | None = None
    source: Text | None = None
    specialty: Text | None = None
    language: Literal["UA", "RU", "EN"] | None = None


class Balance(Shape):
    id: Id
    points: Number
    change: Number = None
    at: Moment


class Line(Shape):
    product: Text = None
    sku: Text = None
    name: Text
    quantity: Number
    price: Number
    total: Number


class Purchase(Shape):
    id: Id
    order_id: Id
    order_number: Text = None
    at: Moment
    shop: Text = None
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    total: Number
    refund_of: Text = None
    lines: list[Line] = Field(max_length=10_000)


class Event(Shape):
    type: Literal["purchase", "refund", "accrual", "redemption"]
    id: Id
    at: Moment
    amount: Number
    code: Text = None
    order_id: Text = None
    order_number: Text = None
    balance: Number = None


class Expiring(Shape):
    id: Id
    day: Day
    phones: list[Phone] = Field(min_length=1, max_length=10_000)
