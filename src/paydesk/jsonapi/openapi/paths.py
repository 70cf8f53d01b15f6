"""The paths of a type: its collection, a record, and what is related to a record."""

from __future__ import annotations

from paydesk.declare import CREATE, UPDATE, Flag, Relationship, Shape
from paydesk.jsonapi.openapi import descriptions
from paydesk.jsonapi.openapi.answers import example_history, example_linkage, with_example
from paydesk.jsonapi.openapi.attributes import linkage
from paydesk.jsonapi.openapi.components import DELETING, READING, WRITING
from paydesk.jsonapi.openapi.examples import example_data
from paydesk.jsonapi.openapi.operations import operation
from paydesk.jsonapi.openapi.parameters import Parameters, shared_parameter
from paydesk.jsonapi.openapi.schema import Json, answer, document, ref
from paydesk.jsonapi.openapi.wording import a, words
from paydesk.rules.registry import Registry
from paydesk.rules.resource import Resource


class Paths:
    """The paths of the types of a registry, with the parameters that they share."""

    def __init__(self, registry: Registry) -> None:
        self.parameters = Parameters(registry)
        self._registry = registry

    def all(self) -> Json:
        paths: Json = {}
        for resource in self._registry.types.values():
            paths.update(self._of_type(resource))
        return paths

    def _of_type(self, resource: type[Resource]) -> Json:
        shape = resource.shape
        paths: Json = {}
        member = f"/api/{shape.singular}" if shape.singleton else f"/api/{shape.type}/{{id}}"
        key = [] if shape.singleton else [self.parameters.id(shape)]
        collection = {} if shape.singleton else self._collection(shape)
        if collection:
            paths[f"/api/{shape.type}"] = collection
        record = self._record(shape)
        if record:
            paths[member] = _with_key(key, record)
        if "retrieve" in shape.actions or shape.singleton:
            for name, relationship in shape.relationships.items():
                if not relationship.hidden:
                    paths[f"{member}/{name}"] = _with_key(key, self._related(shape, name, relationship))
                    paths[f"{member}/relationships/{name}"] = _with_key(key, _linkage(shape, name, relationship))
        return paths

    def _collection(self, shape: Shape) -> Json:
        operations: Json = {}
        if "list" in shape.actions:
            operations["get"] = operation(
                shape,
                f"list_{shape.type}",
                f"List {words(shape.type)}",
                descriptions.listing(shape),
                [*self.parameters.of_list(shape), *self.parameters.shown(shape)],
                {"200": with_example(answer("A page of records.", ref(f"{shape.type}_list")), f"{shape.type}_list")},
                READING,
            )
        if "create" in shape.actions:
            created = with_example(answer("The new record.", ref(f"{shape.type}_document")), f"{shape.type}_document")
            created["headers"] = {
                "Location": {"$ref": "#/components/headers/location"},
                "Idempotent-Replayed": {"$ref": "#/components/headers/idempotent_replayed"},
            }
            created["links"] = _links(shape)
            operations["post"] = operation(
                shape,
                f"create_{shape.singular}",
                f"Create {a(shape.singular)}",
                descriptions.creation(shape),
                [*self.parameters.of_write(shape), shared_parameter("idempotency_key")],
                {"201": created},
                WRITING,
                body=_body(shape, CREATE),
            )
        return operations

    def _record(self, shape: Shape) -> Json:
        operations: Json = {}
        answers = {"200": with_example(answer("The record.", ref(f"{shape.type}_document")), f"{shape.type}_document")}
        if "retrieve" in shape.actions or shape.singleton:
            operations["get"] = operation(
                shape,
                f"retrieve_{shape.singular}",
                f"Retrieve {a(shape.singular)}",
                descriptions.retrieval(shape),
                self.parameters.shown(shape),
                answers,
                READING,
            )
        if "update" in shape.actions:
            operations["patch"] = operation(
                shape,
                f"update_{shape.singular}",
                f"Update {a(shape.singular)}",
                descriptions.update(shape),
                [*self.parameters.of_write(shape), shared_parameter("idempotency_key")],
                answers,
                WRITING,
                body=_body(shape, UPDATE),
            )
        if "delete" in shape.actions:
            operations["delete"] = operation(
                shape,
                f"delete_{shape.singular}",
                f"Delete {a(shape.singular)}",
                descriptions.deletion(shape),
                [],
                {"204": {"description": "The record is gone."}},
                DELETING,
            )
        return operations

    def _related(self, shape: Shape, name: str, relationship: Relationship) -> Json:
        """The records at the other end of a relationship."""
        targets = [self._registry[target].shape for target in relationship.types]
        target = targets[0]
        record: Json = ref(target.type) if len(targets) == 1 else {"anyOf": [ref(one.type) for one in targets]}
        example: str | Json
        if not relationship.many:
            schema, example = document({"anyOf": [record, {"type": "null"}]}), f"{target.type}_document"
            parameters = self.parameters.shown(target)
        elif relationship.includable:
            schema = document({"type": "array", "items": record}, meta=ref("page_meta"), links=ref("page_links"))
            example = f"{target.type}_list"
            parameters = [*self.parameters.of_list(target), *self.parameters.shown(target)]
        else:
            schema = document(
                {"type": "array", "items": record},
                included=False,
                meta={"type": "object", "additionalProperties": False},
                links={"type": "object", "properties": {"next": {"type": "string", "format": "uri"}}},
            )
            example = example_history(target)
            parameters = self.parameters.of_history(target)
        told = "The related records." if relationship.many else "The related record."
        get = operation(
            shape,
            f"related_{shape.singular}_{name}",
            f"The {words(name)} of {a(shape.singular)}",
            descriptions.related(shape, name, relationship),
            parameters,
            {"200": with_example(answer(told, schema), example)},
            READING,
        )
        return {"get": get}


def _linkage(shape: Shape, name: str, relationship: Relationship) -> Json:
    """The identities at the other end of a relationship."""
    schema = document(linkage(relationship, write=False), included=False, links=ref("relationship_links"))
    get = operation(
        shape,
        f"relationship_{shape.singular}_{name}",
        f"Types and ids of the {words(name)} of {a(shape.singular)}",
        descriptions.linkage(shape, name, relationship),
        [],
        {"200": with_example(answer("The linkage.", schema), example_linkage(shape, name, relationship))},
        READING,
    )
    return {"get": get}


def _body(shape: Shape, flag: Flag) -> Json:
    """The body of a write: schema and example."""
    name = f"{shape.type}_create" if flag is CREATE else f"{shape.type}_update"
    return {"schema": ref(name), "example": {"data": example_data(shape, flag)}}


def _with_key(key: list[Json], operations: Json) -> Json:
    """A path item: operations, and the record's id among the path's parameters."""
    return {"parameters": key, **operations} if key else operations


def _links(shape: Shape) -> Json:
    """The operations that can follow on a new record, for tools that follow links."""
    return {
        action: {
            "operationId": f"{action}_{shape.singular}",
            "parameters": {"id": "$response.body#/data/id"},
        }
        for action in ("retrieve", "update", "delete")
        if action in shape.actions
    }
