"""Tables from declarations, and paydesk's own beside them. Every table is keyed by tenant first.

No unique or foreign key leaves the tenant out, save those that find the tenant from outside, so the database can
be sharded by tenant.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import BigInteger, Boolean, Column, ForeignKeyConstraint, Index, Integer, LargeBinary, Table, Text, text

from paydesk.declare import Own, Test
from paydesk.rules.record import Record
from paydesk.rules.registry import Registry
from paydesk.store.types import COLUMN_TYPES, METADATA, Document, Instant

installation = Table(
    "installation",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("created_at", Instant, nullable=False),
    Column("generation", BigInteger),
    Column("mark", Text),
    Column("place", Text),
    Column("renewed_at", Instant),
    Column("stopped_at", Instant),
    Column("stopped_why", Text),
    Column("adopted_at", Instant),
)
"""One row, made by the first migration run: what tells this database's gateway calls from another's; and which of
several copies of it acts at its gateways (`store.ownership`).
"""

migrations = Table(
    "migrations",
    METADATA,
    Column("revision", Text, primary_key=True),
    Column("digest", Text, nullable=False),
)
"""With which text of each migration this database was brought up (`store.released`)."""

sequences = Table(
    "sequences",
    METADATA,
    Column("tenant", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("value", BigInteger, nullable=False),
    Column("floor", BigInteger),
)
"""How far each has come, and up to where its numbers are taken by what is not here any more (`store.numbers`)."""

gateway_calls = Table(
    "gateway_calls",
    METADATA,
    Column("tenant", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("lane", Text, nullable=False),
    Column("subject_type", Text, nullable=False),
    Column("subject_id", Text, nullable=False),
    Column("record_id", Text),
    Column("attempt", Integer, nullable=False),
    Column("gateway_id", Text, nullable=False),
    Column("idempotency_key", Text, nullable=False),
    Column("ask", Document, nullable=False),
    Column("parameters", Document, nullable=False),
    Column("who", Document, nullable=False),
    Column("state", Text, nullable=False),
    Column("outcome", Document),
    Column("tries", Integer, nullable=False),
    Column("lease_holder", Text),
    Column("lease_until", Instant),
    Column("due_at", Instant, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("settled_at", Instant),
    Column("owed", Document),
)
"""The journal: what a gateway is asked is written here, in the transaction of what it serves, before it is asked.

lane     what excludes one another: one call a lane and subject may be open (capturing and voiding share one)
state    `open` until the outcome is known; then `done`, `declined`, `refused` or `dropped`
lease    who makes the call now; a call whose lease is void is taken over by recovery or by the next equal request
tries    how often it was taken up again; -1 while nobody has taken it up at all
owed     the requests that have not been told yet what came of it (`store.owed.Debt`); null where nobody waits
"""
Index(
    "uq_gateway_calls_attempt",
    *(gateway_calls.c[name] for name in ("tenant", "kind", "subject_id", "attempt")),
    unique=True,
)
Index(
    "uq_gateway_calls_open",
    *(gateway_calls.c[name] for name in ("tenant", "lane", "subject_id")),
    unique=True,
    sqlite_where=gateway_calls.c.state == "open",
    postgresql_where=gateway_calls.c.state == "open",
)
Index(
    "ix_gateway_calls_owed",
    gateway_calls.c.tenant,
    gateway_calls.c.record_id,
    sqlite_where=gateway_calls.c.owed.is_not(None),
    postgresql_where=gateway_calls.c.owed.is_not(None),
)
Index(
    "ix_gateway_calls_due",
    gateway_calls.c.due_at,
    sqlite_where=gateway_calls.c.state == "open",
    postgresql_where=gateway_calls.c.state == "open",
)

gateway_events = Table(
    "gateway_events",
    METADATA,
    Column("tenant", Text, primary_key=True),
    Column("gateway_id", Text, primary_key=True),
    Column("event_id", Text, primary_key=True),
    Column("type", Text, nullable=False),
    Column("about", Text, nullable=False),
    Column("payment_id", Text),
    Column("object_id", Text),
    Column("ours", Boolean, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("worked_at", Instant),
    Column("outcome", Text),
)
"""The inbox: a verified event is kept before it is answered, and worked afterwards.

