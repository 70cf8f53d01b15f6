"""Orders of all tenants that need a person's attention, read by a small index of just these."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select

from paydesk.base.instants import SKEW_SECONDS, later
from paydesk.rules.record import Record
from paydesk.store.sql.ask import Ask, Asks
from paydesk.store.sql.statements import OneOf
from paydesk.store.sql.tables import table_of
from paydesk.store.types import Instant, ListOf

_BOUNDS = ("until", "beyond")


class Attention(NamedTuple):
    """An order of which something needs attention: `attention` as `commerce.orders.attention` stores it."""

    tenant: str
    id: str
    number: str
    status: str
    currency: str
    attention: dict[str, list[Any]] | None


def orders_waiting(orders: type[Record], until: str, tenants: Sequence[str] | None, most: int) -> Asks:
    """The orders that something of has needed attention since `until` at the latest, an `Attention` each, the longest
    first.

    tenants   None for all
    """
    table = table_of(orders)

    def build() -> Any:
        # What needs it since some later time does so by a clock that ran ahead.
        since, until_, beyond = table.c.attention_since, *(bindparam(name, type_=Instant()) for name in _BOUNDS)
        found = (
            select(*(table.c[name] for name in ("tenant", "id", "number", "status", "currency_code", "attention")))
            .where(table.c.attention_since.is_not(None), (since <= until_) | (since > beyond))
            .order_by(table.c.attention_since)
            .limit(bindparam("most"))
        )
        if tenants is not None:
            found = found.where(OneOf(table.c.tenant, bindparam("tenants", type_=ListOf(table.c.tenant.type))))
        return found

    values: dict[str, Any] = {"until": until, "beyond": later(until, SKEW_SECONDS), "most": most}
    if tenants is not None:
        values["tenants"] = list(tenants)
    rows = yield Ask(("orders needing attention", tenants is None), build, values)
    return [Attention(*row) for row in rows]
