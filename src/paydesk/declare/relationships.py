"""The relationships of a resource, and how the store finds what they relate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from paydesk.declare.conditions import Condition, Own, Test, eq
from paydesk.declare.fields import FILTER, NONE, Flag


@dataclass(frozen=True)
class Relationship:
    """One relationship.

    types        wire types it may hold; `kept` after the registry leaves out types that are not served
    match        what a related record fulfils, told from that record, with `Own` for this one's columns;
                 None for a to-one that a column of this record keeps
    polymorphic  the column `{name}_type` beside `{name}_id` says which type the related record is of
    constrained  the database checks that the related record exists; not where two types relate to each other
    null_attribute  clients may also write `null` to it as an attribute
    listed       it holds what a list of the related type's own would: not all that may be shown to who knows an id
    hidden       ours alone: conditions may pass through it, clients cannot
    """

    many: bool
    types: tuple[str, ...]
    flags: Flag = NONE
    name: str = ""
    required: bool = False
    includable: bool = True
    match: Condition | None = None
    prohibited: bool = False
    listed: bool = False
    hidden: bool = False
    null_attribute: bool = False
    polymorphic: bool = False
    constrained: bool = True
    doc: str = ""

    @property
    def stored(self) -> bool:
        return not self.many and self.match is None

    def can(self, flag: Flag) -> bool:
        return bool(self.flags & flag)


def to_one(types: str | tuple[str, ...], flags: Flag = NONE, **options: Any) -> Any:
    """A related record, kept in the column `{name}_id` unless `match` says how it is found."""
    several: tuple[str, ...] = (types,) if isinstance(types, str) else types
    options.setdefault("polymorphic", len(several) > 1 and "match" not in options)
    return Relationship(False, several, flags, **options)


def to_many(types: str | tuple[str, ...], by: str | None = None, flags: Flag = FILTER, **options: Any) -> Any:
    """Related records: those whose to-one `by` is this record, or those that fulfil `match`."""
    if by is not None:
        options["match"] = eq(f"{by}_id", Own("id"))
    return Relationship(True, (types,) if isinstance(types, str) else types, flags, **options)


def history(resource_types: tuple[str, ...]) -> Condition:
    """What finds the versions of a record that is recorded under one of these types."""
    from paydesk.declare.conditions import both

    return both(eq("resource_id", Own("id")), Test("resource_type", "in", resource_types))
