"""What goes wrong on demand: where, when, for whom, how often."""

from collections import deque
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from .answers import ANSWERS

ENDINGS = ("close", "silence", "redirect", "huge", "broken", "drip", "drip_headers")
CONDITIONS = ("phone", "contains", "larger_than")


class Fault(BaseModel):
    """One misbehaviour, as ``PUT /_sim/faults/{where}`` takes it."""

    model_config = ConfigDict(extra="forbid")

    latency: float = Field(0, ge=0, le=600, description="seconds before anything else")
    rate_limit: int | None = Field(None, ge=0, description="more a second: 429")
    answer: Literal[tuple(ANSWERS)] | None = Field(None, description="by its name")
    status: int | None = Field(None, ge=200, le=599)
    body: Any = Field(None, description="of the answer: a text, or any JSON")
    content_type: str | None = None
    retry_after: str | None = Field(None, description="the header as it is")
    retry_after_date: float | None = Field(
        None, description="the header as a date, so many seconds from now"
    )
    redirect: str | None = Field(None, description="Location; status 302 if not set")
    close: Literal["unread", "before", "after"] | None = None
    reset: bool = Field(False, description="close with RST instead of FIN")
    silence: float | None = Field(None, gt=0, le=3600, description="then hang up")
    huge: int | None = Field(None, gt=0, le=2**31, description="bytes of the answer")
    broken: bool | Literal["json", "length", "encoding"] = False
    drip: float | None = Field(None, gt=0, le=60, description="seconds between bytes")
    drip_headers: float | None = Field(None, gt=0, le=60)
    processed: bool | None = Field(
        None, description="whether the request still has its effect"
    )
    phone: str | None = Field(None, description="only where it is about this one")
    contains: str | None = Field(
        None, min_length=1, description="only where the body holds this text"
    )
    larger_than: int | None = Field(None, ge=0, description="only bodies of more bytes")
    times: int | None = Field(None, gt=0, description="so often, then no more")
    share: float = Field(1, gt=0, le=1, description="of the requests, evenly spread")

    @model_validator(mode="after")
    def _possible(self):
        if self.close and self.processed is not None:
            raise ValueError("close says by itself whether the request is processed")
        endings = [name for name in ENDINGS if getattr(self, name)]
        if len(endings) > 1:
            raise ValueError(f"only one of {' and '.join(endings)} can happen")
        if self.answer and (self.body is not None or self.status):
            raise ValueError("an answer by its name has its own status and body")
        if self.close == "unread" and any(
            getattr(self, name) is not None for name in CONDITIONS
        ):
            raise ValueError("what is not read cannot be looked into")
        return self

    @property
    def has_effect(self):
        """Whether the request is processed although it goes wrong."""
        if self.processed is not None:
            return self.processed
        if self.close:
            return self.close == "after"
        if self.redirect:
            return False
        if self.answer:
            return ANSWERS[self.answer].effect
        return self.status is None or self.status < 300

    @property
    def only_limits(self):
        return self.model_fields_set <= {
            *("rate_limit", "retry_after", "retry_after_date", "times", *CONDITIONS)
        }

    def concerns(self, call):
        """Whether its conditions fit this request, read or not."""
        if self.contains is not None and self.contains not in call.readable:
            return False
        if self.larger_than is not None and len(call.body) <= self.larger_than:
            return False
        wanted = self.phone and self.phone.lstrip("+")
        return not wanted or any(wanted == fact["phone"] for fact in call.facts)

    @property
    def label(self):
        """Short words for the page and the rows."""
        told = self.model_dump(
            exclude_defaults=True,
            exclude={"times", "share", "body", "content_type", *CONDITIONS},
        )
        return ", ".join(
            name if value is True else f"{name.replace('_', ' ')} {value}"
            for name, value in told.items()
        )


NO_FAULT = Fault()
RATE_LIMITED = "rate limit"


@dataclass
class Entry:
    fault: Fault
    left: int | None
    due: float = 0
    recent: deque = field(default_factory=deque)

    def over_limit(self, now):
        """Whether this request is one too many within a second."""
        if self.fault.rate_limit is None:
            return False
        return over_pace(self.recent, self.fault.rate_limit, now)

    def turn(self):
        """Whether it is this request's turn, for a share of them."""
        self.due += self.fault.share
        if self.due < 1 - 1e-9:
            return False
        self.due -= 1
        return True


def over_pace(recent, limit, now):
    """Whether one request more within a second would be too many."""
    while recent and recent[0] <= now - 1:
        recent.popleft()
    if len(recent) >= limit:
        return True
    recent.append(now)
    return False


class Faults:
    """The faults in force, several for each place; the first that strikes counts.

    A place is an address, an event or operation, ``webhook/*`` or ``*``, tried in this
    order.
    """

    def __init__(self):
        self.places = {}

    def put(self, place, faults):
        self.places[place] = [Entry(fault, fault.times) for fault in faults]

    def add(self, place, fault):
        self.places.setdefault(place, []).append(Entry(fault, fault.times))

    def remove(self, place):
        return self.places.pop(place, None) is not None

    def clear(self):
        self.places.clear()

    def listed(self):
        """For each place its fault, or a list where there are several."""
        return {
            place: shown[0] if len(shown) == 1 else shown
            for place, entries in self.places.items()
            if (shown := [self._shown(entry) for entry in entries])
        }

    def _shown(self, entry):
        shown = entry.fault.model_dump(exclude_defaults=True)
        return shown if entry.left is None else {**shown, "times": entry.left}

    def take(self, call, now, unread=False):
        """The fault that strikes this request, and whether it is over a limit.

        :param unread: ask only for those that strike before the body is read
        """
        if not self.places:
            return NO_FAULT, False
        for place in call.places:
            for entry in self.places.get(place, ()):
                fault = entry.fault
                if (fault.close == "unread") is not unread or not fault.concerns(call):
                    continue
                limited = entry.over_limit(now)
                if limited or (not fault.only_limits and entry.turn()):
                    self._use(place, entry)
                    return fault, limited
        return NO_FAULT, False

    def _use(self, place, entry):
        if entry.left is None:
            return
        entry.left -= 1
        if not entry.left:
            self.places[place].remove(entry)
            if not self.places[place]:
                del self.places[place]
