"""Rows for documents, selected by the columns of a view: one statement for a page, one for each included path.

Every statement is confined to one tenant here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, func, literal_column, select

from paydesk.base.selection import Selection
from paydesk.declare import Condition
from paydesk.declare.conditions import NEVER
from paydesk.rules.record import Record
from paydesk.rules.registry import Registry
from paydesk.store.records.related import related_rows
from paydesk.store.records.tables import build
from paydesk.store.records.views import NEWEST_FIRST, Gate, Sort, Viewed, selected
from paydesk.store.sql.ask import Ask, Asks, Guess, Row
from paydesk.store.sql.conditions import Clauses, normalise
from paydesk.store.sql.statements import Plainly
from paydesk.store.sql.tables import table_of, tenant_for

DEEP = 1000
"""From that offset on, ids alone are passed over, and whole rows are read of the page only."""


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
        deep = offset >= DEEP

        def build() -> Any:
            table = table_of(resource)
            clauses = Clauses(self.registry)
            source = table.alias("row") if deep else table
            wanted = self._wanted(clauses, select(table.c.id), resource, where)
            columns, origin = selected(self.registry, clauses, resource, source, view.columns)
            if deep:
                of_page = _paged(wanted.order_by(*_order(table, sort)))
                statement = select(*columns).select_from(origin)
                statement = statement.where(source.c.tenant == bindparam("tenant"), source.c.id.in_(of_page))
                return statement.order_by(*_order(source, sort, plainly=True))
            statement = wanted.with_only_columns(*columns).select_from(origin)
            return _paged(statement.order_by(*_order(table, sort)))

        binds = {"tenant": tenant_for(resource, tenant), "limit": limit, "offset": offset}
        binds.update((f"c{number}", value) for number, value in enumerate(values))
        rows = yield Ask(("page", view.serial, key, sort, deep), build, binds)
        return rows

    def _wanted(self, clauses: Clauses, statement: Any, resource: type[Record], where: Condition | None) -> Any:
        """`statement` about the records of a tenant that fulfil `where`."""
        table = table_of(resource)
        statement = statement.where(table.c.tenant == bindparam("tenant"))
        if resource.shape.discriminator:
            statement = statement.where(table.c.type == resource.shape.discriminator)
        return statement if where is None else statement.where(clauses.clause(where, resource, table))

    def count(
        self,
        resource: type[Record],
        tenant: str,
        where: Condition | None,
        caller: Mapping[str, Any],
        most: int | None = None,
    ) -> Asks:
        """How many records fulfil `where`. It is counted up to `most`, where there is one."""
        key, values = normalise(where, caller)

        def build() -> Any:
            wanted = self._wanted(Clauses(self.registry), select(literal_column("1")), resource, where)
            if most is None:
                return wanted.with_only_columns(func.count()).select_from(table_of(resource))
            limited = wanted.select_from(table_of(resource)).limit(bindparam("most")).subquery()
            return select(func.count()).select_from(limited)

        binds = {"tenant": tenant_for(resource, tenant), **{f"c{number}": value for number, value in enumerate(values)}}
        if most is not None:
            binds["most"] = most
        rows = yield Ask(("count", resource.shape.type, key, most is None), build, binds)
        return rows[0][0]

    def guess(self, resource: type[Record], tenant: str, where: Condition | None, caller: Mapping[str, Any]) -> Asks:
        """About how many records fulfil `where`."""
        key, values = normalise(where, caller)

        def build() -> Any:
            wanted = self._wanted(Clauses(self.registry), select(literal_column("1")), resource, where)
            return wanted.select_from(table_of(resource))

        binds = {"tenant": tenant_for(resource, tenant), **{f"c{number}": value for number, value in enumerate(values)}}
        rows = yield Guess(resource.shape.table, ("guess", resource.shape.type, key), build, binds)
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


def _order(source: Any, sort: Sort, *, plainly: bool = False) -> list[Any]:
    ordered = []
    for name, descending in sort:
        column = source.c[name]
        key: Any = Plainly(column) if plainly else column
        key = key.desc() if descending else key.asc()
        ordered.append(key.nulls_last() if column.nullable else key)
    return ordered


def _paged(statement: Any) -> Any:
    return statement.limit(bindparam("limit")).offset(bindparam("offset"))
