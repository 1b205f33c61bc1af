"""What the style with envelopes takes. See openapi.yaml."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from ...style import Shape, whole
from ...times import DAY, MOMENT

Phone = Annotated[str, Field(pattern=r"^[1-9][0-9]{6,14}$")]
Day = Annotated[str, Field(pattern=DAY)]
Moment = Annotated[str, Field(pattern=MOMENT)]
Text = Annotated[str, Field(max_length=500)]
Id = Annotated[str, Field(min_length=1, max_length=100)]
Money = Annotated[str, Field(pattern=r"^-?[0-9]{1,12}\.[0-9]{2}$")]


class Meta(Shape):
    request_id: Id = None


class EventMeta(Shape):
    event_id: Id
    request_id: Id = None


class Search(Shape):
    limit: Annotated[int, BeforeValidator(whole), Field(ge=1, le=500)] = 100
    cursor: Annotated[str, Field(max_length=40)] | None = None
    changed_since: Moment = None


class Lookup(Shape):
    phone_number: Phone


class Contact(Shape):
    phone_number: Phone
    first_name: Text | None = None
    last_name: Text | None = None
    email_address: Text | None = None
    birth_date: Day | None = None
    acquisition_source: Text | None = None
    occupation: Text | None = None
    locale: Literal["uk", "ru", "en"] | None = None


class Balance(Shape):
    phone_number: Phone
    bonus_balance: Money
    changed_at: Moment


class CustomerEvent(Shape):
    event_type: Literal["purchase", "refund", "bonus_accrual", "bonus_redemption"]
    phone_number: Phone
    occurred_at: Moment
    amount: Money
    event_code: Text = None
    order_id: Text = None
    order_number: Text = None


class ExpiringEvent(Shape):
    event_type: Literal["bonuses_expiring"]
    expires_on: Day
    phone_numbers: list[Phone] = Field(min_length=1, max_length=10_000)


class Item(Shape):
    sku: Text = None
    title: Text
    quantity: Annotated[float, Field(ge=-1e12, le=1e12, allow_inf_nan=False)]
    unit_price: Money
    line_total: Money


class Purchase(Shape):
    event_id: Id
    phone_number: Phone
    order_id: Id
    order_number: Text = None
    purchased_at: Moment
    currency_code: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    total_amount: Money
    refunded_order_id: Text = None
    items: list[Item] = Field(max_length=1000)


class SearchBody(Shape):
    data: Search
    meta: Meta = Meta()


class LookupBody(Shape):
    data: Lookup
    meta: Meta = Meta()


class ContactBody(Shape):
    data: Contact
    meta: Meta = Meta()


class BalanceBody(Shape):
    data: Balance
    meta: EventMeta


class EventBody(Shape):
    data: CustomerEvent | ExpiringEvent = Field(discriminator="event_type")
    meta: EventMeta


class BatchBody(Shape):
    """The rows are checked one by one: a wrong one spoils no other."""

    data: list[dict[str, Any]] = Field(min_length=1, max_length=1000)
    meta: Meta = Meta()
