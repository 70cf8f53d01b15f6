"""What is published of the declarations: for machines in two forms, and for people."""

from __future__ import annotations

import hashlib
import html
import json
import re
from functools import cache
from html.parser import HTMLParser
from typing import Any

import jsonschema_rs
import pytest

from paydesk.base.errors import MESSAGES
from paydesk.commerce import registry as served
from paydesk.declare import CREATE, UPDATE
from paydesk.jsonapi import errors
from paydesk.jsonapi.body.decode import Verb, decode
from paydesk.jsonapi.openapi.components import ERRORS
from paydesk.jsonapi.openapi.document import openapi_document
from paydesk.jsonapi.pages.frame import link
from paydesk.jsonapi.pages.resources import resources_document
from paydesk.jsonapi.pages.site import Site
from paydesk.jsonapi.pages.types import operations_of
from paydesk.jsonapi.query.parse import parse
from paydesk.rules.registry import Registry
from tests.jsonapi.shop import SHOP

SERVED = served()
REGISTRIES = pytest.mark.parametrize("registry", [SHOP, SERVED], ids=["toy", "served"])


def published(registry: Registry) -> dict[str, Any]:
    return {one["attributes"]["name"]: one for one in json.loads(resources_document(registry))["data"]}


@cache
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
        assert set(fields) == {one.name for one in shape.fields.values() if one.on_wire} | {*shape.triggers}
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
    # The components are read once, not with each schema.
    known = jsonschema_rs.Registry([("urn:document", {"components": document["components"]})])
    tried = 0
    for name, resource in registry.types.items():
        verbs: tuple[tuple[Verb, str | None], ...] = (("create", None), ("update", "XAyRWNUzyN"))
        for verb, record_id in verbs:
            if f"{name}_{verb}" not in document["components"]["schemas"]:
                continue
            member = f"/api/{resource.shape.singular}" if resource.shape.singleton else f"/api/{name}/{{id}}"
            item = document["paths"][f"/api/{name}" if verb == "create" else member]
            content = item["post" if verb == "create" else "patch"]["requestBody"]["content"]
            example = content["application/vnd.api+json"]["example"]
            schema = {"$ref": f"urn:document#/components/schemas/{name}_{verb}"}
            jsonschema_rs.Draft202012Validator(schema, registry=known).validate(example)
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


class Document(HTMLParser):
    """What a page has: ids, links, text, and whatever it would load."""

    def __init__(self, text: bytes) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.loads: list[str] = []
        self.open: list[str] = []
        self.feed(text.decode())
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag not in ("meta", "input", "br", "link", "hr"):
            self.open.append(tag)
        if given.get("id"):
            self.ids.append(given["id"] or "")
        if tag == "a":
            self.links.append(given.get("href") or "")
        assert not [name for name in given if name == "style" or name.startswith("on")], (
            "the policy allows no such thing"
        )
        self.loads += [value or "" for name, value in attrs if name == "src" or (name == "href" and tag == "link")]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes what was not opened"


@cache
def site_of(registry: Registry, version: str = "1") -> Site:
    return Site(registry, described(registry), version=version)


def page_of(registry: Registry, path: str) -> str:
    page = site_of(registry).page(path)
    assert page is not None
    return page.body.decode()


@REGISTRIES
def test_the_pages_are_whole_lead_to_each_other_and_load_only_their_own(registry: Registry) -> None:
    site = site_of(registry, "<1>")
    pages = {link(path): site.page(path) for path in site.paths()}
    documents = {path: Document(page.body) for path, page in pages.items() if page and page.is_document}
    assert {link(f"resources/{name}") for name in registry.types} <= set(documents)
    wrong = []
    for path, document in documents.items():
        assert document.open == [] and len(document.ids) == len(set(document.ids)), path
        assert {load.partition("?")[0] for load in document.loads} <= set(pages), path
        for target in document.links:
            place, _, anchor = target.partition("#")
            place = place or path
            # The guides and the examples of the basics speak of the served types.
            if place.startswith("/api/public/") or (registry is SHOP and place.startswith(link("resources/"))):
                continue
            if place not in documents or (anchor and anchor not in documents[place].ids):
                wrong.append(f"{path}: {target}")
        page = pages[path]
        assert page is not None and b"<small>&lt;1&gt;</small>" in page.body
    assert wrong == []
    assert site.page("nowhere") is None and site.page("resources/nowhere") is None


@REGISTRIES
def test_each_column_of_a_table_has_its_head(registry: Registry) -> None:
    site = site_of(registry)
    for path in site.paths():
        page = site.page(path)
        assert page is not None
        for table in re.findall(r"<table.*?</table>", page.body.decode(), re.S) if page.is_document else ():
            head, _, body = table.partition("</thead>")
            heads = re.findall(r"<th(?: scope=\"col\")?>(.+?)</th>", head)
            rows = re.findall(r"<tr.*?</tr>", body, re.S)
            assert heads and {len(re.findall(r"<t[dh][ >]", row)) for row in rows} == {len(heads)}, f"{path}: {heads}"


def test_a_page_is_asked_for_anew_when_its_style_or_script_changes() -> None:
    (style, script) = (re.search(rf"/docs/{name}\?(\w+)", page_of(SHOP, "")) for name in ("style.css", "script.js"))
    for found, path in ((style, "style.css"), (script, "script.js")):
        page = site_of(SHOP).page(path)
        assert found and page and hashlib.sha256(page.body).hexdigest().startswith(found[1])


