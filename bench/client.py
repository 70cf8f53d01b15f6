"""The load: keep-alive connections, each with one request on its way at a time. What the client uses is not counted."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import cast


class Unexpected(Exception):
    """A server answered otherwise than the case expects."""


@dataclass
class Answers:
    """What came back. Seconds; `latencies` in the order of arrival."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    size: int = 0

    def percentile(self, share: float) -> float:
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


class _Connection(asyncio.Protocol):
    def __init__(self, requests: Iterator[bytes], status: int, told: Answers, see: Callable[[bytes], None] | None):
        self._requests, self._told, self._see = requests, told, see
        self._status = f"HTTP/1.1 {status} ".encode()
        self._got = bytearray()
        self._needs = 0
        self._head = 0
        self._sent = 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def next(self) -> None:
        request = next(self._requests, None)
        if request is None:
            self.done.set_result(None)
            self._transport.close()
            return
        self._sent = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        got = self._got
        got += data
        if not self._needs:
            at = got.find(b"\r\n\r\n")
            if at < 0:
                return
            head = bytes(got[: at + 2]).lower()
            _, _, rest = head.partition(b"\r\ncontent-length:")
            self._head = at + 4
            self._needs = self._head + int(rest.partition(b"\r\n")[0] or 0)
        if len(got) < self._needs:
            return
        self._told.latencies.append(time.perf_counter() - self._sent)
        body = bytes(got[self._head : self._needs])
        if not got.startswith(self._status):
            self._fail(Unexpected(bytes(got[:2000]).decode(errors="replace")))
            return
        self._told.size = len(body)
        if self._see is not None:
            self._see(body)
        del got[: self._needs]
        self._needs = 0
        self.next()

    def connection_lost(self, error: Exception | None) -> None:
        self._fail(Unexpected(f"the connection was closed ({error})"))

    def _fail(self, error: Exception) -> None:
        if not self.done.done():
            self.done.set_exception(error)
            self._transport.close()


async def load_beside(
    port: int, requests: Iterator[bytes], others: Iterator[bytes], *, connections: int, status: int, other_clients: int
) -> Answers:
    """`load`, while other clients have things created all the time, from before it begins until it has ended."""
    begun, ended = asyncio.Event(), False

    def lasting() -> Iterator[bytes]:
        while not ended:
            yield next(others)

    def see(_: bytes) -> None:
        begun.set()

    beside = asyncio.ensure_future(load(port, lasting(), connections=other_clients, status=201, see=see))
    beside.add_done_callback(lambda _: begun.set())
    await begun.wait()
    try:
        return await load(port, requests, connections=connections, status=status)
    finally:
        ended = True
        await beside


async def load(
    port: int,
    requests: Iterator[bytes],
    *,
    connections: int,
    status: int,
    see: Callable[[bytes], None] | None = None,
) -> Answers:
    """Send all requests over so many connections; `see` is shown each answer's body.

    raises   Unexpected for an answer of another status
    """
    told = Answers()
    loop = asyncio.get_running_loop()
    made: list[_Connection] = []
    for _ in range(connections):
        _, one = await loop.create_connection(lambda: _Connection(requests, status, told, see), "127.0.0.1", port)
        made.append(one)
    begun = time.perf_counter()
    for one in made:
        one.next()
    await asyncio.gather(*(one.done for one in made))
    told.seconds = time.perf_counter() - begun
    return told
