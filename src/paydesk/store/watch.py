"""Payments to be looked at by the clock, of every tenant: which are due, and whose turn it is to look."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from sqlalchemy import bindparam, select, update

from paydesk.store.ask import Ask, Rows
from paydesk.store.tables import gateway_cursors as cursors
from paydesk.store.types import METADATA, Instant

Asks = Generator[Ask, Rows, Any]


def due(kind: str, now: str, limit: int) -> Asks:
    """`(tenant, id, gateway id, gateway status, news at, capture before, look at, when the list was read last)`."""

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
