"""Conditions worked out on a value at hand: a column that is the same for every record needs no look at the store."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from paydesk.declare import All, AnyOf, Condition


def holds(condition: Condition, value: Any) -> bool:
    """Whether a column with this value fulfils the condition."""
    if isinstance(condition, All):
        return all(holds(part, value) for part in condition.parts)
    if isinstance(condition, AnyOf):
        return any(holds(part, value) for part in condition.parts)
    operator, against = condition.operator, condition.value
    if operator in ("null", "not_null") or value is None:
        return (value is None) == (operator == "null")
    return _COMPARED[operator](value, against)


def _like(text: str, pattern: str) -> bool:
    """SQL's LIKE without regard to case. The time is the product of both lengths, and both are limited."""
    states = {0}
    parts = re.findall(r"\\.|.", pattern.lower(), re.DOTALL)

    def past_percents(at: set[int]) -> set[int]:
        reached = set(at)
        for state in at:
            while state < len(parts) and parts[state] == "%":
                state += 1
                reached.add(state)
        return reached

    states = past_percents(states)
    for character in text.lower():
        following: set[int] = set()
        for state in states:
            if state == len(parts):
                continue
            part = parts[state]
            if part == "%":
                following.add(state)
            elif part == "_" or part[-1] == character:
                following.add(state + 1)
        states = past_percents(following)
    return len(parts) in states


def _contains(value: Any, part: Any) -> bool:
    if isinstance(part, dict):
        return isinstance(value, dict) and all(
            name in value and _contains(value[name], inner) for name, inner in part.items()
        )
    return bool(value == part)


_COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda value, against: value == against,
    "ne": lambda value, against: value != against,
    "lt": lambda value, against: value < against,
    "lteq": lambda value, against: value <= against,
    "gt": lambda value, against: value > against,
    "gteq": lambda value, against: value >= against,
    "in": lambda value, against: value in against,
    "not_in": lambda value, against: value not in against,
    "like": _like,
    "not_like": lambda value, against: not _like(value, against),
    "contains": _contains,
}
