"""The table of the journal."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, Table, Text

from paydesk.store.types import METADATA, Document, Instant

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

lane     calls of one lane exclude each other: one may be open for a subject (capture and void share a lane)
state    `open` until the outcome is known; then `done`, `declined`, `refused` or `dropped`
lease    which process makes the call now; recovery or the next equal request takes over a call whose lease is void
tries    how often it was taken up again; -1 while nobody has taken it up at all
owed     the requests that have not been sent the outcome yet (`journal.owed.Debt`); null where none waits
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
