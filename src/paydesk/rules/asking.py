"""What a rule is asked to do, and what it asks for: a change, rows of the store, a gateway call."""

from __future__ import annotations

import os
import string as _string
from dataclasses import dataclass, field
from typing import Any

from paydesk.declare import Condition
from paydesk.rules.asks import Ask
from paydesk.rules.record import Record

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
    anew    as it is under the lock, whatever was read before, and with what rules have changed since it was first found
            so; for what none has changed by then
    first   no more than one is looked for: whether there is any
    """

    type: type[Record] | str
    where: Condition
    paths: tuple[str, ...] = ()
    many: bool = False
    lock: bool = False
    anew: bool = False
    first: bool = False


@dataclass(frozen=True)
class Load:
    """Load further relationships of a record in hand: `yield Load(order, ("line_items",))`."""

    record: Record
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
    """A gateway call to be journalled with this work and made after its commit. See `desk`.

    kind      names the plan that says how the call is made and settled
    subject   the record it is about: one call a kind and subject may be open
    gateway   who is asked; None where the plan is `local`
    ask       what is asked for, of the type that the plan `asks`
    deferred  not made by the request itself but by the background soon after
    alone     of a deferred one: where another call of its lane is open, the work is refused. Otherwise it is left out
    waiting   the write that waits with it; see `paydesk.waiting`
    """

    kind: str
    subject_type: str
    subject_id: str
    gateway: Record | None
    ask: Ask
    record_id: str | None = None
    deferred: bool = False
    alone: bool = False
    waiting: Any = None
    id: str = field(default_factory=new_id)

    @property
    def gateway_id(self) -> str:
        return self.gateway.id if self.gateway is not None else ""
