"""A client's connection below HTTP: closing it, and writing to it byte by byte.

ASGI has no way to hang up without an answer, so the protocol remembers the
transport of each open connection by the address of its peer.
"""

import asyncio
import socket
import struct
from http import HTTPStatus

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_open = {}


class Protocol(HttpToolsProtocol):
    def connection_made(self, transport):
        super().connection_made(transport)
        # None where the client reset it before it was accepted.
        if self.client:
            _open[tuple(self.client)] = transport

    def connection_lost(self, exc):
        if self.client:
            _open.pop(tuple(self.client), None)
        super().connection_lost(exc)


async def _until_gone(receive):
    # Until uvicorn knows that the client is gone, or it would answer 500.
    while (await receive())["type"] != "http.disconnect":
        pass


async def hang_up(scope, receive, reset=False, flush=False):
    """Close the connection of this request.

    :param reset: the client sees a reset (RST) instead of an orderly end (FIN)
    :param flush: what was written before still goes out
    """
    transport = _open.get(tuple(scope["client"] or ()))
    if transport is None:
        return
    if reset:
        linger = struct.pack("ii", 1, 0)
        transport.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, linger
        )
    if flush:
        transport.close()
    else:
        transport.abort()
    await _until_gone(receive)


async def drip_headers(scope, receive, answer, pause):
    """Write the head of an answer byte by byte, then the rest, and hang up."""
    transport = _open.get(tuple(scope["client"] or ()))
    if transport is None:
        return
    try:
        phrase = HTTPStatus(answer.status).phrase
    except ValueError:
        phrase = "Unknown"
    head = b"HTTP/1.1 %d %s\r\n" % (answer.status, phrase.encode())
    for name, value in answer.raw_headers(len(answer.body)):
        head += name + b": " + value + b"\r\n"
    head += b"connection: close\r\n\r\n"
    for position in range(len(head)):
        if transport.is_closing():
            break
        transport.write(head[position : position + 1])
        await asyncio.sleep(pause)
    transport.write(answer.body)
    transport.close()
    await _until_gone(receive)
