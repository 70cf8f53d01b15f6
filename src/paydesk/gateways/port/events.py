"""Events that a gateway sends or lists, and the errors for what is none of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class GatewayEvent:
    """A knock on the door, its signature checked. A hint only: read the payment before changing anything.

    about        what it asks for: "payment" to read one, "fraud" to read one closely, "instrument" to read a payment
                 method, "customer" to read those that a customer kept, "setup" to read the setting up of one, "access"
                 to see whether the credentials still count; "self_test" for nothing: we made it ourselves
    heard        a webhook endpoint is told of its kind
    account      the connected account it happened on, or None
    object_id    what it is about, with its kind in `object_type` ("payment_intent", "charge", "refund", "dispute", ...)
    payment_id   the payment it belongs to, where the event names one
    key          the idempotency key of the request that caused it, so it can find our own open call
    metadata     that object's, text to text
    """

    event_id: str
    type: str
    created_at: str
    live: bool
    about: Literal["payment", "fraud", "access", "instrument", "customer", "setup", "self_test"] = "payment"
    heard: bool = True
    account: str | None = None
    object_id: str | None = None
    object_type: str | None = None
    payment_id: str | None = None
    charge_id: str | None = None
    customer: str | None = None
    key: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_storable(self) -> bool:
        """No text of it has a NUL or half a surrogate pair, which a database does not keep."""
        texts = [value for name in self.__slots__ if isinstance(value := getattr(self, name), str)]
        return not any("\0" in text or any("\ud800" <= sign <= "\udfff" for sign in text) for text in texts)

    def to_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__} | {"metadata": dict(self.metadata)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> GatewayEvent:
        return cls(**value)


@dataclass(frozen=True, slots=True)
class SelfTest:
    """A request that only who knows a webhook secret could make, about nothing; good for as long as a signature is.

    event_id   of the event in `body`
    """

    event_id: str
    body: bytes
    headers: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class EventPage:
    """Some of the events that happened after a cursor, oldest first. Ask again from `cursor` while `more`."""

    events: tuple[GatewayEvent, ...]
    cursor: str | None
    more: bool


class Forged(Exception):
    """An event without a signature of ours, or outside the time in which one counts. Its body was not looked at."""


class Malformed(Exception):
    """A well signed body that is no event: not UTF-8, not JSON, not an object with id and type, not to be stored."""
