"""Schemas: pieces of JSON Schema that the OpenAPI document is put together from."""

from __future__ import annotations

from typing import Any

MEDIA_TYPE = "application/vnd.api+json"

Json = dict[str, Any]

TEXT = r"^[^\u0000]*$"
"""The database takes no NUL character."""
ID_EXAMPLE = "XAyRWNUzyN"


def ref(name: str) -> Json:
    """A reference to a schema of the components."""
    return {"$ref": f"#/components/schemas/{name}"}


def nullable(schema: Json) -> Json:
    if "$ref" in schema or "anyOf" in schema:
        return {"anyOf": [schema, {"type": "null"}]}
    with_null = dict(schema)
    if "enum" in with_null:
        with_null["enum"] = [*with_null["enum"], None]
    if "type" in with_null:
        with_null["type"] = [with_null["type"], "null"]
    return with_null


def members(properties: Json, required: list[str]) -> Json:
    """An object with these members and no others."""
    schema: Json = {"type": "object", "properties": properties, "additionalProperties": False}
    if required:
        schema["required"] = required
    return schema


def document(data: Json, *, included: bool = True, **others: Json) -> Json:
    """A JSON:API document with this `data`."""
    properties: Json = {"data": data}
    if included:
        properties["included"] = ref("included")
    properties.update(others)
    return {"type": "object", "required": ["data", *others], "properties": properties, "additionalProperties": False}


def answer(description: str, schema: Json) -> Json:
    return {"description": description, "content": {MEDIA_TYPE: {"schema": schema}}}
