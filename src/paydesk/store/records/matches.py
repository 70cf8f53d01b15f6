"""A relationship's match: what in it ties the related records to their owner."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from paydesk.declare import Condition, Own, Relationship, Test
from paydesk.declare.conditions import NEVER, All, AnyOf, Related, Tied


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


def besides_owner(match: Condition) -> tuple[Condition, ...]:
    """The parts of a match that say more than whose the related records are."""
    parts = match.parts if isinstance(match, All) else (match,)
    return tuple(part for part in parts if not (isinstance(part, Test) and part.value == Own("id")))
