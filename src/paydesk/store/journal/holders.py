"""The processes at work, which hold the calls that they make."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Column,
    Table,
    Text,
    and_,
    bindparam,
    delete,
    select,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import insert as upsert

from paydesk.base.instants import SKEW_SECONDS, instant, wall
from paydesk.store.sql.ask import Ask, Asks
from paydesk.store.sql.statements import Moment
from paydesk.store.types import METADATA, Instant

holders = Table(
    "holders",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("seen_at", Instant, nullable=False),
)
"""The processes at work. One that has not been seen for a while holds nothing any more."""

ALIVE_SECONDS = 10.0
"""A process that was not seen for so long is gone."""


def _instant(name: str) -> Any:
    return bindparam(name, type_=Instant())


def _now(seconds: float = 0.0) -> Any:
    return Moment(_instant("now"), seconds)


def _seen() -> Any:
    # One that was seen long from now was seen by a clock that ran ahead, and says nothing.
    return and_(holders.c.seen_at > _now(-ALIVE_SECONDS), holders.c.seen_at <= _now(SKEW_SECONDS))


def beat(holder: str, now: str) -> Asks:
    """This process is at work; returns when it was seen, by the clock that all go by."""

    def build() -> Any:
        made = upsert(holders).values(id=bindparam("id"), seen_at=_now())
        kept = made.on_conflict_do_update(index_elements=["id"], set_={"seen_at": made.excluded.seen_at})
        return kept.returning(holders.c.seen_at)

    rows = yield Ask(("beat",), build, {"id": holder, "now": now})
    return rows[0][0]


def alive(now: str) -> Asks:
    """The processes at work."""
    rows = yield Ask(("alive",), lambda: select(holders.c.id).where(_seen()), {"now": now})
    return [holder for (holder,) in rows]


def time() -> Asks:
    """What the database's clock says; the process's own where they are one."""
    rows = yield Ask(("time",), lambda: select(type_coerce(_now(), Instant())), {"now": instant(wall())})
    return rows[0][0]


def forget_holders(before: str) -> Asks:
    """Drop the processes that have not been seen since; what they held is free since long."""
    yield Ask(
        ("forget holders",), lambda: delete(holders).where(holders.c.seen_at < _instant("before")), {"before": before}
    )
