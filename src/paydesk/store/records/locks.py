"""Locking the record that stands for everything that changes together."""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, bindparam, select

from paydesk.declare import UPDATE
from paydesk.rules.record import Record
from paydesk.rules.registry import Registry
from paydesk.store.sql.ask import Ask, Asks
from paydesk.store.sql.tables import table_of, tenant_for


def lock_root(registry: Registry, resource: type[Record], tenant: str, record_id: str) -> Asks:
    """Lock the row that stands for everything that changes together, also where the record moved to another one while
    the lock was waited for. For PostgreSQL: SQLite's writers are serial anyway.
    """
    root = resource.root
    target = registry[resource.shape.relationships[root].types[0]] if root else resource
    type_, tenant_ = resource.shape.type, tenant_for(target, tenant)

    def at(table: Any) -> Any:
        return and_(table.c.tenant == bindparam("tenant"), table.c.id == bindparam("id"))

    def build() -> Any:
        table = table_of(target)
        return select(table.c.id).where(at(table)).with_for_update()

    def lock(record_id: str) -> Asks:
        record = (target.shape.table, tenant_, record_id)
        return (yield Ask(("lock", target.shape.type), build, {"tenant": tenant_, "id": record_id}, record))

    if root is None:
        yield from lock(record_id)
        return

    def build_root() -> Any:
        own = table_of(resource)
        return select(own.c[f"{root}_id"]).where(at(own))

    def build_free() -> Any:
        # Another holder is not waited for here: first it has to be known which record it holds.
        table = table_of(target)
        its = table.c.id == build_root().scalar_subquery()
        return select(table.c.id).where(table.c.tenant == bindparam("tenant"), its).with_for_update(skip_locked=True)

    binds, free = {"tenant": tenant_, "id": record_id}, (target.shape.table, tenant_)
    moves, held = resource.shape.relationships[root].can(UPDATE), None
    while True:
        rows = yield Ask(("lock root", type_), build_free, binds, has_locked=free)
        if not rows:
            found = yield Ask(("root", type_), build_root, binds)
            rows = (yield from lock(found[0][0])) if found and found[0][0] is not None else []
        if not moves or rows == held:
            return
        held = rows
