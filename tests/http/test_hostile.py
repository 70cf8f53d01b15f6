"""Requests that mean harm: each has its documented error at once, changes nothing, and leaves the next one fast."""

import gc
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from paydesk.commerce.catalog.skus import Sku
from paydesk.jsonapi.documents.views import View, Views
from tests.http.world import CATEGORY, GOODS, GOODS_LINK, MEDIA_TYPE, World, world_at

INJECTIONS = [
    "' OR '1'='1",
    "'; DROP TABLE skus; --",
    '" OR ""="',
    "1) UNION SELECT login FROM payment_gateways --",
    "\\",
    "%' ESCAPE 'x",
    "$1",
    ":c0",
    "${jndi:ldap://x}",
    "{{7*7}}",
    "\r\nX-Injected: 1",
    "\u202e\ufeff\U0001f600",
    "é" * 300,
]


def sku(**attributes: Any) -> dict[str, Any]:
    given = {"code": "hostile", "name": "n", **attributes}
    return {"data": {"type": "skus", "attributes": given, "relationships": GOODS_LINK}}


BODIES: dict[str, tuple[bytes, int]] = {
    "nested 50,000 deep": (b'{"data":' + b"[" * 50_000 + b"]" * 50_000 + b"}", 400),
    "objects nested 100,000 deep": (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, 400),
    "unclosed arrays": (b"[" * 100_000, 400),
    "100,000 unknown members": (json.dumps(sku(**{f"m{at}": at for at in range(60_000)})).encode(), 400),
    "100,000 members of metadata": (json.dumps(sku(metadata={f"m{at}": 1 for at in range(60_000)})).encode(), 422),
    "metadata as a store": (json.dumps(sku(metadata={"k": "x" * 20_000})).encode(), 422),
    "metadata 30 deep": (json.dumps(sku(metadata={"k": json.loads("[" * 40 + "]" * 40)})).encode(), 400),
    "a key twice": (b'{"data":{"type":"skus","type":"orders"}}', 400),
    "a key twice below": (b'{"data":{"type":"skus","attributes":{"code":"a","code":"b","name":"n"}}}', 400),
    "NaN": (b'{"data":{"type":"skus","attributes":{"weight":NaN}}}', 400),
    "Infinity": (b'{"data":{"type":"skus","attributes":{"weight":-Infinity}}}', 400),
    "1e999999999": (b'{"data":{"type":"skus","attributes":{"weight":1e999999999}}}', 400),
    "an integer of 200,000 digits": (b'{"data":{"type":"skus","attributes":{"weight":' + b"9" * 200_000 + b"}}}", 400),
    "an integer as a string": (json.dumps(sku(pieces_per_pack="9" * 5000)).encode(), 422),
    "a NUL": (json.dumps(sku(description="a\0b")).encode(), 422),
    "a NUL in a key of metadata": (json.dumps(sku(metadata={"a\0": 1})).encode(), 422),
    "a lone surrogate": (b'{"data":{"type":"skus","attributes":{"code":"\\ud800","name":"n"}}}', 422),
    "a lone surrogate as a name": (b'{"data":{"type":"skus","attributes":{"\\udfff":1}}}', 400),
    "a lone surrogate as a type": (b'{"data":{"type":"\\ud800"}}', 400),
    "a NUL as a name": (b'{"data":{"type":"skus","attributes":{"\\u0000":1}}}', 400),
    "bad UTF-8": (b'{"data":{"type":"skus","attributes":{"code":"\xc3\x28","name":"n"}}}', 400),
    "overlong UTF-8": (b'{"data":{"type":"skus","attributes":{"code":"\xc0\x80","name":"n"}}}', 400),
    "UTF-16": ('{"data":{"type":"skus"}}'.encode("utf-16"), 400),
    "a byte order mark": (b"\xef\xbb\xbf" + json.dumps(sku()).encode(), 400),
    "a raw NUL": (b'{"data":{"type":"skus"}}\0', 400),
    "a comment": (b'{"data":{"type":"skus"}}//', 400),
    "single quotes": (b"{'data':{'type':'skus'}}", 400),
    "a text beyond its length": (json.dumps(sku(description="x" * 70_000)).encode(), 422),
    "a card number": (json.dumps(sku(description="pay 4242 4242 4242 4242")).encode(), 422),
    "another prototype": (json.dumps(sku(__proto__={"admin": True}, constructor=1)).encode(), 400),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_means_harm(world: World, name: str) -> None:
    sent, status = BODIES[name]
    before = world.everything()
    answer = world.ask("POST", "/api/skus", sent)
    assert answer.status == status, answer.body[:500]
    assert len(answer.body) < 100_000
    assert b"4242" not in answer.body
    assert world.everything() == before
    assert world.get("skus/skuAlpha").status == 200


@pytest.mark.parametrize(
    ("type_", "id_", "attributes", "status"),
    [
        ("orders", "ordDraft", {"payment_status": "paid"}, 400),
        ("orders", "ordDraft", {"status": "placed"}, 400),
        ("orders", "ordDraft", {"placed_at": "2024-01-01"}, 400),
        ("orders", "ordDraft", {"total_amount_cents": 1}, 400),
        ("orders", "ordDraft", {"organization_id": "other"}, 400),
        ("orders", "ordDraft", {"tenant": "other/test"}, 400),
        ("orders", "ordDraft", {"payable_in": "EUR"}, 400),
        ("orders", "ordDraft", {"market_id": "mktUsa"}, 400),
        ("orders", "ordDraft", {"_place": True}, None),
        ("customers", "cusBob", {"password_hash": "x"}, 400),
        ("customers", "cusBob", {"has_password": True}, 400),
        ("customers", "cusBob", {"email_key": "x"}, 400),
        ("customers", "cusBob", {"status": "acquired"}, 400),
        ("line_items", "linAlpha", {"total_amount_cents": 1}, 400),
        ("prices", "prcAlphaEur", {"formatted_amount": "€1"}, 400),
        ("markets", "mktUsa", {"shared_secret": "x", "number": 9}, 400),
        ("stripe_gateways", "gtwStripe", {"webhook_endpoint_secret": "whsec_x"}, 400),
        ("stripe_gateways", "gtwStripe", {"sealed_webhook_secret": "x"}, 400),
    ],
)
def test_what_only_the_server_writes_is_refused(
    world: World, type_: str, id_: str, attributes: dict[str, Any], status: int | None
) -> None:
    before = world.get(f"{type_}/{id_}").data["attributes"]
    answer = world.send("PATCH", f"{type_}/{id_}", attributes)
    assert answer.status == (status or answer.status)
    assert answer.status in (400, 422)
    assert world.get(f"{type_}/{id_}").data["attributes"] == before


def test_sales_channels_do_not_set_what_is_the_shops(world: World) -> None:
    for attributes in (
        {"number": "1"},
        {"expires_at": None},
        {"_refresh": True, "expiration_info": {}},
    ):
        answer = world.send("PATCH", "orders/ordDraft", attributes, token="guest")
        assert answer.errors == [("401", "UNAUTHORIZED", "")], attributes
    line = {"quantity": 1, "sku_code": "ALPHA", "unit_amount_cents": 1}
    answer = world.send("POST", "line_items", line, token="guest", order=("orders", "ordDraft"))
    assert answer.errors == [("401", "UNAUTHORIZED", "")]


@pytest.mark.parametrize("text", INJECTIONS)
def test_text_of_other_languages_is_text(world: World, text: str) -> None:
    before = world.everything()
    sent = quote(text, safe="")
    answers = {
        "filter value": world.ask("GET", f"/api/skus?filter[q][name_cont]={sent}"),
        "equal value": world.ask("GET", f"/api/orders?filter[q][market_name_or_number_eq]={sent}"),
        "pattern": world.ask("GET", f"/api/skus?filter[q][code_matches]={sent}"),
        "list": world.ask("GET", f"/api/skus?filter[q][id_in]={sent},{sent}"),
    }
    assert {name: answer.status for name, answer in answers.items()} == dict.fromkeys(answers, 200)
    assert [one for answer in answers.values() for one in answer.ids] == []
    refused = {
        "filter name": f"/api/skus?filter[q][{sent}_eq]=1",
        "sort": f"/api/skus?sort={sent}",
        "include": f"/api/skus?include={sent}",
        "field": f"/api/skus?fields[skus]={sent}",
        "field type": f"/api/skus?fields[{sent}]=id",
        "page": f"/api/skus?page[size]={sent}",
        "parameter": f"/api/skus?{sent}=1",
    }
    for name, path in refused.items():
        answer = world.ask("GET", path)
        assert answer.status == 400, (name, answer.body[:300])
        assert all(len(value) < 300 for value in answer.headers.values())
    assert world.ask("GET", f"/api/skus/{sent}").status == 404
    assert world.ask("GET", f"/api/{sent}").status == 404
    assert world.everything() == before
    made = world.send("POST", "skus", {"code": text, "name": text, "metadata": {text: text}}, **GOODS, expect=201).data
    assert (made["attributes"]["code"], made["attributes"]["metadata"]) == (text, {text: text})
    assert world.filtered("skus", code_eq=text) == [made["id"]] or "," in text
    assert world.ask("DELETE", f"/api/skus/{made['id']}").status == 204


@pytest.mark.parametrize(
    "name",
    [
        "password_hash_start",
        "customer_password_hash_start",
        "customer_email_key_eq",
        "tenant_eq",
        "token_hash_eq",
        "payment_method_payment_gateway_login_start",
        "payment_method_payment_gateway_sealed_webhook_secret_eq",
        "market_shared_secret_eq",
        "versions_changes_eq",
        "versions_ip_address_eq",
        "event_stores_ms_gt",
        "organization_id_eq",
        "billing_address_billed_orders_number_eq",
        "line_items_order_line_items_order_line_items_sku_code_eq",
        "formatted_total_amount_eq",
        "market__eq",
        "_eq",
        "eq",
    ],
)
def test_what_is_hidden_is_not_filtered_by(world: World, name: str) -> None:
    answer = world.ask("GET", f"/api/orders?filter[q][{name}]=1")
    assert (answer.status, answer.errors[0][1]) == (400, "FILTER_NOT_ALLOWED")


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("include=" + ".".join(["line_items", "order"] * 10), 400),
        ("include=" + ",".join(["line_items.order.market"] * 200), 200),
        ("include=" + ",".join(f"x{at}" for at in range(5000)), 400),
        ("page[size]=1000000", 400),
        ("&".join(f"filter[q][number_eq{at}]=1" for at in range(10_000)), 400),
        ("&".join(f"filter[q][{name}_eq]=1" for name in ["number", "status"] * 30), 400),
        ("filter[q][" + "_or_".join(["number"] * 1000) + "_eq]=1", 400),
        ("filter[q][number_cont_any]=" + ",".join(str(at) for at in range(1000)), 400),
        ("filter[q][number_in]=" + ",".join(str(at) for at in range(1000)), 200),
        ("filter[q][number_in]=" + ",".join(str(at) for at in range(100_000)), 400),
        ("filter[q][number_eq]=" + "x" * 5000, 400),
        ("filter[q][number_matches]=" + "%25" * 1000, 200),
        ("filter[q][metadata_jcont]=" + quote("[" * 5000), 400),
        ("filter[q][metadata_jcont]=" + quote('{"a":' * 20 + "1" + "}" * 20), 200),
        ("filter[q][metadata_jcont]=" + quote('{"a":1,"a":2}'), 400),
        ("filter[q][metadata_jcont]=" + quote('{"a":"\\u0000"}'), 400),
        ("filter[q][total_amount_cents_eq]=" + "9" * 400, 400),
        ("filter[q][placed_at_gt]=999999-01-01", 400),
        ("sort=" + ",".join(["number", "-status"] * 500), 200),
        ("fields[orders]=" + ",".join(["number"] * 5000), 200),
        ("fields[orders]=" + ",".join(f"f{at}" for at in range(5000)), 400),
        ("&" * 5000, 200),
        ("=" * 100, 400),
        ("a[b[c]]=1", 400),
        ("%", 400),
        ("%00=1", 400),
        ("sort=%ff%fe", 400),
        ("sort=%ed%a0%80", 400),
    ],
)
def test_a_query_that_means_harm(world: World, query: str, status: int) -> None:
    answer = world.ask("GET", f"/api/orders?{query}")
    assert answer.status == status, answer.body[:500]
    assert len(answer.body) < 200_000


