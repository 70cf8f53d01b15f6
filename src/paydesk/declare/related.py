"""How related records are found: worked out of the declarations of both sides, or refused."""

from __future__ import annotations

from collections.abc import Mapping
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
        kinds = {_kinds(_child(relationship, owner, every[one], every), owner, every) for one in relationship.types}
        assert len(kinds) == 1, f"{_name(relationship, owner)}: its types do not keep `{relationship.by}` alike"
        return replace(relationship, match=children_of(relationship.by, kinds.pop()))
    return relationship


def _child(relationship: Relationship, owner: Any, target: Any, every: Types) -> Relationship:
    """The to-one by which related records are this record's."""
    assert relationship.by is not None
    found = _to_ones(target, owner, every).get(relationship.by)
    assert found, f"{_name(relationship, owner)}: {target.shape.type} have no to-one {relationship.by} that may be it"
    return found


def _tie(relationship: Relationship, owner: Any, every: Types) -> Tie:
    name = _name(relationship, owner)
    assert relationship.through is not None
    rows = every.get(relationship.through)
    assert rows is not None, f"{name}: there are no {relationship.through} to find its records through"
    assert len(relationship.types) == 1, f"{name}: records of one type alone are found through others"
    other = every[relationship.types[0]]
    nears, fars = _to_ones(rows, owner, every), _to_ones(rows, other, every)
    if relationship.by is not None:
        nears = {relationship.by: nears[relationship.by]} if relationship.by in nears else {}
        fars.pop(relationship.by, None)
    assert len(nears) == len(fars) == 1, f"{name}: {relationship.through} do not say which to-ones tie both"
    (near, to_this), (far, to_that) = *nears.items(), *fars.items()
    assert near != far, f"{name}: {relationship.through} tie by two to-ones"
    tenancies = {one.shape.tenancy for one in (owner, rows, other)}
    assert len(tenancies) == 1, f"{name}: both and what ties them are of one environment"
    kinds = ((f"{near}_type", _kinds(to_this, owner, every)), (f"{far}_type", _kinds(to_that, other, every)))
    return Tie(rows, near, far, tuple(one for one in kinds if one[1]), rows.most.get(near))


def _to_ones(resource: Any, holding: Any, every: Types) -> dict[str, Relationship]:
    """The to-ones that a column of a resource keeps and that may hold records of another."""
    own = _names(holding, every)
    return {name: one for name, one in resource.shape.relationships.items() if one.stored and own & {*one.types}}


def _kinds(to_one: Relationship, holding: Any, every: Types) -> tuple[str, ...]:
    """As what a to-one of several types holds records of a resource; nothing where it is of one type."""
    return tuple(sorted(_names(holding, every) & {*to_one.types})) if to_one.polymorphic else ()


def _names(resource: Any, every: Types) -> set[str]:
    """The types that records of a resource are related as: its own, its family's, and its members'."""
    shape = resource.shape
    members = {name for name, one in every.items() if one.shape.family == shape.type}
    return {shape.type, *members, *filter(None, [shape.family])}


def _name(relationship: Relationship, owner: Any) -> str:
    return f"{owner.shape.type}.{relationship.name}"
