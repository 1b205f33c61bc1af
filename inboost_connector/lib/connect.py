"""From a host name to a connected socket: every address is checked, then they are
raced as browsers do (RFC 8305), and no socket outlives its deadline."""

import contextlib
import os
import selectors
import socket
import struct
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from math import inf
from typing import Any

from .address_guard import check_ip

#: Seconds after which the next address is tried beside the one that is silent.
NEXT_ADDRESS = 0.25

#: Whether a socket that is closed waits, and how long (struct linger).
AT_ONCE = struct.pack("ii", 1, 0)

#: What getaddrinfo tells of an address: family, kind, protocol, name, socket address.
Target = tuple[int, int, int, str, Any]


def connect(
    host: str, port: int, allowed_networks: Sequence[str], deadline: float
) -> socket.socket:
    """
    :param float deadline: by ``time.monotonic``; it does not bound the name lookup
    :raise AddressRefused: when the name has an address that we do not send to
    :raise socket.gaierror: when the name cannot be resolved
    :raise OSError: when nothing answers, ``TimeoutError`` when not in time
    """
    targets = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    for *_rest, target in targets:
        check_ip(str(target[0]), allowed_networks)
    return _race(_interleave(targets), deadline)


def _interleave(targets: Sequence[Target]) -> list[Target]:
    """The families in turn, beginning with the one that the system prefers."""
    first = [t for t in targets if t[0] == targets[0][0]]
    second = [t for t in targets if t[0] != targets[0][0]]
    mixed = chain.from_iterable(zip_longest(first, second))
    return [target for target in mixed if target]


def _race(targets: list[Target], deadline: float) -> socket.socket:
    """The first of ``targets`` that answers; the others are closed."""
    trouble = OSError("no address")
    next_start = time.monotonic()
    with contextlib.ExitStack() as losers, selectors.DefaultSelector() as running:
        while targets or running.get_map():
            now = time.monotonic()
            if now >= deadline:
                raise TimeoutError("nothing answers at this address")
            if targets and (now >= next_start or not running.get_map()):
                next_start = now + NEXT_ADDRESS
                try:
                    sock = losers.enter_context(_begin(targets.pop(0)))
                    running.register(sock, selectors.EVENT_WRITE)
                except OSError as error:
                    trouble, next_start = error, now
            until = min(deadline, next_start) if targets else deadline
            for key, _events in running.select(max(until - time.monotonic(), 0)):
                sock = key.fileobj  # type: ignore[assignment]
                code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                if not code:
                    return sock.dup()
                running.unregister(sock)
                trouble = OSError(code, os.strerror(code))
                next_start = time.monotonic()
    raise trouble


def _begin(target: Target) -> socket.socket:
    """A socket that is connecting."""
    family, kind, proto, _name, address = target
    sock = socket.socket(family, kind, proto)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(BlockingIOError):
            sock.connect(address)
    except BaseException:
        sock.close()
        raise
    return sock


@dataclass(eq=False)
class Watch:
    """:ivar fd: a descriptor of our own, whoever closes theirs
    :ivar expired: whether the time was up and the connection was cut"""

    fd: int
    deadline: float
    expired: bool = False

    def cut(self) -> None:
        self.expired = True
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(self.fd)) as own:
            # What did not arrive yet is thrown away: a network that comes back would
            # deliver it after what leaves later.
            own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
            own.shutdown(socket.SHUT_RDWR)


class Watchdog:
    """Cuts connections whose time is up: a socket's own timeout begins anew with each
    byte. One thread for all of them, started when it is needed."""

    def __init__(self) -> None:
        self._reset()
        # A forked worker has the memory of its parent, not its threads.
        os.register_at_fork(after_in_child=self._reset)

    def _reset(self) -> None:
        self._changed = threading.Condition()
        self._watched: set[Watch] = set()
        self._next = inf
        self._thread: threading.Thread | None = None

    @contextlib.contextmanager
    def guard(self, sock: socket.socket, deadline: float) -> Iterator[Watch]:
        """
        :param float deadline: by ``time.monotonic``
        """
        watch = Watch(os.dup(sock.fileno()), deadline)
        try:
            with self._changed:
                self._watched.add(watch)
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, daemon=True)
                    self._thread.start()
                elif deadline < self._next:
                    self._changed.notify()
            yield watch
        finally:
            with self._changed:
                self._watched.discard(watch)
            os.close(watch.fd)

    def _run(self) -> None:
        with self._changed:
            while True:
                now = time.monotonic()
                for watch in [w for w in self._watched if w.deadline <= now]:
                    watch.cut()
                    self._watched.remove(watch)
                self._next = min((w.deadline for w in self._watched), default=inf)
                left = self._next - now
                self._changed.wait(None if left == inf else left)


watchdog = Watchdog()
