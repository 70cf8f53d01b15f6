"""The opposite of a condition: a scope that is switched off."""

from __future__ import annotations

from paydesk.declare import All, AnyOf, Condition, Test
from paydesk.declare.conditions import Operator
from paydesk.jsonapi.query.mistakes import Mistake

_OPPOSITES: dict[str, Operator] = {
    "eq": "ne",
    "ne": "eq",
    "lt": "gteq",
    "lteq": "gt",
    "gt": "lteq",
    "gteq": "lt",
    "in": "not_in",
    "not_in": "in",
    "like": "not_like",
    "not_like": "like",
    "null": "not_null",
    "not_null": "null",
}


def opposite_of(condition: Condition) -> Condition:
    """The condition of all records that do not fulfil this one, nulls included.

    raises   Mistake where no condition can express it
    """
    if isinstance(condition, All):
        return AnyOf(tuple(opposite_of(part) for part in condition.parts))
    if isinstance(condition, AnyOf):
        return All(tuple(opposite_of(part) for part in condition.parts))
    operator = _OPPOSITES.get(condition.operator)
    if operator is None or "." in condition.path:
        raise Mistake("INVALID_FILTER_VALUE", "false is not a valid value for this filter.")
    opposite = Test(condition.path, operator, condition.value)
    if operator in ("null", "not_null"):
        return opposite
    return AnyOf((opposite, Test(condition.path, "null")))
