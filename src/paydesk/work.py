"""Work: everything one request will change, gathered in memory and written at once.

Rules are plain functions of records and a Work. They change records by `work.change` alone, so the old value stays
beside the new and versions, events and updates cost their author nothing. They have no other effect, so a
transaction may be run again from the top.
"""

from __future__ import annotations

import os
import string as _string
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from paydesk.asks import Ask
from paydesk.base.actor import Actor
from paydesk.base.errors import Guess, Invalid, Refusal, Several
from paydesk.declare import Condition, Resource

R = TypeVar("R", bound=Resource)

_LETTERS = (_string.ascii_letters * 5)[:256].encode()


def new_id() -> str:
    """Ten random letters (Commerce Layer's published form; 57 bits)."""
    return os.urandom(10).translate(_LETTERS).decode()


@dataclass
class Change:
    """What a client asks to be written, decoded and checked for form.

    values     columns to assign: attributes by name, to-one relationships as `order_id` (and `…_type`)
    arguments  write-only attributes and trigger values, by name
    related    the records that the request's to-one relationships name, loaded; None where it says null
    record     the record to change, None at creation
    """

    type: str
    values: dict[str, Any] = field(default_factory=dict)
    arguments: dict[str, Any] = field(default_factory=dict)
    related: dict[str, Any] = field(default_factory=dict)
    record: Any = None

    def gives(self, name: str) -> bool:
        """The request says something of this attribute or relationship, null included."""
        return name in self.values or name in self.arguments or name in self.related


@dataclass(frozen=True)
class Find:
    """A rule's question to the store: `found = yield Find(Sku, eq("code", code))`.

    type    the resource, or its wire type where a room may not import it

    Is sent the record or None (`many`: the list of them, oldest first). Nothing of another tenant is ever found.
    paths   relationships to load with each
    lock    hold the row until the transaction ends
    first   no more than one is looked for: whether there is any
    """

    type: type[Resource] | str
    where: Condition
    paths: tuple[str, ...] = ()
    many: bool = False
    lock: bool = False
    first: bool = False


@dataclass(frozen=True)
class Load:
    """Load further relationships of a record in hand: `yield Load(order, ("line_items",))`."""

    record: Resource
    paths: tuple[str, ...]


@dataclass(frozen=True)
class Hold:
    """Hold the record that stands for all that changes together with this one, such as a payment's order, until the
    transaction ends: `yield Hold("stripe_payments", payment_id)`. Is sent nothing.
    """

    type: str
    id: str


@dataclass(frozen=True)
class Holders:
    """Which payment sources there are of a gateway's payment, over the whole server: `yield StripePayment.holders(id)`.

    named_by   the column that keeps the gateway's name for a payment

    Is sent a list of `Holder`. The one question that leaves the tenant: a payment pays one order, whoever asks, so this
    tells where it is and nothing of what is there.
    """

    type: str
    named_by: str
    payment_id: str


@dataclass(frozen=True)
class Holder:
    """A payment source, wherever it is.

    account   the gateway's account that the payment is of; None while that is not known
    """

    tenant: str
    id: str
    order_id: str | None
    gateway_id: str
    account: str | None

    def is_of(self, account: str | None) -> bool:
        """Whether its payment may be of that account: payments of two accounts may bear one id."""
        return self.account is None or account is None or self.account == account


@dataclass(frozen=True)
class Next:
    """The next number of a named sequence of the tenant: `number = yield Next("orders.number", start=10000001)`."""

    sequence: str
    start: int = 1


@dataclass
class Call:
    """A gateway call to be journalled with this work and made after its commit. See `paydesk.calls`.

    kind      names the plan that says how the call is made and settled
    subject   the record it is about: one call a kind and subject may be open
    gateway   who is asked; None where the plan is `local`
    ask       what is asked for, of the type that the plan `asks`
    deferred  not made by the request itself but by the background soon after
    waiting   the write that waits with it; see `paydesk.waiting`
    """

    kind: str
    subject_type: str
    subject_id: str
    gateway: Resource | None
    ask: Ask
    record_id: str | None = None
    deferred: bool = False
    waiting: Any = None
    id: str = field(default_factory=new_id)

    @property
    def gateway_id(self) -> str:
        return self.gateway.id if self.gateway is not None else ""


