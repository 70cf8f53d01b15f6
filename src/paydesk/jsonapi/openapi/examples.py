"""Examples of requests, made from the examples of attributes."""

from __future__ import annotations

from typing import Any

from paydesk.declare import CREATE, Field, Flag, Shape
from paydesk.jsonapi.openapi.schema import ID_EXAMPLE, Json

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "float": (int, float),
    "boolean": (bool,),
    "datetime": (str,),
    "object": (dict,),
    "array": (list,),
}


def has_example(field: Field) -> bool:
    """The declaration's example is a value that the attribute can have: some published examples are not."""
    fits = type(field.example) in _TYPES[field.kind]
    return fits and (field.enum is None or field.example in field.enum)


def example_data(shape: Shape, flag: Flag) -> Json:
    """The `data` of a small request that makes sense: what is required, else one attribute."""
    creates = flag is CREATE
    links = {
        name: {"data": {"type": relationship.types[0], "id": ID_EXAMPLE}}
        for name, relationship in shape.relationships.items()
        if creates
        and relationship.can(flag)
        and relationship.required
        and not relationship.many
        and not relationship.hidden
    }
    writable = [field for field in shape.fields.values() if field.can(flag)]
    chosen = [field for field in writable if creates and field.required and field.default is None]
    if not chosen and not links:
        plain = [field for field in writable if not field.constant and not field.prohibited and not field.argument]
        chosen = [field for field in plain if has_example(field)][:1]
    data: Json = {"type": shape.type}
    if not creates:
        data["id"] = ID_EXAMPLE
    data["attributes"] = {field.name: field.example if has_example(field) else sample(field) for field in chosen}
    if links:
        data["relationships"] = links
    return data


def sample(field: Field) -> Any:
    """A value that the attribute can have."""
    if field.enum:
        return field.enum[0]
    samples: Json = {
        "string": "text",
        "datetime": "2018-01-01T12:00:00.000Z",
        "boolean": True,
        "object": {},
        "array": [],
    }
    return samples.get(field.kind, field.minimum or 1)
