"""Waking the server's scheduler: now, and when something is due sooner than it looks
again."""

import math
import os
import select
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection

#: Seconds after which a connection may be gone without a word.
MAX_IDLE = 600.0

#: Seconds: moments that are nearer to each other than this are one.
GRAIN = 0.05

_lock = threading.Lock()
_timers: dict[tuple[str, int], threading.Timer] = {}


class Unheard(Exception):
    """The database cannot be listened to."""


class Waker:
    """A connection that this process keeps. To connect anew for each time, as Odoo
    does, takes as long as all that we do for a sale."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connection: connection | None = None
        self._used = 0.0

    def wake(
        self, where: Mapping[str, Any], function: str, channel: str, text: str
    ) -> None:
        """Notify whoever listens in a database of PostgreSQL.

        :param where: what psycopg2 connects with
        :param function: of the database, called with ``channel`` and ``text``
        :raise psycopg2.Error: when it cannot be reached
        """
        query = sql.SQL("SELECT {}(%s, %s)").format(sql.Identifier(function))
        with self._lock:
            if not self._try(query, (channel, text)):
                self._execute(self._connect(where), query, (channel, text))

    def _try(self, query: sql.Composed, values: tuple[str, str]) -> bool:
        if not self._connection or time.monotonic() - self._used > MAX_IDLE:
            return False
        try:
            self._execute(self._connection, query, values)
        except psycopg2.Error:
            # PostgreSQL was restarted, for one.
            return False
        return True

    def _connect(self, where: Mapping[str, Any]) -> connection:
        if self._connection:
            self._connection.close()
        self._connection = None
        made = psycopg2.connect(**where)
        made.autocommit = True
        self._connection = made
        return made

    def _execute(
        self, on: connection, query: sql.Composed, values: tuple[str, str]
    ) -> None:
        with on.cursor() as cr:
            cr.execute(query, values)
        self._used = time.monotonic()


waker = Waker()
# A connection belongs to one process.
os.register_at_fork(after_in_child=waker.__init__)  # type: ignore[misc]


@contextmanager
def listening(
    where: Mapping[str, Any], channel: str, text: str
) -> Iterator[Callable[[float], bool]]:
    """Hear what somebody notifies whoever listens of. What came before is not heard.

    :param where: what psycopg2 connects with
    :return: a function that waits for so many seconds, and gives whether ``text`` was
        heard
    :raise Unheard: here and there
    """
    with _unheard():
        made = psycopg2.connect(**where)
    with closing(made):
        made.autocommit = True
        with _unheard(), made.cursor() as cr:
            cr.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))

        def hear(seconds: float) -> bool:
            end = time.monotonic() + seconds
            while True:
                heard = text in _read(made)
                left = end - time.monotonic()
                if heard or left <= 0:
                    return heard
                select.select([made], [], [], left)

        yield hear


@contextmanager
def _unheard() -> Iterator[None]:
    try:
        yield
    except psycopg2.Error as error:
        raise Unheard(str(error)) from error


def _read(made: connection) -> set[str]:
    """:return: what was heard since it was asked last"""
    with _unheard():
        made.poll()
    heard = {one.payload for one in made.notifies}
    made.notifies.clear()
    return heard


def at(name: str, seconds: float, act: Callable[[str], None]) -> None:
    """Call ``act(name)`` in so many seconds, whatever else is planned: a scheduler that
    is woken sooner finds nothing to do, and would not be woken again.

    :param name: of a database, which has one ``act``
    """
    moment = math.ceil((time.monotonic() + max(seconds, 0.0)) / GRAIN)
    key = name, moment

    def ring() -> None:
        with _lock:
            _timers.pop(key, None)
        act(name)

    with _lock:
        if key not in _timers:
            timer = threading.Timer(moment * GRAIN - time.monotonic(), ring)
            timer.daemon = True
            _timers[key] = timer
            timer.start()
