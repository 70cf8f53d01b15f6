"""The gateways that take events."""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, select

from paydesk.rules.record import Record
from paydesk.store.sql.ask import Ask, Asks
from paydesk.store.sql.tables import table_of


def gateway_tenant(gateways: type[Record], gateway_id: str) -> Asks:
    """The tenant of a gateway, whose id in a callback address is all there is to find it by."""

    def build() -> Any:
        table = table_of(gateways)
        return select(table.c.tenant).where(table.c.id == bindparam("id"))

    rows = yield Ask(("gateway tenant",), build, {"id": gateway_id})
    return rows[0][0] if rows else None


def every_gateway(gateways: type[Record]) -> Asks:
    """`(tenant, type, id)` of every gateway that takes events."""

    def build() -> Any:
        table = table_of(gateways)
        return select(table.c.tenant, table.c.type, table.c.id).order_by(table.c.created_at)

    rows = yield Ask(("gateways",), build)
    return rows
