"""What goes wrong on demand, endpoint by endpoint."""

from collections import deque
from dataclasses import dataclass, field
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Fault(BaseModel):
    """One endpoint's misbehaviour, as ``PUT /_sim/faults/{endpoint}`` takes it."""

    model_config = ConfigDict(extra="forbid")

    latency: float = Field(0, ge=0, le=600, description="seconds before anything else")
    rate_limit: int | None = Field(None, ge=0, description="more a second: 429")
    status: int | None = Field(None, ge=200, le=599)
    retry_after: str | None = Field(None, description="seconds or an HTTP date")
    redirect: str | None = Field(None, description="Location; status 302 if not set")
    close: Literal["before", "after"] | None = None
    reset: bool = Field(False, description="close with RST instead of FIN")
    silence: float | None = Field(None, gt=0, le=3600, description="then hang up")
    huge: int | None = Field(None, gt=0, le=2**31, description="bytes of the answer")
    broken: bool | Literal["json", "length", "encoding"] = False
    drip: float | None = Field(None, gt=0, le=60, description="seconds between bytes")
    processed: bool | None = Field(
        None, description="whether the request still has its effect"
    )
    times: int | None = Field(None, gt=0, description="so often, then no more")
    share: float = Field(1, gt=0, le=1, description="of the requests, evenly spread")

    @model_validator(mode="after")
    def _one_ending(self):
        if self.close and self.processed is not None:
            raise ValueError("close says by itself whether the request is processed")
        endings = [
            name
            for name in ("close", "silence", "redirect", "huge", "broken", "drip")
            if getattr(self, name)
        ]
        if len(endings) > 1:
            raise ValueError(f"only one of {' and '.join(endings)} can happen")
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
        return self.status is None or self.status < 300

    @property
    def label(self):
        """Short words for the page and the rows."""
        told = self.model_dump(exclude_defaults=True, exclude={"times", "share"})
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
        while self.recent and self.recent[0] <= now - 1:
            self.recent.popleft()
        if len(self.recent) >= self.fault.rate_limit:
            return True
        self.recent.append(now)
        return False

    def turn(self):
        """Whether it is this request's turn, for a share of them."""
        self.due += self.fault.share
        if self.due < 1 - 1e-9:
            return False
        self.due -= 1
        return True


class Faults:
    """The faults in force. ``*`` is every endpoint that has none of its own,
    ``webhook/*`` every webhook."""

    def __init__(self):
        self.entries = {}

    def put(self, endpoint, fault):
        self.entries[endpoint] = Entry(fault, fault.times)

    def remove(self, endpoint):
        return self.entries.pop(endpoint, None) is not None

    def clear(self):
        self.entries.clear()

    def listed(self):
        return {
            endpoint: {
                **entry.fault.model_dump(exclude_defaults=True),
                **({} if entry.left is None else {"times": entry.left}),
            }
            for endpoint, entry in self.entries.items()
        }

    def take(self, endpoint, now):
        """Return the fault for this request, and whether it is over the limit."""
        for name in (endpoint, endpoint.split("/")[0] + "/*", "*"):
            entry = self.entries.get(name)
            if entry is not None:
                break
        else:
            return NO_FAULT, False
        limited = entry.over_limit(now)
        only_limit = entry.fault.model_dump(exclude_defaults=True).keys() <= {
            "rate_limit",
            "retry_after",
            "times",
        }
        if not limited and (only_limit or not entry.turn()):
            return NO_FAULT, False
        if entry.left is not None:
            entry.left -= 1
            if not entry.left:
                del self.entries[name]
        return entry.fault, limited