about   what it asks for, and `object_id` of what (`port.GatewayEvent`)
ours    it comes of this installation's doing, so its payment must be here or on its way in
due_at  when it may be worked; whoever takes it sets this ahead, so that no other process takes it, too
"""
Index(
    "ix_gateway_events_due",
    gateway_events.c.gateway_id,
    gateway_events.c.due_at,
    sqlite_where=gateway_events.c.worked_at.is_(None),
    postgresql_where=gateway_events.c.worked_at.is_(None),
)
Index(
    "ix_gateway_events_worked",
    gateway_events.c.worked_at,
    sqlite_where=gateway_events.c.worked_at.is_not(None),
    postgresql_where=gateway_events.c.worked_at.is_not(None),
)
Index("ix_gateway_events_payment", gateway_events.c.tenant, gateway_events.c.payment_id)

gateway_cursors = Table(
    "gateway_cursors",
    METADATA,
    Column("tenant", Text, primary_key=True),
    Column("gateway_id", Text, primary_key=True),
    Column("event_id", Text),
    Column("asked_at", Instant, nullable=False),
    Column("reached_at", Instant),
    Column("gap_began_at", Instant),
    Column("gap_after", Text),
)
"""How far each gateway's list of events was read, and how far its payments were, where that does not go back enough."""
"""Up to which event a gateway's own list of events was read, when it was last asked for, and last read to its end."""

lost_payments = Table(
    "lost_payments",
    METADATA,
    Column("tenant", Text, primary_key=True),
    Column("payment_id", Text, primary_key=True),
    Column("gateway_id", Text, nullable=False),
    Column("order_id", Text, nullable=False),
    Column("number", Text),
    Column("email", Text),
    Column("amount_cents", BigInteger, nullable=False),
    Column("currency_code", Text, nullable=False),
    Column("found_at", Instant, nullable=False),
)
"""Payments of ours that hold money at a gateway and are not here, as after an older database was restored: what their
metadata tell of their orders.
"""

gateway_tallies = Table(
    "gateway_tallies",
    METADATA,
    Column("tenant", Text, primary_key=True),
    Column("gateway_id", Text, primary_key=True),
    Column("verified_at", Instant),
    Column("foreign_events", BigInteger, nullable=False),
    Column("forged_events", BigInteger, nullable=False),
    Column("orphaned_events", BigInteger, nullable=False),
    Column("forged_at", Instant),
    Column("forged_since", BigInteger, nullable=False),
    Column("foreign_since", BigInteger, nullable=False),
    Column("unheard_since", Instant),
    Column("tested_at", Instant),
)
"""What came to a gateway's door, for the metrics and `paydesk gateways check`.

verified_at    when an event that its gateway had signed came last
foreign        signed events of other programs, accounts or modes
forged         what nobody had signed whom we know; the last one at `forged_at`
orphaned       events about money of ours that no payment here knows of
forged_since   how many were forged since an event was verified
foreign_since  how many were of other accounts or modes since one was of this gateway's own
unheard_since  since when events come by the gateway's own list alone, and by no webhook; null while webhooks come
tested_at      when a self-test of ours, signed as the gateway signs, came last
"""

turns = Table(
    "turns",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("taken_at", Instant, nullable=False),
)
"""Work that comes round by the clock: which process has taken it last decides who does it next."""

