"""What is published of the declarations: for machines in two forms, and for people."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from typing import Any

import jsonschema_rs
import pytest

from paydesk.commerce import registry as served
from paydesk.declare import CREATE, UPDATE
from paydesk.jsonapi.body.decode import Verb, decode
from paydesk.jsonapi.openapi.document import openapi_document
from paydesk.jsonapi.pages.reference import POLICY, reference_page
from paydesk.jsonapi.pages.resources import resources_document
from paydesk.jsonapi.query.parse import parse
from paydesk.rules.registry import Registry
from tests.jsonapi.shop import SHOP

SERVED = served()
REGISTRIES = pytest.mark.parametrize("registry", [SHOP, SERVED], ids=["toy", "served"])


def published(registry: Registry) -> dict[str, Any]:
    return {one["attributes"]["name"]: one for one in json.loads(resources_document(registry))["data"]}


def described(registry: Registry) -> Any:
    return json.loads(openapi_document(registry, version="1.2.3", servers=["https://acme.example.com"]))


def test_published_flags_are_those_declared() -> None:
    order = published(SHOP)["orders"]
    assert (order["id"], order["type"]) == ("order", "resources")
    assert order["attributes"]["singleton"] is False
    assert order["attributes"]["actions"] == ["list", "retrieve", "create", "update", "delete"]
    fields = order["attributes"]["fields"]
    flags = ("type", "creatable", "updatable", "fetchable", "filterable", "sortable")
    told = {name: tuple(one[flag] for flag in flags) for name, one in fields.items()}
    assert told["number"] == ("string", False, False, True, True, True)
    assert told["placed_at"] == ("datetime", True, True, True, True, True)
    assert told["total_amount_cents"] == ("integer", False, False, True, True, True)
    assert told["formatted_total_amount"] == ("string", False, False, True, False, False)
    assert told["coupon_code"] == ("string", True, True, True, True, True)
    assert told["_note"] == ("string", False, True, False, False, False)
    assert told["_place"] == ("boolean", False, True, False, False, False)
    assert "token" not in fields
    relationships = order["attributes"]["relationships"]
    assert {name: one["type"] for name, one in relationships.items()} == {
        "market": "has_one",
        "payment_source": "has_one",
        "gateway": "has_one",
        "line_items": "has_many",
        "tags": "has_many",
        "event_stores": "has_many",
    }
    assert relationships["payment_source"]["types"] == ["cards", "transfers"]
    assert published(SHOP)["accounts"]["attributes"]["singleton"] is True


def test_every_served_type_is_published_whole() -> None:
    documents = published(SERVED)
    assert list(documents) == list(SERVED.types)
    for name, resource in SERVED.types.items():
        fields = documents[name]["attributes"]["fields"]
        shape = resource.shape
        assert set(fields) == {one.name for one in shape.fields.values() if one.on_wire} | {
            name for name, one in shape.triggers.items() if not one.idle
        }
        for field, one in shape.fields.items():
            if one.on_wire:
                assert fields[field]["creatable"] is one.can(CREATE) and fields[field]["updatable"] is one.can(UPDATE)
                assert fields[field]["type"] == one.kind


@REGISTRIES
def test_the_description_is_openapi(registry: Registry) -> None:
    import schemathesis

    document = described(registry)
    schemathesis.openapi.from_dict(document).validate()
    operations = [
        one["operationId"] for item in document["paths"].values() for one in item.values() if "operationId" in one
    ]
    assert len(operations) == len(set(operations))
    for reference in set(re.findall(r'"\$ref":"#/([^"]+)"', json.dumps(document, separators=(",", ":")))):
        found = document
        for step in reference.split("/"):
            found = found[step]


@REGISTRIES
def test_example_requests_are_valid_and_understood(registry: Registry) -> None:
    document = described(registry)
    tried = 0
    for name, resource in registry.types.items():
        verbs: tuple[tuple[Verb, str | None], ...] = (("create", None), ("update", "XAyRWNUzyN"))
        for verb, record_id in verbs:
            schema = document["components"]["schemas"].get(f"{name}_{verb}")
            if schema is None:
                continue
            member = f"/api/{resource.shape.singular}" if resource.shape.singleton else f"/api/{name}/{{id}}"
            item = document["paths"][f"/api/{name}" if verb == "create" else member]
            content = item["post" if verb == "create" else "patch"]["requestBody"]["content"]
            example = content["application/vnd.api+json"]["example"]
            jsonschema_rs.Draft202012Validator({**schema, "components": document["components"]}).validate(example)
            body = json.dumps(example).encode()
            decoded = decode(body, resource, registry, verb=verb, record_id=record_id)
            assert decoded.problems == [], (name, verb)
            tried += 1
    assert tried > 8


@REGISTRIES
def test_every_parameter_value_that_is_listed_is_understood(registry: Registry) -> None:
    document = described(registry)
    parameters = document["components"]["parameters"]
    for name, resource in registry.types.items():
        item = document["paths"].get(f"/api/{name}", {})
        for each in item.get("get", {}).get("parameters", ()):
            parameter = parameters[each["$ref"].rpartition("/")[2]] if "$ref" in each else each
            schema = parameter["schema"]
            values = schema.get("items", schema).get("enum", [])
            for start in range(0, len(values), 40):
                text = ",".join(str(value) for value in values[start : start + 40]) if "items" in schema else values[0]
                parse(f"{parameter['name']}={text}".encode(), resource, registry, purpose="list")


def test_extra_paths_stand_beside_the_resources() -> None:
    extra = {"/healthz": {"get": {"responses": {"200": {"description": "Serving."}}, "security": []}}}
    document = json.loads(openapi_document(SHOP, version="1", paths=extra, schemas={"x": {"type": "string"}}))
    assert document["paths"]["/healthz"] == extra["/healthz"]
    assert document["components"]["schemas"]["x"] == {"type": "string"}
    assert document["paths"]["/api/account"]["get"]["operationId"] == "retrieve_account"
    assert "/api/orders/{id}/relationships/market" in document["paths"]


class Page(HTMLParser):
    """What a page has: ids, links, text, and whatever it would load."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.loads: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag not in ("meta", "input", "br"):
            self.open.append(tag)
        if given.get("id"):
            self.ids.append(given["id"] or "")
        if tag == "a":
            self.links.append(given.get("href") or "")
        self.loads += [
            value or "" for name, value in attrs if name in ("src", "style") or (name == "href" and tag == "link")
        ]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes what was not opened"


