"""Writing what a request relates a record to by a to-many: it replaces what was related before."""

from __future__ import annotations

from typing import Any

from paydesk.declare import All, Relationship, Rule, eq
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


def _tie(record: Resource, relationship: Relationship, related: list[Any], work: Work) -> Rule:
    """Make and delete the rows that tie a record to others."""
    tie = relationship.tie
    assert tie is not None
    near, far = f"{tie.near}_id", f"{tie.far}_id"
    ties = All(tie.narrowed(eq(near, record.id)))
    rows = [] if record in work.created else (yield Find(tie.rows, ties, many=True))
    wanted = {one.id for one in related}
    for row in rows:
        if getattr(row, far) not in wanted:
            work.delete(row)
    tied = {getattr(row, far) for row in rows}
    for one in related:
        if one.id not in tied:
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