def test_the_page_of_a_type_tells_attributes_triggers_relationships_and_filters() -> None:
    text = page_of(SHOP, "resources/orders")
    for one in ("total_amount_cents", "_place", "line_items", "coupon_code"):
        assert f'<tr id="{one}">' in text
    assert '<tr id="token">' not in text and '<tr id="total_amount_float">' not in text
    assert "Place the order." in text
    assert "<code>filter[q][open]</code>" in text
    assert "Not served yet: always <code>null</code>" in text


@REGISTRIES
def test_requests_answers_and_errors_are_those_of_the_description(registry: Registry) -> None:
    description = described(registry)
    site = site_of(registry)
    for name, resource in registry.types.items():
        page = site.page(f"resources/{name}")
        assert page is not None
        text = html.unescape(page.body.decode())
        shown = [json.loads(one) for one in re.findall(r'data-request="(.*?)"><figcaption>', html.unescape(text))]
        operations = list(operations_of(resource.shape, description))
        assert [one["method"].lower() for one in shown] == [method for _, method, _ in operations]
        for request, (_, _, operation) in zip(shown, operations, strict=True):
            content = operation.get("requestBody", {}).get("content", {}).get("application/vnd.api+json", {})
            assert request["body"] == content.get("example")
            part = text.partition(f'<article id="{operation["operationId"]}">')[2].partition("</article>")[0]
            told = set(re.findall(r'href="/docs/errors#(\d+)"', part))
            assert told == {status for status in operation["responses"] if status[0] in "45"}


def test_triggers_and_relationships_have_an_example() -> None:
    text = page_of(SERVED, "resources/captures")

    def row(member: str) -> str:
        (found,) = re.findall(f'<tr id="{re.escape(member)}">.*?</tr>', text, re.S)
        return html.unescape(str(found))

    def shown(member: str, verb: str) -> Any:
        return json.loads(
            row(member).partition(f"<code>{verb} /api/captures/XAyRWNUzyN\n\n")[2].partition("</code>")[0]
        )

    record = {"type": "captures", "id": "XAyRWNUzyN"}
    assert shown("_refund", "PATCH") == {"data": {**record, "attributes": {"_refund": True}}}
    # What only says more to a trigger is sent together with it.
    both = {"_refund": True, "_refund_amount_cents": 500}
    assert shown("_refund_amount_cents", "PATCH") == {"data": {**record, "attributes": both}}
    assert "GET /api/captures/XAyRWNUzyN?include=order" in row("order")
    asked = html.unescape(page_of(SERVED, "resources/orders")).partition('<tr id="billing_address">')[2]
    written = json.loads(asked.partition("<code>PATCH /api/orders/XAyRWNUzyN\n\n")[2].partition("</code>")[0])
    address = {"data": {"type": "addresses", "id": "XAyRWNUzyN"}}
    assert written["data"]["relationships"] == {"billing_address": address}


def test_the_pages_promise_no_write_that_is_not_served() -> None:
    def row(name: str, member: str) -> str:
        (found,) = re.findall(f'<tr id="{re.escape(member)}">.*?</tr>', page_of(SERVED, f"resources/{name}"), re.S)
        return str(found)

    assert "read only" in row("applications", "name")
    assert ">update<" not in row("versions", "reference")
    assert '<span class="chip create">' in row("skus", "reference")
    triggers = page_of(SERVED, "resources/orders").partition('<section id="triggers">')[2].partition("</section>")[0]
    for name in ("_place", "_refresh", "_authorization_amount_cents"):
        assert f'<tr id="{name}">' in triggers


def test_every_status_code_and_rule_of_errors_has_its_place() -> None:
    ids = Document(page_of(SERVED, "errors").encode()).ids
    assert {*errors.CODES, *MESSAGES, *map(str, ERRORS)} <= set(ids)


def test_guides_types_members_and_errors_are_in_the_index() -> None:
    page = site_of(SERVED).page("search.json")
    assert page is not None
    entries = json.loads(page.body)
    places = {url for _, _, url, _ in entries}
    assert {"/docs/errors#422", "/docs/errors#VALIDATION_ERROR", "/docs/errors#idempotency_key_reused"} <= places
    assert {"/docs/resources/orders", "/docs/resources/orders#_place", "/docs/guides/refund#a-part"} <= places
    (cards,) = [url for _, _, url, text in entries if "4242 4242 4242 4242" in text]
    assert cards == "/docs/guides/test-cards#they-pay"


def test_what_is_always_empty_is_marked() -> None:
    schemas = described(SERVED)["components"]["schemas"]
    mark = "Always empty in this version."
    told = schemas["orders"]["properties"]["relationships"]["properties"]
    assert {name for name, one in told.items() if one.get("description") == mark} == {*SERVED["orders"].shape.empty}
    assert told["returns"]["properties"]["data"]["maxItems"] == 0
    assert told["order_subscription"]["properties"]["data"] == {"type": "null"}
    asked = schemas["markets_update"]["properties"]["data"]["properties"]
    assert asked["relationships"]["properties"]["geocoder"] == {
        "type": "object",
        "required": ["data"],
        "properties": {"data": {"type": "null"}},
        "additionalProperties": False,
        "description": mark,
    }
    served = published(SERVED)["orders"]["attributes"]
    assert "returns" not in served["relationships"]
    row = page_of(SERVED, "resources/orders").partition('<tr id="returns">')[2].partition("</tr>")[0]
    assert mark in row
