"""Indexes from declarations: what is unique, what lists and relationships are found by, and what waits in a queue."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Index, Table, text

from paydesk.declare import Own, Test
from paydesk.rules.record import Record
from paydesk.rules.registry import Registry
from paydesk.store.sql.tables import table_of

Indexes = dict[tuple[str, tuple[str, ...]], tuple[Table, bool]]
"""By the table's name and the columns: the table, and whether the index is unique."""


def index(registry: Registry, new: Collection[type[Record]]) -> None:
    """Index the tables of types that are new."""
    indexes: Indexes = {}
    for one in registry.every.values():
        _related(registry, one, new, indexes)
        if one in new:
            _own(one, indexes)
            _queues(one)
    for (name, columns), (table, unique) in indexes.items():
        server_wide = unique and columns in SERVER_WIDE.get(name, ())
        if not unique and any(
            name == other and columns == more[: len(columns)] != more and more not in SERVER_WIDE.get(name, ())
            for other, more in indexes
        ):
            continue  # Another index begins with these columns.
        keys = columns if server_wide else ("tenant", *columns)
        title = f"{'uq' if unique else 'ix'}_{name}_{'_'.join(columns)}"[:63]
        Index(title, *(table.c[column] for column in keys), unique=unique)
    _small({table_of(one).name: table_of(one) for one in new})


def _own(resource: type[Record], indexes: Indexes) -> None:
    shape, table = resource.shape, table_of(resource)
    indexes.setdefault((shape.table, ("created_at", "id")), (table, False))
    for columns in shape.unique:
        indexes[shape.table, columns] = table, True  # Also where a to-many is found by it.
    for columns in shape.indexes:
        indexes.setdefault((shape.table, columns), (table, False))


def _queues(resource: type[Record]) -> None:
    shape, table = resource.shape, table_of(resource)
    for name in shape.queues:
        queued = table.c[name].is_not(None)
        Index(f"ix_{shape.table}_{name}", table.c[name], sqlite_where=queued, postgresql_where=queued)


def _related(registry: Registry, resource: type[Record], new: Collection[type[Record]], indexes: Indexes) -> None:
    """Index what finds the records of a to-many."""

    def add(type_: type[Record], column: str) -> None:
        if type_ in new:
            indexes.setdefault((type_.shape.table, (column,)), (table_of(type_), False))

    for relationship in resource.shape.relationships.values():
        match, tie = relationship.match, relationship.tie
        if tie is not None:
            add(tie.rows, f"{tie.near}_id")
            add(tie.rows, f"{tie.far}_id")
        elif relationship.by is not None:
            for target_type in relationship.types:
                add(registry[target_type], f"{relationship.by}_id")
        elif relationship.many and isinstance(match, Test) and match.value == Own("id") and "." not in match.path:
            for target_type in relationship.types:
                add(registry[target_type], match.path)


def _small(fresh: dict[str, Table]) -> None:
    orders = fresh.get("orders")
    if orders is not None:
        for name, (column, condition) in LAPSING.items():
            Index(name, orders.c[column], sqlite_where=text(condition), postgresql_where=text(condition))
    payments = fresh.get("stripe_payments")
    if payments is not None:
        unknown = text(ACCOUNT_UNKNOWN)
        columns_ = (payments.c.payment_gateway_id, payments.c.id)
        Index("ix_stripe_payments_account_unknown", *columns_, sqlite_where=unknown, postgresql_where=unknown)


LAPSING = {
    "ix_orders_expiring": ("expires_at", "expires_at IS NOT NULL AND placed_at IS NULL AND cancelled_at IS NULL"),
    "ix_orders_nobodys": ("created_at", "status = 'draft' AND customer_id IS NULL"),
}
"""Small indexes of the orders that time alone may end: their column, and which orders those are."""

SERVER_WIDE: dict[str, tuple[tuple[str, ...], ...]] = {
    "organizations": (("slug",),),
    "applications": (("uid",),),
    "stripe_payments": (("stripe_id", "account"),),
}
"""Unique over the whole server, since they find the tenant: of an address, a token's client, a payment at Stripe."""

ACCOUNT_UNKNOWN = "account IS NULL"
"""Payments of which it is not known yet of which account they are."""
