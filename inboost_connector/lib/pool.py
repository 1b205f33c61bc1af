"""Connections that are used again, where that is safe."""

import select
import threading
import time
from http.client import HTTPConnection
from typing import Any

#: Seconds after which an idle connection may have been closed by the server.
MAX_IDLE = 3.0


class Connection(HTTPConnection):
    """Notes when the first byte leaves, and never connects by itself, past our checks.
    Headers and body leave together, in one packet where they fit.

    :ivar sent: whether a byte may have left since it was last set"""

    auto_open = 0
    sent = False

    def __init__(self, host: str, port: int) -> None:
        super().__init__(host, port)
        self._parts: list[bytes] = []

    def send(self, data: Any) -> None:
        self._parts.append(data)

    def flush(self) -> None:
        data = b"".join(self._parts)
        self._parts.clear()
        self.sent = True
        HTTPConnection.send(self, data)


class Pool:
    """Idle connections by where they lead. None is handed out that sat idle: the
    server may be closing it just now, and the outcome of what we send would be
    unknown for nothing."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._lock = threading.Lock()
        self._idle: dict[object, list[tuple[Connection, float]]] = {}

    def take(self, place: object) -> Connection | None:
        while True:
            with self._lock:
                if not self._idle.get(place):
                    return None
                connection, since = self._idle[place].pop()
            if time.monotonic() - since < MAX_IDLE and not _is_readable(connection):
                return connection
            connection.close()

    def give(self, place: object, connection: Connection) -> None:
        with self._lock:
            idle = self._idle.setdefault(place, [])
            if len(idle) < self._size:
                idle.append((connection, time.monotonic()))
                return
        connection.close()

    def close(self) -> None:
        with self._lock:
            self._size = 0
            for idle in self._idle.values():
                while idle:
                    idle.pop()[0].close()


def _is_readable(connection: HTTPConnection) -> bool:
    """Whether an idle server said something: that it hung up, most likely."""
    poll = select.poll()
    poll.register(connection.sock, select.POLLIN)
    return bool(poll.poll(0))
