"""Disputes of all tenants that wait for an answer, read by a small index."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select

from paydesk.rules.record import Record
from paydesk.store.sql.ask import Ask, Asks
from paydesk.store.sql.statements import OneOf
from paydesk.store.sql.tables import table_of
from paydesk.store.types import ListOf


class Contested(NamedTuple):
    """A dispute, and the order whose payment it is of. `due_by`: until when it is to be answered."""

    tenant: str
    dispute: str
    status: str
    cents: int
    currency: str
    due_by: str
    order: str
    number: str


def unanswered(
    disputes_: type[Record],
    payments_: type[Record],
    orders_: type[Record],
    statuses: Sequence[str],
    tenants: Sequence[str],
    most: int,
) -> Asks:
    """The disputes with a deadline that stand like this, a `Contested` each, those due the soonest first."""

    def build() -> Any:
        disputes, payments, orders = map(table_of, (disputes_, payments_, orders_))
        of_payment = (payments.c.tenant == disputes.c.tenant) & (payments.c.id == disputes.c.payment_id)
        of_order = (orders.c.tenant == payments.c.tenant) & (orders.c.id == payments.c.order_id)
        names = ("tenant", "dispute_id", "status", "amount_cents", "currency_code", "due_by")
        return (
            select(*(disputes.c[name] for name in names), orders.c.id, orders.c.number)
            .select_from(disputes.join(payments, of_payment).join(orders, of_order))
            .where(
                _among(disputes.c.status, "statuses"),
                _among(disputes.c.tenant, "tenants"),
                disputes.c.due_by.is_not(None),
            )
            .order_by(disputes.c.due_by, disputes.c.dispute_id)
            .limit(bindparam("most"))
        )

    values = {"statuses": list(statuses), "tenants": list(tenants), "most": most}
    rows = yield Ask(("disputes unanswered",), build, values)
    return [Contested(*row) for row in rows]


def _among(column: Any, name: str) -> Any:
    return OneOf(column, bindparam(name, type_=ListOf(column.type)))
