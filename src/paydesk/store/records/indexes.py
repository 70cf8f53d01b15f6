"""Indexes from declarations: what is unique, what lists and relationships are found by, and what waits in a queue."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Index, Table

from paydesk.declare import Own, Test
from paydesk.rules.record import Record
from paydesk.rules.registry import Registry
from paydesk.store.records.queues import waits_in
from paydesk.store.sql.tables import table_of

Indexes = dict[tuple[str, tuple[str, ...]], tuple[Table, bool]]
"""By the table's name and the columns: the table, and whether the index is unique."""


def index(registry: Registry, new: Collection[type[Record]]) -> None:
    """Index the tables of types that are new."""
    indexes: Indexes = {}
    server_wide = {(one.shape.table, columns) for one in registry.every.values() for columns in one.shape.server_wide}
    for one in registry.every.values():
        _related(registry, one, new, indexes)
        if one in new:
            _own(one, indexes)
            _queues(one)
    for (name, columns), (table, unique) in indexes.items():
        if not unique and any(
            name == other and columns == more[: len(columns)] != more and (other, more) not in server_wide
            for other, more in indexes
        ):
            continue  # Another index begins with these columns.
        keys = columns if unique and (name, columns) in server_wide else ("tenant", *columns)
        title = f"{'uq' if unique else 'ix'}_{name}_{'_'.join(columns)}"[:63]
        Index(title, *(table.c[column] for column in keys), unique=unique)


def _own(resource: type[Record], indexes: Indexes) -> None:
    shape, table = resource.shape, table_of(resource)
    indexes.setdefault((shape.table, ("created_at", "id")), (table, False))
    for columns in shape.unique:
        indexes[shape.table, columns] = table, True  # Also where a to-many is found by it.
    for columns in shape.indexes:
        indexes.setdefault((shape.table, columns), (table, False))


def _queues(resource: type[Record]) -> None:
    shape, table = resource.shape, table_of(resource)
    for queue in shape.queues:
        columns = (table.c[name] for name in queue.by)
        waits = waits_in(queue)
        Index(f"ix_{shape.table}_{queue.name}", *columns, sqlite_where=waits, postgresql_where=waits)


def _related(registry: Registry, resource: type[Record], new: Collection[type[Record]], indexes: Indexes) -> None:
    """Index what finds the records of a to-many."""

    def add(type_: type[Record], column: str) -> None:
        if type_ in new:
            indexes.setdefault((type_.shape.table, (column,)), (table_of(type_), False))

    for relationship in resource.shape.relationships.values():
        match, tie = relationship.match, relationship.tie
        if tie is not None:
            add(tie.rows, f"{tie.near}_id")
            add(tie.rows, f"{tie.far}_id")
        elif relationship.by is not None:
            for target_type in relationship.types:
                add(registry[target_type], f"{relationship.by}_id")
        elif relationship.many and isinstance(match, Test) and match.value == Own("id") and "." not in match.path:
            for target_type in relationship.types:
                add(registry[target_type], match.path)
