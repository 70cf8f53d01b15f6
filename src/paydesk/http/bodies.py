"""Reading request bodies: bounded in size before they are read. How long one may take is the door's business."""

from __future__ import annotations

from typing import Any


class Unread(Exception):
    """A body that was not read, by the client's doing."""


class TooLarge(Unread):
    """The body is longer than the limit."""


class TooSlow(Unread):
    """The body did not arrive in time."""


class Gone(Unread):
    """The client went away before its request was whole."""


INCOMPLETE = "The body did not arrive whole and in time."
"""The detail of the error that answers TooSlow and Gone."""


async def read(receive: Any, headers: dict[bytes, bytes], limit: int) -> bytes:
    """The whole body, at most `limit` bytes. Raises Unread; Unavailable where too many bodies arrive at once."""
    length = headers.get(b"content-length")
    if length is not None and length.isdigit() and int(length) > limit:
        raise TooLarge
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
