"""Reading request bodies: bounded in size before they are read, and in time."""

from __future__ import annotations

import asyncio
from typing import Any


class TooLarge(Exception):
    """The body is longer than is read."""


class TooSlow(Exception):
    """The body did not arrive in time."""


class Gone(Exception):
    """The client went away before its request was whole."""


async def read(receive: Any, headers: dict[bytes, bytes], limit: int, timeout: float) -> bytes:
    """The whole body, at most `limit` bytes. Raises TooLarge, TooSlow, Gone."""
    length = headers.get(b"content-length")
    if length is not None and length.isdigit() and int(length) > limit:
        raise TooLarge
    try:
        async with asyncio.timeout(timeout):
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Gone
            body: bytes = message.get("body", b"")
            if not message.get("more_body"):
                if len(body) > limit:
                    raise TooLarge
                return body
            parts, size = [body], len(body)
            while message.get("more_body"):
                if size > limit:
                    raise TooLarge
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Gone
                parts.append(message.get("body", b""))
                size += len(parts[-1])
            if size > limit:
                raise TooLarge
            return b"".join(parts)
    except TimeoutError:
        raise TooSlow from None
