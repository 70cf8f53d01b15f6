"""Rows that an older release wrote in another form, converted a portion at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, select, tuple_, update

from paydesk.store.sql.ask import Ask, Asks
from paydesk.store.sql.portions import PORTION
from paydesk.store.turns import take_turn, turns
from paydesk.store.types import METADATA

Key = tuple[str, str]
"""The tenant and id of a row; the first portion begins after `START`."""

START: Key = ("", "")


@dataclass(frozen=True)
class Mend:
    """What of a table is mended.

    name      names it for good: it is written down that it is done
    columns   what is read of a row
    changes   from these, by name, what is to be written; nothing for a row that is as it should be
    """

    name: str
    table: str
    columns: tuple[str, ...]
    changes: Callable[[Mapping[str, Any]], dict[str, Any]]


@dataclass(frozen=True)
class Portion:
    """Where the next portion begins, None at the end of the table; and whether this one was as it should be."""

    next: Key | None
    clean: bool


def portion(mend: Mend, after: Key, limit: int = PORTION) -> Asks:
    """Mend the rows that follow. One that another transaction holds is passed over, and the portion is not clean."""
    rows = yield from _rows(mend, after, limit)
    broken = [row[:2] for row in rows if mend.changes(_values(mend, row))]
    for key in broken:
        for row in (yield from _held(mend, key)):
            changes = mend.changes(_values(mend, row))
            if changes:
                yield from _update(mend, key, changes)
    return Portion(rows[-1][:2] if len(rows) == limit else None, not broken)


def is_done(mend: Mend) -> Asks:
    """Whether a walk through the whole table found nothing to mend."""

    def build() -> Any:
        return select(turns.c.name).where(turns.c.name == bindparam("name"))

    rows = yield Ask(("mended",), build, {"name": _mark(mend)})
    return bool(rows)


def done(mend: Mend, now: str) -> Asks:
    yield from take_turn(_mark(mend), now, now)


def _mark(mend: Mend) -> str:
    return f"mended/{mend.name}"


def _values(mend: Mend, row: Any) -> dict[str, Any]:
    return dict(zip(mend.columns, row[2:], strict=True))


def _rows(mend: Mend, after: Key, limit: int) -> Asks:
    def build() -> Any:
        table = METADATA.tables[mend.table]
        key = (table.c.tenant, table.c.id)
        found = select(*key, *(table.c[name] for name in mend.columns)).order_by(*key).limit(bindparam("limit"))
        return found.where(tuple_(*key) > tuple_(bindparam("tenant"), bindparam("id")))

    rows = yield Ask(("mending", mend.name), build, {"tenant": after[0], "id": after[1], "limit": limit})
    return rows


def _held(mend: Mend, key: Key) -> Asks:
    def build() -> Any:
        table = METADATA.tables[mend.table]
        found = select(table.c.tenant, table.c.id, *(table.c[name] for name in mend.columns))
        found = found.where(table.c.tenant == bindparam("tenant"), table.c.id == bindparam("id"))
        return found.with_for_update(skip_locked=True)

    rows = yield Ask(("mending held", mend.name), build, {"tenant": key[0], "id": key[1]})
    return rows


def _update(mend: Mend, key: Key, changes: dict[str, Any]) -> Asks:
    names = tuple(sorted(changes))

    def build() -> Any:
        table = METADATA.tables[mend.table]
        changed = update(table).where(table.c.tenant == bindparam("at_tenant"), table.c.id == bindparam("at_id"))
        return changed.values({name: bindparam(name, type_=table.c[name].type) for name in names})

    values = {**changes, "at_tenant": key[0], "at_id": key[1]}
    yield Ask(("mend", mend.name, names), build, values)
