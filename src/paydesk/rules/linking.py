"""Writing what a request relates a record to by a to-many: it replaces what was related before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from paydesk.declare import All, Relationship, Rule, eq, within
from paydesk.declare.relationships import Tie
from paydesk.rules.asking import Change, Find
from paydesk.rules.resource import Resource
from paydesk.rules.work import Work


def relate_many(resource: type[Resource], record: Resource | None, change: Change, work: Work) -> Rule:
    """Relate `record` to what `change.related` has for its to-many relationships. What a rule has taken from there is
    its own to relate.

    record   None where a gateway's answer makes it
    """
    for name, related in list(change.related.items()):
        relationship = resource.shape.relationships[name]
        if not relationship.many:
            continue
        if record is None:
            work.invalid(name, "invalid", "can be related once the record is there")
        elif relationship.tie is not None:
            yield from _tie(record, relationship, related, work)
        else:
            yield from _adopt(record, relationship, related, work)


def naming(relationship: Relationship, *, adds: bool) -> tuple[Callable[..., Any], str]:
    """The trigger that relates a record to more, or to fewer, by their names; and what is said of it.

    Where a request has both, the first one adds, then takes away: what it comes to is what has to be allowed.
    """
    name = relationship.name

    def run(record: Resource, work: Work, value: str) -> Rule:
        added, removed = work.arguments.get(f"_add_{name}"), work.arguments.get(f"_remove_{name}")
        if not adds and added:
            return
        assert relationship.tie is not None
        more, fewer = _names(added if adds else None), _names(removed)
        (kind,) = relationship.types
        found = yield Find(kind, within("name", [*more, *fewer]), many=True)
        far = f"{relationship.tie.far}_id"
        rows = yield from _rows(record, relationship.tie, work)
        wanted = {getattr(row, far): None for row in rows} | {one.id: one for one in found if one.name in more}
        for one in found:
            if one.name in fewer:
                wanted.pop(one.id, None)
        _make(record, relationship, wanted, rows, work, f"_add_{name}")

    what = f"Add {name}" if adds else f"Take {name} away, after any were added"
    return run, f"{what}: their names, with commas between them. Unknown ones are ignored."


def _names(value: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, (one.strip() for one in (value or "").split(",")))))


def _tie(record: Resource, relationship: Relationship, related: list[Any], work: Work) -> Rule:
    """Tie a record to others, and to no more."""
    assert relationship.tie is not None
    rows = yield from _rows(record, relationship.tie, work)
    _make(record, relationship, {one.id: one for one in related}, rows, work, relationship.name)


def _rows(record: Resource, tie: Tie, work: Work) -> Rule:
    """The rows that tie a record, as this work leaves them so far."""
    near = f"{tie.near}_id"
    rows = [] if record in work.created else (yield Find(tie.rows, All(tie.narrowed(eq(near, record.id))), many=True))
    made = [one for one in work.created if isinstance(one, tie.rows) and getattr(one, near) == record.id]
    return [row for row in rows if row not in work.deleted] + made


def _make(
    record: Resource, relationship: Relationship, wanted: Mapping[str, Any], rows: list[Any], work: Work, member: str
) -> None:
    """Make and delete the rows that tie a record, so that they tie it to what is wanted.

    wanted   by id; None in place of a record that is tied already
    member   of the request, that asks for it
    """
    tie = relationship.tie
    assert tie is not None
    if tie.most is not None and len(wanted) > tie.most:
        work.invalid(member, "too_many", value=len(wanted), count=tie.most)
        return
    tied = {getattr(row, f"{tie.far}_id"): row for row in rows}
    for id, row in tied.items():
        if id in wanted:
            continue
        if row in work.created:
            work.created.remove(row)
        else:
            work.delete(row)
    for id, one in wanted.items():
        if id not in tied:
            made = work.create(tie.rows)
            work.relate(made, tie.near, record)
            work.relate(made, tie.far, one)


def _adopt(record: Resource, relationship: Relationship, related: list[Any], work: Work) -> Rule:
    """Have the records be this one's. Those that were, and are not among them, are nobody's then, or have to stay."""
    by = relationship.by
    assert by is not None
    new = record in work.created
    for kind in () if new else relationship.types:
        kept = yield Find(kind, eq(f"{by}_id", record.id), many=True)
        for one in kept:
            its = one.shape.relationships[by]
            if one in related or (its.polymorphic and getattr(one, f"{by}_type") != record.shape.type):
                continue
            if its.required:
                work.invalid(relationship.name, "invalid", "leaves out records that cannot be without it")
                continue
            work.relate(one, by, None)
    for one in related:
        work.relate(one, by, record)
