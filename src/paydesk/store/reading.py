"""Reading: rows for documents, and records for rules.

Rows for documents are selected by a view's columns, one statement a page and one for each included path. Records for
rules are whole rows, loaded by the paths that a rule declares. Every statement is confined to one tenant here.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, Protocol

from sqlalchemy import String, and_, bindparam, func, literal_column, or_, select

from paydesk.base.selection import Selection
from paydesk.base.tenants import organization_of
from paydesk.declare import UPDATE, Condition, Own, Relationship, Test, both
from paydesk.declare.conditions import NEVER, All, AnyOf, Related, Tied
from paydesk.rules.asking import Find, Holder, Holders, Load, Next
from paydesk.rules.record import Record
from paydesk.rules.registry import Registry
from paydesk.store.ask import Ask, Row, Rows
from paydesk.store.conditions import Clauses, normalise
from paydesk.store.numbers import next_number
from paydesk.store.statements import OneOf, Plainly
from paydesk.store.tables import build, table_of
from paydesk.store.types import METADATA, ListOf

Reads = Generator[Ask, Rows, Any]
Sort = tuple[tuple[str, bool], ...]
Gate = Callable[[type[Record], Relationship], Condition | None]
"""Which rows of a type the caller may see through a relationship: None for all, NEVER for none."""

NEWEST_FIRST: Sort = (("created_at", True), ("id", True))


class Viewed(Protocol):
    """What reading needs of a `jsonapi.documents.views.View`."""

    serial: int
    resource: type[Record]
    columns: list[str]
    at: dict[str, int]
    includes: dict[str, dict[str, Any]]


def tenant_for(resource: type[Record], tenant: str) -> str:
    """The tenant column's value: an organization is kept once, for both environments."""
    return organization_of(tenant) if resource.shape.tenancy == "organization" else tenant


def children(relationship: Relationship) -> str | None:
    """The column of the related records that holds this record's id, where nothing but that ties them."""
    match = relationship.match
    if isinstance(match, Related | Tied):
        return None
    parts = match.parts if isinstance(match, All) else (match,)
    ties = [part for part in parts if isinstance(part, Test) and part.operator == "eq" and part.value == Own("id")]
    if len(ties) == 1 and "." not in ties[0].path and not any(_owns(part) for part in parts if part is not ties[0]):
        return ties[0].path
    return None


def _owns(condition: Condition | None) -> bool:
    if isinstance(condition, Test):
        return isinstance(condition.value, Own)
    return condition is not None and any(_owns(part) for part in condition.parts)


def own_paths(condition: Condition | None) -> set[str]:
    """The columns of the owning record that a relationship's match compares with."""
    if isinstance(condition, Test):
        return {condition.value.path} if isinstance(condition.value, Own) else set()
    return set().union(*(own_paths(part) for part in condition.parts)) if condition is not None else set()


def bound(condition: Condition, values: Mapping[str, Any]) -> Condition:
    """A relationship's match with the owning record's values put in."""
    if isinstance(condition, Test):
        if isinstance(condition.value, Own):
            value = values[condition.value.path]
            return NEVER if value is None else Test(condition.path, condition.operator, value)
        return condition
    parts = tuple(bound(part, values) for part in condition.parts)
    if isinstance(condition, Related | Tied):
        return replace(condition, parts=parts)
    return All(parts) if isinstance(condition, All) else AnyOf(parts)


