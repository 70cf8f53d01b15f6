"""The tables of the inbox."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, Table, Text

from paydesk.store.types import METADATA, Instant

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
ours    this installation caused it, so its payment must be here or about to be stored
due_at  when it may be worked; the process that takes it sets this ahead, so that no other one takes it too
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
"""How far each gateway's own list of events was read: up to which event, when it was last asked for, and last read to
its end. Where the list does not go back far enough, the gap says how far its payments were looked at instead.
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
"""Counts and times of the events that each gateway sent, for the metrics and `paydesk gateways check`.

verified_at    when an event that its gateway had signed came last
foreign        signed events of other programs, accounts or modes
forged         events whose signature was not good; the last one at `forged_at`
orphaned       events about money of ours that no payment here knows of
forged_since   how many were forged since an event was verified
foreign_since  how many were of other accounts or modes since one was of this gateway's own
unheard_since  since when events come by the gateway's own list alone, and by no webhook; null while webhooks come
tested_at      when a self-test of ours, signed as the gateway signs, came last
"""
