"""Payments by filters, in some tenants, the newest first, a page at a time.

The period is looked through by its index; what narrows more (a card's digits, an amount, an address, an order) has one
of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import and_, bindparam, literal_column, or_, select

from paydesk.rules.record import Record
from paydesk.store.sql.ask import Ask, Asks
from paydesk.store.sql.statements import Contains, OneOf
from paydesk.store.sql.tables import table_of
from paydesk.store.types import Document, Instant, ListOf


class Types(NamedTuple):
    """The types whose records say more of a payment."""

    orders: type[Record]
    customers: type[Record]
    disputes: type[Record]
    refunds: type[Record]


class Listed(NamedTuple):
    """A payment: its tenant, order and id, and when it was stored."""

    tenant: str
    order: str
    id: str
    at: str


@dataclass(frozen=True)
class Standing:
    """How orders and payments stand, any of what is given; where all of it is empty, however they do.

    gateway     the gateway's words for a payment
    contested   a dispute was opened
    attention   something needs a person
    giving      there are refunds on their way
    """

    orders: tuple[str, ...] = ()
    payments: tuple[str, ...] = ()
    gateway: tuple[str, ...] = ()
    contested: bool = False
    attention: bool = False
    giving: bool = False


@dataclass(frozen=True)
class Wanted:
    """What a payment is to be; None and empty ask for nothing.

    since, until   when it was stored, the end excluded; `after`: behind this one, by moment and id
    order          its order's number or id
    email          its customer's address, `key`: the same as customers keep it
    amounts        minor units and their currencies, one of them
    methods        ids of payment methods
    kind           the kind of payment method, as the gateway calls it
    """

    tenants: tuple[str, ...]
    since: str
    until: str
    after: tuple[str, str] | None = None
    order: str | None = None
    email: str | None = None
    key: str | None = None
    digits: str | None = None
    amounts: tuple[tuple[int, tuple[str, ...]], ...] = ()
    markets: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    kind: str | None = None
    standing: Standing = Standing()


def listed(payments_: type[Record], types: Types, wanted: Wanted, most: int) -> Asks:
    """The payments of a type that are as wanted, a `Listed` each, the newest first."""
    columns = table_of(payments_).c
    if (wanted.digits is not None and "card_last_digits" not in columns) or (
        wanted.kind is not None and "payment_method" not in columns
    ):
        return []  # A type that keeps no such thing has none like it.
    clauses, values = _clauses(payments_, types, wanted)

    def build() -> Any:
        payments, orders = table_of(payments_), table_of(types.orders)
        same = (orders.c.tenant == payments.c.tenant) & (orders.c.id == payments.c.order_id)
        return (
            select(payments.c.tenant, orders.c.id, payments.c.id, payments.c.created_at)
            .select_from(payments.join(orders, same))
            .where(*clauses)
            .order_by(payments.c.created_at.desc(), payments.c.id.desc())
            .limit(bindparam("most"))
        )

    stands = wanted.standing and (
        bool(wanted.standing.orders), bool(wanted.standing.payments), bool(wanted.standing.gateway),
        wanted.standing.contested, wanted.standing.attention, wanted.standing.giving,
    )  # fmt: skip
    shape = (len(wanted.amounts), stands, *sorted(values))
    rows = yield Ask(("payments listed", payments_.shape.type, *shape), build, {**values, "most": most})
    return [Listed(*row) for row in rows]


def _clauses(payments_: type[Record], types: Types, wanted: Wanted) -> tuple[list[Any], dict[str, Any]]:
    """The conditions, and the values of their binds."""
    payments, orders = table_of(payments_), table_of(types.orders)
    at = payments.c.created_at
    clauses = [
        _among(payments.c.tenant, "tenants"),
        at >= bindparam("since", type_=Instant()),
        at < bindparam("until", type_=Instant()),
    ]
    values: dict[str, Any] = {"tenants": list(wanted.tenants), "since": wanted.since, "until": wanted.until}
    if wanted.after is not None:
        behind = bindparam("after_at", type_=Instant())
        clauses.append((at < behind) | ((at == behind) & (payments.c.id < bindparam("after_id"))))
        values |= {"after_at": wanted.after[0], "after_id": wanted.after[1]}
    clauses += _told(payments, types, wanted, values)
    if wanted.markets:
        clauses.append(_among(orders.c.market_id, "market_ids"))
        values["market_ids"] = list(wanted.markets)
    if wanted.methods:
        clauses.append(_among(payments.c.method_id, "methods"))
        values["methods"] = list(wanted.methods)
    if wanted.kind is not None:
        clauses.append(Contains(payments.c.payment_method, bindparam("kind", type_=Document())))
        values["kind"] = {"type": wanted.kind}
    if wanted.standing != Standing():
        clauses.append(_stands(payments, types, wanted.standing, values))
    return clauses, values


def _told(payments: Any, types: Types, wanted: Wanted, values: dict[str, Any]) -> list[Any]:
    """What a customer can say: each is found by an index."""
    orders = table_of(types.orders)
    clauses: list[Any] = []
    if wanted.order is not None:
        clauses.append((orders.c.id == bindparam("order")) | (orders.c.number == bindparam("order")))
        values["order"] = wanted.order
    if wanted.email is not None:
        clauses.append(_of_customer(orders, types))
        values |= {"email": wanted.email, "key": wanted.key}
    if wanted.digits is not None:
        clauses.append(payments.c.card_last_digits == bindparam("digits"))
        values["digits"] = wanted.digits
    if wanted.amounts:
        clauses.append(or_(*(_amount(payments, number) for number in range(len(wanted.amounts)))))
        for number, (cents, currencies) in enumerate(wanted.amounts):
            values |= {f"cents{number}": cents, f"currencies{number}": list(currencies)}
    return clauses


def _of_customer(orders: Any, types: Types) -> Any:
    customers = table_of(types.customers)
    theirs = select(customers.c.id).where(
        customers.c.tenant == orders.c.tenant, customers.c.email_key == bindparam("key")
    )
    return (orders.c.customer_email == bindparam("email")) | orders.c.customer_id.in_(theirs)


def _amount(payments: Any, number: int) -> Any:
    return and_(
        payments.c.intended_cents == bindparam(f"cents{number}"),
        _among(payments.c.intended_currency, f"currencies{number}"),
    )


def _stands(payments: Any, types: Types, standing: Standing, values: dict[str, Any]) -> Any:
    """The conditions of what is given, any of which is enough."""
    orders, ways = table_of(types.orders), []
    for name, column, words in (
        ("statuses", orders.c.status, standing.orders),
        ("payment_statuses", orders.c.payment_status, standing.payments),
        ("gateway_statuses", payments.c.gateway_status, standing.gateway),
    ):
        if words:
            ways.append(_among(column, name))
            values[name] = list(words)
    if standing.contested:
        disputes = table_of(types.disputes)
        ways.append(payments.c.id.in_(select(disputes.c.payment_id).where(disputes.c.tenant == payments.c.tenant)))
    if standing.attention:
        ways.append(orders.c.attention_since.is_not(None))
    if standing.giving:
        moved = table_of(types.refunds)
        kind: Any = literal_column(f"'{types.refunds.shape.discriminator}'")
        pending = [moved.c.type == kind, ~moved.c.succeeded, moved.c.error_code.is_(None)]
        ways.append(orders.c.id.in_(select(moved.c.order_id).where(moved.c.tenant == orders.c.tenant, *pending)))
    return or_(*ways)


def _among(column: Any, name: str) -> Any:
    return OneOf(column, bindparam(name, type_=ListOf(column.type)))


def named(type_: type[Record], columns: Sequence[str], tenants: Sequence[str], name: str) -> Asks:
    """The ids of the records of a type, of which a tenant has few, that have this in one of these columns."""

    def build() -> Any:
        table = table_of(type_)
        same = or_(*(table.c[column] == bindparam("name") for column in columns))
        return select(table.c.id).where(_among(table.c.tenant, "tenants"), same)

    rows = yield Ask(("records named", type_.shape.type), build, {"tenants": list(tenants), "name": name})
    return [row[0] for row in rows]
