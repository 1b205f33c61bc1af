"""What this process is, and whether it is to stop."""

import signal
import threading
from typing import Any

#: Set when a threaded server is told to stop: nothing more is claimed.
stopping = threading.Event()


def get_worker() -> Any:
    """What a process of a prefork server is: the handler of its signals is a method of
    it.

    :return: Odoo's ``Worker``; None in a threaded server
    """
    worker = getattr(signal.getsignal(signal.SIGINT), "__self__", None)
    return worker if hasattr(worker, "alive") else None


def is_stopping() -> bool:
    worker = get_worker()
    return stopping.is_set() or bool(worker and not worker.alive)