class Reader:
    """Makes the statements that read, for one registry."""

    def __init__(self, registry: Registry) -> None:
        build(registry)
        self.registry = registry
        kinds = [one for one in registry.every.values() if one.shape.discriminator]
        self._sharing: dict[type[Record], list[str]] = {
            one: [column.name for column in table_of(one).c if column.name not in ("tenant", "type")]
            for one in registry.every.values()
            if not one.shape.discriminator and any(kind.shape.table == one.shape.table for kind in kinds)
        }

    # Rows for documents.

    def _columns(
        self, clauses: Clauses, resource: type[Record], source: Any, columns: Iterable[str]
    ) -> tuple[list[Any], Any]:
        """The select list of a view, and the FROM with a left join for each to-one its columns pass through."""
        joins: dict[str, tuple[type[Record], Any]] = {"": (resource, source)}
        origin: Any = source
        selected = []
        for path in columns:
            *steps, name = path.split(".")
            at = ""
            for step in steps:
                further = f"{at}.{step}" if at else step
                if further not in joins:
                    owner, alias = joins[at]
                    target = self.registry[owner.shape.relationships[step].types[0]]
                    joined = clauses.alias(target)
                    origin = origin.outerjoin(joined, clauses.joined(step, owner, alias, target, joined))
                    joins[further] = (target, joined)
                at = further
            selected.append(joins[at][1].c[name])
        return selected, origin

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
    ) -> Reads:
        """Rows of `view` that fulfil `where`, `limit` of them from `offset`."""
        resource = view.resource
        key, values = normalise(where, caller)

        def build() -> Any:
            table = table_of(resource)
            clauses = Clauses(self.registry)
            condition = clauses.clause(where, resource, table) if where is not None else None
            columns, origin = self._columns(clauses, resource, table, view.columns)
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

    def count(self, resource: type[Record], tenant: str, where: Condition | None, caller: Mapping[str, Any]) -> Reads:
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
    ) -> Reads:
        """`(row, whether allowed holds for it)` of one record; `(None, False)` when there is none."""
        resource = view.resource
        key, values = normalise(allowed, caller)

        def build() -> Any:
            table = table_of(resource)
            clauses = Clauses(self.registry)
            condition = clauses.clause(allowed, resource, table) if allowed is not None else None
            columns, origin = self._columns(clauses, resource, table, view.columns)
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
    ) -> Reads:
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
                    else (yield from self._related(view, relationship, child, rows, tenant, seen, caller))
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

    def _related(
        self,
        view: Viewed,
        relationship: Relationship,
        child: Viewed,
        rows: Sequence[Row],
        tenant: str,
        seen: Condition | None,
        caller: Mapping[str, Any],
    ) -> Reads:
        """Pairs of (owning record's id, related row)."""
        name, target = relationship.name, child.resource
        owners: dict[str, list[str]] = {}
        if relationship.stored:
            at = view.at[f"{name}_id"]
            # Not by its name alone: orders have an attribute `customer_type` beside their customer.
            kind = view.at[f"{name}_type"] if relationship.polymorphic else None
            for row in rows:
                if row[at] is not None and (kind is None or row[kind] == target.shape.type):
                    owners.setdefault(row[at], []).append(row[0])
            if not owners:
                return []
        ids = list(owners) if relationship.stored else list(dict.fromkeys(row[0] for row in rows))
        tie = relationship.tie
        key, values = normalise(both(None if tie else relationship.match, seen), caller)

        def build() -> Any:
            alias = table_of(target).alias("child")
            clauses = Clauses(self.registry)
            parent = table_of(view.resource).alias("parent")
            column = children(relationship)
            conditions = []
            if relationship.match is not None and tie is None:
                conditions.append(self._match(clauses, relationship, column, view.resource, parent, target, alias))
            if seen is not None:
                conditions.append(clauses.clause(seen, target, alias))
            columns, origin = self._columns(clauses, target, alias, child.columns)
            wanted = bindparam("ids", type_=ListOf(String()))
            if relationship.stored:
                owner, tied = alias.c.id, OneOf(alias.c.id, wanted)
            elif column:
                owner, tied = alias.c[column], OneOf(alias.c[column], wanted)
            elif tie is not None:
                rows = table_of(tie.rows).alias("tie")
                origin = origin.join(rows, and_(rows.c.tenant == alias.c.tenant, rows.c[f"{tie.far}_id"] == alias.c.id))
                owner, tied = rows.c[f"{tie.near}_id"], OneOf(rows.c[f"{tie.near}_id"], wanted)
                conditions.append(rows.c.tenant == bindparam("tenant"))
                conditions.extend(or_(*(rows.c[name] == one for one in kinds)) for name, kinds in tie.kinds)
            else:
                owner = parent.c.id
                origin = origin.join(
                    parent, and_(parent.c.tenant == bindparam("owner_tenant"), OneOf(parent.c.id, wanted))
                )
                tied = None
            statement = select(*columns, owner).select_from(origin).where(alias.c.tenant == bindparam("tenant"))
            if tied is not None:
                statement = statement.where(tied)
            if target.shape.discriminator:
                statement = statement.where(alias.c.type == target.shape.discriminator)
            return statement.where(*conditions).order_by(Plainly(alias.c.created_at), alias.c.id)

        binds: dict[str, Any] = {"tenant": tenant_for(target, tenant), "ids": ids}
        if not relationship.stored and not children(relationship) and tie is None:
            binds["owner_tenant"] = tenant_for(view.resource, tenant)
        binds.update((f"c{number}", value) for number, value in enumerate(values))
        shape = view.resource.shape.type
        selected = yield Ask(("related", shape, name, child.serial, key), build, binds)
        if relationship.stored:
            return [(owner, row) for row in selected for owner in owners[row[0]]]
        return [(row[-1], row) for row in selected]

    def _match(
        self,
        clauses: Clauses,
        relationship: Relationship,
        column: str | None,
        owner: type[Record],
        parent: Any,
        target: type[Record],
        alias: Any,
    ) -> Any:
        match = relationship.match
        assert match is not None
        if column is None:
            return clauses.clause(match, target, alias, (owner, parent))
        parts = match.parts if isinstance(match, All) else (match,)
        rest = tuple(part for part in parts if not (isinstance(part, Test) and part.value == Own("id")))
        return clauses.clause(All(rest), target, alias)

    # Records for rules.

    def records(self, session: Session, find: Find) -> Reads:
        """The records that a rule asked for, with their paths loaded."""
        resource = self.registry[find.type] if isinstance(find.type, str) else find.type
        key, values = normalise(find.where, session.caller)

        def build() -> Any:
            table = table_of(resource)
            statement = select(*self._whole(resource)).where(table.c.tenant == bindparam("tenant"))
            if resource.shape.discriminator:
                statement = statement.where(table.c.type == resource.shape.discriminator)
            statement = statement.where(Clauses(self.registry).clause(find.where, resource, table))
            statement = statement.order_by(Plainly(table.c.created_at), table.c.id)
            if find.first:
                statement = statement.limit(literal_column("1"))
            return statement.with_for_update() if find.lock else statement

        binds = {"tenant": tenant_for(resource, session.tenant)}
        binds.update((f"c{number}", value) for number, value in enumerate(values))
        locks = _locked(find.where) if find.lock else None
        held = (resource.shape.table, binds["tenant"], locks) if locks is not None else None
        rows = yield Ask(("find", resource.shape.type, key, find.lock, find.first), build, binds, held)
        records = [session.keep(self._record(resource, row)) for row in rows]
        yield from self.load(session, records, find.paths)
        return records

    def _shared(self, resource: type[Record]) -> bool:
        """Another type keeps its records in the same table, and this one reads them all."""
        return resource in self._sharing

    def _whole(self, resource: type[Record]) -> list[Any]:
        table = table_of(resource)
        if self._shared(resource):
            return [table.c.type, *(column for column in table.c if column.name not in ("tenant", "type"))]
        return [table.c[name] for name in resource.shape.columns]

    def _record(self, resource: type[Record], row: Row) -> Record:
        """A record of a row; of a shared table it is of the type that the row says."""
        names = self._sharing.get(resource)
        if names is not None:
            values = {"type": row[0], **dict(zip(names, row[1:], strict=True))}
            concrete = self.registry.types.get(row[0], resource)
            return concrete(**{name: values[name] for name in concrete.shape.columns})
        record = resource.__new__(resource)
        # Dozens of columns a record: one dict made at once, not as many assignments.
        record.__dict__ = dict(zip(resource.shape.columns, row, strict=True))
        return record

    def load(self, session: Session, records: Sequence[Record], paths: Iterable[str]) -> Reads:
        """Load relationships of records in hand; those that are loaded already stay as they are."""
        for name, deeper in _tree(tuple(paths)):
            todo = [one for one in records if name not in one.__dict__ and name in one.shape.relationships]
            if todo:
                yield from self._load_one(session, todo, name)
            if not deeper:
                continue
            found: dict[Record, None] = {}
            for record in records:
                value = record.__dict__.get(name)
                if isinstance(value, list):
                    found.update(dict.fromkeys(value))
                elif value is not None:
                    found[value] = None
            if found:
                yield from self.load(session, list(found), deeper)

    def _load_one(self, session: Session, records: Sequence[Record], name: str) -> Reads:
        relationship = records[0].shape.relationships[name]
        if relationship.stored and len(records) == 1:
            own = records[0].__dict__
            related_id = own[f"{name}_id"]
            kind = own[f"{name}_type"] if relationship.polymorphic else relationship.types[0]
            record = session.kept(kind, related_id)
            if record is None and related_id is not None and kind in self.registry:
                record = yield from self.by_id(session, self.registry[kind], related_id)
            own[name] = record
            return
        if relationship.stored:
            wanted: dict[str, dict[str, None]] = {}
            for record in records:
                related_id = record.__dict__[f"{name}_id"]
                kind = record.__dict__[f"{name}_type"] if relationship.polymorphic else relationship.types[0]
                if related_id is not None and session.kept(kind, related_id) is None:
                    wanted.setdefault(kind, {})[related_id] = None
            for kind, ids in wanted.items():
                if kind not in self.registry:
                    continue
                if len(ids) == 1:
                    yield from self.by_id(session, self.registry[kind], *ids)
                else:
                    yield from self.records(session, Find(self.registry[kind], Test("id", "in", tuple(ids))))
            for record in records:
                kind = record.__dict__[f"{name}_type"] if relationship.polymorphic else relationship.types[0]
                record.__dict__[name] = session.kept(kind, record.__dict__[f"{name}_id"])
            return
        column = children(relationship)
        for record in records:
            record.__dict__[name] = [] if relationship.many else None
        owning = {record.id: record for record in records}
        for kind in relationship.types:
            target = self.registry[kind]
            pairs: list[tuple[str, Record]] = []
            assert relationship.match is not None
            if column:
                match = relationship.match
                parts = match.parts if isinstance(match, All) else (match,)
                rest = (part for part in parts if not (isinstance(part, Test) and part.value == Own("id")))
                among = both(_among(column, list(owning)), *rest)
                related = yield from self.records(session, Find(target, among, many=True))
                pairs = [(child.__dict__[column], child) for child in related]
            else:
                for record in records:
                    values = {path: _value(record, path) for path in own_paths(relationship.match)}
                    related = yield from self.records(session, Find(target, bound(relationship.match, values)))
                    pairs.extend((record.id, child) for child in related)
            for owner_id, child in pairs:
                if owner_id not in owning:
                    continue  # The database still relates what this very change has just taken apart.
                if relationship.many:
                    owning[owner_id].__dict__[name].append(child)
                else:
                    owning[owner_id].__dict__[name] = child

    def by_id(self, session: Session, resource: type[Record], record_id: str) -> Reads:
        """The record with this id, or None: the commonest question, asked without the detour of a condition."""

        def build() -> Any:
            table = table_of(resource)
            statement = select(*self._whole(resource)).where(
                table.c.tenant == bindparam("tenant"), table.c.id == bindparam("id")
            )
            if resource.shape.discriminator:
                statement = statement.where(table.c.type == resource.shape.discriminator)
            return statement

        binds = {"tenant": tenant_for(resource, session.tenant), "id": record_id}
        rows = yield Ask(("by id", resource.shape.type), build, binds)
        return session.keep(self._record(resource, rows[0])) if rows else None

    def answer(self, session: Session, asked: Find | Load | Next | Holders) -> Reads:
        """What a rule is sent for what it yielded."""
        if isinstance(asked, Holders):
            return (yield from holders_of(asked))
        if isinstance(asked, Load):
            yield from self.load(session, [asked.record], asked.paths)
            return asked.record
        if isinstance(asked, Next):
            if session.numbers is None:
                return (yield from next_number(session.tenant, asked))
            return session.numbers(asked)
        records = yield from self.records(session, asked)
        return records if asked.many else (records[0] if records else None)

    def lock_root(self, resource: type[Record], tenant: str, record_id: str) -> Reads:
        """Hold the row that stands for all that changes together (PostgreSQL; SQLite's writers are serial anyway), also
        where the record came to belong to another while that was waited for.
        """
        root = resource.root
        target = self.registry[resource.shape.relationships[root].types[0]] if root else resource
        type_, tenant_ = resource.shape.type, tenant_for(target, tenant)

        def at(table: Any) -> Any:
            return and_(table.c.tenant == bindparam("tenant"), table.c.id == bindparam("id"))

        def build() -> Any:
            table = table_of(target)
            return select(table.c.id).where(at(table)).with_for_update()

        def lock(record_id: str) -> Reads:
            record = (target.shape.table, tenant_, record_id)
            return (yield Ask(("lock", target.shape.type), build, {"tenant": tenant_, "id": record_id}, record))

        if root is None:
            yield from lock(record_id)
            return

        def build_root() -> Any:
            own = table_of(resource)
            return select(own.c[f"{root}_id"]).where(at(own))

        def build_free() -> Any:
            # Who holds it is not waited for here: not before it is known which record that is.
            table = table_of(target)
            its = table.c.id == build_root().scalar_subquery()
            return (
                select(table.c.id).where(table.c.tenant == bindparam("tenant"), its).with_for_update(skip_locked=True)
            )

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


