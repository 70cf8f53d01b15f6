"""Conditions as SQL. What a filter, a permission and a relationship mean is decided here and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Double, and_, bindparam, cast, exists, false, or_, select, true
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import FromClause

from paydesk.declare import All, AnyOf, Caller, Condition, Own, Related, Test, Tied, Without
from paydesk.rules.record import Record
from paydesk.rules.registry import Registry
from paydesk.store.sql.statements import Contains, Lowered, OneOf
from paydesk.store.sql.tables import table_of
from paydesk.store.types import Document, ListOf

Key = tuple[Any, ...]


def normalise(condition: Condition | None, caller: Mapping[str, Any]) -> tuple[Key | None, list[Any]]:
    """The shape of a condition, which names a statement, and its values in the order of their binds."""
    if condition is None:
        return None, []
    values: list[Any] = []
    return _shape(condition, caller, values), values


def _shape(condition: Condition, caller: Mapping[str, Any], values: list[Any]) -> Key:
    if isinstance(condition, Test):
        value = condition.value
        if isinstance(value, Own):
            return (condition.path, condition.operator, "own", value.path)
        if condition.operator in ("null", "not_null", "never"):
            return (condition.path, condition.operator)
        if isinstance(value, Caller):
            value = caller.get(value.what)
        values.append(list(value) if isinstance(value, tuple) else value)
        return (condition.path, condition.operator, "many" if isinstance(value, tuple | list) else "one")
    if isinstance(condition, Related | Tied):
        of = condition.relationship if isinstance(condition, Related) else condition.column
        parts = (_shape(part, caller, values) for part in condition.parts)
        return (type(condition).__name__, of, condition.type, *parts)
    return (type(condition).__name__, *(_shape(part, caller, values) for part in condition.parts))


class Clauses:
    """Makes SQLAlchemy clauses of conditions. Binds are `c0`, `c1`, ... in the order of `normalise`'s values."""

    def __init__(self, registry: Registry, prefix: str = "c") -> None:
        self.registry = registry
        self.prefix = prefix
        self._count = 0
        self._aliases = 0
        self._declared = False

    def clause(
        self,
        condition: Condition,
        resource: type[Record],
        source: FromClause,
        own: tuple[type[Record], FromClause] | None = None,
    ) -> ColumnElement[bool]:
        """`condition` about rows of `resource` in `source`; `own` is where `Own` columns are found."""
        if isinstance(condition, Related):
            target = self.registry[condition.type]
            alias = self.alias(target)
            joined = self.joined(condition.relationship, resource, source, target, alias)
            parts = [self.clause(part, target, alias, own) for part in condition.parts]
            is_there = exists(select(1).select_from(alias).where(joined, *parts)).correlate_except(alias)
            return ~is_there if isinstance(condition, Without) else is_there
        if isinstance(condition, Tied):
            rows = self.registry[condition.type]
            alias = self.alias(rows)
            tenant = own[1].c.tenant if own is not None else bindparam("tenant")
            parts = [self.clause(part, rows, alias, own) for part in condition.parts]
            tied = select(alias.c[condition.column]).where(alias.c.tenant == tenant, *parts)
            return source.c.id.in_(tied.correlate_except(alias))
        if isinstance(condition, All):
            return and_(true(), *(self.clause(part, resource, source, own) for part in condition.parts))
        if isinstance(condition, AnyOf):
            return or_(false(), *(self.clause(part, resource, source, own) for part in condition.parts))
        return self._path(condition.path.split("."), condition, resource, source, own)

    def _path(
        self,
        path: list[str],
        test: Test,
        resource: type[Record],
        source: FromClause,
        own: tuple[type[Record], FromClause] | None,
    ) -> ColumnElement[bool]:
        shape = resource.shape
        if len(path) == 1:
            column: Any = source.c[path[0]]
            declared = shape.columns.get(path[0])
            if declared is not None and declared.kind == "float" and not isinstance(column.type, Double):
                # Other types that share the table count in whole numbers what this one calls a number.
                column = cast(column, Double())
            return self._leaf(column, test, own)
        relationship = shape.relationships[path[0]]
        if relationship.stored and path[1:] == ["id"]:
            return self._leaf(source.c[f"{path[0]}_id"], test, own)
        parts: list[ColumnElement[bool]] = []
        binds = self._count
        for target_type in relationship.types:
            # One condition on each type a relationship may hold; the binds are the same.
            self._count = binds
            target = self.registry[target_type]
            alias = self.alias(target)
            joined = self.joined(relationship.name, resource, source, target, alias)
            inner = self._path(path[1:], test, target, alias, own)
            parts.append(exists(select(1).select_from(alias).where(joined, inner)).correlate_except(alias))
        return or_(*parts) if len(parts) > 1 else parts[0]

    def alias(self, resource: type[Record]) -> Any:
        self._aliases += 1
        return table_of(resource).alias(f"{self.prefix}t{self._aliases}")

    def joined(
        self, name: str, resource: type[Record], source: FromClause, target: type[Record], alias: FromClause
    ) -> ColumnElement[bool]:
        """What ties a row of `alias` to one of `source` by relationship `name`."""
        relationship = resource.shape.relationships[name]
        tied = [tenant_tie(resource, source, target, alias)]
        if relationship.stored:
            tied.append(alias.c.id == source.c[f"{name}_id"])
            if relationship.polymorphic:
                tied.append(source.c[f"{name}_type"] == target.shape.type)
        else:
            assert relationship.match is not None
            # What a declaration says is a part of the statement: it has no place among the values that are asked for.
            outer, self._declared = self._declared, True
            tied.append(self.clause(relationship.match, target, alias, (resource, source)))
            self._declared = outer
        if target.shape.discriminator:
            tied.append(alias.c.type == target.shape.discriminator)
        return and_(*tied)

    def _leaf(self, column: Any, test: Test, own: tuple[type[Record], FromClause] | None) -> ColumnElement[bool]:
        operator, value = test.operator, test.value
        if operator == "null":
            return column.is_(None)  # type: ignore[no-any-return]
        if operator == "not_null":
            return column.is_not(None)  # type: ignore[no-any-return]
        if operator == "never":
            return false()
        if isinstance(value, Own):
            assert own is not None, "Own stands in a relationship's match alone"
            right: Any = self.column(value.path, *own)
        else:
            if operator in ("in", "not_in"):
                return OneOf(column, self._bind(value, ListOf(column.type)), operator == "not_in")
            if operator == "contains":
                return Contains(column, self._bind(value, Document()))
            right = self._bind(value, column.type)
        if operator in ("like", "not_like"):
            like = Lowered(column).like(Lowered(right), escape="\\")
            return ~like if operator == "not_like" else like
        return {  # type: ignore[no-any-return]
            "eq": column.__eq__,
            "ne": column.__ne__,
            "lt": column.__lt__,
            "lteq": column.__le__,
            "gt": column.__gt__,
            "gteq": column.__ge__,
        }[operator](right)

    def _bind(self, value: Any, type_: Any) -> Any:
        """The next of the values that `normalise` hands over, or a declaration's own."""
        if self._declared:
            assert not isinstance(value, Caller), (
                "a relationship that depends on who asks is not to be filtered through"
            )
            return bindparam(None, list(value) if isinstance(value, tuple) else value, type_=type_)
        name = f"{self.prefix}{self._count}"
        self._count += 1
        return bindparam(name, type_=type_)

    def column(self, path: str, resource: type[Record], source: FromClause) -> Any:
        """A column by path through to-one relationships: a scalar subquery beyond the first step."""
        first, _, rest = path.partition(".")
        if not rest:
            return source.c[first]
        relationship = resource.shape.relationships[first]
        target = self.registry[relationship.types[0]]
        alias = self.alias(target)
        inner = self.column(rest, target, alias)
        return (
            select(inner)
            .select_from(alias)
            .where(self.joined(first, resource, source, target, alias))
            .correlate_except(alias)
            .scalar_subquery()
        )


def tenant_tie(one: type[Record], source: Any, other: type[Record], alias: Any) -> ColumnElement[bool]:
    """Rows of one tenant belong together; an organization belongs to both its environments."""
    if one.shape.tenancy == other.shape.tenancy:
        return alias.c.tenant == source.c.tenant  # type: ignore[no-any-return]
    organization, environment = (source, alias) if one.shape.tenancy == "organization" else (alias, source)
    return or_(
        environment.c.tenant == organization.c.tenant + "/test", environment.c.tenant == organization.c.tenant + "/live"
    )
