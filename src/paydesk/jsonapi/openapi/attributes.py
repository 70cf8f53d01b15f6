"""The schemas of attributes and relationships: as documents show them, and as requests may write them."""

from __future__ import annotations

from paydesk.declare import Field, Relationship
from paydesk.jsonapi.body.checks import MAXIMUM_METADATA_KEYS
from paydesk.jsonapi.openapi.examples import has_example
from paydesk.jsonapi.openapi.schema import ID_EXAMPLE, TEXT, Json, nullable, ref


def shown_attribute(field: Field) -> Json:
    """An attribute as documents show it."""
    schema: Json
    if field.kind == "datetime":
        schema = ref("instant")
    elif field.kind == "float":
        schema = {"type": "number"}
    elif field.constant and type(field.default) is bool:
        # One attribute is published as an integer and shown as a truth value.
        schema = {"type": "boolean"}
    else:
        schema = _plain(field)
        if field.enum is not None:
            schema["enum"] = list(field.enum)
    return _documented(schema if is_never_null(field) else nullable(schema), field)


def is_never_null(field: Field) -> bool:
    """Documents always have a value of this attribute."""
    return field.name in ("created_at", "updated_at", "metadata") or (field.required and field.stored)


def written_attribute(field: Field, *, may_be_null: bool) -> Json:
    """An attribute as requests may write it."""
    schema: Json
    if field.kind == "datetime":
        schema = ref("instant_input")
    elif field.kind == "boolean":
        schema = {"type": "boolean"}
    elif field.kind == "integer":
        low = -(2**63) if field.minimum is None else field.minimum
        high = 2**63 - 1 if field.maximum is None else field.maximum
        schema = {"type": "integer", "minimum": low, "maximum": high}
    elif field.kind == "float":
        schema = {"type": "number"}
        if field.minimum is not None:
            schema["minimum"] = field.minimum
        if field.maximum is not None:
            schema["maximum"] = field.maximum
    elif field.kind == "string":
        if field.enum is not None:
            schema = {"type": "string", "enum": list(field.enum)}
        else:
            schema = {"type": "string", "maxLength": field.max_length, "pattern": TEXT}
            if field.required:
                schema["minLength"] = 1
    else:
        schema = _plain(field)
        if field.name == "metadata":
            schema["maxProperties"] = MAXIMUM_METADATA_KEYS
    return _documented(nullable(schema) if may_be_null else schema, field)


def _plain(field: Field) -> Json:
    """The schema of a kind. Objects and arrays say that they hold anything: generators read silence as nothing."""
    more: Json = {"object": {"additionalProperties": True}, "array": {"items": {}}}
    return {"type": field.kind, **more.get(field.kind, {})}


def _documented(schema: Json, field: Field) -> Json:
    documented = dict(schema)
    if field.doc:
        documented["description"] = field.doc
    if has_example(field):
        documented["examples"] = [field.example]
    return documented


def linkage(relationship: Relationship, *, write: bool) -> Json:
    """The `data` of a relationship."""
    types = list(relationship.types)
    key: Json = {"type": "string", "examples": [ID_EXAMPLE]}
    if write:
        key.update(minLength=1, maxLength=255, pattern=TEXT)
    identity: Json = {
        "type": "object",
        "required": ["type", "id"],
        "properties": {"type": {"type": "string", "enum": types}, "id": key},
    }
    if relationship.empty:
        return {"type": "array", "items": identity, "maxItems": 0} if relationship.many else {"type": "null"}
    if relationship.many:
        return {"type": "array", "items": identity}
    return identity if write and relationship.required else {"anyOf": [identity, {"type": "null"}]}
