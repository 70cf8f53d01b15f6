"""Tables from declarations. Every table is keyed by tenant first.

No unique or foreign key leaves the tenant out, save those that find the tenant from outside, so the database can
be sharded by tenant.
"""

from __future__ import annotations

from itertools import pairwise

from sqlalchemy import Boolean, CheckConstraint, Column, ForeignKeyConstraint, Table, Text

from paydesk.rules.record import Record
from paydesk.rules.registry import Registry
from paydesk.store.records.indexes import index
from paydesk.store.sql.tables import table_of
from paydesk.store.types import COLUMN_TYPES, METADATA


def build(registry: Registry) -> None:
    """Add the tables of all resources to METADATA; those that share a table share the union of their columns."""
    new = [one for one in registry.every.values() if one.shape.table not in METADATA.tables]
    for one in new:
        _add_columns(registry, one)
    for one in new:
        _refer(registry, one)
        _check(one)
    if new:
        index(registry, new)


def _add_columns(registry: Registry, resource: type[Record]) -> None:
    shape = resource.shape
    others = [one for one in registry.every.values() if one.shape.table == shape.table and one is not resource]
    table = METADATA.tables.get(shape.table)
    if table is None:
        key = [Column(name, Text, primary_key=True) for name in ("tenant", "id")]
        table = Table(shape.table, METADATA, *key)
        if any(one.shape.discriminator for one in (resource, *others)):
            table.append_column(Column("type", Text, nullable=False))
    for name, field in shape.columns.items():
        if name in table.c:
            continue
        # A flag of one of the types that share the table is null in the rows of the others.
        required = name in ("created_at", "updated_at") or (
            field.kind == "boolean" and field.default is not None and not others
        )
        type_ = Boolean() if field.kind == "boolean" else COLUMN_TYPES[field.kind]
        table.append_column(Column(name, type_, nullable=not required))


def _refer(registry: Registry, resource: type[Record]) -> None:
    """Have the database see that what a to-one names is there."""
    shape, table = resource.shape, table_of(resource)
    named = {constraint.name for constraint in table.foreign_key_constraints}
    for name, relationship in shape.relationships.items():
        if not relationship.stored or not relationship.constrained or relationship.polymorphic:
            continue
        target = registry[relationship.types[0]].shape
        key = f"fk_{shape.table}_{name}"
        if target.tenancy == shape.tenancy and key not in named:
            columns = (f"{target.table}.tenant", f"{target.table}.id")
            table.append_constraint(ForeignKeyConstraint(("tenant", f"{name}_id"), columns, name=key))


def _check(resource: type[Record]) -> None:
    """Have the database see that counts are possible ones."""
    shape, table = resource.shape, table_of(resource)
    for columns in shape.counts:
        signs = [f"{columns[0]} >= 0", *(f"{less} <= {more}" for less, more in pairwise(columns))]
        table.append_constraint(CheckConstraint(" AND ".join(signs), name=f"ck_{shape.table}_{'_'.join(columns)}"[:63]))
