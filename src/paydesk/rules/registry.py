"""Registry: all types put together, with what each decides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from paydesk.declare.contract import KnownMember, KnownType
from paydesk.declare.fields import CREATE, Field, flags
from paydesk.declare.related import readable
from paydesk.declare.relationships import Relationship, history
from paydesk.declare.shape import Shape, Trigger
from paydesk.rules.resource import Resource
from paydesk.rules.work import Work

ALWAYS_EMPTY = "Always empty in this version."
CHANGES_NOTHING = "Changes nothing in this version."
"""The documentation of what the contract knows and is not served: relationships, and triggers that are about them."""


@dataclass(frozen=True, eq=False)
class Registry:
    """All types. Relationships to types that are not served stand apart, with nothing in them. Equal to itself alone.

    types     what clients are served
    every     these, and the records without any action, which rules keep and no client sees
    contract  what the contract knows, served or not
    known     what it knows and is not served: there is nothing of it
    """

    types: dict[str, type[Resource]]
    every: dict[str, type[Resource]] = field(default_factory=dict)
    contract: Mapping[str, KnownType] = field(default_factory=dict)
    known: Mapping[str, KnownType] = field(default_factory=dict)

    def __getitem__(self, name: str) -> type[Resource]:
        return self.every[name]

    def __contains__(self, name: object) -> bool:
        return name in self.types

    def members(self, family: str) -> tuple[str, ...]:
        """The served types of a family."""
        return tuple(name for name, one in self.types.items() if one.shape.family == family)


def register(resources: Iterable[type[Resource]], contract: Mapping[str, KnownType] | None = None) -> Registry:
    """Put resources together: sets relationships to unserved types apart and fixes every type's columns.

    contract   what there is beside them, served or not
    """
    contract = contract or {}
    every = {one.shape.type: one for one in sorted(resources, key=lambda one: one.shape.type)}
    types = {name: one for name, one in every.items() if one.shape.actions}
    for one in every.values():
        shape = one.shape
        kept: dict[str, Relationship] = {}
        for name, relationship in shape.relationships.items():
            served = tuple(target for target in relationship.types if target in types)
            if served:
                kept[name] = readable(replace(relationship, types=served), one, every)
        members = tuple(name for name, other in every.items() if other.shape.family == shape.type)
        for name in ("versions", "event_stores") if members else ():
            # What is read as the family's was recorded as what it is.
            kept[name] = replace(kept[name], match=history((shape.type, *members)))
        shape.relationships = kept
        _know(shape, contract.get(shape.type), types)
        shape.columns = {"id": shape.fields["id"]}
        for name, relationship in kept.items():
            if relationship.stored:
                if relationship.polymorphic:
                    shape.columns[f"{name}_type"] = Field("string", name=f"{name}_type", fetch=False)
                shape.columns[f"{name}_id"] = Field("string", name=f"{name}_id", fetch=False)
        shape.columns.update({name: one for name, one in shape.fields.items() if one.stored and name != "id"})
        named: list[Field | Relationship] = [
            *(one for one in shape.fields.values() if one.default is None or one.constant),
            *kept.values(),
        ]
        shape.demanded = tuple(one.name for one in named if one.required and one.can(CREATE))
        columns = {name: f"{name}_id" if name in kept else name for name in shape.demanded}
        shape.kept = tuple((name, column) for name, column in columns.items() if column in shape.columns)
    return Registry(types, every, contract, {name: one for name, one in contract.items() if name not in types})


def _know(shape: Shape, known: KnownType | None, served: Mapping[str, type[Resource]]) -> None:
    """Put in what the contract says of a served type, and nothing served can be in."""
    shape.empty = {
        name: _empty(name, one)
        for name, one in (known.relationships.items() if known is not None else ())
        if not served.keys() & {*one.types}
    }
    shape.triggers = {name: one for name, one in shape.triggers.items() if not one.idle}
    for name, one in known.triggers.items() if known is not None else ():
        related = next((name.removeprefix(what) for what in ("_add_", "_remove_") if name.startswith(what)), None)
        if related in shape.empty and name not in shape.triggers:
            shape.triggers[name] = Trigger(
                name, flags(one.can), _nothing, one.kind, "prohibited" in one.can, doc=CHANGES_NOTHING, idle=True
            )


def _empty(name: str, known: KnownMember) -> Relationship:
    return Relationship(
        known.many,
        known.types,
        flags(known.can),
        name,
        includable="include" in known.can,
        empty=True,
        prohibited="prohibited" in known.can,
        doc=ALWAYS_EMPTY,
    )


def _nothing(record: Resource, work: Work, value: Any) -> None:
    raise AssertionError("a trigger without anything to act on is never run")
