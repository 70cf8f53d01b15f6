"""What a wrong request is told: code, status and place of every problem, and which problem comes first."""

from typing import Any

import pytest

from tests.http.world import GOODS, GOODS_LINK, MEDIA_TYPE, World

NAMED = {"title", "detail", "code", "status"}


def body(data: Any) -> Any:
    return {"data": data}


def sku(**more: Any) -> dict[str, Any]:
    return {"type": "skus", "attributes": {"code": "c", "name": "n"}, **more}


@pytest.mark.parametrize(
    ("sent", "errors"),
    [
        (b"", [("400", "PARAM_MISSING", "/data")]),
        ({}, [("400", "PARAM_MISSING", "/data")]),
        ([], [("400", "PARAM_MISSING", "/data")]),
        (body({}), [("400", "PARAM_MISSING", "/data/type")]),
        (body(None), [("400", "INVALID_DATA_FORMAT", "/data")]),
        (body([sku()]), [("400", "INVALID_DATA_FORMAT", "/data")]),
        (body("skus"), [("400", "INVALID_DATA_FORMAT", "/data")]),
        (body(sku(type="orders")), [("400", "INVALID_RESOURCE", "/data/type")]),
        (body(sku(type="nope")), [("400", "INVALID_RESOURCE", "/data/type")]),
        (body(sku(type={"a": 1})), [("400", "INVALID_RESOURCE", "/data/type")]),
        (body(sku(attributes=[])), [("400", "INVALID_DATA_FORMAT", "/data/attributes")]),
        (body(sku(relationships=1)), [("400", "INVALID_DATA_FORMAT", "/data/relationships")]),
        (b"{", [("400", "BAD_REQUEST", "")]),
        (b'{"data":1,"data":2}', [("400", "BAD_REQUEST", "")]),
        (b'{"data":"\xff"}', [("400", "BAD_REQUEST", "")]),
        (b"\xef\xbb\xbf{}", [("400", "BAD_REQUEST", "")]),
        (b'{"data":' + b"[" * 40 + b"]" * 40 + b"}", [("400", "BAD_REQUEST", "")]),
        (b'{"data":9223372036854775808}', [("400", "BAD_REQUEST", "")]),
        (b'{"data":1e999}', [("400", "BAD_REQUEST", "")]),
        (b'{"data":NaN}', [("400", "BAD_REQUEST", "")]),
        (b'{"data":{}}x', [("400", "BAD_REQUEST", "")]),
        (body(sku(id="mine")), [("400", "PARAM_NOT_ALLOWED", "/data/id")]),
        (body(sku(extra=1)), [("400", "PARAM_NOT_ALLOWED", "/data/extra")]),
        ({"data": sku(), "more": 1}, [("400", "PARAM_NOT_ALLOWED", "/more")]),
        (
            body(sku(attributes={"code": "c", "name": "n", "nope": 1, "created_at": "2020-01-01", "inventory": {}})),
            [
                ("400", "PARAM_NOT_ALLOWED", "/data/attributes/nope"),
                ("400", "PARAM_NOT_ALLOWED", "/data/attributes/created_at"),
                ("400", "PARAM_NOT_ALLOWED", "/data/attributes/inventory"),
            ],
        ),
        (
            body(sku(relationships={"nope": {"data": None}, "versions": {"data": []}, "tags": {}})),
            [
                ("400", "PARAM_NOT_ALLOWED", "/data/relationships/nope"),
                ("400", "PARAM_NOT_ALLOWED", "/data/relationships/versions"),
                ("400", "INVALID_LINKS_OBJECT", "/data/relationships/tags"),
            ],
        ),
    ],
)
def test_a_body_that_is_no_document(world: World, sent: Any, errors: list[tuple[str, str, str]]) -> None:
    answer = world.ask("POST", "/api/skus", sent)
    assert answer.errors == errors
    assert answer.status == 400
    assert all(set(one) <= NAMED | {"source", "meta"} and set(one) >= NAMED for one in answer.document["errors"])


