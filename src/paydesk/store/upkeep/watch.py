"""Payments of all tenants that are looked at by the clock: which are due, and which process looks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import bindparam, func, literal_column, select, update

from paydesk.declare import Queue
from paydesk.rules.record import Record
from paydesk.store.inbox.tables import gateway_cursors as cursors
from paydesk.store.records.queues import waits_in
from paydesk.store.sql.ask import Ask, Asks
from paydesk.store.sql.statements import OneOf
from paydesk.store.sql.tables import table_of
from paydesk.store.types import METADATA, Instant, ListOf


class Due(NamedTuple):
    """A payment that is to be looked at.

    reached_at  when its gateway's list of events was read last
    """

    tenant: str
    id: str
    gateway_id: str
    gateway_status: str | None
    news_at: str
    capture_before: str | None
    look_at: str
    reached_at: str | None


class Expiring(NamedTuple):
    """An authorization that can be captured until `capture_before` at most.

    payment     its payment source's id; `named_by`: the gateway's name for that
    number      of its order; `authorization` is the authorization's own
    left_cents  what can still be captured, in minor units of `currency`
    """

    tenant: str
    capture_before: str
    payment: str
    named_by: str
    order: str
    number: str
    status: str
    placed_at: str | None
    authorization: str
    left_cents: int
    currency: str


def due(kind: str, now: str, limit: int) -> Asks:
    """The payments that are `Due`, the longest first."""

    def build() -> Any:
        payments = METADATA.tables[kind]
        names = ("tenant", "id", "payment_gateway_id", "gateway_status", "news_at", "capture_before", "look_at")
        read = (cursors.c.tenant == payments.c.tenant) & (cursors.c.gateway_id == payments.c.payment_gateway_id)
        return (
            select(*(payments.c[name] for name in names), cursors.c.reached_at)
            .select_from(payments.outerjoin(cursors, read))
            .where(payments.c.look_at <= bindparam("now", type_=Instant()))
            .order_by(payments.c.look_at)
            .limit(bindparam("limit"))
        )

    rows = yield Ask(("due payments", kind), build, {"now": now, "limit": limit})
    return [Due(*row) for row in rows]


def expiring(
    payments_: type[Record],
    named_by: str,
    orders_: type[Record],
    authorizations: type[Record],
    tenants: Sequence[str] | None,
    until: str,
) -> Asks:
    """What is authorized with these tenants' payments, and can be captured until `until` at most, the soonest first.

    tenants   None for all
    returns   a list of `Expiring`
    """

    def build() -> Any:
        payments, moved, orders = map(table_of, (payments_, authorizations, orders_))
        of_order = (orders.c.tenant == payments.c.tenant) & (orders.c.id == payments.c.order_id)
        of_payment = (moved.c.tenant == payments.c.tenant) & (moved.c.order_id == payments.c.order_id)
        of_payment &= moved.c.payment_source_id == payments.c.id
        left = moved.c.capture_balance_cents
        found = (
            select(
                *(payments.c[name] for name in ("tenant", "capture_before", "id", named_by)),
                *(orders.c[name] for name in ("id", "number", "status", "placed_at")),
                moved.c.number,
                left,
                moved.c.currency_code,
            )
            .select_from(payments.join(orders, of_order).join(moved, of_payment))
            .where(
                # The index of what is under way: a payment that came to its end holds nothing that could be captured.
                payments.c.look_at.is_not(None),
                payments.c.capture_before <= bindparam("until", type_=Instant()),
                moved.c.type == literal_column(f"'{authorizations.shape.discriminator}'"),
                moved.c.succeeded,
                ~moved.c.excluded,
                left > literal_column("0"),
            )
            .order_by(payments.c.capture_before, moved.c.number)
        )
        if tenants is None:
            return found
        return found.where(OneOf(payments.c.tenant, bindparam("tenants", type_=ListOf(payments.c.tenant.type))))

    values = {"until": until, **({} if tenants is None else {"tenants": list(tenants)})}
    rows = yield Ask(("expiring", payments_.shape.type, tenants is None), build, values)
    return [Expiring(*row) for row in rows]


def ending(payments_: type[Record], queue: Queue, orders_: type[Record], tenant: str, until: str, limit: int) -> Asks:
    """The ids of a tenant's payments that wait in the queue and can be captured until `until` at most, those of placed
    orders, the soonest first.
    """

    def build() -> Any:
        payments, orders = table_of(payments_), table_of(orders_)
        of_order = (orders.c.tenant == payments.c.tenant) & (orders.c.id == payments.c.order_id)
        return (
            select(payments.c.id)
            .select_from(payments.join(orders, of_order))
            .where(
                waits_in(queue),
                payments.c.tenant == bindparam("tenant"),
                payments.c.capture_before <= bindparam("until", type_=Instant()),
                orders.c.status.in_([literal_column("'placed'"), literal_column("'approved'")]),
            )
            .order_by(payments.c.capture_before)
            .limit(bindparam("limit"))
        )

    values = {"tenant": tenant, "until": until, "limit": limit}
    rows = yield Ask(("ending", payments_.shape.type), build, values)
    return [row[0] for row in rows]


def of_gateway(kind: str, named_by: str, tenant: str, gateway_id: str, after: str, limit: int) -> Asks:
    """`(id, its name at the gateway)` of a gateway's payments that money may have moved with, those behind a name."""

    def build() -> Any:
        payments = METADATA.tables[kind]
        name = payments.c[named_by]
        return (
            select(payments.c.id, name)
            .where(
                payments.c.tenant == bindparam("tenant"),
                payments.c.payment_gateway_id == bindparam("gateway"),
                name > bindparam("after"),
                func.coalesce(payments.c.gateway_status, "") != literal_column("'canceled'"),
            )
            .order_by(name)
            .limit(bindparam("limit"))
        )

    values = {"tenant": tenant, "gateway": gateway_id, "after": after, "limit": limit}
    rows = yield Ask(("payments of gateway", kind), build, values)
    return rows


def take(kind: str, tenant: str, payment_id: str, found: str, next_at: str | None, overdue_since: str | None) -> Asks:
    """Take the turn to look at a payment, found due at `found`; False where another process did, or news came."""

    def build() -> Any:
        payments = METADATA.tables[kind]
        return (
            update(payments)
            .where(
                payments.c.tenant == bindparam("at_tenant"),
                payments.c.id == bindparam("at_id"),
                payments.c.look_at == bindparam("found", type_=Instant()),
            )
            .values(look_at=bindparam("next_at", type_=Instant()), overdue_since=bindparam("overdue", type_=Instant()))
            .returning(payments.c.id)
        )

    values = {"at_tenant": tenant, "at_id": payment_id, "found": found, "next_at": next_at, "overdue": overdue_since}
    rows = yield Ask(("take payment", kind), build, values)
    return bool(rows)
