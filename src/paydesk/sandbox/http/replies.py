"""Replies: the answers on their way to a client, and the two failures that are the sandbox's own."""

import orjson

from paydesk.sandbox.core.errors import StripeError

Headers = list[tuple[bytes, bytes]]


class Dropped(Exception):
    """The connection has to be closed without an answer."""


class Reply:
    """An answer: status, body, headers, whether its body breaks off, and whether it is the replay of an earlier one."""

    __slots__ = ("body", "cut", "headers", "replayed", "status")

    def __init__(self, status: int, body: bytes, headers: Headers | None = None, *, replayed: bool = False) -> None:
        self.status = status
        self.body = body
        self.headers: Headers = headers or []
        self.cut = False
        self.replayed = replayed


def refusal(error: StripeError) -> Reply:
    """An error outside the API: as Stripe shapes it, without the links of an account."""
    return Reply(error.status, orjson.dumps({"error": error.error}), [(b"content-type", b"application/json")])


def unwritten() -> StripeError:
    """The error when the state could not be written to its file."""
    return StripeError(503, {"type": "api_error", "message": "The sandbox's state could not be written."})


def failed() -> StripeError:
    """The error when the sandbox itself is at fault."""
    return StripeError(500, {"type": "api_error", "message": "The sandbox failed; its log says how."})
