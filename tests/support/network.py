"""A process whose host seems to be off the network."""

import ctypes
import errno
import os
import socket
import struct
from contextlib import ExitStack, contextmanager

import psutil

#: Linux's, which Python does not name.
SO_ATTACH_FILTER, SO_DETACH_FILTER = 26, 27
PIDFD_GETFD = 438
#: A program of one instruction, "return 0": no packet passes (struct sock_filter).
NOTHING = struct.pack("HBBI", 0x06, 0, 0, 0)


@contextmanager
def vanished(pid):
    """Whatever is sent to a child process of ours is dropped before TCP sees it, for
    those who are connected and those who want to be: nothing is acknowledged, and
    nothing refused."""
    program = ctypes.create_string_buffer(NOTHING)
    # struct sock_fprog: the number of instructions, and where they are.
    everything = struct.pack("HP", 1, ctypes.addressof(program))
    with ExitStack() as stack:
        for sock in find_sockets(pid):
            stack.enter_context(sock)
            sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, everything)
            stack.callback(sock.setsockopt, socket.SOL_SOCKET, SO_DETACH_FILTER, 0)
        yield


def find_sockets(pid):
    """:return: iterator of sockets, which are the process's own"""
    libc = ctypes.CDLL(None, use_errno=True)
    process = os.pidfd_open(pid)
    try:
        for connection in psutil.Process(pid).net_connections("tcp"):
            fd = libc.syscall(PIDFD_GETFD, process, connection.fd, 0)
            if fd >= 0:
                yield socket.socket(fileno=fd)
            elif (code := ctypes.get_errno()) != errno.EBADF:
                # It may have closed one of them just now.
                raise OSError(code, os.strerror(code))
    finally:
        os.close(process)