class Work:
    """One transaction's changes. `now` is the instant of the request, `actor` who asked.

    arguments  what the request says beside a trigger, such as the amount to capture
    adopted    a gateway's no was none: what was asked for is there, or is asked for as far as it is not
    """

    def __init__(
        self, actor: Actor, now: str, *, trace_id: str = "", settings: Mapping[str, Any] | None = None
    ) -> None:
        self.actor = actor
        self.now = now
        self.trace_id = trace_id
        self.settings: Mapping[str, Any] = settings or {}
        self.created: list[Resource] = []
        self.deleted: list[Resource] = []
        self.changed: dict[Resource, dict[str, Any]] = {}
        self.calls: list[Call] = []
        self.withdrawn: list[tuple[str, str]] = []
        self.noted: list[tuple[Resource, dict[str, list[Any]]]] = []
        self.awaited: list[tuple[str, str]] = []
        self.signed_out: list[tuple[str, str | None]] = []
        self.mistakes: list[Refusal] = []
        self.arguments: Mapping[str, Any] = {}
        self.adopted = False

    def create(self, cls: type[R], *, id: str | None = None, **values: Any) -> R:
        """A new record with these column values; the others take their declared default."""
        shape = cls.shape
        row: dict[str, Any] = {}
        for name, column in shape.columns.items():
            default = column.default
            row[name] = dict(default) if type(default) is dict else list(default) if type(default) is list else default
        for name, value in values.items():
            assert name in shape.columns, f"{shape.type} has no column {name}"
            if value is not None or shape.columns[name].kind != "object" or shape.columns[name].default is None:
                row[name] = value
        row["id"] = id or new_id()
        row["created_at"] = row["updated_at"] = self.now
        record = cls(**row)
        self.created.append(record)
        return record

    def change(self, record: Resource, **values: Any) -> None:
        """Assign columns of `record`. What is equal to the present value is no change."""
        shape, own = record.shape, record.__dict__
        before = self.changed.get(record)
        for name, value in values.items():
            assert name in shape.columns, f"{shape.type} has no column {name}"
            if value is None and shape.columns[name].kind == "object" and shape.columns[name].default is not None:
                value = {}
            old = own[name]
            if old == value and type(old) is type(value):
                continue
            if before is None:
                before = self.changed[record] = {}
            before.setdefault(name, old)
            own[name] = value

    def relate(self, record: Resource, name: str, related: Resource | None) -> None:
        """Set a to-one relationship, in the row and in hand."""
        relationship = record.shape.relationships[name]
        if relationship.polymorphic:
            self.change(record, **{f"{name}_type": related.shape.type if related else None})
        self.change(record, **{f"{name}_id": related.id if related else None})
        record.__dict__[name] = related

    def delete(self, record: Resource) -> None:
        self.deleted.append(record)

    def call(self, kind: str, subject: Resource, *, gateway: Resource | None = None, ask: Ask, **options: Any) -> Call:
        """Ask a gateway for something, after this work is written. A settled call may ask for the next."""
        call = Call(kind, subject.shape.type, subject.id, gateway, ask, **options)
        self.calls.append(call)
        return call

    def withdraw(self, kind: str, subject: Resource) -> None:
        """Take back what an earlier work deferred. The change is refused while that call is being made."""
        self.withdrawn.append((kind, subject.id))

    def note(self, record: Resource, **facts: tuple[Any, Any]) -> None:
        """Leave in a record's history what none of its attributes tells, each fact as it was and as it is (JSON)."""
        self.noted.append((record, {name: list(pair) for name, pair in facts.items()}))

    def comes_after(self, kind: str, subject: Resource | str) -> None:
        """This work relies on how `subject`, a record or its id, stands: a call of `kind` about it that is open comes
        first.

        One that nobody makes is finished before; while somebody makes it the change is refused.
        """
        self.awaited.append((kind, subject if isinstance(subject, str) else subject.id))

    def sign_out(self, owner: Resource, *, elsewhere: bool = False) -> None:
        """End every token that an owner was given up to now, with this work.

        elsewhere   but those of the session that asks for it
        """
        self.signed_out.append((owner.id, self.actor.token or None if elsewhere else None))

    def invalid(self, field: str | None, error: str, message: str | None = None, **meta: Any) -> None:
        """Note a broken rule; the work goes on, to find the others, until `check`."""
        self.mistakes.append(Invalid(field, error, message, **meta))

    def guessed(self, field: str, error: str) -> None:
        """Note a broken rule that may tell what the caller is not to know: such answers are counted."""
        self.mistakes.append(Guess(field, error))

    def check(self) -> None:
        """Raise what has been noted: `Invalid`, or `Several`."""
        if self.mistakes:
            raise Several(list(self.mistakes))
