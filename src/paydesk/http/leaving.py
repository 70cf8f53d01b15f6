"""How a worker leaves: it takes no new connections, answers those that it has, and then stops.

A connection that it took and on which the request is still on its way would be closed unanswered by the server's own
stop. So the worker lets go of the listening sockets first: another one, to which nobody connects, is put in each one's
place. What comes from then on waits in the socket's backlog for whoever listens next. Then it waits until its
connections are quiet, and stops, which finishes requests in flight and closes idle connections. Meanwhile each answer
closes its connection, so that clients which send one request after the other go over to the next server by themselves.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import stat
import struct
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from granian._granian import WorkerSignal

QUIET_SECONDS = 1.0
"""A connection on which nothing came or went for so long is idle, or its request is being worked on."""
FRESH_SECONDS = 3.0
"""So long may the first byte of a connection take, where the client is slow."""
MOST_SECONDS = 10.0
"""So long a worker waits for quiet."""
LOOK_SECONDS = 0.05

_TCP_INFO = struct.Struct("=B 43x I 4x I 72x Q")
"""The beginning of Linux's `tcp_info`: the state, milliseconds since data were sent and received, bytes received."""
_OPEN = (1, 8)
"""TCP_ESTABLISHED, and TCP_CLOSE_WAIT, where the client has said all it has to say."""


class Serving:
    """The application as a worker serves it: says when it is ready, and closes connections once the worker leaves.

    ready   a pipe's end to write one byte into
    """

    def __init__(self, application: Any, ready: int | None) -> None:
        self.leaving = False
        self._application, self._ready = application, ready

    def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        if scope["type"] == "lifespan":
            return self._application(scope, receive, self._telling(send))
        return self._application(scope, receive, _closing(send) if self.leaving else send)

    def _telling(self, send: Any) -> Any:
        async def sending(message: Any) -> None:
            await send(message)
            if message["type"] == "lifespan.startup.complete" and self._ready is not None:
                with suppress(OSError):
                    os.write(self._ready, b".")

        return sending


def _closing(send: Any) -> Any:
    async def sending(message: Any) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), (b"connection", b"close")]}
        await send(message)

    return sending


def stop_by_signals(serving: Serving, listeners: Sequence[int], loop: asyncio.AbstractEventLoop) -> WorkerSignal:
    """Have SIGTERM make the worker leave, and SIGINT (Ctrl-C) stop it without waiting for quiet.

    granian's event of the stop is set once and never again: its channel holds one value, a third `set` waits for a
    reader that has left, and holds the interpreter's lock meanwhile, so the worker would stand still until it is
    killed. Two presses of Ctrl-C, or the signal of a group beside the one of the main process, were enough for that.
    """
    stop = WorkerSignal()
    signals: list[int] = []
    done: list[bool] = []

    def finish() -> None:
        if not done:
            done.append(True)
            stop.set()

    def received(number: int) -> None:
        signals.append(number)
        if len(signals) == 1:
            serving.leaving = True
            if number == signal.SIGTERM and sys.platform == "linux":
                _Quiet(loop, _let_go(listeners), finish).look()
                return
        if number == signal.SIGINT or sys.platform != "linux":
            finish()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, received, number)
    return stop


def _let_go(listeners: Sequence[int]) -> set[int]:
    """Put a socket that nobody connects to in the place of each listener; the ports they listened on.

    It listens, too, under a name that the kernel makes up: at one that does not, taking a connection would fail again
    and again instead of waiting.
    """
    ports: set[int] = set()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as nobody:
        nobody.bind("")
        nobody.listen()
        nobody.setblocking(False)
        for listener in listeners:
            with socket.socket(fileno=os.dup(listener)) as known:
                ports.add(known.getsockname()[1])
            os.dup2(nobody.fileno(), listener, inheritable=False)
    return ports


class _Quiet:
    """Looks at this process's connections until all are quiet, twice in a row: one may have been taken meanwhile."""

    def __init__(self, loop: asyncio.AbstractEventLoop, ports: set[int], then: Any) -> None:
        self._loop, self._ports, self._then = loop, ports, then
        self._ends = loop.time() + MOST_SECONDS
        self._quiet = 0

    def look(self) -> None:
        began = self._loop.time()
        self._quiet = 0 if _any_moves(self._ports) else self._quiet + 1
        if self._quiet == 2 or began > self._ends:
            self._then()
        else:
            # Of many thousands of connections each look takes a while, and requests are to go on.
            self._loop.call_later(max(LOOK_SECONDS, 4 * (self._loop.time() - began)), self.look)


def _any_moves(ports: set[int]) -> bool:
    for name in os.listdir("/proc/self/fd"):
        with suppress(OSError):  # closed meanwhile
            if stat.S_ISSOCK(os.fstat(int(name)).st_mode) and _moves(int(name), ports):
                return True
    return False


def _moves(file: int, ports: set[int]) -> bool:
    """Whether a file is a connection of a client's on which a request may be on its way."""
    connection = socket.socket(fileno=file)
    try:
        if connection.family not in (socket.AF_INET, socket.AF_INET6) or connection.type != socket.SOCK_STREAM:
            return False
        if connection.getsockname()[1] not in ports:
            return False
        told = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO.size)
    finally:
        connection.detach()
    if len(told) < _TCP_INFO.size:
        return False
    state, sent_ms, came_ms, received = _TCP_INFO.unpack(told)
    return state in _OPEN and min(sent_ms, came_ms) < 1000 * (QUIET_SECONDS if received else FRESH_SECONDS)