def test_many_filters_of_many_values_are_answered_in_time(world: World) -> None:
    names = ["number", "status", "reference", "customer_email", "market_name", "line_items_name", "customer_email"]
    query = "&".join(f"filter[q][{name}_cont_any]={','.join(f'{at}x' for at in range(28))}" for name in names[:6])
    assert world.ask("GET", f"/api/orders?{query}").ids == []


def includable(world: World, type_: str, depth: int) -> list[str]:
    """Every path of exactly this many relationships."""
    shape = world.registry[type_].shape
    names = {name: one.types for name, one in shape.relationships.items() if one.includable and not one.hidden}
    if depth == 1:
        return list(names)
    paths = (
        f"{name}.{path}" for name, types in names.items() for one in types for path in includable(world, one, depth - 1)
    )
    return list(dict.fromkeys(paths))


def test_includes_have_a_measure(world: World) -> None:
    paths = includable(world, "orders", 3)
    answer = world.ask("GET", f"/api/orders?include={','.join(paths)}")
    assert answer.errors == [("400", "INVALID_INCLUDE", "include")]
    assert world.ask("GET", f"/api/orders?include={','.join(paths[:40])}").status == 200


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_includes_of_every_sort_do_not_fill_memory(fresh: World) -> None:
    paths = includable(fresh, "orders", 3)
    kept = Views.KEPT
    for at in range(100):
        chosen = ",".join(paths[at:][:20])
        assert fresh.ask("GET", f"/api/orders/ordDraft?include={chosen}", token="guest").status == 200
    gc.collect()
    assert sum(type(one) is View for one in gc.get_objects()) <= kept


