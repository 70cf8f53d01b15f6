"""What is served, for machines: `GET /api/public/resources`.

Source: Commerce Layer's published resources, in the shape that the official SDK's generator reads.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import orjson

from paydesk.declare import CREATE, FILTER, SORT, UPDATE, Flag
from paydesk.rules.registry import Registry
from paydesk.rules.resource import Resource


@cache
def resources_document(registry: Registry) -> bytes:
    """All served types with their actions, fields (triggers among them) and relationships."""
    return orjson.dumps({"data": [_resource(one) for one in registry.types.values()]})


def _resource(resource: type[Resource]) -> dict[str, Any]:
    shape = resource.shape
    fields: dict[str, Any] = {
        name: {"type": one.kind, **_flags(one.flags, one.fetch), "example": one.example}
        for name, one in shape.fields.items()
        if one.on_wire
    }
    for name, acting in shape.triggers.items():
        fields[name] = {"type": acting.kind, **_flags(acting.flags, False), "example": _acting_example(acting.kind)}
    relationships = {
        name: {
            "type": "has_many" if one.many else "has_one",
            "types": list(one.types),
            "polymorphic": len(one.types) > 1,
            "includable": one.includable,
            **_flags(one.flags, True),
        }
        for name, one in shape.relationships.items()
        if not one.hidden
    }
    return {
        "id": shape.singular,
        "type": "resources",
        "attributes": {
            "name": shape.type,
            "singleton": shape.singleton,
            "actions": list(shape.actions),
            "fields": fields,
            "relationships": relationships,
        },
    }


def _flags(flags: Flag, fetchable: bool) -> dict[str, bool]:
    return {
        "creatable": bool(flags & CREATE),
        "updatable": bool(flags & UPDATE),
        "fetchable": fetchable,
        "filterable": bool(flags & FILTER),
        "sortable": bool(flags & SORT),
    }


def _acting_example(kind: str) -> Any:
    return True if kind == "boolean" else None