idempotency_keys = Table(
    "idempotency_keys",
    METADATA,
    Column("tenant", Text, primary_key=True),
    Column("application_id", Text, primary_key=True),
    Column("owner_id", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("request", Text, nullable=False),
    Column("call_id", Text),
    Column("status", Integer),
    Column("headers", Document),
    Column("body", LargeBinary),
    Column("created_at", Instant, nullable=False),
)
"""A client's `Idempotency-Key`: which request it named, the call it opened, and the answer once there is one."""
Index("ix_idempotency_keys_created_at", idempotency_keys.c.created_at)


def table_of(resource: type[Record]) -> Table:
    return METADATA.tables[resource.shape.table]


def build(registry: Registry) -> None:
    """Add the tables of all resources to METADATA; those that share a table share the union of their columns."""
    new = [one for one in registry.every.values() if one.shape.table not in METADATA.tables]
    if not new:
        return
    for one in new:
        shape = one.shape
        table = METADATA.tables.get(shape.table)
        if table is None:
            table = Table(
                shape.table, METADATA, Column("tenant", Text, primary_key=True), Column("id", Text, primary_key=True)
            )
            if any(other.shape.table == shape.table and other.shape.discriminator for other in registry.every.values()):
                table.append_column(Column("type", Text, nullable=False))
        for name, field in shape.columns.items():
            if name not in table.c:
                everywhere = not any(
                    other.shape.table == shape.table and other is not one for other in registry.every.values()
                )
                required = name in ("created_at", "updated_at") or (
                    field.kind == "boolean" and field.default is not None and everywhere
                )
                type_ = Boolean() if field.kind == "boolean" else COLUMN_TYPES[field.kind]
                table.append_column(Column(name, type_, nullable=not required))
    indexes: dict[tuple[str, tuple[str, ...]], tuple[Table, bool]] = {}

    def index(resource: type[Record], columns: tuple[str, ...], unique: bool = False) -> None:
        if resource in new:
            indexes.setdefault((resource.shape.table, columns), (table_of(resource), unique))

    for one in registry.every.values():
        shape, table = one.shape, table_of(one)
        _index_related(registry, one, index)
        if one not in new:
            continue
        index(one, ("created_at", "id"))
        for columns in shape.unique:
            index(one, columns, unique=True)
        for columns in shape.indexes:
            index(one, columns)
        for name in shape.queues:
            queued = table.c[name].is_not(None)
            Index(f"ix_{shape.table}_{name}", table.c[name], sqlite_where=queued, postgresql_where=queued)
        for name, relationship in shape.relationships.items():
            if relationship.stored and relationship.constrained and not relationship.polymorphic:
                target = registry[relationship.types[0]].shape
                if target.tenancy == shape.tenancy and not any(
                    constraint.name == f"fk_{shape.table}_{name}" for constraint in table.foreign_key_constraints
                ):
                    table.append_constraint(
                        ForeignKeyConstraint(
                            ("tenant", f"{name}_id"),
                            (f"{target.table}.tenant", f"{target.table}.id"),
                            name=f"fk_{shape.table}_{name}",
                        )
                    )

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

    fresh = {table_of(one).name: table_of(one) for one in new}
    orders = fresh.get("orders")
    if orders is not None:
        for name, (column, condition) in LAPSING.items():
            Index(name, orders.c[column], sqlite_where=text(condition), postgresql_where=text(condition))
    payments = fresh.get("stripe_payments")
    if payments is not None:
        unknown = text(ACCOUNT_UNKNOWN)
        columns_ = (payments.c.payment_gateway_id, payments.c.id)
        Index("ix_stripe_payments_account_unknown", *columns_, sqlite_where=unknown, postgresql_where=unknown)


def _index_related(registry: Registry, resource: type[Record], index: Callable[..., None]) -> None:
    """Index what finds the records of a to-many."""
    for relationship in resource.shape.relationships.values():
        match, tie = relationship.match, relationship.tie
        if tie is not None:
            index(tie.rows, (f"{tie.near}_id",))
            index(tie.rows, (f"{tie.far}_id",))
        elif relationship.by is not None:
            for target_type in relationship.types:
                index(registry[target_type], (f"{relationship.by}_id",))
        elif relationship.many and isinstance(match, Test) and match.value == Own("id") and "." not in match.path:
            for target_type in relationship.types:
                index(registry[target_type], (match.path,))


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
