"""An OpenAPI 3.1 description of everything served, made from the declarations.
Source: OpenAPI 3.1; JSON:API 1.0 for the documents; what `query` and `read` accept for parameters and bodies.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from paydesk.declare import CREATE, FILTER, SORT, UPDATE, Field, Flag, Relationship, Shape
from paydesk.jsonapi.errors import CODES
from paydesk.jsonapi.query.predicates import predicates_of
from paydesk.jsonapi.query.query import PAGE_SIZE, PAGE_SIZE_MAXIMUM
from paydesk.jsonapi.read import MAXIMUM_METADATA_KEYS
from paydesk.rules.registry import Registry
from paydesk.rules.resource import Resource

MEDIA_TYPE = "application/vnd.api+json"

Json = dict[str, Any]

_TEXT = r"^[^\u0000]*$"
_ID_EXAMPLE = "XAyRWNUzyN"

_ERRORS = {
    400: "The request could not be read: a malformed body, or a name or value that is not known.",
    401: "The token is missing or not valid (`INVALID_TOKEN`), or does not permit this (`UNAUTHORIZED`).",
    403: "The operation is never permitted.",
    404: "No such record in this environment.",
    405: "The resource does not offer this operation.",
    406: "`Accept` leaves no media type to answer with.",
    409: "Another operation on the same record is under way, or a unique value was taken meanwhile. Try again.",
    413: "The request body is too large.",
    415: "The request body is not of the media type `application/vnd.api+json`.",
    422: "A rule is broken. `source.pointer` says where, `meta.error` which.",
    423: "The record cannot be deleted in its state.",
    429: "The rate limit is exceeded; `Retry-After` says for how long.",
    503: "The outcome is not known yet, or a gateway cannot be reached. Send the same request again.",
}
_READING = (400, 401, 403, 404, 405, 406, 429, 503)
_WRITING = (400, 401, 403, 404, 405, 406, 409, 413, 415, 422, 429, 503)
_DELETING = (*_WRITING, 423)


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
    described = _Description(registry)
    resource_paths = described.paths()
    return orjson.dumps(
        {
            "openapi": "3.1.0",
            "info": {
                "title": "paydesk",
                "version": version,
                "description": "An open payment desk that speaks the Commerce Layer API.",
                "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            },
            "servers": [{"url": url} for url in servers] or [{"url": "/"}],
            "security": [{"bearer": []}],
            "tags": [{"name": one.shape.type, "description": public_doc(one.shape)} for one in registry.types.values()],
            "paths": {**resource_paths, **(paths or {})},
            "components": {
                "securitySchemes": _SECURITY,
                "parameters": {**_PARAMETERS, **described.parameters},
                "headers": _HEADERS,
                "responses": {f"error_{status}": _error_response(status) for status in _ERRORS},
                "schemas": {**_SCHEMAS, **described.schemas(), **(schemas or {})},
            },
        }
    )


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


_SECURITY: Json = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "An access token of `POST /oauth/token`. It also decides the environment, test or live.",
    }
}

_PARAMETERS: Json = {
    "page_number": {
        "name": "page[number]",
        "in": "query",
        "description": "The page, from 1.",
        "schema": {"type": "integer", "minimum": 1, "maximum": 10**15 - 1, "default": 1},
    },
    "page_size": {
        "name": "page[size]",
        "in": "query",
        "description": f"Records a page, at most {PAGE_SIZE_MAXIMUM}.",
        "schema": {"type": "integer", "minimum": 1, "maximum": PAGE_SIZE_MAXIMUM, "default": PAGE_SIZE},
    },
    "page_after": {
        "name": "page[after]",
        "in": "query",
        "description": "Where the page before ended: taken from its `links.next`.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    },
    "idempotency_key": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "Makes repeating the request safe: for 24 hours the same key gives the same answer. A key "
        "belongs to the application and the token's owner; a guest's belongs to the access token itself.",
        "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
    },
}

_HEADERS: Json = {
    "location": {"description": "The address of the new record.", "schema": {"type": "string", "format": "uri"}},
    "retry_after": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 0}},
    "idempotent_replayed": {
        "description": "`true` when this is the kept answer to an earlier request with the same key.",
        "schema": {"type": "string", "enum": ["true"]},
    },
}

_SCHEMAS: Json = {
    "instant": {
        "type": "string",
        "format": "date-time",
        "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$",
        "description": "A point in time: UTC with milliseconds.",
    },
    "instant_input": {
        "description": "A point in time in ISO 8601; without an offset it is UTC, without a time midnight.",
        "anyOf": [{"type": "string", "format": "date-time"}, {"type": "string", "format": "date"}],
    },
    "boolean_input": {
        "description": "True or false, also written as 1 or 0, or as a string.",
        "anyOf": [{"type": "boolean"}, {"enum": [0, 1, "0", "1", "true", "false"]}],
    },
    "linkage": {
        "type": "object",
        "required": ["type", "id"],
        "properties": {"type": {"type": "string"}, "id": {"type": "string"}},
    },
    "relationship_links": {
        "type": "object",
        "required": ["self", "related"],
        "properties": {"self": {"type": "string", "format": "uri"}, "related": {"type": "string", "format": "uri"}},
    },
    "resource_links": {
        "type": "object",
        "required": ["self"],
        "properties": {"self": {"type": "string", "format": "uri"}},
    },
    "page_links": {
        "type": "object",
        "required": ["first", "last"],
        "properties": {name: {"type": "string", "format": "uri"} for name in ("first", "prev", "next", "last")},
        "additionalProperties": False,
    },
    "page_meta": {
        "type": "object",
        "required": ["record_count", "page_count"],
        "properties": {
            "record_count": {"type": "integer", "minimum": 0},
            "page_count": {"type": "integer", "minimum": 1},
        },
    },
    "resource_meta": {
        "type": "object",
        "required": ["mode", "organization_id", "trace_id"],
        "properties": {
            "mode": {"enum": ["test", "live"]},
            "organization_id": {"type": "string"},
            "trace_id": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
        },
    },
    "included": {
        "type": "array",
        "description": "The related records that `include` asked for, each once.",
        "items": {
            "type": "object",
            "required": ["id", "type", "attributes"],
            "properties": {
                "id": {"type": "string"},
                "type": {"type": "string"},
                "links": _ref("resource_links"),
                "attributes": {"type": "object"},
                "relationships": {"type": "object"},
                "meta": _ref("resource_meta"),
            },
        },
    },
    "errors": {
        "type": "object",
        "required": ["errors"],
        "properties": {
            "errors": {
                "type": "array",
                "minItems": 1,
                "items": {
                    "type": "object",
                    "required": ["title", "detail", "code", "status"],
                    "properties": {
                        "title": {"type": "string"},
                        "detail": {"type": "string"},
                        "code": {"enum": list(CODES)},
                        "status": {"type": "string", "pattern": "^[45][0-9]{2}$"},
                        "source": {
                            "type": "object",
                            "properties": {
                                "pointer": {"type": "string"},
                                "parameter": {"type": "string"},
                                "header": {"type": "string"},
                            },
                        },
                        "meta": {"type": "object"},
                    },
                },
            }
        },
    },
}


def _error_response(status: int) -> Json:
    answer: Json = {"description": _ERRORS[status], "content": {MEDIA_TYPE: {"schema": _ref("errors")}}}
    if status in (409, 429, 503):
        answer["headers"] = {"Retry-After": {"$ref": "#/components/headers/retry_after"}}
    return answer


def _errors(statuses: Iterable[int]) -> Json:
    return {str(status): {"$ref": f"#/components/responses/error_{status}"} for status in sorted(statuses)}


def _nullable(schema: Json) -> Json:
    if "$ref" in schema or "anyOf" in schema:
        return {"anyOf": [schema, {"type": "null"}]}
    made = dict(schema)
    if "enum" in made:
        made["enum"] = [*made["enum"], None]
    if "type" in made:
        made["type"] = [made["type"], "null"]
    return made


def _told(one: Field) -> Json:
    """An attribute as documents have it."""
    schema: Json
    if one.kind == "datetime":
        schema = _ref("instant")
    elif one.kind == "float":
        schema = {"type": "number"}
    elif one.constant and type(one.default) is bool:
        # One is published as an integer and told as a truth value.
        schema = {"type": "boolean"}
    else:
        schema = {"type": one.kind}
        if one.enum is not None:
            schema["enum"] = list(one.enum)
    sure = one.name in ("created_at", "updated_at", "metadata") or (one.required and one.stored)
    return _documented(schema if sure else _nullable(schema), one)


def _asked(one: Field, *, nullable: bool) -> Json:
    """An attribute as requests may give it."""
    schema: Json
    if one.kind == "datetime":
        schema = _ref("instant_input")
    elif one.kind == "boolean":
        schema = _ref("boolean_input")
    elif one.kind == "integer":
        low = -(2**63) if one.minimum is None else one.minimum
        high = 2**63 - 1 if one.maximum is None else one.maximum
        schema = {"type": "integer", "minimum": low, "maximum": high}
    elif one.kind == "float":
        schema = {"type": "number"}
        if one.minimum is not None:
            schema["minimum"] = one.minimum
        if one.maximum is not None:
            schema["maximum"] = one.maximum
    elif one.kind == "string":
        if one.enum is not None:
            schema = {"type": "string", "enum": list(one.enum)}
        else:
            schema = {"type": "string", "maxLength": one.max_length, "pattern": _TEXT}
            if one.required:
                schema["minLength"] = 1
    else:
        schema = {"type": one.kind}
        if one.name == "metadata":
            schema["maxProperties"] = MAXIMUM_METADATA_KEYS
    return _documented(_nullable(schema) if nullable else schema, one)


def _documented(schema: Json, one: Field) -> Json:
    made = dict(schema)
    if one.doc:
        made["description"] = one.doc
    if has_example(one):
        made["examples"] = [one.example]
    return made


_KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "float": (int, float),
    "boolean": (bool,),
    "datetime": (str,),
    "object": (dict,),
    "array": (list,),
}


def has_example(one: Field) -> bool:
    """The declaration's example is one that the attribute can have: some published examples are not."""
    fits = type(one.example) in _KINDS[one.kind]
    return fits and (one.enum is None or one.example in one.enum)


