"""Relationships between resources, and how related records are found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from paydesk.declare.conditions import Condition, Own, Test, both, eq, within
from paydesk.declare.fields import FILTER, NONE, WRITE, Flag


@dataclass(frozen=True)
class Tie:
    """The rows that tie two records, each to the other, of a many-to-many relationship.

    rows    the resource that they are
    near    their to-one that is this record
    far     their to-one that is the related record
    kinds   by column, the types that each may be of, where the to-one may be of others as well
    most    how many may be related to a record; None: as many as there are
    """

    rows: Any
    near: str
    far: str
    kinds: tuple[tuple[str, tuple[str, ...]], ...] = ()
    most: int | None = None

    def narrowed(self, *parts: Condition) -> tuple[Condition, ...]:
        """The conditions that a row fulfils beside these."""
        return (*parts, *(_one_of(column, kinds) for column, kinds in self.kinds))


@dataclass(frozen=True)
class Relationship:
    """One relationship.

    types        wire types it may hold; `kept` after the registry leaves out types that are not served
    match        what a related record fulfils, told from that record, with `Own` for this one's columns;
                 None for a to-one that a column of this record keeps
    by           the to-one of the related records that is this record
    through      the type whose rows tie the related records to this one; `tie` after the registry says how
    polymorphic  the column `{name}_type` beside `{name}_id` says which type the related record is of
    constrained  the database checks that the related record exists; not where two types relate to each other
    null_attribute  clients may also write `null` to it as an attribute
    listed       it holds what a list of the related type's own would: not all that may be shown to who knows an id
    hidden       ours alone: conditions may pass through it, clients cannot
    empty        none of its types is served, so there is nothing in it and nothing finds it
    """

    many: bool
    types: tuple[str, ...]
    flags: Flag = NONE
    name: str = ""
    required: bool = False
    includable: bool = True
    match: Condition | None = None
    by: str | None = None
    through: str | None = None
    tie: Tie | None = None
    prohibited: bool = False
    listed: bool = False
    hidden: bool = False
    empty: bool = False
    null_attribute: bool = False
    polymorphic: bool = False
    constrained: bool = True
    doc: str = ""

    def __post_init__(self) -> None:
        about = f"a to-many of {', '.join(self.types)}"
        if self.many and not self.empty:
            assert self.match is not None or self.by or self.through, f"{about}: say `by`, `through` or `match`"
            assert self.by or self.through or not self.flags & WRITE, f"{about}: what only matches cannot be written"

    @property
    def stored(self) -> bool:
        return not self.many and self.match is None and not self.empty

    def can(self, flag: Flag) -> bool:
        return bool(self.flags & flag)


def to_one(types: str | tuple[str, ...], flags: Flag = NONE, **options: Any) -> Any:
    """A related record, kept in the column `{name}_id` unless `match` says how it is found."""
    several: tuple[str, ...] = (types,) if isinstance(types, str) else types
    options.setdefault("polymorphic", len(several) > 1 and "match" not in options)
    return Relationship(False, several, flags, **options)


def to_many(
    types: str | tuple[str, ...],
    by: str | None = None,
    flags: Flag = FILTER,
    *,
    through: str | None = None,
    **options: Any,
) -> Any:
    """Related records, found in one of three ways.

    by       those whose to-one of this name is this record; written, they come to be this record's
    through  those that rows of this type tie to it: each has a to-one that may be this record (`by` names it where
             several may) and one that may be the related record. Written, rows are made and deleted
    match    those that fulfil a condition; such are never written
    """
    return Relationship(True, (types,) if isinstance(types, str) else types, flags, by=by, through=through, **options)


def children_of(by: str, kinds: tuple[str, ...]) -> Condition:
    """Whose to-one `by` is the owning record, which is of one of these types where that may be of others."""
    return both(eq(f"{by}_id", Own("id")), _one_of(f"{by}_type", kinds) if kinds else None)


def _one_of(column: str, kinds: tuple[str, ...]) -> Condition:
    return eq(column, kinds[0]) if len(kinds) == 1 else within(column, kinds)


def history(resource_types: tuple[str, ...]) -> Condition:
    """What finds the versions of a record that is recorded under one of these types."""
    return both(eq("resource_id", Own("id")), Test("resource_type", "in", resource_types))
