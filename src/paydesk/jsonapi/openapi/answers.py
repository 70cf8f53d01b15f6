"""Examples of answers: a record, a page, a linkage and an error, as components that operations refer to."""

from __future__ import annotations

from typing import Any

import orjson

from paydesk.declare import Field, Relationship, Shape
from paydesk.jsonapi import errors
from paydesk.jsonapi.openapi.attributes import is_never_null
from paydesk.jsonapi.openapi.examples import has_example, sample
from paydesk.jsonapi.openapi.schema import ID_EXAMPLE, MEDIA_TYPE, Json
from paydesk.rules.registry import Registry

EXAMPLE_ORIGIN = "https://acme.example.com"
"""The address that examples are told by."""

_BASE = f"{EXAMPLE_ORIGIN}/api"
_META = {"mode": "test", "organization_id": "EdnYlFAgxZ", "trace_id": "5b1f" * 16}


def example_answers(registry: Registry) -> Json:
    """The examples of all types, by name."""
    examples: Json = {}
    for resource in registry.types.values():
        shape = resource.shape
        record = _record(shape)
        examples[f"{shape.type}_document"] = {"value": {"data": record}}
        if "list" not in shape.actions:
            continue
        page = f"{_BASE}/{shape.type}?page%5Bnumber%5D=1"
        examples[f"{shape.type}_list"] = {
            "value": {
                "data": [record],
                "meta": {"record_count": 1, "page_count": 1},
                "links": {"first": page, "last": page},
            }
        }
    return examples


def example_history(shape: Shape) -> Json:
    """A page by cursor."""
    return {"data": [_record(shape)], "meta": {}, "links": {}}


def example_linkage(shape: Shape, name: str, relationship: Relationship) -> Json:
    """The answer at the address of a relationship's linkage."""
    own = f"{_BASE}/{shape.type}/{ID_EXAMPLE}"
    identity = {"type": relationship.types[0], "id": ID_EXAMPLE}
    return {
        "links": {"self": f"{own}/relationships/{name}", "related": f"{own}/{name}"},
        "data": [identity] if relationship.many else identity,
    }


def with_example(answer: Json, example: str | Json) -> Json:
    """An answer with an example: itself, or the name of a component."""
    content = answer["content"][MEDIA_TYPE]
    if isinstance(example, str):
        content["examples"] = {"example": {"$ref": f"#/components/examples/{example}"}}
    else:
        content["example"] = example
    return answer


def _record(shape: Shape) -> Json:
    own = f"{_BASE}/{shape.type}/{ID_EXAMPLE}"
    names = [name for name, relationship in {**shape.relationships, **shape.empty}.items() if not relationship.hidden]
    record: Json = {
        "id": ID_EXAMPLE,
        "type": shape.type,
        "links": {"self": own},
        "attributes": {name: _value(field) for name, field in shape.fields.items() if field.fetch and name != "id"},
    }
    if names:
        record["relationships"] = {
            name: {"links": {"self": f"{own}/relationships/{name}", "related": f"{own}/{name}"}} for name in names
        }
    record["meta"] = _META
    return record


def _value(field: Field) -> Any:
    if field.constant:
        return field.default
    if has_example(field):
        return field.example
    return sample(field) if is_never_null(field) else None


def example_error(status: int) -> Json:
    """An answer with an error of this status."""
    if status == 422:
        problem = errors.validation("quantity", "blank", pointer="/data/attributes/quantity")
    else:
        code = next(code for code in errors.CODES if errors.problem(code).status == status)
        problem = errors.problem(code)
    value: Json = orjson.loads(errors.document([problem])[1])
    return value
