"""The predicates of filters: the endings of a filter's name (`code_eq`), and which kinds of values take which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Predicate:
    """One ending of a filter's name.

    operator  the comparison of one value; for texts `like` with the value put into `pattern`
    takes     "value", "list" (a comma list is one value), "any" or "all" (each of a comma list), "switch" (a boolean)
    """

    operator: str
    takes: Literal["value", "list", "any", "all", "switch"] = "value"
    pattern: str = ""
    or_null: bool = False


def _predicates() -> dict[str, Predicate]:
    table: dict[str, Predicate] = {
        "eq": Predicate("eq"),
        "not_eq": Predicate("ne"),
        "eq_or_null": Predicate("eq", or_null=True),
        "not_eq_or_null": Predicate("ne", or_null=True),
        "in": Predicate("in", "list"),
        "not_in": Predicate("not_in", "list"),
        "in_or_null": Predicate("in", "list", or_null=True),
        "not_in_or_null": Predicate("not_in", "list", or_null=True),
        "not_eq_all": Predicate("not_in", "list"),
        "present": Predicate("present", "switch"),
        "blank": Predicate("blank", "switch"),
        "null": Predicate("null", "switch"),
        "not_null": Predicate("not_null", "switch"),
        "true": Predicate("true", "switch"),
        "false": Predicate("false", "switch"),
        "jcont": Predicate("contains"),
    }
    with_any_and_all: dict[str, tuple[str, str]] = {
        "lt": ("lt", ""),
        "lteq": ("lteq", ""),
        "gt": ("gt", ""),
        "gteq": ("gteq", ""),
        "matches": ("like", "{}"),
        "does_not_match": ("not_like", "{}"),
        "start": ("like", "{}%"),
        "not_start": ("not_like", "{}%"),
        "end": ("like", "%{}"),
        "not_end": ("not_like", "%{}"),
        "cont": ("like", "%{}%"),
        "not_cont": ("not_like", "%{}%"),
        "i_cont": ("like", "%{}%"),
        "not_i_cont": ("not_like", "%{}%"),
    }
    for name, (operator, pattern) in with_any_and_all.items():
        table[name] = Predicate(operator, "value", pattern)
        table[f"{name}_any"] = Predicate(operator, "any", pattern)
        table[f"{name}_all"] = Predicate(operator, "all", pattern)
    return table


PREDICATES: dict[str, Predicate] = _predicates()
ENDINGS = sorted(PREDICATES, key=len, reverse=True)
"""Longest first: `code_not_eq` ends in `not_eq`, not in `eq`."""

OPPOSITES: dict[str, str] = {
    "present": "blank",
    "blank": "present",
    "null": "not_null",
    "not_null": "null",
    "true": "false",
    "false": "true",
}
"""By operator of a switch, the operator that `false` means."""


def predicates_of(kind: str) -> tuple[str, ...]:
    """The predicates that an attribute of this wire type takes."""
    return tuple(name for name, predicate in PREDICATES.items() if takes(kind, predicate.operator))


def takes(kind: str, operator: str) -> bool:
    """Whether values of this wire type can be compared in this way."""
    if operator in ("present", "blank", "null", "not_null"):
        return True
    if operator in ("like", "not_like"):
        return kind == "string"
    if operator in ("lt", "lteq", "gt", "gteq"):
        return kind in ("integer", "float", "datetime")
    if operator in ("true", "false"):
        return kind == "boolean"
    if operator == "contains":
        return kind == "object"
    return kind not in ("object", "array")