@REGISTRIES
def test_the_page_is_whole_and_loads_nothing(registry: Registry) -> None:
    text = reference_page(registry, version="<1>").decode()
    page = Page()
    page.feed(text)
    page.close()
    assert page.open == [] and page.loads == []
    assert len(page.ids) == len(set(page.ids))
    within = {link[1:] for link in page.links if link.startswith("#")}
    assert within <= set(page.ids)
    assert set(registry.types) <= within
    assert {link for link in page.links if not link.startswith("#")} == {
        "/api/public/openapi.json",
        "/api/public/resources",
    }
    assert "<small>&lt;1&gt;</small>" in text


def test_the_page_tells_attributes_triggers_relationships_and_filters() -> None:
    text = reference_page(SHOP, version="1").decode()
    for one in ("orders.total_amount_cents", "orders._place", "orders.line_items", "orders.coupon_code"):
        assert f'id="{one}"' in text
    assert 'id="orders.token"' not in text and 'id="orders.total_amount_float"' not in text
    assert "Place the order." in text
    assert "<code>filter[q][open]</code>" in text
    assert "Not served yet: always <code>null</code>" in text
    assert "https://acme.example.com/api/line_items" in text


def test_the_page_promises_no_write_that_is_not_served() -> None:
    text = reference_page(SERVED, version="1").decode()

    def row(member: str) -> str:
        (found,) = re.findall(f'<tr id="{re.escape(member)}">.*?</tr>', text)
        return str(found)

    assert "read only" in row("applications.name")
    assert ">update<" not in row("versions.reference")
    assert '<span class="chip create">' in row("skus.reference")
    triggers = text.partition('<section id="orders">')[2].partition("<h3>Triggers</h3>")[2].partition("<h3>")[0]
    for name in ("_place", "_refresh", "_authorization_amount_cents"):
        assert f'id="orders.{name}"' in triggers


def test_the_policy_allows_the_page_its_own_style_and_script_alone() -> None:
    text = reference_page(SHOP, version="1").decode()
    for tag in ("style", "script"):
        (inline,) = re.findall(f"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in POLICY
    assert POLICY.startswith("default-src 'none'")


def test_what_is_always_empty_is_marked() -> None:
    schemas = described(SERVED)["components"]["schemas"]
    mark = "Always empty in this version."
    told = schemas["orders"]["properties"]["relationships"]["properties"]
    assert {name for name, one in told.items() if one.get("description") == mark} == {*SERVED["orders"].shape.empty}
    assert told["shipments"]["properties"]["data"]["maxItems"] == 0
    assert told["store"]["properties"]["data"] == {"type": "null"}
    asked = schemas["customers_update"]["properties"]["data"]["properties"]
    assert asked["relationships"]["properties"]["customer_group"] == {
        "type": "object",
        "required": ["data"],
        "properties": {"data": {"type": "null"}},
        "additionalProperties": False,
        "description": mark,
    }
    assert asked["attributes"]["properties"]["_add_tags"]["description"] == "Changes nothing in this version."
    served = published(SERVED)["orders"]["attributes"]
    assert "shipments" not in served["relationships"]
    assert "_add_tags" not in served["fields"]
    page = reference_page(SERVED, version="1")
    row = page.decode().partition('<tr id="orders.shipments">')[2].partition("</tr>")[0]
    assert mark in row
