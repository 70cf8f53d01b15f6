"""Which of several copies of this database acts at its gateways, as far as this one knows."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Column,
    Table,
    Text,
    bindparam,
    func,
    select,
    text,
    update,
)

from paydesk.store.sql.ask import Ask, Asks, Database
from paydesk.store.types import METADATA, Instant

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
several copies of it acts at its gateways.
"""


def installation_id() -> Asks:
    """The id that `migrate` gave this database, or None where it was never migrated."""
    rows = yield Ask(("installation",), lambda: select(installation.c.id))
    return rows[0][0] if rows else None


_NAMES = ("generation", "mark", "place", "renewed_at", "stopped_at", "stopped_why", "adopted_at")


class Ownership(NamedTuple):
    """What is known here of who acts.

    generation  counts the renewals; the highest that a gateway shows is the owner's
    mark        what we wrote to the gateways last: the generation and a random part
    place       where this database was then; a copy is somewhere else
    renewed_at  when we wrote it
    stopped_at  since when we do not act any more, and `stopped_why`
    adopted_at  when a person said last that this is the one that acts
    """

    generation: int | None
    mark: str | None
    place: str | None
    renewed_at: str | None
    stopped_at: str | None
    stopped_why: str | None
    adopted_at: str | None


def known() -> Asks:
    rows = yield Ask(("ownership",), lambda: select(*(installation.c[name] for name in _NAMES)))
    return Ownership(*rows[0])


def renew(former: int, generation: int, mark: str, place: str, now: str, *, adopts: bool = False) -> Asks:
    """Be the owner under a new mark; False where another process of this database was faster.

    adopts   a person said so
    """

    def build() -> Any:
        # One that was stopped meanwhile is no owner.
        unchanged = func.coalesce(installation.c.generation, 0) == bindparam("former")
        if not adopts:
            unchanged &= installation.c.stopped_at.is_(None)
        changed = (
            update(installation)
            .where(unchanged)
            .values(
                generation=bindparam("next"),
                mark=bindparam("new_mark"),
                place=bindparam("at_place"),
                renewed_at=bindparam("now", type_=Instant()),
                **(
                    {"stopped_at": None, "stopped_why": None, "adopted_at": bindparam("now", type_=Instant())}
                    if adopts
                    else {}
                ),
            )
        )
        return changed.returning(installation.c.id)

    values = {"former": former, "next": generation, "new_mark": mark, "at_place": place, "now": now}
    return bool((yield Ask(("renew ownership", adopts), build, values)))


def stop(why: str, now: str) -> Asks:
    """Act no more."""

    def build() -> Any:
        changed = update(installation).where(installation.c.stopped_at.is_(None))
        return changed.values(stopped_at=bindparam("now", type_=Instant()), stopped_why=bindparam("why"))

    yield Ask(("stop acting",), build, {"why": why, "now": now})


def _number(file: Path) -> str:
    return str(file.stat().st_ino)


def _where() -> Asks:
    database = "(SELECT oid FROM pg_database WHERE datname = current_database())"
    asked = f"SELECT CAST(system_identifier AS text) || '/' || CAST({database} AS text) FROM pg_control_system()"
    rows = yield Ask(("place",), lambda: text(asked))
    return rows[0][0]


async def place(database: Database) -> str:
    """What tells where this database is from where a copy of it is: the file's number, or the server's and its own."""
    if database.name == "sqlite":
        return _number(database.path)  # type: ignore[attr-defined]
    found: str = await database.read(_where)
    return found