def _linkage(relationship: Relationship, *, write: bool) -> Json:
    types = list(relationship.types)
    key: Json = {"type": "string", "examples": [_ID_EXAMPLE]}
    if write:
        key.update(minLength=1, maxLength=255, pattern=_TEXT)
    one: Json = {
        "type": "object",
        "required": ["type", "id"],
        "properties": {"type": {"type": "string", "enum": types}, "id": key},
    }
    if relationship.many:
        return {"type": "array", "items": one}
    return one if write and relationship.required else {"anyOf": [one, {"type": "null"}]}


def _document(data: Json, *, included: bool = True, **others: Json) -> Json:
    properties: Json = {"data": data}
    if included:
        properties["included"] = _ref("included")
    properties.update(others)
    return {"type": "object", "required": ["data", *others], "properties": properties, "additionalProperties": False}


def _answer(description: str, schema: Json) -> Json:
    return {"description": description, "content": {MEDIA_TYPE: {"schema": schema}}}


def _words(name: str) -> str:
    return name.replace("_", " ")


def _article(name: str) -> str:
    return "an" if name[0] in "aeio" else "a"


class _Description:
    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.parameters: Json = {}

    def parameter(self, key: str, made: Json) -> Json:
        """A reference to a parameter that many operations share."""
        self.parameters[key] = made
        return {"$ref": f"#/components/parameters/{key}"}

    # schemas

    def schemas(self) -> Json:
        made: Json = {}
        for resource in self.registry.types.values():
            shape = resource.shape
            made[shape.type] = self.resource_object(shape)
            made[f"{shape.type}_document"] = _document(_ref(shape.type))
            made[f"{shape.type}_list"] = _document(
                {"type": "array", "items": _ref(shape.type)}, meta=_ref("page_meta"), links=_ref("page_links")
            )
            if "create" in shape.actions:
                made[f"{shape.type}_create"] = self.request_document(shape, CREATE)
            if "update" in shape.actions:
                made[f"{shape.type}_update"] = self.request_document(shape, UPDATE)
        return made

    def resource_object(self, shape: Shape) -> Json:
        relationships = {
            name: {
                "type": "object",
                "required": ["links"],
                "properties": {"links": _ref("relationship_links"), "data": _linkage(one, write=False)},
                "additionalProperties": False,
                **({"description": one.doc} if one.doc else {}),
            }
            for name, one in {**shape.relationships, **shape.empty}.items()
            if not one.hidden
        }
        return {
            "type": "object",
            "description": public_doc(shape),
            "required": ["id", "type", "links", "attributes", "meta"],
            "properties": {
                "id": {"type": "string", "examples": [_ID_EXAMPLE]},
                "type": {"const": shape.type},
                "links": _ref("resource_links"),
                "attributes": {
                    "type": "object",
                    "properties": {
                        name: _told(one) for name, one in shape.fields.items() if one.fetch and name != "id"
                    },
                    "additionalProperties": False,
                },
                "relationships": {"type": "object", "properties": relationships, "additionalProperties": False},
                "meta": _ref("resource_meta"),
            },
            "additionalProperties": False,
        }

    def request_document(self, shape: Shape, flag: Flag) -> Json:
        creates = flag is CREATE
        properties: Json = {}
        required: list[str] = []
        for name, one in shape.fields.items():
            if one.can(flag):
                properties[name] = _asked(one, nullable=not one.required)
                if creates and one.required and one.default is None:
                    required.append(name)
        for name, acting in shape.triggers.items():
            if acting.can(flag):
                pretended = Field(acting.kind, name=name, doc=acting.doc)  # type: ignore[arg-type]
                properties[name] = _asked(pretended, nullable=True)
        relationships: Json = {}
        required_links: list[str] = []
        for name, one_relationship in shape.relationships.items():
            if one_relationship.can(flag) and not one_relationship.hidden:
                relationships[name] = {
                    "type": "object",
                    "required": ["data"],
                    "properties": {"data": _linkage(one_relationship, write=True)},
                    "additionalProperties": False,
                }
                if creates and one_relationship.required:
                    required_links.append(name)
                if one_relationship.null_attribute:
                    properties[name] = {"type": "null"}
        data: Json = {
            "type": "object",
            "required": ["type"],
            "properties": {
                "type": {"const": shape.type},
                "attributes": _members(properties, required),
                "relationships": _members(relationships, required_links),
            },
            "additionalProperties": False,
        }
        if required:
            data["required"].append("attributes")
        if required_links:
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
            "examples": [self.example(shape, flag)],
        }

    def example(self, shape: Shape, flag: Flag) -> Json:
        return {"data": example_data(shape, flag)}

    # parameters

    def includable(self, shape: Shape, depth: int = 2) -> list[str]:
        """Paths that `include` takes, down to two levels; a third is accepted and would only make the list long."""
        paths: list[str] = []
        for name, one in shape.relationships.items():
            if not one.includable or one.hidden:
                continue
            paths.append(name)
            if depth > 1:
                deeper = [self.includable(self.registry[target].shape, depth - 1) for target in one.types]
                paths.extend(f"{name}.{inner}" for inner in dict.fromkeys(path for each in deeper for path in each))
        return paths

    def shown(self, shape: Shape, *, include: bool = True) -> list[Json]:
        """`include` and `fields[...]`, which every answer with records takes."""
        parameters: list[Json] = []
        paths = self.includable(shape) if include else []
        if paths:
            parameters.append(
                self.parameter(
                    f"{shape.type}.include",
                    _list_parameter("include", paths, "Related records to include; intermediate levels come along."),
                )
            )
        types = [shape.type]
        if include:
            for one in shape.relationships.values():
                if one.includable and not one.hidden:
                    types.extend(one.types)
        for type_name in dict.fromkeys(types):
            target = self.registry[type_name].shape
            names = [one.name for one in target.fields.values() if one.fetch]
            names += [one.name for one in target.relationships.values() if not one.hidden]
            parameters.append(
                self.parameter(
                    f"{type_name}.fields",
                    _list_parameter(f"fields[{type_name}]", names, f"The only members of {type_name} to tell."),
                )
            )
        return parameters

    def listed(self, shape: Shape) -> list[Json]:
        """Pages, sort and filters."""
        parameters: list[Json] = [
            {"$ref": "#/components/parameters/page_number"},
            {"$ref": "#/components/parameters/page_size"},
        ]
        sortable = sortable_names(shape)
        if sortable:
            both_ways = [name for each in sortable for name in (each, f"-{each}")]
            parameters.append(
                self.parameter(
                    f"{shape.type}.sort",
                    _list_parameter("sort", both_ways, "The order; `-` descends. Newest first without it."),
                )
            )
        for name, one in filterable_fields(shape).items():
            predicate = _SHOWN_PREDICATES[one.kind]
            others = ", ".join(f"`_{each}`" for each in predicates_of(one.kind) if each != predicate)
            described = f"Compares `{name}`. In place of `_{predicate}` also {others}."
            parameters.append(self.filter(shape, f"{name}_{predicate}", _filter_schema(one, predicate), described))
        for name in shape.scopes:
            schema: Json = (
                {"enum": ["true", "false"]} if _is_switch(shape, name) else {"type": "string", "pattern": _TEXT}
            )
            parameters.append(self.filter(shape, name, schema, ""))
        return parameters

    def filter(self, shape: Shape, name: str, schema: Json, description: str) -> Json:
        made: Json = {"name": f"filter[q][{name}]", "in": "query", "schema": schema}
        if description:
            made["description"] = description
        return self.parameter(f"{shape.type}.filter.{name}", made)

    # paths

    def paths(self) -> Json:
        made: Json = {}
        for resource in self.registry.types.values():
            made.update(self.resource_paths(resource))
        return made

    def resource_paths(self, resource: type[Resource]) -> Json:
        shape = resource.shape
        made: Json = {}
        words = f"{_article(shape.singular)} {_words(shape.singular)}"
        member = f"/api/{shape.singular}" if shape.singleton else f"/api/{shape.type}/{{id}}"
        key = [] if shape.singleton else [self.parameter(f"{shape.type}.id", _id_parameter(shape))]
        if not shape.singleton:
            collection: Json = {}
            if "list" in shape.actions:
                collection["get"] = self.operation(
                    shape,
                    f"list_{shape.type}",
                    f"List {_words(shape.type)}",
                    [*self.listed(shape), *self.shown(shape)],
                    {"200": _answer("A page of records.", _ref(f"{shape.type}_list"))},
                    _READING,
                )
            if "create" in shape.actions:
                created = _answer("The new record.", _ref(f"{shape.type}_document"))
                created["headers"] = {
                    "Location": {"$ref": "#/components/headers/location"},
                    "Idempotent-Replayed": {"$ref": "#/components/headers/idempotent_replayed"},
                }
                created["links"] = _links(shape)
                collection["post"] = self.operation(
                    shape,
                    f"create_{shape.singular}",
                    f"Create {words}",
                    [*self.shown(shape), {"$ref": "#/components/parameters/idempotency_key"}],
                    {"201": created},
                    _WRITING,
                    body=f"{shape.type}_create",
                )
            if collection:
                made[f"/api/{shape.type}"] = collection
        one: Json = {}
        found = {"200": _answer("The record.", _ref(f"{shape.type}_document"))}
        if "retrieve" in shape.actions or shape.singleton:
            one["get"] = self.operation(
                shape,
                f"retrieve_{shape.singular}",
                f"Retrieve {words}",
                self.shown(shape),
                found,
                _READING,
            )
        if "update" in shape.actions:
            one["patch"] = self.operation(
                shape,
                f"update_{shape.singular}",
                f"Update {words}",
                [*self.shown(shape), {"$ref": "#/components/parameters/idempotency_key"}],
                found,
                _WRITING,
                body=f"{shape.type}_update",
            )
        if "delete" in shape.actions:
            one["delete"] = self.operation(
                shape,
                f"delete_{shape.singular}",
                f"Delete {words}",
                [],
                {"204": {"description": "The record is gone."}},
                _DELETING,
            )
        if one:
            made[member] = {"parameters": key, **one} if key else one
        if "retrieve" in shape.actions or shape.singleton:
            for name, relationship in shape.relationships.items():
                if not relationship.hidden:
                    made.update(self.relationship_paths(shape, member, key, name, relationship))
        return made

    def relationship_paths(
        self, shape: Shape, member: str, key: list[Json], name: str, relationship: Relationship
    ) -> Json:
        targets = [self.registry[target].shape for target in relationship.types]
        target = targets[0]
        record: Json = _ref(target.type) if len(targets) == 1 else {"anyOf": [_ref(one.type) for one in targets]}
        schema: Json
        if relationship.many:
            paged = relationship.includable
            schema = _document(
                {"type": "array", "items": record},
                included=paged,
                meta=_ref("page_meta") if paged else {"type": "object", "additionalProperties": False},
                links=_ref("page_links")
                if paged
                else {"type": "object", "properties": {"next": {"type": "string", "format": "uri"}}},
            )
            parameters = [*self.listed(target), *self.shown(target)] if paged else self.cursor(target)
        else:
            schema = _document({"anyOf": [record, {"type": "null"}]})
            parameters = self.shown(target)
        related: Json = {
            "get": self.operation(
                shape,
                f"related_{shape.singular}_{name}",
                f"The {_words(name)} of {_article(shape.singular)} {_words(shape.singular)}",
                parameters,
                {"200": _answer("The related records." if relationship.many else "The related record.", schema)},
                _READING,
            )
        }
        data = _linkage(relationship, write=False)
        linkage: Json = {
            "get": self.operation(
                shape,
                f"relationship_{shape.singular}_{name}",
                f"Types and ids of the {_words(name)} of {_article(shape.singular)} {_words(shape.singular)}",
                [],
                {"200": _answer("The linkage.", _document(data, included=False, links=_ref("relationship_links")))},
                _READING,
            )
        }
        if key:
            related = {"parameters": key, **related}
            linkage = {"parameters": key, **linkage}
        return {f"{member}/{name}": related, f"{member}/relationships/{name}": linkage}

    def cursor(self, shape: Shape) -> list[Json]:
        parameters = [{"$ref": "#/components/parameters/page_size"}, {"$ref": "#/components/parameters/page_after"}]
        return [*parameters, *self.shown(shape, include=False)]

    def operation(
        self,
        shape: Shape,
        name: str,
        summary: str,
        parameters: list[Json],
        answers: Json,
        errors: Iterable[int],
        *,
        body: str | None = None,
    ) -> Json:
        made: Json = {"tags": [shape.type], "operationId": name, "summary": summary}
        if parameters:
            made["parameters"] = parameters
        if body:
            made["requestBody"] = {"required": True, "content": {MEDIA_TYPE: {"schema": _ref(body)}}}
        made["responses"] = {**answers, **_errors(errors)}
        return made