@lru_cache(2048)
def _tree(paths: tuple[str, ...]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Paths by their first step, each with what follows it."""
    tree: dict[str, list[str]] = {}
    for path in paths:
        first, _, rest = path.partition(".")
        tree.setdefault(first, []).extend([rest] if rest else [])
    return tuple((first, tuple(rest)) for first, rest in tree.items())


def _among(column: str, ids: list[str]) -> Condition:
    """A column is one of these ids; one id as it is, since an equality is a cheaper search than a list of one."""
    return Test(column, "eq", ids[0]) if len(ids) == 1 else Test(column, "in", tuple(ids))


def _locked(where: Condition) -> str | None:
    """The id of the one record that a condition names."""
    parts = where.parts if isinstance(where, All) else (where,)
    return next(
        (str(one.value) for one in parts if isinstance(one, Test) and (one.path, one.operator) == ("id", "eq")), None
    )


def _value(record: Record, path: str) -> Any:
    *steps, name = path.split(".")
    at: Any = record
    for step in steps:
        at = getattr(at, step)
        if at is None:
            return None
    return getattr(at, name)


def holders_of(asked: Holders) -> Reads:
    """What `Holders` is sent."""

    def build() -> Any:
        table = METADATA.tables[asked.type]
        columns = ("tenant", "id", "order_id", "payment_gateway_id", "account")
        return select(*(table.c[name] for name in columns)).where(table.c[asked.named_by] == bindparam("payment_id"))

    rows = yield Ask(("holders", asked.type), build, {"payment_id": asked.payment_id})
    return [Holder(*row) for row in rows]


class Session:
    """The records of one transaction: each row is one record, however it was reached."""

    def __init__(self, tenant: str, caller: Mapping[str, Any], numbers: Callable[[Next], int] | None = None) -> None:
        """`numbers` hands out numbers that were reserved before; without it they are counted in the transaction.
        `locked` is called whenever the transaction has come by a lock, for which it may have waited.
        """
        self.tenant = tenant
        self.locked: Callable[[], None] = lambda: None
        self.numbers = numbers
        self.caller = caller
        self._records: dict[tuple[str, str], Record] = {}

    def keep(self, record: Record) -> Record:
        return self._records.setdefault((record.shape.table, record.id), record)

    def kept(self, kind: str, record_id: str | None) -> Record | None:
        return None if record_id is None else self._records.get((_table_names.get(kind, kind), record_id))


_table_names: dict[str, str] = {}


def know_tables(registry: Registry) -> None:
    """Note which table keeps each type, so that a record read as one type is found as another of the same table."""
    _table_names.update({name: one.shape.table for name, one in registry.every.items()})
