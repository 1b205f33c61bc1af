"""What is handed to the outbox."""

from datetime import datetime
from typing import Any, NamedTuple


class Capture(NamedTuple):
    """A fact on its way into the outbox.

    :ivar partner: the customer; none, or one without a phone: the event is parked
    :ivar record: the document, for the smart buttons, or None
    :ivar phone: E.164, where it is not the customer's present one"""

    operation: str
    key: str
    fact: dict[str, Any]
    occurred_at: datetime
    partner: Any
    record: Any
    phone: str | None = None