_SHOWN_PREDICATES = {
    "string": "eq",
    "integer": "gteq",
    "float": "gteq",
    "boolean": "eq",
    "datetime": "gteq",
    "object": "jcont",
    "array": "null",
}


def public_doc(shape: Shape) -> str:
    """What a type's declaration says to those who use it; where we have it from concerns those who work on it."""
    return shape.doc.partition(" Source: ")[0]


def filterable_fields(shape: Shape) -> dict[str, Field]:
    """The attributes that filters may name."""
    return {
        name: one
        for name, one in shape.fields.items()
        if one.can(FILTER) and (one.stored or one.constant or one.digested)
    }


def sortable_names(shape: Shape) -> list[str]:
    """The attributes and relationships that `sort` may name."""
    names = [name for name, one in shape.fields.items() if one.can(SORT) and (one.stored or one.constant)]
    return names + [
        name for name, one in shape.relationships.items() if one.can(SORT) and one.stored and not one.hidden
    ]


def _is_switch(shape: Shape, name: str) -> bool:
    value = getattr(shape.scopes[name], "value", True)
    operator = getattr(shape.scopes[name], "operator", "")
    return value is not None or operator in ("null", "not_null", "never")


def _filter_schema(one: Field, predicate: str) -> Json:
    if predicate == "null" or one.kind == "boolean":
        return {"enum": ["true", "false", "1", "0"]}
    if predicate == "jcont":
        return {"type": "string", "enum": ["{}", '{"foo":"bar"}'], "examples": ['{"foo":"bar"}']}
    if one.kind == "integer":
        return {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1}
    if one.kind == "float":
        return {"type": "number", "minimum": -1e15, "maximum": 1e15}
    if one.kind == "datetime":
        return _ref("instant_input")
    return {"type": "string", "maxLength": 1000, "pattern": _TEXT}