@pytest.mark.parametrize(
    ("relationship", "error"),
    [
        ({}, "INVALID_LINKS_OBJECT"),
        ([], "INVALID_LINKS_OBJECT"),
        (None, "INVALID_LINKS_OBJECT"),
        ({"data": "mktEurope"}, "INVALID_LINKS_OBJECT"),
        ({"data": []}, "INVALID_LINKS_OBJECT"),
        ({"data": {"id": "mktEurope"}}, "INVALID_LINKS_OBJECT"),
        ({"data": {"type": "markets"}}, "INVALID_LINKS_OBJECT"),
        ({"data": {"type": "markets", "id": 5}}, "INVALID_LINKS_OBJECT"),
        ({"data": {"type": "markets", "id": ""}}, "INVALID_LINKS_OBJECT"),
        ({"data": {"type": "skus", "id": "skuAlpha"}}, "TYPE_MISMATCH"),
    ],
)
def test_a_relationship_that_links_nothing(world: World, relationship: Any, error: str) -> None:
    data = {"type": "orders", "relationships": {"market": relationship}}
    answer = world.ask("POST", "/api/orders", body(data))
    assert answer.errors == [("400", error, "/data/relationships/market")]


@pytest.mark.parametrize(
    ("data", "errors"),
    [
        ({"type": "skus"}, [("400", "KEY_ORDER_MISMATCH", "/data/id")]),
        ({"type": "skus", "id": "skuPlain"}, [("400", "KEY_NOT_INCLUDED_IN_URL", "/data/id")]),
        ({"type": "skus", "id": 7}, [("400", "KEY_NOT_INCLUDED_IN_URL", "/data/id")]),
        (
            {"id": "skuPlain", "attributes": 1},
            [
                ("400", "PARAM_MISSING", "/data/type"),
                ("400", "KEY_NOT_INCLUDED_IN_URL", "/data/id"),
                ("400", "INVALID_DATA_FORMAT", "/data/attributes"),
            ],
        ),
    ],
)
def test_an_update_names_the_record_of_its_address(world: World, data: Any, errors: list[tuple[str, str, str]]) -> None:
    assert world.ask("PATCH", "/api/skus/skuAlpha", body(data)).errors == errors


def test_all_broken_rules_come_together(world: World) -> None:
    attributes = {
        "name": "",
        "weight": "heavy",
        "unit_of_weight": "stone",
        "pieces_per_pack": 1.5,
        "do_not_ship": "maybe",
        "metadata": [],
        "description": "nul\0",
        "image_url": 7,
    }
    answer = world.send("POST", "skus", attributes, expect=422, **GOODS)
    assert sorted(answer.rules) == sorted(
        [
            ("/data/attributes/code", "blank"),
            ("/data/attributes/name", "blank"),
            ("/data/attributes/weight", "not_a_number"),
            ("/data/attributes/unit_of_weight", "inclusion"),
            ("/data/attributes/pieces_per_pack", "not_an_integer"),
            ("/data/attributes/do_not_ship", "invalid"),
            ("/data/attributes/metadata", "invalid"),
            ("/data/attributes/description", "invalid"),
            ("/data/attributes/image_url", "invalid"),
        ]
    )
    blank = next(one for one in answer.document["errors"] if one["source"]["pointer"] == "/data/attributes/code")
    assert blank == {
        "title": "can't be blank",
        "detail": "code - can't be blank",
        "code": "VALIDATION_ERROR",
        "source": {"pointer": "/data/attributes/code"},
        "status": "422",
        "meta": {"error": "blank"},
    }


def test_bounds_say_what_was_given_and_what_is_allowed(world: World) -> None:
    price_list = ("price_lists", "lstEur")
    answer = world.send("POST", "prices", {"amount_cents": -1, "sku_code": "plain"}, expect=422, price_list=price_list)
    (error,) = answer.document["errors"]
    assert error["title"] == "must be greater than or equal to 0"
    assert error["meta"] == {"error": "greater_than_or_equal_to", "value": -1, "count": 0}


