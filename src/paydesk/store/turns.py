"""Turns: which process has taken work that comes round by the clock."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Column,
    Table,
    Text,
    bindparam,
    or_,
)
from sqlalchemy.dialects.postgresql import insert

from paydesk.base.instants import SKEW_SECONDS, later
from paydesk.store.sql.ask import Ask, Asks
from paydesk.store.types import METADATA, Instant

turns = Table(
    "turns",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("taken_at", Instant, nullable=False),
)
"""Work that comes round by the clock: which process has taken it last decides who does it next."""


def take_turn(name: str, now: str, before: str) -> Asks:
    """Whether nobody has taken this turn since `before`; then it is taken."""

    def build() -> Any:
        made = insert(turns).values(name=bindparam("name"), taken_at=bindparam("now", type_=Instant()))
        return made.on_conflict_do_update(
            index_elements=["name"],
            set_={"taken_at": made.excluded.taken_at},
            # A turn that was taken long from now was taken by a clock that ran ahead.
            where=or_(
                turns.c.taken_at <= bindparam("before", type_=Instant()),
                turns.c.taken_at > bindparam("beyond", type_=Instant()),
            ),
        ).returning(turns.c.name)

    values = {"name": name, "now": now, "before": before, "beyond": later(now, SKEW_SECONDS)}
    rows = yield Ask(("take turn", "lapsing"), build, values)
    return bool(rows)
