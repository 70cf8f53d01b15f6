"""Rows for documents, selected by the columns of a view: one statement for a page, one for each included path.

Every statement is confined to one tenant here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, func, select

from paydesk.base.selection import Selection
from paydesk.declare import Condition
from paydesk.declare.conditions import NEVER
from paydesk.rules.record import Record
from paydesk.rules.registry import Registry
from paydesk.store.records.related import related_rows
from paydesk.store.records.tables import build
from paydesk.store.records.views import NEWEST_FIRST, Gate, Sort, Viewed, selected
from paydesk.store.sql.ask import Ask, Asks, Row
from paydesk.store.sql.conditions import Clauses, normalise
from paydesk.store.sql.tables import table_of, tenant_for


class Documents:
    """Makes the statements that read rows for documents, for one registry."""

    def __init__(self, registry: Registry) -> None:
        build(registry)
        self.registry = registry

    def page(
        self,
        view: Viewed,
        tenant: str,
        *,
        where: Condition | None,
        caller: Mapping[str, Any],
        sort: Sort = NEWEST_FIRST,
        limit: int = 1,
        offset: int = 0,
    ) -> Asks:
        """Rows of `view` that fulfil `where`, `limit` of them from `offset`."""
        resource = view.resource
        key, values = normalise(where, caller)

        def build() -> Any:
            table = table_of(resource)
            clauses = Clauses(self.registry)
            condition = clauses.clause(where, resource, table) if where is not None else None
            columns, origin = selected(self.registry, clauses, resource, table, view.columns)
            statement = select(*columns).select_from(origin).where(table.c.tenant == bindparam("tenant"))
            if resource.shape.discriminator:
                statement = statement.where(table.c.type == resource.shape.discriminator)
            if condition is not None:
                statement = statement.where(condition)
            for name, descending in sort:
                column = table.c[name]
                ordered = column.desc().nulls_last() if descending else column.asc().nulls_last()
                statement = statement.order_by(
                    ordered if column.nullable else (column.desc() if descending else column.asc())
                )
            return statement.limit(bindparam("limit")).offset(bindparam("offset"))

        binds = {"tenant": tenant_for(resource, tenant), "limit": limit, "offset": offset}
        binds.update((f"c{number}", value) for number, value in enumerate(values))
        rows = yield Ask(("page", view.serial, key, sort), build, binds)
        return rows

    def count(self, resource: type[Record], tenant: str, where: Condition | None, caller: Mapping[str, Any]) -> Asks:
        """How many records fulfil `where`."""
        key, values = normalise(where, caller)

        def build() -> Any:
            table = table_of(resource)
            statement = select(func.count()).select_from(table).where(table.c.tenant == bindparam("tenant"))
            if resource.shape.discriminator:
                statement = statement.where(table.c.type == resource.shape.discriminator)
            return (
                statement if where is None else statement.where(Clauses(self.registry).clause(where, resource, table))
            )

        binds = {"tenant": tenant_for(resource, tenant), **{f"c{number}": value for number, value in enumerate(values)}}
        rows = yield Ask(("count", resource.shape.type, key), build, binds)
        return rows[0][0]

    def one(
        self, view: Viewed, tenant: str, record_id: str, allowed: Condition | None, caller: Mapping[str, Any]
    ) -> Asks:
        """`(row, whether allowed holds for it)` of one record; `(None, False)` when there is none."""
        resource = view.resource
        key, values = normalise(allowed, caller)

        def build() -> Any:
            table = table_of(resource)
            clauses = Clauses(self.registry)
            condition = clauses.clause(allowed, resource, table) if allowed is not None else None
            columns, origin = selected(self.registry, clauses, resource, table, view.columns)
            if condition is not None:
                columns.append(condition.label("allowed"))
            statement = (
                select(*columns)
                .select_from(origin)
                .where(table.c.tenant == bindparam("tenant"), table.c.id == bindparam("id"))
            )
            if resource.shape.discriminator:
                statement = statement.where(table.c.type == resource.shape.discriminator)
            return statement

        binds = {"tenant": tenant_for(resource, tenant), "id": record_id}
        binds.update((f"c{number}", value) for number, value in enumerate(values))
        rows = yield Ask(("one", view.serial, key), build, binds)
        if not rows:
            return None, False
        return rows[0], allowed is None or bool(rows[0][-1])

    def include(
        self, view: Viewed, rows: Sequence[Row], tenant: str, gate: Gate, caller: Mapping[str, Any], into: Selection
    ) -> Asks:
        """Read what `view` includes for `rows`, its rows or those of a view within it, into `into`."""
        if not view.includes or not rows:
            return
        resource = view.resource
        type_ = resource.shape.type
        for name, targets in view.includes.items():
            relationship = resource.shape.relationships[name]
            related: dict[str, list[tuple[str, str]]] = {}
            for target_type, child in targets.items():
                seen = gate(child.resource, relationship)
                pairs = (
                    []
                    if seen == NEVER
                    else (yield from related_rows(self.registry, view, relationship, child, rows, tenant, seen, caller))
                )
                fresh: list[Row] = []
                for owner_id, row in pairs:
                    identity = (target_type, row[0])
                    related.setdefault(owner_id, []).append(identity)
                    if identity not in into.included:
                        into.included[identity] = (child, row)
                        fresh.append(row)
                    elif child.includes:
                        fresh.append(row)
                if child.includes:
                    yield from self.include(child, fresh, tenant, gate, caller, into)
            for row in rows:
                linked: Any = related.get(row[0], [])
                if not relationship.many:
                    linked = linked[0] if linked else None
                into.linkage.setdefault((type_, row[0]), {})[name] = linked
