"""How related records are found: worked out of the declarations of both sides, or refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from paydesk.declare.conditions import Own, Tied, eq
from paydesk.declare.relationships import Relationship, Tie, children_of

Types = Mapping[str, Any]
"""Resources by type."""


def readable(relationship: Relationship, owner: Any, every: Types) -> Relationship:
    """The relationship of `owner` with what finds its records.

    raises   AssertionError where nothing does
    """
    if relationship.through is not None:
        tie = _tie(relationship, owner, every)
        match = Tied(tie.narrowed(eq(f"{tie.near}_id", Own("id"))), relationship.through, f"{tie.far}_id")
        return replace(relationship, match=match, tie=tie)
    if relationship.by is not None:
        polymorphic = {_child(relationship, owner, every[one]).polymorphic for one in relationship.types}
        assert len(polymorphic) == 1, f"{_name(relationship, owner)}: its types do not keep `{relationship.by}` alike"
        kind = owner.shape.type if polymorphic.pop() else None
        return replace(relationship, match=children_of(relationship.by, kind))
    return relationship


def _child(relationship: Relationship, owner: Any, target: Any) -> Relationship:
    """The to-one by which related records are this record's."""
    assert relationship.by is not None
    found = _to_ones(target, owner).get(relationship.by)
    assert found, f"{_name(relationship, owner)}: {target.shape.type} have no to-one {relationship.by} that may be it"
    return found


def _tie(relationship: Relationship, owner: Any, every: Types) -> Tie:
    name = _name(relationship, owner)
    assert relationship.through is not None
    rows = every.get(relationship.through)
    assert rows is not None, f"{name}: there are no {relationship.through} to find its records through"
    assert len(relationship.types) == 1, f"{name}: records of one type alone are found through others"
    nears = _to_ones(rows, owner)
    if relationship.by is not None:
        nears = {relationship.by: nears[relationship.by]} if relationship.by in nears else {}
    fars = {one: it for one, it in _to_ones(rows, every[relationship.types[0]]).items() if one != relationship.by}
    assert len(nears) == len(fars) == 1, f"{name}: {relationship.through} do not say which to-ones tie both"
    (near, one), (far, other) = *nears.items(), *fars.items()
    assert near != far, f"{name}: {relationship.through} tie by two to-ones"
    assert {one.shape.tenancy for one in (owner, rows, every[relationship.types[0]])} == {owner.shape.tenancy}, (
        f"{name}: both and what ties them are of one environment"
    )
    kinds = ((near, one, owner), (far, other, every[relationship.types[0]]))
    return Tie(rows, near, far, tuple((f"{it}_type", of.shape.type) for it, each, of in kinds if each.polymorphic))


def _to_ones(resource: Any, holding: Any) -> dict[str, Relationship]:
    """The to-ones that a column of a resource keeps and that may hold records of another."""
    return dict(_may_hold(resource.shape.relationships, {holding.shape.type, holding.shape.table}))


def _may_hold(relationships: Mapping[str, Relationship], types: set[str]) -> Iterator[tuple[str, Relationship]]:
    for name, one in relationships.items():
        if one.stored and types & set(one.types):
            yield name, one


def _name(relationship: Relationship, owner: Any) -> str:
    return f"{owner.shape.type}.{relationship.name}"
