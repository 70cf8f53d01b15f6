"""The schemas of a type: its resource object, its documents and lists, and the requests that write it."""

from __future__ import annotations

from paydesk.declare import CREATE, UPDATE, Field, Flag, Shape
from paydesk.jsonapi.openapi.attributes import linkage, shown_attribute, written_attribute
from paydesk.jsonapi.openapi.schema import ID_EXAMPLE, Json, document, members, ref
from paydesk.jsonapi.openapi.wording import public_doc
from paydesk.rules.registry import Registry


def resource_schemas(registry: Registry) -> Json:
    """The schemas of all types, by name."""
    schemas: Json = {}
    for resource in registry.types.values():
        shape = resource.shape
        schemas[shape.type] = _resource_object(shape)
        schemas[f"{shape.type}_document"] = document(ref(shape.type))
        if "list" in shape.actions:
            schemas[f"{shape.type}_list"] = document(
                {"type": "array", "items": ref(shape.type)}, meta=ref("page_meta"), links=ref("page_links")
            )
        if "create" in shape.actions:
            schemas[f"{shape.type}_create"] = _request_document(shape, CREATE)
        if "update" in shape.actions:
            schemas[f"{shape.type}_update"] = _request_document(shape, UPDATE)
    return schemas


def _resource_object(shape: Shape) -> Json:
    relationships = {
        name: {
            "type": "object",
            "required": ["links"],
            "properties": {"links": ref("relationship_links"), "data": linkage(relationship, write=False)},
            "additionalProperties": False,
            **({"description": relationship.doc} if relationship.doc else {}),
        }
        for name, relationship in {**shape.relationships, **shape.empty}.items()
        if not relationship.hidden
    }
    attributes = {name: shown_attribute(field) for name, field in shape.fields.items() if field.fetch and name != "id"}
    return {
        "type": "object",
        "description": public_doc(shape),
        "required": ["id", "type", "links", "attributes", "meta"],
        "properties": {
            "id": {"type": "string", "examples": [ID_EXAMPLE]},
            "type": {"const": shape.type},
            "links": ref("resource_links"),
            "attributes": members(attributes, []),
            "relationships": members(relationships, []),
            "meta": ref("resource_meta"),
        },
        "additionalProperties": False,
    }


def _request_document(shape: Shape, flag: Flag) -> Json:
    """A request that creates or updates a record."""
    creates = flag is CREATE
    attributes, required_attributes = _writable_attributes(shape, flag)
    relationships, required_relationships = _writable_relationships(shape, flag)
    data: Json = {
        "type": "object",
        "required": ["type"],
        "properties": {
            "type": {"const": shape.type},
            "attributes": members(attributes, required_attributes),
            "relationships": members(relationships, required_relationships),
        },
        "additionalProperties": False,
    }
    if required_attributes:
        data["required"].append("attributes")
    if required_relationships:
        data["required"].append("relationships")
    if not creates:
        data["properties"]["id"] = {"type": "string"}
        if not shape.singleton:
            data["required"].append("id")
    return {
        "type": "object",
        "required": ["data"],
        "properties": {"data": data},
        "additionalProperties": False,
    }


def _writable_attributes(shape: Shape, flag: Flag) -> tuple[Json, list[str]]:
    """The attributes and triggers that a request may write, and the names that it must."""
    attributes: Json = {}
    required: list[str] = []
    for name, field in shape.fields.items():
        if field.can(flag):
            attributes[name] = written_attribute(field, may_be_null=not field.required)
            if flag is CREATE and field.required and field.default is None:
                required.append(name)
    for name, acting in shape.triggers.items():
        if acting.can(flag):
            field = Field(acting.kind, name=name, doc=acting.doc)  # type: ignore[arg-type]
            attributes[name] = written_attribute(field, may_be_null=True)
    for name, relationship in shape.relationships.items():
        if relationship.null_attribute and relationship.can(flag) and not relationship.hidden:
            attributes[name] = {"type": "null"}
    return attributes, required


def _writable_relationships(shape: Shape, flag: Flag) -> tuple[Json, list[str]]:
    """The relationships that a request may write, and the names that it must."""
    relationships: Json = {}
    required: list[str] = []
    for name, relationship in {**shape.relationships, **shape.empty}.items():
        if relationship.can(flag) and not relationship.hidden:
            relationships[name] = {
                "type": "object",
                "required": ["data"],
                "properties": {"data": linkage(relationship, write=True)},
                "additionalProperties": False,
                **({"description": relationship.doc} if relationship.empty else {}),
            }
            if flag is CREATE and relationship.required:
                required.append(name)
    return relationships, required
