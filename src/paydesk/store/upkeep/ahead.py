"""Due times further ahead than paydesk ever sets one: they were set by a clock that ran ahead.

Without a correction the work would rest until then. It is made due now.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy import bindparam, func, select, text, update

from paydesk.rules.registry import Registry
from paydesk.store.records.queues import waits_in
from paydesk.store.sql.ask import Ask, Asks
from paydesk.store.types import METADATA, Instant

HOUR = 3600.0


class Due(NamedTuple):
    """A time at which work is due.

    where  which rows have work, in the words of the column's partial index
    most   how many seconds ahead of the clock it is set at most
    """

    table: str
    column: str
    where: str
    most: float


OWN = (
    Due("gateway_calls", "due_at", "state = 'open'", 60.0),
    Due("gateway_events", "due_at", "worked_at IS NULL", HOUR),
)


def dues(registry: Registry) -> Iterator[Due]:
    """Every time at which work is due: paydesk's own, and those of queues."""
    yield from OWN
    for one in registry.every.values():
        for queue in one.shape.queues:
            if queue.most is not None:
                yield Due(one.shape.table, queue.by[0], str(waits_in(queue)), queue.most)


def _beyond(due: Due) -> Any:
    return text(due.where), METADATA.tables[due.table].c[due.column] > bindparam("beyond", type_=Instant())


def count(due: Due, beyond: str) -> Asks:
    """How many rows are due only after `beyond`."""

    def build() -> Any:
        return select(func.count()).select_from(METADATA.tables[due.table]).where(*_beyond(due))

    rows = yield Ask(("ahead", due.table), build, {"beyond": beyond})
    return rows[0][0]


def bring_back(due: Due, beyond: str, now: str) -> Asks:
    """Make them due now."""

    def build() -> Any:
        changed = update(METADATA.tables[due.table]).where(*_beyond(due))
        return changed.values({due.column: bindparam("now", type_=Instant())})

    yield Ask(("bring back", due.table), build, {"beyond": beyond, "now": now})
