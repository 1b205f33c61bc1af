"""What an HTTP exchange means for the event it carried: the one outcome table."""

from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from enum import Enum

#: A server may ask us to wait, but not for ever (seconds).
MAX_RETRY_AFTER = 3600.0


class Verdict(str, Enum):
    DONE = "done"  # arrived
    DUPLICATE = "duplicate"  # had arrived before
    RETRY = "retry"  # certainly not processed: try again later
    PAUSE_BACKEND = "pause_backend"  # our credentials are refused
    PAUSE_ENDPOINT = "pause_endpoint"  # nobody lives at this address
    FAILED = "failed"  # the content is refused
    UNKNOWN = "unknown"  # may or may not have arrived


@dataclass(frozen=True)
class Outcome:
    """:ivar wait: seconds the server asked us to wait, or None."""

    verdict: Verdict
    reason: str
    wait: float | None = None


#: status -> verdict; what is not listed is told by its class below.
BY_STATUS = {
    401: Verdict.PAUSE_BACKEND,
    403: Verdict.PAUSE_BACKEND,
    404: Verdict.PAUSE_ENDPOINT,
    408: Verdict.UNKNOWN,
    409: Verdict.DUPLICATE,
    410: Verdict.PAUSE_ENDPOINT,
    425: Verdict.RETRY,
    429: Verdict.RETRY,
    500: Verdict.RETRY,
    502: Verdict.RETRY,
    503: Verdict.RETRY,
    504: Verdict.UNKNOWN,
}
BY_CLASS = {
    2: Verdict.DONE,
    3: Verdict.FAILED,
    4: Verdict.FAILED,
    5: Verdict.UNKNOWN,
}


def classify(exchange, repeat=False):
    """Say what ``exchange`` means.

    :param client.Exchange exchange: what happened on the wire
    :param bool repeat: the endpoint's own mark says that it knew the event already
    :rtype: Outcome
    """
    status = exchange.status
    if status is None:
        # No byte of the request left us: it cannot have been processed.
        verdict = Verdict.UNKNOWN if exchange.sent else Verdict.RETRY
        return Outcome(verdict, exchange.error or "no answer")
    if repeat:
        return Outcome(Verdict.DUPLICATE, f"HTTP {status}: known to the receiver")
    verdict = BY_STATUS.get(status) or BY_CLASS.get(status // 100, Verdict.UNKNOWN)
    reason = f"HTTP {status}"
    if status // 100 == 3:
        reason += ": redirects are not followed"
    wait = retry_after(exchange.headers) if verdict is Verdict.RETRY else None
    return Outcome(verdict, reason, wait)


def after_unknown(guarantee):
    """:return: the verdict that takes the place of an unknown outcome,
    or UNKNOWN where a person has to decide."""
    return Verdict.RETRY if guarantee == "at_least_once" else Verdict.UNKNOWN


def retry_after(headers, now=None):
    """Seconds asked for by a ``Retry-After`` header (RFC 9110, 10.2.3), bounded.

    :return: float in [0, MAX_RETRY_AFTER], or None when absent or unreadable
    """
    value = next((v for k, v in headers.items() if k.lower() == "retry-after"), None)
    if value is None:
        return None
    value = value.strip()
    if value.isascii() and value.isdigit():
        # Cut before converting: a thousand digits are no number of seconds.
        seconds = float(value[:9])
    else:
        try:
            moment = parsedate_to_datetime(value)
        except (TypeError, ValueError, OverflowError):
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=timezone.utc)
        now = now or datetime.now(timezone.utc)
        seconds = (moment - now).total_seconds()
    return min(max(seconds, 0.0), MAX_RETRY_AFTER)
