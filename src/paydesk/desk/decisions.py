"""The phases relate and decide, which a settlement goes through again for a write that waited."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, cast

from paydesk.base.errors import Denied
from paydesk.declare import Relationship, both, eq, within
from paydesk.desk.requests import Linked, Reference, Write
from paydesk.desk.transactions import Transactions
from paydesk.desk.waiting import Tried
from paydesk.rules.asking import Change, Find
from paydesk.rules.linking import relate_many
from paydesk.rules.requiring import require
from paydesk.rules.resource import Resource
from paydesk.rules.work import Work
from paydesk.store.records.sessions import Session


class Decisions:
    """Runs the rules that a write asks for."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions
        self._registry = transactions.registry
        self._reader = transactions.reader
        self._permissions = transactions.permissions

    def relate(self, session: Session, work: Work, write: Write, change: Change) -> Generator[Any, Any, None]:
        """Load the records that a write's relationships name; each must exist and be visible to this caller."""
        resource, actor = write.resource, work.actor
        for name, link in write.links.items():
            relationship = resource.shape.relationships[name]
            if relationship.many:
                change.related[name] = yield from self._relate_many(session, work, relationship, link)
                continue
            if link is None:
                change.related[name] = None
                _assign(change, resource, name, None, None)
                continue
            kind, record_id = cast(Reference, link)
            target = self._registry[kind]
            paths = [
                path.partition(".")[2]
                for path in resource.create_loads
                if write.verb == "create" and path.startswith(f"{name}.")
            ]
            locked = name == resource.root and self._transactions.database.name != "sqlite"
            seen = self._permissions.sees(actor, target)
            records = yield from self._reader.records(
                session, Find(target, both(eq("id", record_id), seen), tuple(paths), lock=locked)
            )
            if locked:
                session.locked()
            if not records:
                work.invalid(name, "blank")
                continue
            if name == resource.root and write.verb == "create":
                writes = self._permissions.writes(actor, target)
                if writes is not None and not (yield from self._transactions.holds(session, target, record_id, writes)):
                    raise Denied(record_id)
            change.related[name] = records[0]
            _assign(change, resource, name, kind, record_id)

    def _relate_many(
        self, session: Session, work: Work, relationship: Relationship, link: Linked
    ) -> Generator[Any, Any, list[Resource]]:
        """The records that a write relates by a to-many. Those that come to belong to its record are changed by it."""
        records: list[Resource] = []
        references = cast(tuple[Reference, ...], link or ())
        for kind in dict.fromkeys(kind for kind, _ in references):
            target, actor = self._registry[kind], work.actor
            # What several types share is changed as what it is.
            each = [self._registry[name] for name in self._registry.members(kind)] or [target]
            if relationship.tie is None and not all(self._permissions.may(actor, one, "update") for one in each):
                raise Denied(relationship.name)
            allows = self._permissions.sees if relationship.tie is not None else self._permissions.writes
            ids = tuple(record_id for of, record_id in references if of == kind)
            find = Find(target, both(within("id", ids), allows(actor, target)), many=True)
            records.extend((yield from self._reader.records(session, find)))
        if len(records) < len(references):
            work.invalid(relationship.name, "blank")
        return records

    def create(self, session: Session, work: Work, resource: type[Resource], change: Change) -> Any:
        """Run a creation's rules; returns the record."""
        require(resource, change, work, creates=True)
        work.check()
        record = yield from self._transactions.run(session, resource.creating(change, work))
        yield from self._transactions.run(session, relate_many(resource, record, change, work))
        work.check()
        return record

    def update(
        self, session: Session, work: Work, record: Any, change: Change, *, without: str | None = None
    ) -> Generator[Any, Any, Tried]:
        """Run an update's rules: the assignment, the triggers, and what follows from both.

        without   the trigger that asked the gateway already
        """
        run, shape = self._transactions.run, record.shape
        yield from self._reader.load(session, [record], type(record).loads)
        require(type(record), change, work, creates=False)
        work.check()
        change.record = record
        work.arguments = change.arguments
        tried = Tried(record, work)
        yield from run(session, record.updating(change, work))
        yield from run(session, relate_many(type(record), record, change, work))
        tried.step()
        for name, trigger in shape.triggers.items():
            value = change.arguments.get(name)
            if name == without or value is None or (trigger.kind == "boolean" and value is not True):
                continue
            yield from self._reader.load(session, [record], trigger.loads)
            yield from run(session, trigger.run(record, work, value))
            tried.step(name)
        yield from run(session, record.updated(change, work))
        tried.step(follows=True)
        work.check()
        return tried

    def delete(self, session: Session, work: Work, record: Any) -> Generator[Any, Any, None]:
        yield from self._reader.load(session, [record], record.loads)
        yield from self._transactions.run(session, record.deleting(work))
        work.check()


def _assign(change: Change, resource: type[Resource], name: str, kind: str | None, record_id: str | None) -> None:
    """Put what a relationship names into its columns."""
    relationship = resource.shape.relationships[name]
    if relationship.stored:
        change.values[f"{name}_id"] = record_id
        if relationship.polymorphic:
            change.values[f"{name}_type"] = kind
