"""The condition of one filter: one column, one predicate, one text."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from paydesk.declare import ALWAYS, NEVER, All, AnyOf, Condition, Field, Test, either
from paydesk.declare.conditions import Operator
from paydesk.jsonapi.query.evaluation import holds
from paydesk.jsonapi.query.mistakes import Mistake
from paydesk.jsonapi.query.predicates import OPPOSITES, PREDICATES, Predicate, takes
from paydesk.jsonapi.query.values import document_of, pattern_of, switch, value_of, values_of


@dataclass(frozen=True, slots=True)
class Target:
    """The column that a filter's name stands for: its path from the record, and its declaration.

    empty     it is in what a relationship holds that is always empty: there is no column
    presence  the name is a relationship's own: it can only be asked whether there is any
    """

    path: str
    field: Field
    empty: bool = False
    presence: bool = False


def comparison(target: Target, predicate: Predicate, text: str) -> Condition:
    """The condition of a filter on one column.

    raises   Mistake
    """
    kind = target.field.kind
    if not target.empty and not takes(kind, predicate.operator):
        raise Mistake("FILTER_NOT_ALLOWED")
    if target.presence and predicate.operator not in ("null", "not_null", "present", "blank"):
        raise Mistake("FILTER_NOT_ALLOWED")
    if target.empty:
        return ALWAYS if _finds_nothing(predicate, text) else NEVER
    path = target.path
    if target.field.digested:
        if predicate not in (PREDICATES["eq"], PREDICATES["in"]):
            raise Mistake("FILTER_NOT_ALLOWED")
        text = ",".join(hashlib.sha256(value.encode()).hexdigest() for value in values_of(text, kind))
    condition: Condition
    if predicate.takes == "switch":
        operator = predicate.operator if switch(text) else OPPOSITES[predicate.operator]
        condition = _state(path, kind, operator)
    elif predicate.operator == "contains":
        condition = Test(path, "contains", document_of(text))
    else:
        condition = _against_values(path, kind, predicate, text)
        if predicate.or_null:
            condition = either(condition, Test(path, "null"))
    if not target.field.constant:
        return condition
    # A feature that is not there has one value for every record, so the answer is known without looking.
    if not holds(condition, target.field.default):
        return NEVER
    relationship, _, _ = path.rpartition(".")
    return Test(f"{relationship}.id", "not_null") if relationship else ALWAYS


def _finds_nothing(predicate: Predicate, text: str) -> bool:
    """Whether a filter finds records that have nothing to compare.

    raises   Mistake
    """
    if predicate.takes != "switch":
        return predicate.or_null
    operator = predicate.operator if switch(text) else OPPOSITES[predicate.operator]
    return operator in ("null", "blank")


def _state(path: str, kind: str, operator: str) -> Condition:
    if operator in ("true", "false"):
        return Test(path, "eq", operator == "true")
    if operator in ("null", "not_null"):
        return Test(path, "null" if operator == "null" else "not_null")
    empty: Any = {"string": "", "object": {}, "array": []}.get(kind)
    if operator == "blank":
        return Test(path, "null") if empty is None else AnyOf((Test(path, "null"), Test(path, "eq", empty)))
    # A value that differs from the empty one is no null either.
    return Test(path, "not_null") if empty is None else Test(path, "ne", empty)


def _against_values(path: str, kind: str, predicate: Predicate, text: str) -> Condition:
    operator: Operator = predicate.operator  # type: ignore[assignment]
    if predicate.takes == "list":
        return Test(path, operator, tuple(dict.fromkeys(values_of(text, kind))))
    if predicate.takes == "value":
        value = value_of(text, kind)
        return Test(path, operator, pattern_of(value, predicate.pattern) if predicate.pattern else value)
    values = values_of(text, kind)
    if predicate.pattern:
        tests = tuple(Test(path, operator, pattern_of(value, predicate.pattern)) for value in dict.fromkeys(values))
        if len(tests) == 1:
            return tests[0]
        return AnyOf(tests) if predicate.takes == "any" else All(tests)
    # Below any of several is below the greatest, below all of them below the least.
    upper = operator in ("lt", "lteq")
    return Test(path, operator, max(values) if upper == (predicate.takes == "any") else min(values))