def _list_parameter(name: str, values: list[str], description: str) -> Json:
    return {
        "name": name,
        "in": "query",
        "description": description,
        "style": "form",
        "explode": False,
        "schema": {"type": "array", "uniqueItems": True, "items": {"type": "string", "enum": values}},
    }


def _id_parameter(shape: Shape) -> Json:
    return {
        "name": "id",
        "in": "path",
        "required": True,
        "description": f"The id of the {_words(shape.singular)}.",
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9-]{1,64}$"},
        "example": shape.fields["id"].example or _ID_EXAMPLE,
    }


def _members(properties: Json, required: list[str]) -> Json:
    made: Json = {"type": "object", "properties": properties, "additionalProperties": False}
    if required:
        made["required"] = required
    return made


def _links(shape: Shape) -> Json:
    """What can be done with a new record, for those who follow links."""
    links: Json = {}
    for action, verb in (("retrieve", "retrieve"), ("update", "update"), ("delete", "delete")):
        if action in shape.actions:
            links[verb] = {
                "operationId": f"{verb}_{shape.singular}",
                "parameters": {"id": "$response.body#/data/id"},
            }
    return links


def example_data(shape: Shape, flag: Flag) -> Json:
    """`data` of a small request that makes sense: what is required, else one attribute."""
    creates = flag is CREATE
    links = {
        name: {"data": {"type": one.types[0], "id": _ID_EXAMPLE}}
        for name, one in shape.relationships.items()
        if creates and one.can(flag) and one.required and not one.many and not one.hidden
    }
    writable = [one for one in shape.fields.values() if one.can(flag)]
    chosen = [one for one in writable if creates and one.required and one.default is None]
    if not chosen and not links:
        plain = [one for one in writable if not one.constant and not one.prohibited and not one.argument]
        chosen = [one for one in plain if has_example(one)][:1]
    data: Json = {"type": shape.type}
    if not creates:
        data["id"] = _ID_EXAMPLE
    data["attributes"] = {one.name: one.example if has_example(one) else _sample(one) for one in chosen}
    if links:
        data["relationships"] = links
    return data


def _sample(one: Field) -> Any:
    if one.enum:
        return one.enum[0]
    samples: Json = {
        "string": "text",
        "datetime": "2018-01-01T12:00:00.000Z",
        "boolean": True,
        "object": {},
        "array": [],
    }
    return samples.get(one.kind, one.minimum or 1)
