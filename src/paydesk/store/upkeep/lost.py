"""Payments that hold money at a gateway and that the database lacks, kept until a person or event puts them right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Column,
    Table,
    Text,
    and_,
    bindparam,
    delete,
    exists,
    select,
)
from sqlalchemy.dialects.postgresql import insert

from paydesk.rules.record import Record
from paydesk.store.sql.ask import Ask, Asks
from paydesk.store.sql.statements import OneOf
from paydesk.store.sql.tables import table_of
from paydesk.store.types import METADATA, Instant, ListOf

lost_payments = Table(
    "lost_payments",
    METADATA,
    Column("tenant", Text, primary_key=True),
    Column("payment_id", Text, primary_key=True),
    Column("gateway_id", Text, nullable=False),
    Column("order_id", Text, nullable=False),
    Column("number", Text),
    Column("email", Text),
    Column("amount_cents", BigInteger, nullable=False),
    Column("currency_code", Text, nullable=False),
    Column("found_at", Instant, nullable=False),
)
"""Payments of this installation that hold money at a gateway and that this database lacks, as after an older one was
restored, with what their metadata say of their orders.
"""

_c = lost_payments.c


def keep(row: dict[str, Any]) -> Asks:
    """Note one; once noted it stays as it was found."""

    def build() -> Any:
        made = insert(lost_payments).values({column.name: bindparam(column.name, type_=column.type) for column in _c})
        return made.on_conflict_do_nothing(index_elements=["tenant", "payment_id"])

    yield Ask(("keep lost payment",), build, row)


def forget(tenant: str, payment_id: str) -> Asks:
    """It is here again, or holds nothing any more."""

    def build() -> Any:
        return delete(lost_payments).where(_c.tenant == bindparam("tenant"), _c.payment_id == bindparam("payment_id"))

    yield Ask(("forget lost payment",), build, {"tenant": tenant, "payment_id": payment_id})


class Lost(NamedTuple):
    """A payment that holds money for an order which was lost; `is_here`: there is an order of its id."""

    tenant: str
    payment_id: str
    order: str
    number: str
    email: str | None
    cents: int
    currency: str
    found_at: str
    is_here: bool


def still_lost(orders_: type[Record], payments_: type[Record], tenants: Sequence[str] | None, most: int) -> Asks:
    """Those that none of `payments_` is, a `Lost` each, the longest first.

    tenants   None for all
    """

    def build() -> Any:
        orders, known = table_of(orders_), table_of(payments_)
        here = and_(orders.c.tenant == _c.tenant, orders.c.id == _c.order_id)
        names = ("tenant", "payment_id", "order_id", "number", "email", "amount_cents", "currency_code", "found_at")
        taken = exists(select(1).where(known.c.tenant == _c.tenant, known.c.stripe_id == _c.payment_id)).correlate(
            lost_payments
        )
        found = (
            select(*(_c[name] for name in names), exists(select(1).where(here)).correlate(lost_payments))
            .where(~taken)
            .order_by(_c.found_at)
            .limit(bindparam("most"))
        )
        if tenants is None:
            return found
        return found.where(OneOf(_c.tenant, bindparam("tenants", type_=ListOf(_c.tenant.type))))

    values: dict[str, Any] = {"most": most, **({} if tenants is None else {"tenants": list(tenants)})}
    rows = yield Ask(("lost payments", tenants is None), build, values)
    return [Lost(*row) for row in rows]
