"""Rows that wait in a queue of their type, of every tenant."""

from __future__ import annotations

from typing import Any

from sqlalchemy import TextClause, bindparam, select, text

from paydesk.declare import Queue
from paydesk.rules.record import Record
from paydesk.store.sql.ask import Ask, Asks
from paydesk.store.sql.tables import table_of
from paydesk.store.types import Instant


def waits_in(queue: Queue) -> TextClause:
    """That a row waits: in the very words of the queue's index, which no bound value can use."""
    equal = (f"{name} = '{value}'" for name, value in queue.equal.items())
    given = (f"{name} IS NOT NULL" for name in queue.given)
    lacking = (f"{name} IS NULL" for name in queue.lacking)
    return text(" AND ".join((*equal, *given, *lacking)))


def waiting_until(resource: type[Record], queue: Queue, until: str, limit: int, *, unchanged: bool = False) -> Asks:
    """`(tenant, id)` of the rows of a queue whose time is `until` at the latest, the longest first.

    unchanged   and that were not changed since either
    """
    assert queue in resource.shape.queues, f"{queue.name} has no index"

    def build() -> Any:
        table, then = table_of(resource), bindparam("until", type_=Instant())
        at = table.c[queue.by[0]]
        found = select(table.c.tenant, table.c.id).where(waits_in(queue), at <= then).order_by(at)
        return (found.where(table.c.updated_at <= then) if unchanged else found).limit(bindparam("limit"))

    rows = yield Ask(("waiting", resource.shape.type, queue.name, unchanged), build, {"until": until, "limit": limit})
    return rows