def test_a_pattern_of_many_wildcards_takes_no_longer_than_the_text_is(fresh: World) -> None:
    text = "a" * 65_000
    of = {"name": text, "shipping_category_id": CATEGORY}
    fresh.write("shop/test", *((Sku, f"heavy{at}", {"code": f"h{at}", **of}) for at in range(40)))
    for pattern in ("%25a" * 330 + "%25b", "%25" + "a%25" * 330 + "b", "%25_" * 330 + "b"):
        assert fresh.get(f"skus?filter[q][name_matches]={pattern}").ids == []


def test_words_for_the_log_are_one_line(world: World, caplog: pytest.LogCaptureFixture) -> None:
    headers: dict[str, str | None] = {"user-agent": "x\r\nINFO forged", "x-forwarded-for": "1\r\n2"}
    made = world.send("POST", "skus", {"code": "log", "name": "n\r\nforged"}, **GOODS, headers=headers, expect=201)
    assert world.ask("DELETE", f"/api/skus/{made.data['id']}").status == 204
    assert "forged" not in caplog.text


# Bodies beyond their size and time.


@pytest.fixture(scope="module")
def small(sqlite_template: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A server that takes bodies of 2,000 bytes and waits for them a fifth of a second."""
    file = tmp_path_factory.mktemp("small") / "paydesk.sqlite3"
    file.write_bytes(sqlite_template.read_bytes())
    with world_at(f"sqlite:///{file}", max_body_bytes=2000, body_timeout=0.2) as made:
        yield made


def test_a_body_that_says_it_is_too_long_is_not_read(small: World) -> None:
    answer = small.ask("POST", "/api/skus", b"{}", headers={"content-length": "2001"})
    assert answer.errors == [("413", "PAYLOAD_TOO_LARGE", "")]
    assert small.taken == 0
    assert answer.headers["access-control-allow-origin"] == "*"


def test_a_body_that_turns_out_too_long_is_not_read_to_its_end(small: World) -> None:
    answer = small.ask("POST", "/api/skus", chunks=[b"x" * 500] * 1000)
    assert answer.errors == [("413", "PAYLOAD_TOO_LARGE", "")]
    assert small.taken == 5
    assert small.ask("POST", "/api/skus", b" " * 2001, headers={"content-length": None}).status == 413


def test_a_body_of_exactly_the_limit_is_read(small: World) -> None:
    sent = json.dumps(sku()).encode()
    assert small.ask("POST", "/api/skus", sent + b" " * (2000 - len(sent))).status == 201


@pytest.mark.parametrize("length", ["-1", "1e9", "abc", "99999999999999999999999"])
def test_a_length_that_is_none_does_no_harm(small: World, length: str) -> None:
    answer = small.ask("POST", "/api/skus", b"{", headers={"content-length": length})
    assert answer.status in (400, 413)


def test_a_body_that_arrives_drop_by_drop_is_given_up(small: World) -> None:
    answer = small.ask("POST", "/api/skus", chunks=[b" "] * 100, pause=0.05)
    assert answer.errors == [("400", "BAD_REQUEST", "")]


def test_a_client_that_leaves_in_the_middle_of_its_body_changes_nothing(small: World) -> None:
    before = small.everything()
    sent = json.dumps(sku(code="gone")).encode()
    assert small.ask("POST", "/api/skus", sent[:20], leave=True, headers={"content-length": None}).status == 400
    assert small.everything() == before


def test_a_body_in_pieces_is_one_body(small: World) -> None:
    sent = json.dumps(sku(code="pieces")).encode()
    answer = small.ask("POST", "/api/skus", chunks=[sent[at : at + 7] for at in range(0, len(sent), 7)])
    assert (answer.status, answer.headers["content-type"]) == (201, MEDIA_TYPE)
