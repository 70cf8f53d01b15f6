"""Records for rules: whole rows, loaded by the paths that a rule declares.

Every statement is confined to one tenant here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import bindparam, literal_column, select

from paydesk.declare import Condition, Relationship, Test, both
from paydesk.declare.conditions import All
from paydesk.rules.asking import Find, Holders, Load, Next
from paydesk.rules.record import Record
from paydesk.rules.registry import Registry
from paydesk.store.records.holders import holders_of
from paydesk.store.records.matches import besides_owner, bound, children, own_paths
from paydesk.store.records.numbers import next_number
from paydesk.store.records.sessions import Session
from paydesk.store.records.tables import build
from paydesk.store.sql.ask import Ask, Asks, Row
from paydesk.store.sql.conditions import Clauses, normalise
from paydesk.store.sql.statements import Plainly
from paydesk.store.sql.tables import table_of, tenant_for


class Reader:
    """Makes the statements that read records for rules, for one registry."""

    def __init__(self, registry: Registry) -> None:
        build(registry)
        self.registry = registry
        kinds = [one for one in registry.every.values() if one.shape.discriminator]
        self._sharing: dict[type[Record], list[str]] = {
            one: [column.name for column in table_of(one).c if column.name not in ("tenant", "type")]
            for one in registry.every.values()
            if not one.shape.discriminator and any(kind.shape.table == one.shape.table for kind in kinds)
        }

    def records(self, session: Session, find: Find) -> Asks:
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
        if find.anew:
            for record, row in zip(records, rows, strict=True):
                if not session.renew(record):
                    continue  # It was read under its lock before: what has changed since was changed here.
                record.__dict__.update(zip(resource.shape.columns, row, strict=True))
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

    def load(self, session: Session, records: Sequence[Record], paths: Iterable[str]) -> Asks:
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

    def _load_one(self, session: Session, records: Sequence[Record], name: str) -> Asks:
        relationship = records[0].shape.relationships[name]
        if not relationship.stored:
            yield from self._load_found(session, records, relationship)
        elif len(records) == 1:
            own = records[0].__dict__
            kind, related_id = _named(relationship, records[0])
            record = session.kept(kind, related_id)
            if record is None and related_id is not None and kind in self.registry:
                record = yield from self.by_id(session, self.registry[kind], related_id)
            own[name] = record
        else:
            yield from self._load_named(session, records, relationship)

    def _load_named(self, session: Session, records: Sequence[Record], relationship: Relationship) -> Asks:
        """Load a to-one whose record's id is kept in a column of the owner."""
        missing: dict[str, dict[str, None]] = {}
        for record in records:
            kind, related_id = _named(relationship, record)
            if related_id is not None and session.kept(kind, related_id) is None:
                missing.setdefault(kind, {})[related_id] = None
        for kind, ids in missing.items():
            if kind not in self.registry:
                continue
            if len(ids) == 1:
                yield from self.by_id(session, self.registry[kind], *ids)
            else:
                yield from self.records(session, Find(self.registry[kind], Test("id", "in", tuple(ids))))
        for record in records:
            record.__dict__[relationship.name] = session.kept(*_named(relationship, record))

    def _load_found(self, session: Session, records: Sequence[Record], relationship: Relationship) -> Asks:
        """Load a relationship whose records are found by what they hold of their owner."""
        name, match = relationship.name, relationship.match
        for record in records:
            record.__dict__[name] = [] if relationship.many else None
        owning = {record.id: record for record in records}
        assert match is not None
        column = children(relationship)
        for kind in relationship.types:
            target = self.registry[kind]
            pairs: list[tuple[str, Record]] = []
            if column:
                among = both(_among(column, list(owning)), *besides_owner(match))
                related = yield from self.records(session, Find(target, among, many=True))
                pairs = [(child.__dict__[column], child) for child in related]
            else:
                for record in records:
                    values = {path: _value(record, path) for path in own_paths(match)}
                    related = yield from self.records(session, Find(target, bound(match, values)))
                    pairs.extend((record.id, child) for child in related)
            for owner_id, child in pairs:
                if owner_id not in owning:
                    continue  # The database still relates what this very change has just taken apart.
                if relationship.many:
                    owning[owner_id].__dict__[name].append(child)
                else:
                    owning[owner_id].__dict__[name] = child

    def by_id(self, session: Session, resource: type[Record], record_id: str) -> Asks:
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

    def answer(self, session: Session, asked: Find | Load | Next | Holders) -> Asks:
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


def _named(relationship: Relationship, record: Record) -> tuple[str, str | None]:
    """The type and the id of the related record, as its owner's columns tell them."""
    name, own = relationship.name, record.__dict__
    return own[f"{name}_type"] if relationship.polymorphic else relationship.types[0], own[f"{name}_id"]