@pytest.mark.parametrize("id_", ["nope", "lstOther", "x" * 300, "nul\0", "\ud800"])
def test_a_related_record_must_exist(world: World, id_: str) -> None:
    answer = world.send("POST", "prices", {"amount_cents": 1, "sku_code": "plain"}, price_list=("price_lists", id_))
    assert (answer.status, answer.rules) == (422, [("/data/relationships/price_list", "blank")])
    assert answer.document["errors"][0]["title"] == "must exist"


def test_a_related_record_that_does_not_exist_is_told_beside_what_else_is_wrong(world: World) -> None:
    before = world.everything()
    attributes = {"amount_cents": "many", "compare_at_amount_cents": -1}
    answer = world.send("POST", "prices", attributes, price_list=("price_lists", "nope"), sku=("skus", "skuOther"))
    assert (answer.status, sorted(answer.rules)) == (
        422,
        [
            ("/data/attributes/amount_cents", "not_a_number"),
            ("/data/attributes/compare_at_amount_cents", "greater_than_or_equal_to"),
            ("/data/relationships/price_list", "blank"),
            ("/data/relationships/sku", "blank"),
        ],
    )
    changed = world.send("PATCH", "prices/prcAlphaEur", {"amount_cents": -1}, price_list=("price_lists", "nope"))
    assert (changed.status, sorted(changed.rules)) == (
        422,
        [("/data/attributes/amount_cents", "greater_than_or_equal_to"), ("/data/relationships/price_list", "blank")],
    )
    assert world.everything() == before


def test_a_required_relationship_must_exist(world: World) -> None:
    absent = world.send("POST", "line_items", {"quantity": 1, "name": "n"})
    null = world.send("POST", "line_items", {"quantity": 1, "name": "n"}, order=None)
    assert absent.rules == null.rules == [("/data/relationships/order", "blank")]


def test_a_value_that_is_taken(world: World) -> None:
    answer = world.send("POST", "skus", {"code": "ALPHA", "name": "n"}, **GOODS, expect=422)
    assert answer.rules == [("/data/attributes/code", "taken")]
    taken = world.send("POST", "customers", {"email": " ADA@example.com"}, expect=422)
    assert taken.rules == [("/data/attributes/email", "taken")]


def test_a_record_that_others_refer_to_is_not_deleted(world: World) -> None:
    for path in ("merchants/merBrand", "price_lists/lstEur", "addresses/adrTorino"):
        assert world.ask("DELETE", f"/api/{path}").errors == [("423", "LOCKED", "")]


