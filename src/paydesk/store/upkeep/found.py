"""Orders by what a customer can say of their payment, in some tenants, the newest first.

Each question is answered by an index that begins with the tenant, and has a limit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import bindparam, literal_column, select

from paydesk.rules.record import Record
from paydesk.store.sql.ask import Ask, Asks
from paydesk.store.sql.statements import OneOf, Plainly
from paydesk.store.sql.tables import table_of
from paydesk.store.types import ListOf
from paydesk.store.upkeep.lost import Lost, lost_payments


class Place(NamedTuple):
    """An order, and when what was found of it was stored."""

    tenant: str
    order: str
    at: str


def _among(column: Any, name: str) -> Any:
    return OneOf(column, bindparam(name, type_=ListOf(column.type)))


def _places(rows: Sequence[Any]) -> list[Place]:
    # That it has an order is not asked of the database, which would look through all that have one.
    return [Place(*row) for row in rows if row[1] is not None]


def by_column(
    type_: type[Record],
    column: str,
    order: str,
    tenants: Sequence[str],
    value: str,
    most: int,
    *,
    many: bool = False,
) -> Asks:
    """The orders of the records of a type in which a column has this value.

    order   the column that names the order
    many    so many may have it that they are read in the order of an index, up to the limit
    """

    def build() -> Any:
        table = table_of(type_)
        return (
            select(table.c.tenant, table.c[order], table.c.created_at)
            .where(_among(table.c.tenant, "tenants"), table.c[column] == bindparam("value"))
            .order_by((table.c.created_at if many else Plainly(table.c.created_at)).desc(), table.c.id)
            .limit(bindparam("most"))
        )

    asked = {"tenants": list(tenants), "value": value, "most": most}
    rows = yield Ask(("orders found", type_.shape.type, column, many), build, asked)
    return _places(rows)


def by_amount(
    type_: type[Record],
    columns: tuple[str, str],
    tenants: Sequence[str],
    cents: int,
    currencies: Sequence[str],
    most: int,
) -> Asks:
    """The orders of payments or transactions over so many minor units of one of these currencies.

    columns   those that keep minor units and currency
    """

    def build() -> Any:
        table = table_of(type_)
        kept, currency = (table.c[name] for name in columns)
        return (
            select(table.c.tenant, table.c.order_id, table.c.created_at)
            .where(_among(table.c.tenant, "tenants"), kept == bindparam("cents"), _among(currency, "currencies"))
            .order_by(table.c.created_at.desc(), table.c.id)
            .limit(bindparam("most"))
        )

    values = {"tenants": list(tenants), "cents": cents, "currencies": list(currencies), "most": most}
    rows = yield Ask(("orders of amount", type_.shape.type), build, values)
    return _places(rows)


def by_customer(orders_: type[Record], customers_: type[Record], tenants: Sequence[str], key: str, most: int) -> Asks:
    """The orders of the customer with this address, as `email_key` writes it."""

    def build() -> Any:
        orders, customers = table_of(orders_), table_of(customers_)
        same = (orders.c.tenant == customers.c.tenant) & (orders.c.customer_id == customers.c.id)
        return (
            select(orders.c.tenant, orders.c.id, orders.c.created_at)
            .select_from(customers.join(orders, same))
            .where(_among(customers.c.tenant, "tenants"), customers.c.email_key == bindparam("key"))
            .order_by(Plainly(orders.c.created_at).desc(), orders.c.id)
            .limit(bindparam("most"))
        )

    rows = yield Ask(("orders of customer",), build, {"tenants": list(tenants), "key": key, "most": most})
    return _places(rows)


def by_object(transactions: type[Record], kind: str, tenants: Sequence[str], name: str, most: int) -> Asks:
    """The orders of the transactions of a kind that have this name at the gateway."""

    def build() -> Any:
        table = table_of(transactions)
        return (
            select(table.c.tenant, table.c.order_id, table.c.created_at)
            .where(
                _among(table.c.tenant, "tenants"),
                table.c.type == literal_column(f"'{kind}'"),
                table.c.object_key == bindparam("name"),
            )
            .order_by(Plainly(table.c.created_at).desc(), table.c.id)
            .limit(bindparam("most"))
        )

    asked = {"tenants": list(tenants), "name": name, "most": most}
    rows = yield Ask(("orders of object", kind), build, asked)
    return _places(rows)


def by_dispute(disputes_: type[Record], payments_: type[Record], tenants: Sequence[str], name: str, most: int) -> Asks:
    """The orders of the payment that has a dispute of this name."""

    def build() -> Any:
        disputes, payments = table_of(disputes_), table_of(payments_)
        same = (payments.c.tenant == disputes.c.tenant) & (payments.c.id == disputes.c.payment_id)
        return (
            select(payments.c.tenant, payments.c.order_id, disputes.c.created_at)
            .select_from(disputes.join(payments, same))
            .where(_among(disputes.c.tenant, "tenants"), disputes.c.dispute_id == bindparam("name"))
            .order_by(Plainly(disputes.c.created_at).desc(), disputes.c.id)
            .limit(bindparam("most"))
        )

    rows = yield Ask(("orders of dispute",), build, {"tenants": list(tenants), "name": name, "most": most})
    return _places(rows)


def lost_named(tenants: Sequence[str], name: str) -> Asks:
    """The payments that a restore lost with this name at the gateway, or whose order had this id, number or e-mail
    address, a `Lost` each. There are few of them ever.
    """
    columns = lost_payments.c
    named = ("tenant", "payment_id", "order_id", "number", "email", "amount_cents", "currency_code", "found_at")

    def build() -> Any:
        same = [columns[one] == bindparam("name") for one in ("payment_id", "order_id", "number", "email")]
        return (
            select(*(columns[one] for one in named))
            .where(_among(columns.tenant, "tenants"), same[0] | same[1] | same[2] | same[3])
            .order_by(columns.found_at.desc())
        )

    rows = yield Ask(("lost payments named",), build, {"tenants": list(tenants), "name": name})
    return [Lost._make((*row, False)) for row in rows]
