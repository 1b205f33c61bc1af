"""One timer for each database and process: something is due sooner than the server's
scheduler looks again."""

import threading
import time
from collections.abc import Callable

_lock = threading.Lock()
_timers: dict[str, tuple[float, threading.Timer]] = {}


def at(name: str, seconds: float, act: Callable[[str], None]) -> None:
    """Call ``act(name)`` in so many seconds, unless it is to be called sooner."""
    moment = time.monotonic() + max(seconds, 0.0)
    with _lock:
        known = _timers.get(name)
        if known and known[1].is_alive() and known[0] <= moment:
            return
        if known:
            known[1].cancel()
        timer = threading.Timer(moment - time.monotonic(), act, (name,))
        timer.daemon = True
        _timers[name] = moment, timer
        timer.start()
