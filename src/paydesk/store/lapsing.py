"""Orders that time alone ends, of every tenant, and whose turn it is to look for them."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from sqlalchemy import bindparam, or_, select, text
from sqlalchemy.dialects.postgresql import insert

from paydesk.base.instants import later
from paydesk.store.ahead import SKEW_SECONDS
from paydesk.store.ask import Ask, Rows
from paydesk.store.tables import LAPSING, turns
from paydesk.store.types import METADATA, Instant

Asks = Generator[Ask, Rows, Any]


def take_turn(name: str, now: str, before: str) -> Asks:
    """Whether nobody has taken this turn since `before`; then it is taken."""

    def build() -> Any:
        made = insert(turns).values(name=bindparam("name"), taken_at=bindparam("now", type_=Instant()))
        return made.on_conflict_do_update(
            index_elements=["name"],
            set_={"taken_at": made.excluded.taken_at},
            # A turn that was taken long from now was taken by a clock that ran ahead.
            where=or_(
                turns.c.taken_at <= bindparam("before", type_=Instant()),
                turns.c.taken_at > bindparam("beyond", type_=Instant()),
            ),
        ).returning(turns.c.name)

    values = {"name": name, "now": now, "before": before, "beyond": later(now, SKEW_SECONDS)}
    rows = yield Ask(("take turn", "lapsing"), build, values)
    return bool(rows)


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
