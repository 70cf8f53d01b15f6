"""Whether this process may listen on an address; where it may not, why, and what to do about it."""

from __future__ import annotations

import errno
import socket
import time
from contextlib import suppress
from enum import Enum, auto
from pathlib import Path

PATIENCE_SECONDS = 1.0
"""The kernel ends the workers of a killed process within milliseconds, and gives their port back with them."""
_FREE_FROM = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")


class Reason(Enum):
    """Why nobody can listen there."""

    IN_USE = auto()
    FORBIDDEN = auto()
    NO_ADDRESS = auto()
    OTHER = auto()


class CannotListen(Exception):
    """This process cannot listen on the address; the text is a sentence for a person."""

    def __init__(self, reason: Reason, text: str) -> None:
        super().__init__(text)
        self.reason = reason


def require_free(host: str, port: int) -> str:
    """The IP address of `host`, on whose port this process can listen and nobody does.

    A server that shares its port (SO_REUSEPORT) would not notice one that listens there already: each would be handed
    a part of the connections.
    raises   CannotListen
    """
    family, address = _resolved(host, port)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            with socket.socket(family, socket.SOCK_STREAM) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((address, port))
            return address
        except OSError as error:
            if error.errno != errno.EADDRINUSE or time.monotonic() > deadline:
                raise _cannot(host, port, error) from error
            time.sleep(0.05)


def listen(host: str, port: int, count: int) -> list[socket.socket]:
    """So many sockets that share a port, for so many workers: the kernel shares the connections out among them.

    raises   CannotListen
    """
    address = require_free(host, port)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listeners: list[socket.socket] = []
    try:
        for _ in range(count):
            listeners.append(listener := socket.socket(family, socket.SOCK_STREAM))
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if count > 1:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            listener.bind((address, port))
    except OSError as error:
        for listener in listeners:
            listener.close()
        raise _cannot(host, port, error) from error
    return listeners


def prepared(listeners: list[socket.socket], backlog: int) -> list[socket.socket]:
    """These sockets, which take connections and, as every connection of theirs, send without delay."""
    for listener in listeners:
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.setblocking(False)
        listener.listen(backlog)
    return listeners


def _resolved(host: str, port: int) -> tuple[int, str]:
    """The family and the IP address of a host: of a name's several, one of IPv4."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise CannotListen(Reason.NO_ADDRESS, f"There is no host named {host}.") from error
    family, _, _, _, address = min(found, key=lambda each: each[0] != socket.AF_INET)
    return family, str(address[0])


def _cannot(host: str, port: int, error: OSError) -> CannotListen:
    if error.errno == errno.EADDRINUSE:
        return CannotListen(Reason.IN_USE, f"Port {port} of {host} is in use by another process.")
    if error.errno in (errno.EACCES, errno.EPERM):
        return CannotListen(
            Reason.FORBIDDEN, f"Port {port} is not yours to listen on: below {_free_from()} it takes root's rights."
        )
    if error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
        return CannotListen(Reason.NO_ADDRESS, f"{host} is no address of this machine.")
    return CannotListen(Reason.OTHER, f"Nobody can listen on port {port} of {host}: {error.strerror}.")


def _free_from() -> int:
    """The first port that every user may listen on."""
    with suppress(OSError, ValueError):
        return int(_FREE_FROM.read_text())
    return 1024