@pytest.mark.parametrize(
    ("query", "errors"),
    [
        ("include=nope", [("400", "INVALID_INCLUDE", "include")]),
        ("include=prices.sku.prices.sku", [("400", "INVALID_INCLUDE", "include")]),
        ("include=event_stores", [("400", "INVALID_INCLUDE", "include")]),
        ("fields[skus]=nope,password_hash", [("400", "INVALID_FIELD", "fields[skus]")] * 2),
        ("fields[nope]=x", [("400", "INVALID_RESOURCE", "fields[nope]")]),
        ("fields=x", [("400", "INVALID_FIELD_FORMAT", "fields")]),
        ("filter[q][do_not_ship_eq]=maybe", [("400", "INVALID_FILTER_VALUE", "filter[q][do_not_ship_eq]")]),
        ("filter[q][created_at_gt]=yesterday", [("400", "INVALID_FILTER_VALUE", "filter[q][created_at_gt]")]),
        (
            "filter[q][prices_amount_cents_gt]=1.5",
            [("400", "INVALID_FILTER_VALUE", "filter[q][prices_amount_cents_gt]")],
        ),
        ("filter[q][metadata_jcont]=foo", [("400", "INVALID_FILTER_VALUE", "filter[q][metadata_jcont]")]),
        ("filter[q][code_null]=perhaps", [("400", "INVALID_FILTER_VALUE", "filter[q][code_null]")]),
        ("filter[q][weight_gt]=1", [("400", "FILTER_NOT_ALLOWED", "filter[q][weight_gt]")]),
        ("filter[q][code_gt]=1", [("400", "FILTER_NOT_ALLOWED", "filter[q][code_gt]")]),
        ("filter[q][code_is]=1", [("400", "FILTER_NOT_ALLOWED", "filter[q][code_is]")]),
        ("filter=1", [("400", "INVALID_FILTERS_SYNTAX", "filter")]),
        ("filter[q]=1", [("400", "INVALID_FILTERS_SYNTAX", "filter[q]")]),
        ("sort=nope", [("400", "INVALID_SORT_CRITERIA", "sort")]),
        ("colour=red", [("400", "PARAM_NOT_ALLOWED", "colour")]),
        ("sort=code&sort=name", [("400", "BAD_REQUEST", "sort")]),
        (
            "include=nope&sort=nope&page[size]=0&filter[q][nope_eq]=1&x=1",
            [
                ("400", "INVALID_INCLUDE", "include"),
                ("400", "INVALID_SORT_CRITERIA", "sort"),
                ("400", "INVALID_PAGE_VALUE", "page[size]"),
                ("400", "FILTER_NOT_ALLOWED", "filter[q][nope_eq]"),
                ("400", "PARAM_NOT_ALLOWED", "x"),
            ],
        ),
    ],
)
def test_a_query_that_asks_what_there_is_not(world: World, query: str, errors: list[tuple[str, str, str]]) -> None:
    answer = world.get(f"skus?{query}", expect=400)
    assert answer.errors == errors
    assert answer.headers["access-control-allow-origin"] == "*"


def test_names_of_query_and_body_are_told_together(world: World) -> None:
    answer = world.ask("POST", "/api/skus?colour=red&include=nope", body(sku(attributes={"nope": 1})))
    assert answer.errors == [
        ("400", "PARAM_NOT_ALLOWED", "colour"),
        ("400", "INVALID_INCLUDE", "include"),
        ("400", "PARAM_NOT_ALLOWED", "/data/attributes/nope"),
    ]
    assert world.ask("POST", "/api/skus?colour=red", b"{").errors == [("400", "BAD_REQUEST", "")]


# Who asks, and for what.


@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", "Bearer ", "Basic abc", "Bearer nobody", "Bearer a, Bearer b"]
)
def test_a_request_without_a_valid_token(world: World, authorization: str | None) -> None:
    answer = world.ask("GET", "/api/orders", headers={"authorization": authorization})
    assert answer.document == {
        "errors": [
            {
                "title": "Invalid token",
                "detail": "The access token you provided is invalid.",
                "code": "INVALID_TOKEN",
                "status": "401",
            }
        ]
    }


def test_the_scheme_of_a_token_is_known_in_any_case(world: World) -> None:
    assert world.ask("GET", "/api/orders", headers={"authorization": "bearer shop/test"}).status == 200


