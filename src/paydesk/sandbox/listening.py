"""The socket that the sandbox listens on: one that nobody shares."""

import errno
import socket
import time

BACKLOG = 1024
PATIENCE_SECONDS = 1.0
"""The kernel ends the sandbox of a killed process within milliseconds, and gives its port back with it."""


class CannotListen(Exception):
    """Nobody can listen there; the text says why, and what to do."""


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens. Of two sandboxes on one port each would be handed a part of the requests.

    raises   CannotListen
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise CannotListen(f"There is no host named {host}.") from error
    family, _, _, _, address = min(found, key=lambda each: each[0] != socket.AF_INET)
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            listener.bind(address)
            listener.listen(BACKLOG)
        except OSError as error:
            if error.errno == errno.EADDRINUSE and time.monotonic() < deadline:
                time.sleep(0.05)
                continue
            listener.close()
            raise CannotListen(_why(host, port, error)) from error
        listener.setblocking(False)
        return listener


def _why(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} of {host} is in use by another process. Choose another with --port."
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"Port {port} takes root's rights. Choose a higher one with --port."
    if error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
        return f"{host} is no address of this machine. Choose another with --host, such as 127.0.0.1."
    return f"Nobody can listen on port {port} of {host}: {error.strerror}."
