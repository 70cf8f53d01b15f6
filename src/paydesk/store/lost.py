"""Payments of ours that hold money and are not here: kept until a person, or a later event, has put them right."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import and_, bindparam, delete, exists, select
from sqlalchemy.dialects.postgresql import insert

from paydesk.store.ask import Ask, Rows
from paydesk.store.statements import OneOf
from paydesk.store.tables import lost_payments as lost
from paydesk.store.types import METADATA, ListOf

Asks = Generator[Ask, Rows, Any]


def keep(row: dict[str, Any]) -> Asks:
    """Note one; once noted it stays as it was found."""

    def build() -> Any:
        made = insert(lost).values({column.name: bindparam(column.name, type_=column.type) for column in lost.c})
        return made.on_conflict_do_nothing(index_elements=["tenant", "payment_id"])

    yield Ask(("keep lost payment",), build, row)


def forget(tenant: str, payment_id: str) -> Asks:
    """It is here again, or holds nothing any more."""

    def build() -> Any:
        return delete(lost).where(lost.c.tenant == bindparam("tenant"), lost.c.payment_id == bindparam("payment_id"))

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


def payments(tenants: Sequence[str] | None, most: int) -> Asks:
    """Those that are still not here, a `Lost` each, the longest first.

    tenants   None for all
    """

    def build() -> Any:
        orders, known = METADATA.tables["orders"], METADATA.tables["stripe_payments"]
        here = and_(orders.c.tenant == lost.c.tenant, orders.c.id == lost.c.order_id)
        names = ("tenant", "payment_id", "order_id", "number", "email", "amount_cents", "currency_code", "found_at")
        taken = exists(
            select(1).where(known.c.tenant == lost.c.tenant, known.c.stripe_id == lost.c.payment_id)
        ).correlate(lost)
        found = (
            select(*(lost.c[name] for name in names), exists(select(1).where(here)).correlate(lost))
            .where(~taken)
            .order_by(lost.c.found_at)
            .limit(bindparam("most"))
        )
        if tenants is None:
            return found
        return found.where(OneOf(lost.c.tenant, bindparam("tenants", type_=ListOf(lost.c.tenant.type))))

    values: dict[str, Any] = {"most": most, **({} if tenants is None else {"tenants": list(tenants)})}
    rows = yield Ask(("lost payments", tenants is None), build, values)
    return [Lost(*row) for row in rows]