@pytest.mark.parametrize(
    ("method", "path", "token"),
    [
        ("GET", "orders", "guest"),
        ("GET", "versions", "guest"),
        ("GET", "payment_gateways", "guest"),
        ("GET", "stripe_gateways/gtwStripe", "guest"),
        ("GET", "customers/cusAda", "guest"),
        ("GET", "orders/ordFull", "guest"),
        ("GET", "orders/ordPlaced", "guest"),
        ("GET", "orders/ordOld", "ada"),
        ("GET", "customers/cusBob", "ada"),
        ("GET", "orders/ordFull/versions", "guest"),
        ("DELETE", "orders/ordDraft", "guest"),
        ("PATCH", "orders/ordFull", "guest"),
        ("PATCH", "skus/skuAlpha", "guest"),
        ("POST", "skus", "reader"),
        ("PATCH", "orders/ordFull", "reader"),
        ("GET", "orders/ordPlaced", "bound"),
    ],
)
def test_what_a_token_does_not_permit(world: World, method: str, path: str, token: str) -> None:
    type_, _, id_ = path.partition("/")
    sent = None if method in ("GET", "DELETE") else body({"type": type_, **({"id": id_} if id_ else {})})
    answer = world.ask(method, f"/api/{path}", sent, token=token)
    assert answer.document["errors"] == [
        {
            "title": "Access denied",
            "detail": "You are not authorized to perform this action on the requested resource.",
            "code": "UNAUTHORIZED",
            "status": "401",
        }
    ]


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "nopes", 404, "RECORD_NOT_FOUND"),
        ("GET", "", 404, "RECORD_NOT_FOUND"),
        ("GET", "skus/nope", 404, "RECORD_NOT_FOUND"),
        ("PATCH", "skus/nope", 404, "RECORD_NOT_FOUND"),
        ("DELETE", "skus/nope", 404, "RECORD_NOT_FOUND"),
        ("GET", "skus/skuAlpha/nope", 404, "RECORD_NOT_FOUND"),
        ("GET", "skus/skuAlpha/code", 404, "RECORD_NOT_FOUND"),
        ("GET", "skus/nope/prices", 404, "RECORD_NOT_FOUND"),
        ("GET", "skus/nope/relationships/prices", 404, "RECORD_NOT_FOUND"),
        ("GET", "skus/skuAlpha/prices/prcAlphaEur", 404, "RECORD_NOT_FOUND"),
        ("GET", "skus/skuAlpha/relationships/prices/x", 404, "RECORD_NOT_FOUND"),
        ("GET", "skus/", 404, "RECORD_NOT_FOUND"),
        ("GET", "skus/a.b", 404, "RECORD_NOT_FOUND"),
        ("GET", "skus/%00", 404, "RECORD_NOT_FOUND"),
        ("GET", "skus/..%2f..%2fetc", 404, "RECORD_NOT_FOUND"),
        ("GET", "skus/" + "a" * 65, 404, "RECORD_NOT_FOUND"),
        ("GET", "addresses/adrTorino/billed_orders", 404, "RECORD_NOT_FOUND"),
        ("POST", "versions", 405, "METHOD_NOT_ALLOWED"),
        ("PATCH", "versions/x", 405, "METHOD_NOT_ALLOWED"),
        ("DELETE", "organization", 405, "METHOD_NOT_ALLOWED"),
        ("POST", "organization", 405, "METHOD_NOT_ALLOWED"),
        ("PATCH", "skus", 405, "METHOD_NOT_ALLOWED"),
        ("DELETE", "skus", 405, "METHOD_NOT_ALLOWED"),
        ("POST", "skus/skuAlpha", 405, "METHOD_NOT_ALLOWED"),
        ("PUT", "skus/skuAlpha", 405, "METHOD_NOT_ALLOWED"),
        ("TRACE", "skus", 405, "METHOD_NOT_ALLOWED"),
        ("POST", "payment_gateways", 405, "METHOD_NOT_ALLOWED"),
        ("POST", "skus/skuAlpha/prices", 405, "METHOD_NOT_ALLOWED"),
    ],
)
def test_what_is_not_there_or_not_offered(world: World, method: str, path: str, status: int, code: str) -> None:
    id_ = path.partition("/")[2]
    sent = body({"type": path.partition("/")[0], "id": id_}) if method in ("POST", "PATCH") else None
    answer = world.ask(method, f"/api/{path}", sent)
    assert answer.errors == [(str(status), code, "")]


