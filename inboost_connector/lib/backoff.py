"""When to try again: exponential, with jitter, bounded. Plus the circuit breaker."""

import random

BASE = 2.0  # seconds after the first failure
CAP = 3600.0
JITTER = 0.2  # a crowd of events must not come back in one instant

#: Failures in a row after which an endpoint's circuit opens.
CIRCUIT_THRESHOLD = 5
CIRCUIT_BASE = 5.0
CIRCUIT_CAP = 300.0


def delay(attempt, rng=random):
    """Seconds to wait after failed attempt number ``attempt`` (1, 2, …)."""
    # The exponent is bounded too: 2 ** 10000 is no float.
    nominal = min(CAP, BASE * 2 ** min(max(attempt, 1) - 1, 32))
    return nominal * rng.uniform(1 - JITTER, 1 + JITTER)


def circuit_pause(failures):
    """Seconds an endpoint rests after ``failures`` in a row; 0 while it is trusted."""
    over = failures - CIRCUIT_THRESHOLD
    if over < 0:
        return 0.0
    return min(CIRCUIT_CAP, CIRCUIT_BASE * 2 ** min(over, 32))
