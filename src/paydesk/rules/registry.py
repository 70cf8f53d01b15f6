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
from paydesk.rules.linking import naming
from paydesk.rules.resource import Resource

ALWAYS_EMPTY = "Always empty in this version."
"""The documentation of relationships that the contract knows and whose types are not served."""


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
        for name, relationship in _related(shape, contract.get(shape.type), types).items():
            there = every if relationship.hidden else types
            served = tuple(target for target in relationship.types if target in there)
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
    for one in every.values():
        one.shape.holders = _holders(one, every)
    return Registry(types, every, contract, {name: one for name, one in contract.items() if name not in types})


def _related(shape: Shape, known: KnownType | None, served: Mapping[str, type[Resource]]) -> dict[str, Relationship]:
    """What a type declares, and what it bears of types that are about others: the contract says which it bears, their
    declarations how they are found. A history stands last.
    """
    found = dict(shape.relationships)
    last = {name: found.pop(name) for name in ("versions", "event_stores") if name in found}
    for name, one in known.relationships.items() if known is not None else ():
        borne = served.get(one.types[0]) if one.many else None
        if name in found or borne is None or not borne.about or name in last:
            continue
        rows, _, by = borne.about.rpartition(".")
        way: dict[str, Any] = {"through": borne.shape.relationships[rows].types[0]} if rows else {"by": by}
        found[name] = Relationship(
            True,
            one.types,
            flags(one.can),
            name,
            includable="include" in one.can,
            prohibited="prohibited" in one.can,
            **way,
        )
    return found | last


def _holders(borne: type[Resource], every: Mapping[str, type[Resource]]) -> tuple[type[Resource], ...]:
    """The types of the records that records of a type are about."""
    found: tuple[type[Resource], ...] = (borne,) if borne.about else ()
    for step in borne.about.split(".") if borne.about else ():
        found = tuple(every[name] for name in found[0].shape.relationships[step].types)
    return found


def _know(shape: Shape, known: KnownType | None, served: Mapping[str, type[Resource]]) -> None:
    """Put in what the contract says of a served type: what nothing served can be in, and the triggers by which what
    others are tied to it by is named.
    """
    shape.empty = {
        name: _empty(name, one)
        for name, one in (known.relationships.items() if known is not None else ())
        if not served.keys() & {*one.types}
    }
    for name, one in known.triggers.items() if known is not None else ():
        related = next((name.removeprefix(what) for what in ("_add_", "_remove_") if name.startswith(what)), None)
        relationship = shape.relationships.get(related or "")
        if relationship is not None and relationship.tie is not None:
            run, doc = naming(relationship, adds=name.startswith("_add_"))
            shape.triggers[name] = Trigger(name, flags(one.can), run, one.kind, "prohibited" in one.can, doc=doc)


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
