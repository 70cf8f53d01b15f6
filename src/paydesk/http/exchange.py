"""One request and its answer on the wire."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable
from typing import Any

from paydesk.desk.owed_answers import Receipt
from paydesk.http.answers import Answer


def new_trace_id() -> str:
    """What names one request in logs and answers."""
    return os.urandom(32).hex()


class Exchange:
    """One request as it came in, and what is known of the client's fate meanwhile.

    method           HEAD is GET
    trace_id         names the request in logs and answers
    more_headers     to send beside those of the answer, whatever that will be
    receipt          of the answer that the client is owed; None where nothing is
    """

    __slots__ = ("_departure", "method", "more_headers", "path", "raw_query", "receipt", "receive", "scope", "trace_id")

    def __init__(self, scope: Any, receive: Any) -> None:
        self.scope = scope
        self.receive = receive
        self.trace_id: str = scope.get("paydesk.trace_id") or new_trace_id()
        self.method: str = "GET" if scope["method"] == "HEAD" else scope["method"]
        self.path: str = scope["path"]
        self.raw_query: bytes = scope["query_string"]
        self.more_headers: list[tuple[bytes, bytes]] = []
        self.receipt: Receipt | None = None
        self._departure: asyncio.Task[bool] | None = None

    async def send(self, answer: Answer, send: Any) -> bool:
        """Send an answer. It reached the client, as far as anybody knows, when this is true."""
        status, headers, body = answer
        headers.extend(self.more_headers)
        if self.scope["method"] == "HEAD":
            headers.append((b"content-length", str(len(body)).encode()))
            body = b""
        is_there = not self.is_client_gone()
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
        return is_there and status < 500

    def allow(self, methods: Iterable[str]) -> None:
        """Say in the answer which methods the address takes."""
        self.more_headers.append((b"allow", ", ".join([*methods, "OPTIONS"]).encode()))

    def owe(self, receipt: Receipt) -> None:
        """Owe the client an answer; while it waits for a gateway, watch whether it is still there."""
        receipt.on_wait, receipt.is_gone = self._watch, self.is_client_gone
        self.receipt = receipt

    def _watch(self) -> None:
        self._departure = asyncio.ensure_future(self._has_left())

    async def _has_left(self) -> bool:
        """Whether the client has gone away, once anything comes after its whole body."""
        return (await self.receive())["type"] == "http.disconnect"  # type: ignore[no-any-return]

    def is_client_gone(self) -> bool:
        """Whether the client is known to have gone away. A connection that fails to say counts as gone."""
        departure = self._departure
        if departure is None or not departure.done():
            return False
        return departure.cancelled() or departure.exception() is not None or departure.result()

    def stop_watching(self) -> None:
        if self._departure is not None:
            self._departure.cancel()
