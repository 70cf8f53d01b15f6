"""The OpenAPI document, for those who generate clients from it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from paydesk.commerce import registry as served
from paydesk.http.described import ELSEWHERE
from paydesk.jsonapi.openapi.document import openapi_document
from tests.jsonapi.shop import SHOP

DOCUMENTS = {
    name: json.loads(openapi_document(registry, version="1", servers=["https://acme.example.com"], paths=ELSEWHERE))
    for name, registry in (("toy", SHOP), ("served", served()))
}
documents = pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS)


def operations(document: Any) -> Iterator[tuple[str, Any]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method != "parameters":
                yield f"{method} {path}", operation


def resolved(document: Any, part: Any) -> Any:
    while "$ref" in part:
        steps = part["$ref"].removeprefix("#/").split("/")
        part = document
        for step in steps:
            part = part[step]
    return part


def schemas(part: Any) -> Iterator[Any]:
    """Every schema of the document that says a type or names values, and whatever else looks like one."""
    if isinstance(part, dict):
        if "type" in part or "enum" in part:
            yield part
        for name, inner in part.items():
            if name not in ("example", "examples", "default"):
                yield from schemas(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from schemas(inner)


def kinds(schema: Any) -> set[str]:
    kind = schema.get("type", ())
    return {kind} if isinstance(kind, str) else {one for one in kind if isinstance(one, str)}


@documents
def test_every_operation_has_a_name_a_summary_a_description_and_its_errors(document: Any) -> None:
    names = []
    for label, operation in operations(document):
        for member in ("operationId", "summary", "description"):
            assert operation[member], (label, member)
        names.append(operation["operationId"])
        assert any(status >= "400" for status in operation["responses"]), label
        assert "None" not in operation["description"] and "  " not in operation["description"], label
    assert len(names) == len(set(names))


@documents
def test_every_operation_has_examples_of_its_request_and_answer_that_are_valid(document: Any) -> None:
    seen = 0
    checks: dict[str, Any] = {}
    # The components are read once, not with each schema.
    known = jsonschema_rs.Registry([("urn:document", {"components": document["components"]})])
    for label, operation in operations(document):
        contents = [operation.get("requestBody", {}).get("content", {})]
        contents += [resolved(document, answer).get("content", {}) for answer in operation["responses"].values()]
        for content in contents:
            for media in content.values():
                examples = [media["example"]] if "example" in media else []
                examples += [resolved(document, one)["value"] for one in media.get("examples", {}).values()]
                assert examples, label
                key = json.dumps(media["schema"]).replace('"#/', '"urn:document#/')
                if key not in checks:
                    checks[key] = jsonschema_rs.Draft202012Validator(json.loads(key), registry=known)
                for example in examples:
                    checks[key].validate(example)
                    seen += 1
    assert seen > 50


@documents
def test_types_are_plain(document: Any) -> None:
    """A list says what it holds, an object what else it may hold, and values to choose from are of one type."""
    for schema in schemas({"paths": document["paths"], "components": document["components"]}):
        if "array" in kinds(schema):
            assert "items" in schema, schema
        if "object" in kinds(schema):
            assert "properties" in schema or schema.get("additionalProperties") is not None, schema
        values = [value for value in schema.get("enum", ()) if value is not None]
        assert len({type(value) for value in values}) <= 1, schema
        if values:
            assert "type" in schema, schema


@documents
def test_no_parameter_of_a_write_lists_every_attribute(document: Any) -> None:
    for label, operation in operations(document):
        for parameter in (resolved(document, one) for one in operation.get("parameters", ())):
            if parameter["name"].startswith("fields["):
                assert parameter["schema"] == {"type": "string"} and parameter["example"], label
        if "requestBody" in operation:
            names = [resolved(document, one)["name"] for one in operation.get("parameters", ())]
            assert sum(name.startswith("fields[") for name in names) <= 1, label


def test_what_a_document_holds_freely_may_hold_anything() -> None:
    orders = DOCUMENTS["served"]["components"]["schemas"]["orders"]["properties"]["attributes"]["properties"]
    assert orders["metadata"]["additionalProperties"] is True
    written = DOCUMENTS["served"]["components"]["schemas"]["stripe_payments_create"]["properties"]["data"]
    options = written["properties"]["attributes"]["properties"]["options"]
    assert options["type"] == ["object", "null"] and options["additionalProperties"] is True
    flags = DOCUMENTS["served"]["components"]["schemas"]["orders_update"]["properties"]["data"]
    assert flags["properties"]["attributes"]["properties"]["_place"]["type"] == ["boolean", "null"]