# Media types.


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "skus", "GET, HEAD, POST, OPTIONS"),
        ("DELETE", "skus", "GET, HEAD, POST, OPTIONS"),
        ("POST", "skus/skuAlpha", "GET, HEAD, PATCH, DELETE, OPTIONS"),
        ("POST", "versions", "GET, HEAD, OPTIONS"),
        ("GET", "event_stores", "OPTIONS"),
        ("PATCH", "organization", "GET, HEAD, OPTIONS"),
        ("DELETE", "orders/ordFull/market", "GET, HEAD, OPTIONS"),
        ("PATCH", "orders/ordFull/relationships/market", "GET, HEAD, OPTIONS"),
    ],
)
def test_a_method_that_is_not_there_is_answered_with_those_that_are(
    world: World, method: str, path: str, allowed: str
) -> None:
    answer = world.ask(method, f"/api/{path}", b"{}")
    assert (answer.status, answer.headers["allow"]) == (405, allowed)


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        (None, 200),
        ("*/*", 200),
        ("application/*", 200),
        (MEDIA_TYPE, 200),
        ("Application/Vnd.Api+Json", 200),
        (f"text/html, {MEDIA_TYPE};q=0.5", 200),
        ("application/json", 406),
        ("text/html", 406),
        ("", 406),
    ],
)
def test_accept_has_to_admit_the_media_type(world: World, accept: str | None, status: int) -> None:
    answer = world.ask("GET", "/api/skus", headers={"accept": accept})
    assert answer.status == status
    assert answer.headers["content-type"] == MEDIA_TYPE
    if status == 406:
        assert answer.errors == [("406", "NOT_ACCEPTABLE", "")]


@pytest.mark.parametrize("sent", [None, "application/json", "text/plain", "", "application/x-www-form-urlencoded"])
def test_a_body_has_to_say_its_media_type(world: World, sent: str | None) -> None:
    for method, path in (("POST", "/api/skus"), ("PATCH", "/api/skus/skuAlpha")):
        answer = world.ask(method, path, body(sku()), headers={"content-type": sent})
        assert answer.errors == [("415", "UNSUPPORTED_MEDIA_TYPE", "")]


def test_a_media_type_may_have_parameters_and_is_not_looked_at_without_a_body(fresh: World) -> None:
    headers: dict[str, str | None] = {"content-type": f"{MEDIA_TYPE}; charset=utf-8"}
    assert fresh.ask("POST", "/api/skus", body(sku(relationships=GOODS_LINK)), headers=headers).status == 201
    assert fresh.ask("GET", "/api/skus", headers={"content-type": "text/plain"}).status == 200
    assert fresh.ask("DELETE", "/api/skus/skuPlain", headers={"content-type": MEDIA_TYPE}).status == 204


def test_a_compressed_body_is_no_json(world: World) -> None:
    import gzip

    headers: dict[str, str | None] = {"content-encoding": "gzip"}
    answer = world.ask("POST", "/api/skus", gzip.compress(b"\0" * 10_000_000), headers=headers)
    assert answer.errors == [("400", "BAD_REQUEST", "")]


def test_the_first_thing_wrong_is_told(world: World) -> None:
    wrong: dict[str, str | None] = {"accept": "text/html", "content-type": "text/plain", "authorization": None}
    told = []
    for mended in ({}, {"accept": "*/*"}, {"content-type": MEDIA_TYPE}, {"authorization": "Bearer guest"}):
        wrong.update(mended)
        told.append(world.ask("POST", "/api/versions?x=1", b"{", headers=wrong).errors[0][1])
    assert told == ["NOT_ACCEPTABLE", "UNSUPPORTED_MEDIA_TYPE", "INVALID_TOKEN", "METHOD_NOT_ALLOWED"]
    # Role, then the document's shape, then its names, then whether the record is there and whose, then the values.
    told = []
    for token, path, sent in (
        ("guest", "skus/nope?x=1", b"{"),
        ("shop/test", "skus/nope?x=1", b"{"),
        ("shop/test", "skus/nope?x=1", body({"type": "skus", "id": "nope", "attributes": {"code": ""}})),
        ("shop/test", "skus/nope", body({"type": "skus", "id": "nope", "attributes": {"code": ""}})),
        ("shop/test", "skus/skuAlpha", body({"type": "skus", "id": "skuAlpha", "attributes": {"code": ""}})),
        ("guest", "orders/ordFull", body({"type": "orders", "id": "ordFull", "attributes": {"guest": "maybe"}})),
    ):
        told.append(world.ask("PATCH", f"/api/{path}", sent, token=token).errors[0][1])
    assert told == [
        "UNAUTHORIZED",
        "BAD_REQUEST",
        "PARAM_NOT_ALLOWED",
        "RECORD_NOT_FOUND",
        "VALIDATION_ERROR",
        "UNAUTHORIZED",
    ]


