"""Orders that need a person's attention, of every tenant: read by the small index of those that do."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

from sqlalchemy import bindparam, select

from paydesk.store.ask import Ask, Rows
from paydesk.store.statements import OneOf
from paydesk.store.types import METADATA, Instant, ListOf

Asks = Generator[Ask, Rows, Any]


def orders(until: str, tenants: Sequence[str] | None, most: int) -> Asks:
    """`(tenant, id, number, status, currency, attention)` of the orders that something of has needed attention since
    `until` at the latest, the longest first.

    tenants   None for all
    """
    table = METADATA.tables["orders"]

    def build() -> Any:
        found = (
            select(*(table.c[name] for name in ("tenant", "id", "number", "status", "currency_code", "attention")))
            .where(table.c.attention_since.is_not(None), table.c.attention_since <= bindparam("until", type_=Instant()))
            .order_by(table.c.attention_since)
            .limit(bindparam("most"))
        )
        if tenants is not None:
            found = found.where(OneOf(table.c.tenant, bindparam("tenants", type_=ListOf(table.c.tenant.type))))
        return found

    values = {"until": until, "most": most, **({} if tenants is None else {"tenants": list(tenants)})}
    rows = yield Ask(("orders needing attention", tenants is None), build, values)
    return rows
