"""The event loop of production, for tests: one that ends also where a test leaves a connection open."""

import asyncio
import gc
import os
from contextlib import suppress

import uvloop
from uvloop.loop import Server, TCPTransport  # type: ignore[attr-defined]


class Loop(uvloop.Loop):
    """uvloop's own end waits for each server and connection that is left, and fails when the other side hangs up."""

    def __init__(self) -> None:
        super().__init__()
        self._before = _sockets()

    def close(self) -> None:
        left = _sockets() - self._before
        if left and not self.is_closed():
            self.run_until_complete(_end(left))
        with suppress(OSError):
            super().close()


class Policy(uvloop.EventLoopPolicy):
    def _loop_factory(self) -> Loop:
        return Loop()


def _sockets() -> set[int]:
    """The file numbers of this process's sockets; nothing where the system does not tell."""
    found = set()
    with suppress(OSError):
        for name in os.listdir("/proc/self/fd"):
            with suppress(OSError):
                if os.readlink(f"/proc/self/fd/{name}").startswith("socket:"):
                    found.add(int(name))
    return found


async def _end(sockets: set[int]) -> None:
    for one in gc.get_objects():
        if isinstance(one, Server):
            if any(socket.fileno() in sockets for socket in one.sockets):
                one.close()
        elif isinstance(one, TCPTransport):
            socket = one.get_extra_info("socket")
            if socket is not None and socket.fileno() in sockets:
                one.abort()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
