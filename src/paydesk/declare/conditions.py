"""Conditions over records, as values: what a filter asks, what a caller may see, what a relationship relates.

A condition names columns by path from the record it is about (`status`, `order.market_id`, `line_items.sku_code`);
a path through a to-many relationship holds when any row does. The store turns conditions into SQL, and nothing else
does, so a rule, a permission and a query string all mean the same by the same words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

Operator = Literal[
    "eq", "ne", "lt", "lteq", "gt", "gteq", "in", "not_in", "like", "not_like", "null", "not_null", "contains", "never"
]


@dataclass(frozen=True, slots=True)
class Own:
    """A column of the record that a relationship belongs to, by path through to-one relationships."""

    path: str


@dataclass(frozen=True, slots=True)
class Caller:
    """Something the access token says, `owner_id`, `market_ids`, `store_ids`; `now`, the instant of the request; or
    `document_id`, the id of the record that a document is about, or whose related records it lists.
    """

    what: str


@dataclass(frozen=True, slots=True)
class Test:
    """One column against one value (a list for `in`, a LIKE pattern with `\\` as escape for `like`)."""

    __test__ = False

    path: str
    operator: Operator
    value: Any = None


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds; no parts: always true."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds; no parts: never true."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Related(All):
    """One and the same record of this type, related by this relationship, fulfils every part; parts are about it.

    Made of filters on the way to the store (see `confined`). Declarations say the same by paths, save where one record
    among many has to fulfil several parts.
    """

    relationship: str = ""
    type: str = ""


@dataclass(frozen=True, slots=True)
class Without(Related):
    """No record of this type, related by this relationship, fulfils every part."""


@dataclass(frozen=True, slots=True)
class Tied(All):
    """A row of this type ties the record to another one: `column` of it holds the record's id, and parts are about it.

    Made of relationships declared `through` such rows.
    """

    type: str = ""
    column: str = ""


Condition = Test | All | AnyOf

ALWAYS = All(())
NEVER = AnyOf(())


def eq(path: str, value: Any) -> Test:
    return Test(path, "eq", value)


def within(path: str, values: Iterable[Any] | Own | Caller) -> Test:
    return Test(path, "in", values if isinstance(values, Own | Caller) else tuple(values))


def null(path: str) -> Test:
    return Test(path, "null")


def both(*parts: Condition | None) -> Condition:
    """All of the parts that are given; parts that always hold fall away, and one that is given twice counts once: the
    rows of a list are those that are listed and those that are seen, mostly by one and the same condition.
    """
    kept: list[Condition] = []
    for part in parts:
        for one in part.parts if type(part) is All else () if part is None else (part,):
            if not any(one is other for other in kept):
                kept.append(one)
    return kept[0] if len(kept) == 1 else All(tuple(kept))


def either(*parts: Condition) -> Condition:
    return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))


def through(relationship: str, condition: Condition | None) -> Condition | None:
    """The same condition seen from a record that reaches the first one by `relationship`."""
    if condition is None or not relationship:
        return condition
    if isinstance(condition, Test):
        return Test(f"{relationship}.{condition.path}", condition.operator, condition.value)
    if isinstance(condition, Related | Tied):
        # It is about another record than its parts are, which a path cannot say: `Related` names the type that can.
        raise TypeError(f"{relationship}: a condition about related records is not seen by a path")
    parts = tuple(part for part in (through(relationship, part) for part in condition.parts) if part is not None)
    return All(parts) if isinstance(condition, All) else AnyOf(parts)


def confined(
    condition: Condition,
    of: str,
    related: Callable[[str, str, str], Iterable[str]],
    seen: Callable[[str, str, str], Condition | None],
    untold: Callable[[str, str], bool] = lambda of, path: False,
) -> Condition:
    """The same condition, in which what a path passes through has to be seen by whoever asks: an answer to "is there
    one that..." tells of a record as much as the record itself.

    of        the type that the condition is about
    related   the types that a relationship of a type may hold; none where it and what follows is a column of its own
    seen      which records of a type are seen by a relationship of another: None for all of them
    untold    whether a column of a type is not told as it is
    """
    if isinstance(condition, All | AnyOf):
        parts = tuple(confined(part, of, related, seen, untold) for part in condition.parts)
        return All(parts) if isinstance(condition, All) else AnyOf(parts)
    relationship, dot, rest = condition.path.partition(".")
    if not dot:
        return NEVER if untold(of, condition.path) else condition
    types = tuple(related(of, relationship, rest))
    if not types:
        return condition
    reached = []
    for name in types:
        inner = confined(Test(rest, condition.operator, condition.value), name, related, seen, untold)
        limits = seen(of, relationship, name)
        if limits != NEVER:
            reached.append(Related((inner,) if limits is None else (inner, limits), relationship, name))
    return either(*reached) if reached else NEVER
