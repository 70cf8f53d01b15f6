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
from typing import Any, Literal, TypeVar

from paydesk.base.actor import Actor
from paydesk.base.errors import Guess, Invalid, Refusal, Several
from paydesk.base.instants import passed
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
    ask       JSON: `gateway` is what its verb needs, in neutral words; the rest is the plan's own
    deferred  not made by the request itself but by the background soon after
    """

    kind: str
    subject_type: str
    subject_id: str
    gateway: Resource | None
    ask: dict[str, Any]
    record_id: str | None = None
    deferred: bool = False
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
        self.signed_out: list[str] = []
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

    def call(
        self, kind: str, subject: Resource, *, gateway: Resource | None = None, ask: dict[str, Any], **options: Any
    ) -> Call:
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

    def sign_out(self, owner: Resource) -> None:
        """End every token that an owner was given up to now, with this work."""
        self.signed_out.append(owner.id)

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


@dataclass(frozen=True)
class Journalled:
    """A gateway call as the journal keeps it: what `Plan.settle` is told of it.

    held_at   when this process was given it, by `instants.passed`
    """

    id: str
    tenant: str
    kind: str
    subject_type: str
    subject_id: str
    record_id: str | None
    attempt: int
    gateway_id: str
    key: str
    ask: dict[str, Any]
    parameters: dict[str, Any]
    who: dict[str, Any]
    tries: int
    created_at: str
    held_at: float = field(default_factory=passed, compare=False)


class Plan:
    """One kind of gateway call: what is asked, by which verb, and how the answer is settled.

    kind    names it in the journal
    verb    the gateway's verb; None for a call that only reads and therefore is not journalled
    local   no gateway is asked: `settle` alone does what is owed, in the background (its answer is None)
    lane    calls of one lane about one subject exclude each other; None for a lane of its own
    probes  the rights of the credentials are looked at first; some that lack are a refusal that names them
    tries_key
            that the gateway does not take the credentials is an answer; of another call, which may have been made with
            them before, it says nothing: that one stays open until they are replaced
    about   what the call is about and therefore reads: a payment, a saved payment method, the setting up of one, or a
            customer at the gateway
    shared  what it makes is for all who ask: a request that meets an open one waits for its end and goes on from there
    exact   an equal request joins an open one only where it would send the very same: what it asks for follows from
            more than it says
    owes    repeated by a client that was not told what came of it, it would be done twice: its answer is owed until it
            was told

    A call that `settle` asks for, unless deferred, is made by the same request, which is answered with its outcome.

    The desk does the waiting. `settle` runs in a transaction after the answer, by the request that asked, by the next
    equal request, or by recovery, and returns the record that the request is about.
    """

    kind: str
    verb: str | None = None
    local: bool = False
    lane: str | None = None
    probes: bool = False
    tries_key: bool = False
    about: Literal["payment", "instrument", "setup", "customer"] = "payment"
    shared: bool = False
    exact: bool = False
    owes: bool = False

    @property
    def journalled(self) -> bool:
        return self.verb is not None or self.local

    def found(self, ask: dict[str, Any]) -> dict[str, str]:
        """Metadata by which the gateway finds what this call made, for calls too old to repeat; {} when it cannot."""
        return {}

    def repeats(self, ask: Mapping[str, Any], former: Mapping[str, Any], record_id: str | None) -> bool:
        """An equal request asks again for what a former one brought about.

        ask, former   what each asks, or asked; record_id: the record that the former one was about
        """
        return bool(ask.get("amount_cents") == former.get("amount_cents"))

    def gateway(self, call: Journalled) -> Resource | None:
        """The gateway record, where the call itself keeps it since it is not stored yet."""
        return None

    def key(self, ask: dict[str, Any]) -> str | None:
        """The idempotency key, where calls exclude each other at the gateway though their subjects, tenants or
        installations differ; None for a key of the call's own.
        """
        return None

    def reads(self, call: Journalled) -> str | None:
        """What to look at before anything is done, by the gateway's name for it; None to go ahead."""
        return None

    def looks(self, call: Journalled) -> str | None:
        """The same, to look at before asking under another key, and after a refusal; None for nothing."""
        return None

    def proceeds(self, call: Journalled, snapshot: Any) -> bool:
        """Whether the call is still to be made, now that the payment was looked at."""
        return True

    def still(self, call: Journalled) -> Any:
        """The same by our own records, for who comes back to a call later: False leaves it with what was looked up.
        May be a `Rule`.
        """
        return True

    def settle(self, call: Journalled, answer: Any, work: Work) -> Any:
        """Book a gateway's answer; returns the record that the call is about, or what the client is told instead. What
        it raises is told as well, and then nothing is written but what `apart` writes. May be a `Rule`.
        """
        raise AssertionError(f"{self.kind} does not say how it is settled")

    def refused(self, call: Journalled, problem: Any, work: Work) -> Any:
        """Book a definite no, and return what the client is told. May be a `Rule`."""
        raise AssertionError(f"{self.kind} does not say what a refusal means")

    def done(self, call: Journalled) -> list[dict[str, Any]]:
        """What is told as done (JSON) where a call moved money and its request is told no all the same."""
        return []

    def apart(self, call: Journalled, answer: Any, *, is_no: bool, refusal: Refusal, work: Work) -> Any:
        """Book an answer, which may be a no, though `refusal` is told: what the request assigned beside is not
        written, so nothing is to follow that relies on it. May be a `Rule`.
        """
        return self.refused(call, answer, work) if is_no else self.settle(call, answer, work)
