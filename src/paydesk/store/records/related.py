"""Rows related to those of a page: one statement for each included relationship and type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import String, and_, bindparam, or_, select

from paydesk.declare import Condition, Relationship, both
from paydesk.declare.conditions import All
from paydesk.rules.record import Record
from paydesk.rules.registry import Registry
from paydesk.store.records.matches import besides_owner, children
from paydesk.store.records.views import Viewed, selected
from paydesk.store.sql.ask import Ask, Asks, Row
from paydesk.store.sql.conditions import Clauses, normalise
from paydesk.store.sql.statements import OneOf, Plainly
from paydesk.store.sql.tables import table_of, tenant_for
from paydesk.store.types import ListOf


def related_rows(
    registry: Registry,
    view: Viewed,
    relationship: Relationship,
    child: Viewed,
    rows: Sequence[Row],
    tenant: str,
    seen: Condition | None,
    caller: Mapping[str, Any],
) -> Asks:
    """Pairs of (owning record's id, related row), of the rows that fulfil `seen`."""
    owners = _owners(view, relationship, child.resource, rows)
    if not owners:
        return []
    key, values = normalise(both(None if relationship.tie else relationship.match, seen), caller)

    def build() -> Any:
        return _statement(registry, view, relationship, child, seen)

    binds: dict[str, Any] = {"tenant": tenant_for(child.resource, tenant), "ids": list(owners)}
    if not relationship.stored and not children(relationship) and relationship.tie is None:
        binds["owner_tenant"] = tenant_for(view.resource, tenant)
    binds.update((f"c{number}", value) for number, value in enumerate(values))
    type_ = view.resource.shape.type
    found = yield Ask(("related", type_, relationship.name, child.serial, key), build, binds)
    return [(owner, row) for row in found for owner in owners[row[-1]]]


def _owners(
    view: Viewed, relationship: Relationship, target: type[Record], rows: Sequence[Row]
) -> dict[str, list[str]]:
    """The ids that the related rows are found by, each with the ids of the records that it stands for."""
    if not relationship.stored:
        return {row[0]: [row[0]] for row in rows}
    owners: dict[str, list[str]] = {}
    at = view.at[f"{relationship.name}_id"]
    # Not by its name alone: orders have an attribute `customer_type` beside their customer.
    kind = view.at[f"{relationship.name}_type"] if relationship.polymorphic else None
    for row in rows:
        if row[at] is not None and (kind is None or row[kind] == target.shape.type):
            owners.setdefault(row[at], []).append(row[0])
    return owners


def _statement(
    registry: Registry, view: Viewed, relationship: Relationship, child: Viewed, seen: Condition | None
) -> Any:
    """Selects the columns of `child`, and last the id by which its owner is known."""
    target = child.resource
    alias, parent = table_of(target).alias("child"), table_of(view.resource).alias("parent")
    clauses = Clauses(registry)
    conditions = []
    if relationship.match is not None and relationship.tie is None:
        conditions.append(_match(clauses, relationship, view.resource, parent, target, alias))
    if seen is not None:
        conditions.append(clauses.clause(seen, target, alias))
    columns, origin = selected(registry, clauses, target, alias, child.columns)
    owner, origin, tied = _tied(relationship, alias, parent, origin)
    statement = select(*columns, owner).select_from(origin).where(alias.c.tenant == bindparam("tenant"), *tied)
    if target.shape.discriminator:
        statement = statement.where(alias.c.type == target.shape.discriminator)
    return statement.where(*conditions).order_by(Plainly(alias.c.created_at), alias.c.id)


def _tied(relationship: Relationship, alias: Any, parent: Any, origin: Any) -> tuple[Any, Any, list[Any]]:
    """The column that tells the owner, what is selected from, and what ties the two."""
    ids = bindparam("ids", type_=ListOf(String()))
    if relationship.stored:
        return alias.c.id, origin, [OneOf(alias.c.id, ids)]
    if column := children(relationship):
        return alias.c[column], origin, [OneOf(alias.c[column], ids)]
    if (tie := relationship.tie) is not None:
        ties = table_of(tie.rows).alias("tie")
        origin = origin.join(ties, and_(ties.c.tenant == alias.c.tenant, ties.c[f"{tie.far}_id"] == alias.c.id))
        near = ties.c[f"{tie.near}_id"]
        kinds = [or_(*(ties.c[name] == kind for kind in kinds)) for name, kinds in tie.kinds]
        return near, origin, [OneOf(near, ids), ties.c.tenant == bindparam("tenant"), *kinds]
    origin = origin.join(parent, and_(parent.c.tenant == bindparam("owner_tenant"), OneOf(parent.c.id, ids)))
    return parent.c.id, origin, []


def _match(
    clauses: Clauses,
    relationship: Relationship,
    owner: type[Record],
    parent: Any,
    target: type[Record],
    alias: Any,
) -> Any:
    match = relationship.match
    assert match is not None
    if children(relationship) is None:
        return clauses.clause(match, target, alias, (owner, parent))
    return clauses.clause(All(besides_owner(match)), target, alias)
