"""What becomes of one row of a list of customers."""

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Decision:
    """
    :ivar kind: created, linked, updated, unchanged, conflict or error
    :ivar changes: new values by the words of lib.customers
    :ivar question: of a conflict; the same text is the same question
    """

    row: Any
    kind: str = "unchanged"
    customer: dict[str, Any] | None = None
    link: Any = None
    partner: Any = None
    changes: dict[str, Any] = field(default_factory=dict)
    question: str = ""
    reason: str = ""
    warnings: list[Any] = field(default_factory=list)