# Idempotency keys.


@pytest.mark.parametrize("key", ["", "k" * 256, "schlüssel", "a\tb"])
def test_a_key_that_is_none(world: World, key: str) -> None:
    answer = world.send("POST", "skus", {"code": "k", "name": "n"}, **GOODS, headers={"idempotency-key": key})
    assert answer.errors == [("400", "BAD_REQUEST", "Idempotency-Key")]


def test_a_key_gives_the_same_answer_again(fresh: World) -> None:
    headers: dict[str, str | None] = {"idempotency-key": "once"}
    first = fresh.send("POST", "skus", {"code": "k", "name": "n"}, **GOODS, headers=headers, expect=201)
    again = fresh.send("POST", "skus", {"code": "k", "name": "n"}, **GOODS, headers=headers, expect=201)
    assert again.body == first.body
    assert again.headers["location"] == first.headers["location"]
    assert ("idempotent-replayed" in first.headers, again.headers["idempotent-replayed"]) == (False, "true")
    other = fresh.send("POST", "skus", {"code": "k", "name": "m"}, **GOODS, headers=headers, expect=422)
    assert other.document["errors"][0]["source"] == {"header": "Idempotency-Key"}
    assert other.document["errors"][0]["meta"] == {"error": "idempotency_key_reused"}
    elsewhere = fresh.send("POST", "skus?include=prices", {"code": "k", "name": "n"}, **GOODS, headers=headers)
    assert elsewhere.status == 422
    for token in ("shop/live", "other/test"):
        assert (
            fresh.send("POST", "skus", {"code": "k", "name": "n"}, **GOODS, headers=headers, token=token).status == 201
        )


def test_a_refused_request_leaves_its_key_free(fresh: World) -> None:
    headers: dict[str, str | None] = {"idempotency-key": "again"}
    fresh.send("POST", "skus", {"code": "k"}, **GOODS, headers=headers, expect=422)
    fresh.send("POST", "skus", {"code": "k", "name": "n"}, **GOODS, headers=headers, expect=201)


def test_permission_is_asked_for_before_an_answer_is_given_again(fresh: World) -> None:
    headers: dict[str, str | None] = {"idempotency-key": "mine"}
    answer = fresh.send("PATCH", "orders/ordDraft", {"return_url": "x"}, headers=headers, token="guest", expect=200)
    assert answer.data["attributes"]["return_url"] == "x"
    fresh.send("PATCH", "orders/ordDraft", {"guest": False}, expect=200)
    again = fresh.send("PATCH", "orders/ordDraft", {"return_url": "x"}, headers=headers, token="guest")
    assert again.errors == [("401", "UNAUTHORIZED", "")]


# What a 401 asks for.


@pytest.mark.parametrize(
    ("headers", "challenge"),
    [
        ({"authorization": None}, 'Bearer error="invalid_token", error_description="The request has no access token."'),
        (
            {"authorization": "Basic eDp5"},
            'Bearer error="invalid_token", error_description="The request has no access token."',
        ),
        (
            {"authorization": "Bearer nobody"},
            'Bearer error="invalid_token", error_description="The access token is not one of this server."',
        ),
        ({"authorization": "Bearer guest"}, 'Bearer error="insufficient_scope"'),
    ],
)
def test_a_401_says_in_its_header_what_was_wrong(world: World, headers: dict[str, str | None], challenge: str) -> None:
    for method in ("GET", "HEAD"):
        answer = world.ask(method, "/api/price_lists", headers=headers)
        assert (answer.status, answer.headers["www-authenticate"]) == (401, challenge)
    assert "www-authenticate" not in world.ask("GET", "/api/nope").headers
