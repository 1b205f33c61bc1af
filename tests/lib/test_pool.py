"""Connections that are used again, over pairs of sockets."""

import socket
from unittest.mock import patch

import pytest

from inboost_connector.lib import pool as lib_pool
from inboost_connector.lib.pool import Connection, Pool

PLACE = ("https", "shop.inboost.ai", 443)


@pytest.fixture
def connect():
    """:return: a function that gives a connection, and the server's end of it"""
    ends = []

    def connect():
        ours, theirs = socket.socketpair()
        theirs.settimeout(5)
        ends.extend((ours, theirs))
        connection = Connection("shop.inboost.ai", 443)
        connection.sock = ours
        return connection, theirs

    yield connect
    for end in ends:
        end.close()


def test_headers_and_body_leave_together_and_not_before(connect):
    connection, server = connect()
    connection.request("POST", "/hook", b"{}", {"Content-Type": "application/json"})
    server.setblocking(False)
    with pytest.raises(BlockingIOError):
        server.recv(1)
    assert not connection.sent
    connection.flush()
    assert connection.sent
    sent = server.recv(65_536)
    assert sent.startswith(b"POST /hook HTTP/1.1\r\n") and sent.endswith(b"\r\n\r\n{}")


def test_the_next_request_says_nothing_of_the_last(connect):
    connection, server = connect()
    connection.send(b"one")
    connection.flush()
    connection.send(b"two")
    connection.flush()
    assert server.recv(64) == b"onetwo"


def test_an_idle_connection_is_taken_again_by_its_place(connect):
    pool, (connection, _server) = Pool(2), connect()
    pool.give(PLACE, connection)
    assert pool.take(("https", "other.inboost.ai", 443)) is None
    assert pool.take(PLACE) is connection
    assert pool.take(PLACE) is None


def test_one_that_idled_too_long_is_closed(connect):
    pool, (connection, server) = Pool(2), connect()
    pool.give(PLACE, connection)
    with patch.object(lib_pool, "MAX_IDLE", 0.0):
        assert pool.take(PLACE) is None
    assert server.recv(1) == b""


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 408 Request Timeout\r\n\r\n"])
def test_one_whose_server_said_something_is_closed(connect, said):
    pool, (connection, server) = Pool(2), connect()
    pool.give(PLACE, connection)
    server.sendall(said)
    server.shutdown(socket.SHUT_WR)
    assert pool.take(PLACE) is None
    assert connection.sock is None


def test_no_more_are_kept_than_there_is_room_for(connect):
    pool, (first, _), (second, server) = Pool(1), connect(), connect()
    pool.give(PLACE, first)
    pool.give(PLACE, second)
    assert server.recv(1) == b""
    assert pool.take(PLACE) is first


def test_a_closed_pool_keeps_none(connect):
    pool, (first, one), (second, two) = Pool(2), connect(), connect()
    pool.give(PLACE, first)
    pool.close()
    pool.give(PLACE, second)
    assert (one.recv(1), two.recv(1)) == (b"", b"")
    assert pool.take(PLACE) is None
