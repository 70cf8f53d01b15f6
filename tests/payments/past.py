"""A database as it was: what a restore of a backup makes of it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, delete, insert, select

from paydesk.store import open_database
from paydesk.store.sql.ask import Ask, Database
from paydesk.store.types import METADATA

Rows = dict[str, list[tuple[Any, ...]]]


async def remembered(database: Database) -> Rows:
    """Every row of every table, of one moment."""

    def read() -> Any:
        found: Rows = {}
        for table in METADATA.sorted_tables:
            found[table.name] = yield Ask(("test past", table.name), lambda table=table: select(*table.c))
        return found

    rows: Rows = await database.read(read)
    return rows


async def restored(url: str, rows: Rows) -> None:
    """Bring a database, of which no application is at work, to these rows."""
    database = open_database(url)

    def write() -> Any:
        for table in reversed(METADATA.sorted_tables):
            yield Ask(("test empty", table.name), lambda table=table: delete(table))
        for table in METADATA.sorted_tables:
            names = [column.name for column in table.c]
            by = [names.index(name) for name in ("created_at", "number") if name in names]
            # One before what refers to it.
            for row in sorted(rows[table.name], key=lambda row: [str(row[at]) for at in by]):

                def build(table: Any = table) -> Any:
                    return insert(table).values({one.name: bindparam(one.name, type_=one.type) for one in table.c})

                yield Ask(("test restore", table.name), build, dict(zip(names, row, strict=True)))

    try:
        await database.write(write)
    finally:
        await database.close()
