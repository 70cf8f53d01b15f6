"""Clients that open a connection for each request, and keep count of what became of it. Nothing is tried again."""

import asyncio
import json
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field

CLIENTS = 12
EVERY = 10
"""One request in so many writes."""


@dataclass
class Load:
    """What clients ask of a port of this machine with an integration's token."""

    port: int
    token: str
    statuses: Counter[int] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    created: list[str] = field(default_factory=list)
    """What was acknowledged, by its id."""
    quota: int = 0
    """So many connections are opened as fast as can be; then a few go on, and leave the processor to the server."""
    _begun: int = 0

    async def run(self, wanted: int, until: "asyncio.Task[None]") -> None:
        """So many connections at least, and on until something is done; raises what that raised."""

        async def client() -> None:
            while self._begun < wanted or not until.done():
                if until.done() and until.exception() is not None:
                    return
                self._begun += 1
                await self._ask(self._begun)
                if self._begun >= self.quota and not until.done():
                    await asyncio.sleep(0.2)

        await asyncio.gather(*(client() for _ in range(CLIENTS)))
        await until

    async def _ask(self, number: int) -> None:
        try:
            status, body = await asyncio.wait_for(ask(self.port, self.request(number)), 120)
        except (OSError, ValueError, TimeoutError, asyncio.IncompleteReadError) as error:
            self.lost.append(f"connection {number}: {error!r}")
            return
        self.statuses[status] += 1
        if status == 201:
            self.created.append(json.loads(body)["data"]["id"])

    def request(self, number: int) -> bytes:
        if number % EVERY:
            return request("GET", "/api/organization", self.token)
        attributes = {"email": f"load-{number}@example.com"}
        return request("POST", "/api/customers", self.token, {"data": {"type": "customers", "attributes": attributes}})


def request(
    method: str, path: str, token: str, body: object = None, *, media_type: str = "application/vnd.api+json"
) -> bytes:
    content = b"" if body is None else json.dumps(body).encode()
    head = [
        f"{method} {path} HTTP/1.1",
        "Host: localhost",
        "Connection: close",
        f"Content-Type: {media_type}",
        f"Content-Length: {len(content)}",
    ]
    head += [f"Authorization: Bearer {token}"] if token else []
    return "\r\n".join([*head, "", ""]).encode() + content


async def ask(port: int, sent: bytes) -> tuple[int, bytes]:
    """The whole answer on a connection of its own; raises IncompleteReadError where it ends early."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(sent)
        return await answer(reader)
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    length = next(int(line.partition(":")[2]) for line in lines if line.lower().startswith("content-length:"))
    return int(lines[0].split()[1]), await reader.readexactly(length)
