"""Rows to documents. What a declaration and a fieldset decide is worked out once, in a `View`; a row is then bytes.

Member order of a resource object: id, type, links, attributes, relationships, meta (Commerce Layer, "Stripe
payments", the published example). `data` linkage stands only where a relationship was included.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from functools import cache
from typing import Any

import orjson

from paydesk.base.money import as_float, formatted
from paydesk.declare import Field, Relationship
from paydesk.rules.registry import Registry
from paydesk.rules.resource import Resource

Include = Mapping[str, "Include"]
Fieldsets = Mapping[str, frozenset[str]]
Linkage = Mapping[str, Any]

_serials = iter(range(1, 1 << 62))


class View:
    """How records of one type are read and shown in one kind of request.

    columns   what the store has to select, in order, `id` first; a dotted path goes through a to-one
    includes  relationship name → the view of each type it may hold
    serial    names the view in statement keys
    gathers  the attributes that something is to be read for, after the rows
    gathers_any  it, or a view within it, has such
    asks_for_more  something is included, if only what is always empty
    size      how many views it is made of, itself among them
    """

    __slots__ = (
        "_attributes",
        "_identify",
        "_pieces",
        "_template",
        "asks_for_more",
        "at",
        "columns",
        "gathers",
        "gathers_any",
        "includes",
        "relationships",
        "resource",
        "serial",
        "size",
        "type",
    )

    def __init__(
        self,
        views: Views,
        resource: type[Resource],
        fieldsets: Fieldsets,
        include: Include,
        *,
        in_list: bool,
        confidential: frozenset[str],
    ) -> None:
        self.serial = next(_serials)
        self.resource = resource
        shape = resource.shape
        self.type = shape.type
        chosen = fieldsets.get(shape.type)
        self._identify: Any = None
        self.columns: list[str] = ["id"]
        self.at: dict[str, int] = {"id": 0}
        fields = [
            field
            for name, field in shape.fields.items()
            if field.fetch
            and name != "id"
            and (chosen is None or name in chosen)
            and not (in_list and field.show_only)
            and (not field.confidential or shape.type in confidential)
        ]
        self.gathers = tuple(field for field in fields if field.gather is not None)
        self._attributes = self._compile(fields)
        if resource.wire_id is not None:
            columns, identify = resource.wire_id
            places = [self.column(name) for name in columns]
            self._identify = lambda row: identify(*(row[place] for place in places))
        relationships = [
            one
            for name, one in {**shape.relationships, **shape.empty}.items()
            if not one.hidden and (chosen is None or name in chosen)
        ]
        self.relationships: dict[str, Relationship] = {one.name: one for one in relationships}
        self.asks_for_more = any(name in self.relationships for name in include)
        self.includes: dict[str, dict[str, View]] = {}
        for name, deeper in include.items():
            if name not in self.relationships or name in shape.empty:
                continue
            relationship = shape.relationships[name]
            if relationship.stored:
                self.column(f"{name}_id")
                if relationship.polymorphic:
                    self.column(f"{name}_type")
            self.includes[name] = {
                target: views.of(views.registry[target], fieldsets, deeper, in_list=in_list, confidential=confidential)
                for target in relationship.types
            }
        within = [view for targets in self.includes.values() for view in targets.values()]
        self.gathers_any: bool = bool(self.gathers) or any(view.gathers_any for view in within)
        for path in resource.tells if self.gathers_any else ():
            self.column(path)
        self.size: int = 1 + sum(view.size for view in within)
        self._pieces: dict[str, bytes] = {one.name: _piece(one, one.name in include) for one in relationships}
        self._template = b",".join(piece + b"}" for piece in self._pieces.values())

    def column(self, path: str) -> int:
        """The position of a column in the rows, selected from now on."""
        position = self.at.get(path)
        if position is None:
            position = self.at[path] = len(self.columns)
            self.columns.append(path)
        return position

    def _compile(self, fields: list[Field]) -> Any:
        """A function from (row, caller, what was gathered) to the attributes' dict: one dict display, three times as
        fast as a loop.
        """
        names: dict[str, Any] = {"fmt": formatted, "flt": as_float}
        parts: list[str] = []
        for number, field in enumerate(fields):
            if field.gather is not None:
                for path in field.inputs:
                    self.column(path)
                value = f"g.get({field.name!r})"
            elif field.constant:
                names[f"k{number}"] = field.default
                value = f"k{number}"
            elif field.stored and field.compute is None:
                value = f"r[{self.column(field.name)}]"
            elif field.money and not field.compute:
                maker = "flt" if field.kind == "float" else "fmt"
                cents = f"r[{self.column(field.inputs[0])}]"
                value = f"None if {cents} is None else {maker}({cents}, r[{self.column(field.money)}])"
            else:
                names[f"d{number}"] = field.compute
                inputs = ", ".join(
                    f"c.{path.removeprefix('caller.')}" if path.startswith("caller.") else f"r[{self.column(path)}]"
                    for path in field.inputs
                )
                value = f"d{number}({inputs})"
            parts.append(f"{field.name!r}: {value}")
        return eval(f"lambda r, c, g: {{{', '.join(parts)}}}", names)  # noqa: S307

    def render(
        self, row: Any, base: bytes, meta: bytes, linkage: Linkage | None, caller: Any, gathered: Mapping[str, Any]
    ) -> bytes:
        """One resource object. `base` is `{origin}/api/`, `meta` the request's meta object, `gathered` what was
        gathered for the row.
        """
        record_id = row[0] if self._identify is None else self._identify(row)
        own = base + f"{self.type}/{record_id}".encode()
        attributes = orjson.dumps(self._attributes(row, caller, gathered))
        head = b'{"id":"%b","type":"%b","links":{"self":"%b"},"attributes":%b' % (
            record_id.encode(),
            self.type.encode(),
            own,
            attributes,
        )
        if not self._pieces:
            return b'%b,"meta":%b}' % (head, meta)
        if linkage:
            relationships = b",".join(
                piece + b',"data":%b}' % linkage_data(linkage[name]) if name in linkage else piece + b"}"
                for name, piece in self._pieces.items()
            )
        else:
            relationships = self._template
        return b'%b,"relationships":{%b},"meta":%b}' % (head, relationships.replace(b"\0", own), meta)


def _piece(relationship: Relationship, included: bool) -> bytes:
    """A relationship up to the linkage that its records have; of one that is always empty all have the same."""
    name = relationship.name.encode()
    links = b'"%b":{"links":{"self":"\0/relationships/%b","related":"\0/%b"}' % (name, name, name)
    if not (relationship.empty and included):
        return links
    return links + (b',"data":[]' if relationship.many else b',"data":null')


def linkage_data(value: Any) -> bytes:
    """The `data` of a relationship: identities as (type, id)."""
    if value is None:
        return b"null"
    if isinstance(value, tuple):
        return b'{"type":"%b","id":"%b"}' % (value[0].encode(), value[1].encode())
    return b"[" + b",".join(linkage_data(identity) for identity in value) + b"]"


class Views:
    """The views in use, by what they depend on; those within others are shared. Bounded by how many there are in all:
    a client cannot fill memory with fieldsets and includes.
    """

    KEPT = 2048

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self._kept: OrderedDict[Any, View] = OrderedDict()
        self._size = 0

    def of(
        self,
        resource: type[Resource],
        fieldsets: Fieldsets,
        include: Include,
        *,
        in_list: bool,
        confidential: frozenset[str] = frozenset(),
    ) -> View:
        """`confidential`: the types whose confidential attributes this caller may see."""
        key = (resource.shape.type, _frozen(fieldsets), _frozen(include), in_list, confidential)
        view = self._kept.get(key)
        if view is None:
            view = View(self, resource, fieldsets, include, in_list=in_list, confidential=confidential)
            self._kept[key] = view
            self._size += view.size
            while self._size > self.KEPT:
                self._size -= self._kept.popitem(last=False)[1].size
        else:
            self._kept.move_to_end(key)
        return view


@cache
def views_of(registry: Registry) -> Views:
    """The process's views of these types: they do not depend on the database that is read, and neither do the
    statements that name them.
    """
    return Views(registry)


def _frozen(value: Any) -> Any:
    if isinstance(value, Mapping):
        return tuple((name, _frozen(value[name])) for name in sorted(value)) if value else ()
    return tuple(sorted(value))
