"""Writing a Work: rows, versions and gateway calls, one statement for each table and shape."""

from __future__ import annotations

import itertools
from functools import cache
from typing import Any

from sqlalchemy import Text, bindparam, delete, func, insert, or_, select, update

from paydesk.base.errors import Invalid, Several
from paydesk.base.instants import seconds
from paydesk.rules.asking import Call, new_id
from paydesk.rules.record import Record
from paydesk.rules.registry import Registry
from paydesk.rules.work import Work
from paydesk.store.journal import calls as journal
from paydesk.store.journal.tables import gateway_calls
from paydesk.store.records.numbers import PROCESSES
from paydesk.store.records.tables import build
from paydesk.store.sql.ask import Ask, Asks
from paydesk.store.sql.statements import Moment, OneOf
from paydesk.store.sql.tables import table_of, tenant_for
from paydesk.store.types import METADATA, Instant, ListOf

VERSIONS = 1_000_000
"""How many versions of one process have numbers of their own. No millisecond has so many."""


class Writer:
    """Makes the statements that write, for one registry.

    process   its number in the database (`numbers.number_of_process`), part of the number after the dash of an event
              store's id, so that no two processes take the same
    """

    def __init__(self, registry: Registry, process: int = 0) -> None:
        build(registry)
        self.registry = registry
        self.process = process
        self._sequence = itertools.count()
        self._last_instant = ""
        self._recorded = _recorded(registry)

    def write(self, work: Work) -> Asks:
        """All that `work` gathered: inserts, updates, deletions, then their versions."""
        tenant = work.actor.tenant
        versions: list[dict[str, Any]] = []
        for _, group in itertools.groupby(work.created, key=type):
            records = list(group)
            yield from self._insert(tenant, records)
            versions.extend(self._version(work, one, "create", self._made(one)) for one in records if one.recorded)
        gone = dict.fromkeys(work.deleted)
        created = set(work.created)
        # A created record is inserted as it is by now.
        changed = [
            (record, before)
            for record, before in work.changed.items()
            if before and record not in gone and record not in created
        ]
        for (resource, names), alike in itertools.groupby(changed, key=_assigned):
            yield from self._update(work, resource, names, [record for record, _ in alike])
        for record, before in changed:
            if record.recorded and (changes := self._changes(record, before)):
                versions.append(self._version(work, record, "update", changes))
        for record, facts in work.noted:
            versions.append(self._version(work, record, "update", facts) | {"who": _by_worker(work, record)})
        for resource, alike_gone in _by_type(work.deleted).items():
            yield from self._untie(tenant, resource, [record.id for record in alike_gone])
        for kind, deleted in itertools.groupby(gone, key=type):
            yield from self._delete(tenant, kind, [record.id for record in deleted])
        for record in gone:
            if record.recorded:
                lost = {name: [value[1], None] for name, value in self._made(record).items()}
                versions.append(self._version(work, record, "destroy", lost))
        if versions:
            table = METADATA.tables["versions"]
            yield Ask(("versions",), lambda: _insertion(table, versions[0]), versions)

    def _insert(self, tenant: str, records: list[Any]) -> Asks:
        resource = type(records[0])
        shape = resource.shape
        names = tuple(shape.columns)
        for record in records:
            _complete(record)

        def row(record: Record) -> dict[str, Any]:
            own = record.__dict__
            made = {name: own[name] for name in names}
            made["tenant"] = tenant_for(resource, tenant)
            if shape.discriminator:
                made["type"] = shape.discriminator
            return made

        rows = [row(record) for record in records]
        yield Ask(("insert", shape.type), lambda: _insertion(table_of(resource), rows[0]), rows)

    def _update(self, work: Work, resource: type[Record], names: tuple[str, ...], records: list[Record]) -> Asks:

        def build() -> Any:
            table = table_of(resource)
            return (
                update(table)
                .where(table.c.tenant == bindparam("at_tenant"), table.c.id == bindparam("at_id"))
                .values({name: bindparam(name, type_=table.c[name].type) for name in names})
            )

        tenant = tenant_for(resource, work.actor.tenant)
        rows = []
        for record in records:
            own = record.__dict__
            own["updated_at"] = work.now
            rows.append({name: own[name] for name in names} | {"at_tenant": tenant, "at_id": record.id})
        yield Ask(("update", resource.shape.type, names), build, rows if len(rows) > 1 else rows[0])

    def _delete(self, tenant: str, resource: type[Record], ids: list[str]) -> Asks:
        def build() -> Any:
            table = table_of(resource)
            return delete(table).where(table.c.tenant == bindparam("at_tenant"), table.c.id == bindparam("at_id"))

        rows = [{"at_tenant": tenant_for(resource, tenant), "at_id": record_id} for record_id in ids]
        yield Ask(("delete", resource.shape.type), build, rows if len(rows) > 1 else rows[0])

    def _untie(self, tenant: str, resource: type[Record], ids: list[str]) -> Asks:
        """Delete the rows that tie records which are deleted: they are nobody else's."""
        for rows, column, kinds in _ties(self.registry).get(resource.shape.type, ()):

            def build(rows: Any = rows, column: str = column, kinds: Any = kinds) -> Any:
                table = table_of(rows)
                tied = OneOf(table.c[column], bindparam("at_ids", type_=ListOf(Text())))
                of = [or_(*(table.c[name] == kind for kind in some)) for name, some in kinds]
                return delete(table).where(table.c.tenant == bindparam("at_tenant"), tied, *of)

            binds = {"at_tenant": tenant_for(rows, tenant), "at_ids": ids}
            yield Ask(("untie", resource.shape.type, rows.shape.type, column), build, binds)

    def _made(self, record: Record) -> dict[str, list[Any]]:
        own = record.__dict__
        return {name: [None, own[name]] for name in self._recorded[record.shape.type] if own[name] is not None}

    def _changes(self, record: Record, before: dict[str, Any]) -> dict[str, list[Any]]:
        own = record.__dict__
        recorded = self._recorded[record.shape.type]
        return {name: [old, own[name]] for name, old in before.items() if name in recorded and old != own[name]}

    def _version(self, work: Work, record: Record, event: str, changes: dict[str, list[Any]]) -> dict[str, Any]:
        return {
            "tenant": work.actor.tenant,
            "id": new_id(),
            "ms": int(seconds(work.now) * 1000 + 0.5),
            "sequence": self._next(),
            "resource_type": record.shape.type,
            "resource_id": record.id,
            "event": event,
            "changes": changes,
            "who": work.actor.who,
            "ip_address": work.settings.get("ip_address"),
            "user_agent": work.settings.get("user_agent"),
            "uuid": work.trace_id or None,
            "reference": None,
            "reference_origin": None,
            "metadata": {},
            "created_at": work.now,
            "updated_at": work.now,
        }

    def _next(self) -> int:
        """The number after the dash: grows within a process, so that one millisecond's versions keep their order."""
        return next(self._sequence) % VERSIONS * PROCESSES + self.process

    def journal(
        self,
        work: Work,
        call: Call,
        ask: dict[str, Any],
        lane: str,
        parameters: dict[str, Any],
        key: str,
        attempt: int,
        *,
        holder: str | None = None,
        owed: list[Any] | None = None,
    ) -> Asks:
        """Write a gateway call down, open, in the transaction of what it serves.

        holder   the process that makes it now; None for one that the background makes
        owed     who is to be told what came of it (`store.owed.Debt`)
        """
        row = {
            "tenant": work.actor.tenant,
            "id": call.id,
            "kind": call.kind,
            "lane": lane,
            "subject_type": call.subject_type,
            "subject_id": call.subject_id,
            "record_id": call.record_id,
            "attempt": attempt,
            "gateway_id": call.gateway_id,
            "idempotency_key": key,
            "ask": ask,
            "parameters": parameters,
            "who": work.actor.who,
            "state": "open",
            "outcome": None,
            "tries": 0 if holder else -1,
            "lease_holder": holder,
            "due_at": work.now,
            "created_at": work.now,
            "settled_at": None,
            "owed": owed,
        }

        def build() -> Any:
            until = Moment(bindparam("now", type_=Instant()), journal.LEASE_SECONDS)
            return _insertion(gateway_calls, row).values(lease_until=until if holder else None)

        yield Ask(("journal", holder is not None), build, {**row, "now": work.now})


