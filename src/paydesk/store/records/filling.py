"""Filling tables by copies of what is there: reading what came since an instant, and writing very many rows at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import bindparam, insert, select, update

from paydesk.store.sql.ask import Ask, Asks, Fill
from paydesk.store.types import METADATA, Document, Instant


def in_order(tables: Iterable[str]) -> list[str]:
    """These tables, each after those that its rows refer to."""
    wanted = set(tables)
    return [table.name for table in METADATA.sorted_tables if table.name in wanted]


def refers_to_itself(table: str) -> bool:
    """Whether its rows may refer to others of it, which have to be there before."""
    return any(key.column.table.name == table for key in METADATA.tables[table].foreign_keys)


def columns_of(table: str) -> tuple[str, ...]:
    return tuple(column.name for column in METADATA.tables[table].c)


def has_any(tenant: str, table: str) -> Asks:
    """Whether a tenant has any row of it."""
    found = METADATA.tables[table]

    def build() -> Any:
        return select(found.c.id).where(found.c.tenant == bindparam("tenant")).limit(1)

    rows = yield Ask(("has any", table), build, {"tenant": tenant})
    return bool(rows)


def made_since(tenant: str, table: str, since: str) -> Asks:
    """The rows of a tenant that came since an instant, JSON as text."""
    found = METADATA.tables[table]

    def build() -> Any:
        at = bindparam("since", type_=Instant())
        return select(found).where(found.c.tenant == bindparam("tenant"), found.c.created_at >= at)

    rows = yield Ask(("made since", table), build, {"tenant": tenant, "since": since})
    documents = _documents(table, columns_of(table))
    return [
        [
            orjson.dumps(value).decode() if at in documents and value is not None else value
            for at, value in enumerate(row)
        ]
        for row in rows
    ]


def fill(table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Asks:
    """Add rows, JSON as text. Returns nothing."""
    into = METADATA.tables[table]
    documents = _documents(table, columns)

    def build() -> Any:
        # What is text already is not made JSON of once more.
        kinds = {name: None if at in documents else into.c[name].type for at, name in enumerate(columns)}
        return insert(into).values({name: bindparam(name, type_=kind) for name, kind in kinds.items()})

    if rows:
        yield Fill(table, build, columns, rows, documents)


def count_up(tenant: str, table: str, counted: Mapping[str, Mapping[str, int]]) -> Asks:
    """Add to counters of records, each by its id. All of them count the same columns. Returns nothing."""
    if not counted:
        return
    into = METADATA.tables[table]
    names = tuple(next(iter(counted.values())))

    def build() -> Any:
        more = {name: into.c[name] + bindparam(f"more_{name}") for name in names}
        return update(into).where(into.c.tenant == bindparam("at_tenant"), into.c.id == bindparam("at_id")).values(more)

    rows = [
        {"at_tenant": tenant, "at_id": one, **{f"more_{name}": more[name] for name in names}}
        for one, more in sorted(counted.items())
    ]
    yield Ask(("count up", table, names), build, rows)


def assign(tenant: str, table: str, given: Mapping[str, Mapping[str, Any]]) -> Asks:
    """Give records other values, each by its id. All of them are given the same columns. Returns nothing."""
    if not given:
        return
    into = METADATA.tables[table]
    names = tuple(next(iter(given.values())))

    def build() -> Any:
        values = {name: bindparam(f"new_{name}", type_=into.c[name].type) for name in names}
        return (
            update(into).where(into.c.tenant == bindparam("at_tenant"), into.c.id == bindparam("at_id")).values(values)
        )

    rows = [
        {"at_tenant": tenant, "at_id": one, **{f"new_{name}": values[name] for name in names}}
        for one, values in sorted(given.items())
    ]
    yield Ask(("assign", table, names), build, rows)


def _documents(table: str, columns: Sequence[str]) -> list[int]:
    into = METADATA.tables[table]
    return [at for at, name in enumerate(columns) if isinstance(into.c[name].type, Document)]
