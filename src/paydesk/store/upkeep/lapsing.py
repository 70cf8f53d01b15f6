"""Orders that time alone ends, of every tenant."""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, select, text

from paydesk.store.records.indexes import LAPSING
from paydesk.store.sql.ask import Ask, Asks
from paydesk.store.types import METADATA, Instant


def expired(now: str, limit: int) -> Asks:
    """`(tenant, id)` of unplaced orders whose time is over, longest ago first."""
    condition = text(LAPSING["ix_orders_expiring"][1])  # In the very words of the index, which no bound value can use.

    def build() -> Any:
        orders = METADATA.tables["orders"]
        over = orders.c.expires_at <= bindparam("now", type_=Instant())
        found = select(orders.c.tenant, orders.c.id).where(condition, over).order_by(orders.c.expires_at)
        return found.limit(bindparam("limit"))

    rows = yield Ask(("expired orders",), build, {"now": now, "limit": limit})
    return rows


def nobodys(before: str, limit: int) -> Asks:
    """`(tenant, id)` of drafts without a customer that were not touched since `before`, oldest first."""
    condition = text(LAPSING["ix_orders_nobodys"][1])

    def build() -> Any:
        orders = METADATA.tables["orders"]
        then = bindparam("before", type_=Instant())
        # The index is by creation, which never changes: carts in use cost it nothing.
        left = (orders.c.created_at <= then) & (orders.c.updated_at <= then)
        found = select(orders.c.tenant, orders.c.id).where(condition, left).order_by(orders.c.created_at)
        return found.limit(bindparam("limit"))

    rows = yield Ask(("nobody's orders",), build, {"before": before, "limit": limit})
    return rows
