"""What the desk is asked to do, and for whom."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import orjson

from paydesk.base.actor import Actor
from paydesk.base.errors import Refusal
from paydesk.base.selection import Selection
from paydesk.declare import Condition, Relationship
from paydesk.desk.owed_answers import Receipt
from paydesk.rules.asking import Change
from paydesk.rules.record import Record
from paydesk.rules.resource import Resource
from paydesk.store.journal.idempotency import KeyOwner

PASSWORDS = ("password", "customer_password")
"""The arguments that are passwords."""

Reference = tuple[str, str]
"""Type and id of a record."""

Linked = Reference | tuple[Reference, ...] | None
"""What a write relates by one relationship: a record, none, or those of a to-many."""


class Permissions(Protocol):
    """Who may do what; see `paydesk.oauth.permissions`."""

    def may(self, actor: Actor, resource: type[Record], act: str) -> bool: ...

    def sees(self, actor: Actor, resource: type[Record]) -> Condition | None: ...

    def sees_by(self, actor: Actor, relationship: Relationship, resource: type[Record]) -> Condition | None: ...

    def lists(self, actor: Actor, resource: type[Record]) -> Condition | None: ...

    def writes(self, actor: Actor, resource: type[Record], asks: frozenset[str] = frozenset()) -> Condition | None: ...

    def reads_confidential(self, actor: Actor) -> bool: ...

    def caller_values(self, actor: Actor) -> Mapping[str, Any]: ...


class Renderer(Protocol):
    """Makes the documents that answer one request."""

    def document(self, view: Any, rows: Selection) -> bytes: ...

    def location(self, view: Any, rows: Selection) -> str: ...

    def refusal(self, refusal: Refusal) -> tuple[int, bytes]:
        """The status and document of a refusal."""
        ...


@dataclass(frozen=True)
class Response:
    """The answer to a write.

    body       its document, where the request has a renderer
    record_id  of the record that it shows
    replayed   it is the answer to an earlier request
    """

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    record_id: str | None = None
    replayed: bool = False


@dataclass(frozen=True)
class Request:
    """Who asks, and how the answer reaches them.

    key       the client's idempotency key, and `content` what it was sent for
    receipt   the answer it is owed; None where no client waits
    renderer  makes the answer to a write; None where nobody reads it
    """

    actor: Actor
    trace_id: str
    ip_address: str | None = None
    user_agent: str | None = None
    origin: str = ""
    key: KeyOwner | None = None
    content: str = ""
    receipt: Receipt | None = None
    renderer: Renderer | None = None


@dataclass(frozen=True)
class Write:
    """A change as decoded: what to write, which records its relationships name, and what is wrong with its values.

    `problems` are told together with what the rules find, once the record is known to exist and to be the caller's.
    hashed   the hash of each password, made before the transaction
    """

    verb: str
    resource: type[Resource]
    record_id: str | None
    change: Change
    links: Mapping[str, Linked] = field(default_factory=dict)
    problems: tuple[Any, ...] = ()
    hashed: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def status(self) -> int:
        """The status of its answer."""
        return {"create": 201, "update": 200, "delete": 204}[self.verb]

    def names(self) -> frozenset[str]:
        """All that it asks for, by name; of an object its members by path (`options.return_url`)."""
        names = {name for name, value in self.change.arguments.items() if value}
        names.update(self.links)
        for name, value in self.change.values.items():
            if isinstance(value, dict) and value:
                names.update(f"{name}.{member}" for member in value)
            else:
                names.add(name)
        return frozenset(names)

    def fingerprint(self) -> str:
        """Tells equal requests from different ones. It is stored, so of a password it holds only that there is one:
        if one request has made an account, an equal one with another password changes nothing about it.
        """
        hidden = {name: True for name in PASSWORDS if self.change.arguments.get(name)}
        return digest(
            [
                self.verb,
                self.resource.shape.type,
                self.record_id,
                {name: value for name, value in self.change.values.items() if value is not None and value != {}},
                self.change.arguments | hidden,
                {name: list(link) if link else None for name, link in self.links.items()},
            ]
        )


def digest(content: Any) -> str:
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()