def _complete(record: Record) -> None:
    """A rule may make a record of anything: what it cannot be without is told here, like a client's mistake.

    raises   Several
    """
    own = record.__dict__
    lacking = [name for name, column in record.shape.kept if own[column] is None or own[column] == ""]
    if lacking:
        raise Several([Invalid(name, "blank") for name in lacking])


def _assigned(changed: tuple[Record, dict[str, Any]]) -> tuple[type[Record], tuple[str, ...]]:
    """What an update assigns: the columns of which type."""
    record, before = changed
    return type(record), tuple(sorted({*before, "updated_at"}))


def _by_worker(work: Work, record: Record) -> dict[str, Any]:
    """Who notes what a gateway told: paydesk itself, whoever made it look."""
    who = work.actor.who
    return who if "worker" in who else {"worker": {"id": record.id, "type": "gateway"}}


def _insertion(table: Any, row: dict[str, Any]) -> Any:
    return insert(table).values({name: bindparam(name, type_=table.c[name].type) for name in row})


@cache
def _recorded(registry: Registry) -> dict[str, dict[str, None]]:
    return {name: _recorded_columns(one) for name, one in registry.every.items()}


@cache
def _ties(registry: Registry) -> dict[str, list[tuple[type[Record], str, Any]]]:
    """By type, the rows of ours that tie its records to others: their type, the column that names the record, and what
    it may be of.
    """
    found: dict[str, list[tuple[type[Record], str, Any]]] = {}
    for one in registry.every.values():
        for relationship in one.shape.relationships.values():
            tie = relationship.tie
            if tie is None or tie.rows.shape.actions:
                continue
            for types, by in (((one.shape.type,), tie.near), (relationship.types, tie.far)):
                kinds = tuple(kind for kind in tie.kinds if kind[0] == f"{by}_type")
                for type_ in types:
                    row = (tie.rows, f"{by}_id", kinds)
                    if row not in found.setdefault(type_, []):
                        found[type_].append(row)
    return found


