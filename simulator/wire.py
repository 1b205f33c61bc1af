"""Closing a client's connection for real, below HTTP.

ASGI has no way to hang up without an answer, so the protocol remembers the
transport of each open connection by the address of its peer.
"""

import socket
import struct

from uvicorn.protocols.http.h11_impl import H11Protocol

_open = {}


class Protocol(H11Protocol):
    def connection_made(self, transport):
        super().connection_made(transport)
        _open[transport.get_extra_info("peername")[:2]] = transport

    def connection_lost(self, exc):
        _open.pop(self.transport.get_extra_info("peername")[:2], None)
        super().connection_lost(exc)


async def hang_up(scope, receive, reset=False, flush=False):
    """Close the connection of this request.

    :param reset: the client sees a reset (RST) instead of an orderly end (FIN)
    :param flush: what was written before still goes out
    """
    transport = _open.get(tuple(scope["client"]))
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
    # Until uvicorn knows that the client is gone, or it would answer 500.
    while (await receive())["type"] != "http.disconnect":
        pass
