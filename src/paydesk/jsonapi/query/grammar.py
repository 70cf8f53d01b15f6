"""What a query string may name: the fields and columns that the declarations of a registry allow, and what the contract
knows beside them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from typing import Any

from paydesk.declare import FILTER, Field, Relationship
from paydesk.jsonapi.query.comparisons import Target
from paydesk.rules.registry import Registry

_MOST_RELATIONSHIPS = 3
"""A filter's name passes through at most so many."""
_CACHED_NAMES = 4096
_ID = Field("string", name="id")


class Grammar:
    """What the declarations of a registry allow.

    fields     by served type, the names of what its documents show
    unserved   what the contract knows and is not served, by type and by singular name
    """

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.resolve = lru_cache(_CACHED_NAMES)(self._resolve)
        self.unserved = {*registry.known, *(known.singular for known in registry.known.values())}
        self.fields = {
            name: frozenset(
                [field.name for field in resource.shape.fields.values() if field.fetch]
                + [
                    relationship.name
                    for relationship in resource.shape.relationships.values()
                    if not relationship.hidden
                ]
                + [*resource.shape.empty]
            )
            for name, resource in registry.types.items()
        }

    def shape(self, type_name: str) -> Any:
        return self.registry[type_name].shape

    def includable(self, type_name: str, name: str) -> tuple[str, ...]:
        """The types that a relationship which may be included holds, served or not; none where there is no such."""
        contract = self.registry.contract
        known = contract[type_name].relationships.get(name) if type_name in contract else None
        if type_name not in self.registry:
            return known.types if known is not None and "include" in known.can else ()
        shape = self.shape(type_name)
        relationship = shape.relationships.get(name) or shape.empty.get(name)
        if relationship is None or relationship.hidden or not relationship.includable:
            return ()
        return tuple(dict.fromkeys((*relationship.types, *(known.types if known is not None else ()))))

    def column(self, type_name: str, path: str) -> Field:
        """The declaration of a column by its path, as the conditions of a declaration name it."""
        shape = self.shape(type_name)
        *relationships, name = path.split(".")
        for relationship in relationships:
            shape = self.shape(shape.relationships[relationship].types[0])
        return shape.columns[name]  # type: ignore[no-any-return]

    def _resolve(self, type_name: str, name: str, depth: int = 0) -> Target | None:
        """The column that a name in a filter stands for, None when there is none that may be filtered by."""
        shape = self.registry[type_name].shape
        field = shape.fields.get(name)
        if field is not None and field.found_by:
            return Target(field.digested or name, field)
        # A price's own `sku_code` is not to be filtered by; its sku's `code` is.
        related = {**shape.relationships, **shape.empty}.values()
        for relationship in sorted(related, key=lambda each: len(each.name), reverse=True):
            prefix = relationship.name + "_"
            if not relationship.can(FILTER) or relationship.hidden:
                continue
            if name == relationship.name and (relationship.stored or relationship.empty):
                path = f"{name}_id"
                return Target(path, shape.columns.get(path, _ID), empty=relationship.empty, presence=True)
            if name.startswith(prefix):
                target = self._through(relationship, shape.columns, name[len(prefix) :], depth)
                if target is not None:
                    return target
        return None

    def _through(self, relationship: Relationship, columns: dict[str, Field], rest: str, depth: int) -> Target | None:
        own = f"{relationship.name}_{rest}"
        if relationship.stored and (rest == "id" or (rest == "type" and relationship.polymorphic)):
            return Target(own, columns[own])
        if relationship.empty:
            return Target(own, _ID, empty=True) if self._knows(relationship.types, rest, depth) else None
        if depth == _MOST_RELATIONSHIPS:
            return None
        # Records of several types: a name is known when it means the same column in each of them.
        meanings: set[tuple[str, str]] = set()
        target: Target | None = None
        for type_name in relationship.types:
            shape = self.registry[type_name].shape
            target = Target("id", shape.fields["id"]) if rest == "id" else self.resolve(type_name, rest, depth + 1)
            if target is None:
                return None
            meanings.add(("", "") if target.empty else (target.path, target.field.kind))
        if target is None or len(meanings) > 1 or (target.field.constant and len(relationship.types) > 1):
            return None
        return replace(target, path=f"{relationship.name}.{target.path}")

    def _knows(self, types: Iterable[str], name: str, depth: int) -> bool:
        """The contract knows this name in a filter for one of these types."""
        if name in ("id", "type"):
            return True
        for known in (self.registry.contract[type_name] for type_name in types):
            if name in known.attributes or name in known.relationships:
                return True
            for relationship, about in known.relationships.items() if depth < _MOST_RELATIONSHIPS else ():
                prefix = relationship + "_"
                if name.startswith(prefix) and self._knows(about.types, name[len(prefix) :], depth + 1):
                    return True
        return False


@lru_cache
def grammar_of(registry: Registry) -> Grammar:
    return Grammar(registry)
