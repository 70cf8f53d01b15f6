"""Which records of any tenant hold a payment of a gateway."""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, select

from paydesk.rules.asking import Holder, Holders
from paydesk.store.sql.ask import Ask, Asks
from paydesk.store.types import METADATA


def holders_of(asked: Holders) -> Asks:
    """What `Holders` is sent."""

    def build() -> Any:
        table = METADATA.tables[asked.type]
        columns = ("tenant", "id", "order_id", "payment_gateway_id", "account")
        return select(*(table.c[name] for name in columns)).where(table.c[asked.named_by] == bindparam("payment_id"))

    rows = yield Ask(("holders", asked.type), build, {"payment_id": asked.payment_id})
    return [Holder(*row) for row in rows]
