"""When to try again, when to stop trying, and how fast to go. No clock in here: the
time is passed in, in seconds unless it says otherwise."""

import random
import threading
from datetime import datetime, timedelta

BASE = 2.0  # seconds after the first failure
CAP = 3600.0
JITTER = 0.2  # a crowd of events must not come back in one instant

#: Failures in a row after which an endpoint's circuit opens.
CIRCUIT_THRESHOLD = 5
CIRCUIT_BASE = 5.0
CIRCUIT_CAP = 300.0

#: Between requests, once a server that had no limit asked us to slow down.
SLOW_INTERVAL = 0.1
SLOWEST_INTERVAL = 10.0
#: Seconds after which half of a slowdown is gone.
RECOVERY = 15.0
#: A slowdown smaller than this is over.
NEGLIGIBLE = 0.001
#: Requests that were in flight together are refused together: that counts once.
ONE_REFUSAL = 1.0


def delay(attempt: int, rng: "random.Random | None" = None) -> float:
    """Seconds to wait after failed attempt number ``attempt`` (1, 2, …)."""
    # The exponent is bounded too: 2.0 ** 10000 is too large.
    nominal = min(CAP, BASE * 2.0 ** min(max(attempt, 1) - 1, 32))
    return nominal * (rng or random).uniform(1 - JITTER, 1 + JITTER)


def circuit_pause(failures: int) -> float:
    """Seconds an endpoint rests after ``failures`` in a row; 0 while it is trusted."""
    over = failures - CIRCUIT_THRESHOLD
    if over < 0:
        return 0.0
    return min(CIRCUIT_CAP, CIRCUIT_BASE * 2.0 ** min(over, 32))


def is_last_try(first_queued: datetime, now: datetime, days: float) -> bool:
    """Whether a try at ``now`` is the last one of an event that has been waiting since
    ``first_queued``: when it fails, the event does."""
    return now - first_queued >= timedelta(days=days)


class Pace:
    """Spreads requests evenly and slows down when the server asks for it. Safe to use
    from several threads.

    :param float per_second: requests a second; 0 for no limit of our own
    """

    def __init__(self, per_second: float = 0.0) -> None:
        self.rate = per_second
        self._lock = threading.Lock()
        self._interval = 1 / per_second if per_second else 0.0
        self._free_at = float("-inf")
        self._slowdown = 0.0
        self._slowed_at = float("-inf")

    def reserve(self, now: float) -> float:
        """Take the next place.

        :return: the moment, not before ``now``, when that request may go
        """
        with self._lock:
            if not self._current(now) and self._free_at <= now:
                # Nothing to spread: no place is taken.
                return now
            moment = max(now, self._free_at)
            self._free_at = moment + self._current(moment)
            return moment

    def slow_down(self, now: float, wait: float | None = None) -> None:
        """The server refused a request because there were too many (HTTP 429).

        :param float wait: seconds that it asked us to wait
        """
        with self._lock:
            self._free_at = max(self._free_at, now + (wait or 0.0))
            if now - self._slowed_at < ONE_REFUSAL:
                return
            wanted = max(2 * self._current(now), SLOW_INTERVAL)
            self._slowdown = max(min(wanted, SLOWEST_INTERVAL) - self._interval, 0.0)
            self._slowed_at = now
            self._free_at = max(self._free_at, now + self._current(now))

    def _current(self, now: float) -> float:
        """Seconds between two requests: a slowdown fades by itself."""
        passed = max(now - self._slowed_at, 0.0)
        rest = self._slowdown * 0.5 ** (passed / RECOVERY)
        return self._interval + (rest if rest > NEGLIGIBLE else 0.0)
