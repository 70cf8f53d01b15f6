"""Breaking a connection, which no ASGI server offers: its socket is found among the process's own and shut down."""

import contextlib
import os
import socket
import stat
from typing import Any


def shut_down(scope: dict[str, Any]) -> bool:
    """Close the TCP connection of a request without another byte; true when its socket was there.

    The socket is the open descriptor whose peer is the request's client. Works wherever the server runs in this
    process and the system lists descriptors (`/dev/fd` on Linux and macOS).
    """
    client = scope.get("client")
    if not client:
        return False
    peer = (str(client[0]), int(client[1]))
    for name in os.listdir("/dev/fd"):
        with contextlib.suppress(OSError, ValueError):
            # Only sockets are duplicated: `socket` refuses any other copy and leaves it open, and closing a copy of the
            # database's descriptor would end the locks on its file.
            if stat.S_ISSOCK(os.fstat(int(name)).st_mode) and _shut_down(os.dup(int(name)), peer):
                return True
    return False


def _shut_down(copy: int, peer: tuple[str, int]) -> bool:
    # A duplicate shares the connection, so shutting it down shuts the server's down, and closing it closes nothing.
    with socket.socket(fileno=copy) as duplicate:
        if duplicate.family not in (socket.AF_INET, socket.AF_INET6) or duplicate.getpeername()[:2] != peer:
            return False
        duplicate.shutdown(socket.SHUT_RDWR)
        return True