def _by_type(records: list[Record]) -> dict[type[Record], list[Record]]:
    found: dict[type[Record], list[Record]] = {}
    for record in records:
        found.setdefault(type(record), []).append(record)
    return found


def _recorded_columns(resource: type[Record]) -> dict[str, None]:
    """What versions tell of a type, in the order of its columns: what clients see or write, without secrets."""
    shape = resource.shape
    related = {f"{name}_id" for name, one in shape.relationships.items() if one.stored and not one.hidden}
    seen = {
        name
        for name, field in shape.columns.items()
        if field.on_wire and not field.secret and name not in ("id", "created_at", "updated_at")
    }
    return {name: None for name in shape.columns if name in related or name in seen}


def last_attempt(tenant: str, kind: str, subject_id: str) -> Asks:
    """The number of the newest call of a kind about a subject, 0 when there is none, and whether anybody is owed an
    answer of one.
    """

    def build() -> Any:
        newest = func.coalesce(func.max(gateway_calls.c.attempt), 0)
        return select(newest, func.count(gateway_calls.c.owed)).where(
            gateway_calls.c.tenant == bindparam("tenant"),
            gateway_calls.c.kind == bindparam("kind"),
            gateway_calls.c.subject_id == bindparam("subject_id"),
        )

    rows = yield Ask(("attempt",), build, {"tenant": tenant, "kind": kind, "subject_id": subject_id})
    return rows[0][0], rows[0][1] > 0
