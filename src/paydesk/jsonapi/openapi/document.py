"""An OpenAPI 3.1 description of everything served, made from the declarations.

Source: OpenAPI 3.1; JSON:API 1.0 for the documents; what `query` and `body` accept for parameters and bodies.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypedDict

import orjson

from paydesk.jsonapi.openapi.answers import example_answers
from paydesk.jsonapi.openapi.components import ERROR_ANSWERS, HEADERS, PARAMETERS, SCHEMAS, SECURITY
from paydesk.jsonapi.openapi.paths import Paths
from paydesk.jsonapi.openapi.resources import resource_schemas
from paydesk.jsonapi.openapi.schema import Json
from paydesk.jsonapi.openapi.wording import public_doc
from paydesk.rules.registry import Registry


class Document(TypedDict):
    """An OpenAPI object. It has a tag for each type."""

    openapi: str
    info: Json
    servers: list[Json]
    security: list[Json]
    tags: list[Json]
    paths: Json
    components: Json


def openapi_document(
    registry: Registry,
    *,
    version: str,
    servers: Iterable[str] = (),
    paths: Mapping[str, Any] | None = None,
    schemas: Mapping[str, Any] | None = None,
) -> bytes:
    """The whole description as JSON.

    version  of this server
    servers  base addresses without `/api`
    paths    path items of what is served beside resources (`/oauth/token`, `/healthz`)
    schemas  component schemas that those refer to
    """
    resource_paths = Paths(registry)
    all_paths = resource_paths.all()
    document = Document(
        openapi="3.1.0",
        info={
            "title": "paydesk",
            "version": version,
            "description": "An open payment desk that speaks the Commerce Layer API.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        servers=[{"url": url} for url in servers] or [{"url": "/"}],
        security=[{"bearer": []}],
        tags=[{"name": one.shape.type, "description": public_doc(one.shape)} for one in registry.types.values()],
        paths={**all_paths, **(paths or {})},
        components={
            "securitySchemes": SECURITY,
            "parameters": {**PARAMETERS, **resource_paths.parameters.components},
            "headers": HEADERS,
            "examples": example_answers(registry),
            "responses": ERROR_ANSWERS,
            "schemas": {**SCHEMAS, **resource_schemas(registry), **(schemas or {})},
        },
    )
    return orjson.dumps(document)
