"""Writing one row whose columns are all given."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Table, bindparam, insert

from paydesk.store.sql.ask import Ask, Asks


def insert_row(table: Table, values: dict[str, Any]) -> Asks:
    """Insert a row."""

    def build() -> Any:
        return insert(table).values({column.name: bindparam(column.name, type_=column.type) for column in table.c})

    yield Ask(("insert row", table.name), build, values)
