"""Nothing of another organization or environment is ever told, found, linked or changed."""

from typing import Any

import pytest

from paydesk.commerce.payments.authorizations import Authorization
from tests.http.world import World

FOREIGN = {
    "other/test": {"skus": "skuOther", "orders": "ordOther", "customers": "cusOther", "markets": "mktOther",
                   "price_lists": "lstOther", "merchants": "merOther", "line_items": "linOther"},
    "shop/live": {"skus": "skuLive", "orders": "ordLive"},
}  # fmt: skip
CASES = [(tenant, type_, id_) for tenant, ids in FOREIGN.items() for type_, id_ in ids.items()]


def told(answer: Any) -> tuple[int, Any]:
    """An answer but for what differs each time."""
    document = answer.document
    return answer.status, document


@pytest.mark.parametrize(("tenant", "type_", "id_"), CASES)
def test_a_foreign_record_is_as_if_it_were_not_there(world: World, tenant: str, type_: str, id_: str) -> None:
    assert world.get(f"{type_}/{id_}", token=tenant).data["id"] == id_
    for method, rest in (("GET", ""), ("GET", "/versions"), ("GET", "/event_stores"), ("DELETE", ""), ("PATCH", "")):
        sent = {"data": {"type": type_, "id": "{}", "attributes": {"reference": "mine"}}} if method == "PATCH" else None
        answers = []
        for named in (id_, "nonexistent"):
            if sent:
                sent["data"]["id"] = named
            answers.append(told(world.ask(method, f"/api/{type_}/{named}{rest}", sent)))
        assert answers[0] == answers[1]
        assert answers[0][0] == (404 if (type_, rest) not in _without(world, type_) else answers[0][0])
    assert world.get(f"{type_}/{id_}", token=tenant).data["attributes"]["reference"] is None


def _without(world: World, type_: str) -> set[tuple[str, str]]:
    """Paths that the type does not have."""
    relationships = world.registry[type_].shape.relationships
    return {(type_, f"/{name}") for name in ("versions", "event_stores") if name not in relationships}


@pytest.mark.parametrize(("tenant", "type_", "id_"), CASES)
def test_a_foreign_record_is_in_no_list(world: World, tenant: str, type_: str, id_: str) -> None:
    assert world.filtered(type_, id_eq=id_) == []
    assert world.get(f"{type_}?filter[ids]={id_}").ids == []
    assert id_ not in world.get(f"{type_}?page[size]=25").ids
    assert world.filtered(type_, token=tenant, id_eq=id_) == [id_]


def test_counts_are_of_ones_own(world: World) -> None:
    counts = {
        token: [
            world.get(f"{type_}?page[size]=1", token=token).document["meta"]["record_count"]
            for type_ in ("skus", "orders")
        ]
        for token in ("shop/test", "shop/live", "other/test", "other/live")
    }
    assert counts == {"shop/test": [5, 5], "shop/live": [2, 1], "other/test": [1, 1], "other/live": [0, 0]}


def test_equal_ids_and_codes_of_two_environments_are_two_records(fresh: World) -> None:
    assert fresh.get("skus/skuAlpha").data["attributes"]["name"] == "Alpha"
    live = fresh.get("skus/skuAlpha?include=prices", token="shop/live")
    assert (live.data["attributes"]["name"], live.included) == ("Alpha of the live shop", [])
    assert live.data["meta"]["mode"] == "live"
    fresh.send("PATCH", "skus/skuAlpha", {"name": "Changed"}, token="shop/live", expect=200)
    assert fresh.get("skus/skuAlpha").data["attributes"]["name"] == "Alpha"
    assert fresh.get("skus/skuAlpha/versions").document["meta"]["record_count"] == 1
    assert fresh.get("skus/skuAlpha/versions", token="shop/live").document["meta"]["record_count"] == 2
    assert fresh.ask("DELETE", "/api/skus/skuAlpha", token="shop/live").status == 204
    assert fresh.get("skus/skuAlpha?include=prices").included == [
        ("prices", "prcAlphaEur"),
        ("prices", "prcAlphaUsd"),
    ]


@pytest.mark.parametrize(
    ("type_", "name", "value"),
    [
        ("orders", "market_name_eq", "Foreign"),
        ("orders", "market_id_eq", "mktOther"),
        ("orders", "customer_id_eq", "cusOther"),
        ("orders", "line_items_sku_code_eq", "FOREIGN"),
        ("orders", "line_items_id_eq", "linOther"),
        ("line_items", "order_id_eq", "ordOther"),
        ("prices", "sku_code_eq", "FOREIGN"),
        ("versions", "resource_id_eq", "skuOther"),
        ("versions", "resource_id_eq", "skuLive"),
    ],
)
def test_a_filter_finds_nothing_foreign(world: World, type_: str, name: str, value: str) -> None:
    assert world.filtered(type_, **{name: value}) == []


@pytest.mark.parametrize(
    ("type_", "attributes", "name", "linked", "missing"),
    [
        ("orders", {}, "market", ("markets", "mktOther"), ("markets", "nonexistent")),
        ("orders", {}, "customer", ("customers", "cusOther"), ("customers", "nonexistent")),
        (
            "prices",
            {"amount_cents": 1, "sku_code": "plain"},
            "price_list",
            ("price_lists", "lstOther"),
            ("price_lists", "n"),
        ),
        ("prices", {"amount_cents": 1}, "sku", ("skus", "skuLive"), ("skus", "nonexistent")),
        (
            "line_items",
            {"quantity": 1, "name": "n", "unit_amount_cents": 1},
            "order",
            ("orders", "ordOther"),
            ("orders", "n"),
        ),
        (
            "line_items",
            {"quantity": 1, "name": "n", "unit_amount_cents": 1},
            "order",
            ("orders", "ordLive"),
            ("orders", "n"),
        ),
        ("stripe_payments", {}, "order", ("orders", "ordOther"), ("orders", "nonexistent")),
        ("markets", {"name": "m"}, "merchant", ("merchants", "merOther"), ("merchants", "nonexistent")),
    ],
)
def test_a_foreign_record_is_not_linked(
    world: World, type_: str, attributes: dict[str, Any], name: str, linked: Any, missing: Any
) -> None:
    before = world.everything()
    related: list[dict[str, Any]] = [{name: linked}, {name: missing}]
    answers = [told(world.send("POST", type_, attributes, **one)) for one in related]
    assert answers[0] == answers[1]
    assert answers[0][0] == 422
    assert (f"/data/relationships/{name}", "must exist") in [
        (one["source"]["pointer"], one["title"]) for one in answers[0][1]["errors"]
    ]
    assert world.everything() == before


def test_a_foreign_record_is_not_linked_by_an_update(world: World) -> None:
    market = world.send("PATCH", "orders/ordDraft", {}, market=("markets", "mktOther"))
    assert (market.status, market.rules) == (422, [("/data/relationships/market", "blank")])
    customer = world.send("PATCH", "orders/ordDraft", {}, customer=("customers", "cusOther"))
    assert (customer.status, customer.rules) == (422, [("/data/relationships/customer", "blank")])
    for name in ("_billing_address_clone_id", "_shipping_address_clone_id"):
        assert world.send("PATCH", "orders/ordDraft", {name: "adrOther"}).status == 422


def test_codes_name_ones_own_records(fresh: World) -> None:
    line = {"quantity": 1, "sku_code": "FOREIGN"}
    answer = fresh.send("POST", "line_items", line, order=("orders", "ordDraft"))
    assert (answer.status, [pointer for pointer, _ in answer.rules]) == (422, ["/data/attributes/sku_code"])
    market = ("markets", "mktOther")
    given = {"customer_email": "ada@example.com"}
    made = fresh.send("POST", "orders", given, token="other/test", expect=201, market=market)
    customer = fresh.get(f"orders/{made.data['id']}?include=customer", token="other/test").included
    assert customer == [("customers", "cusOther")]


def test_a_history_is_not_read_by_another(world: World) -> None:
    ids = world.get("skus/skuOther/event_stores", token="other/test").ids
    (version,) = world.get("skus/skuOther/versions", token="other/test").ids
    for token in ("shop/test", "shop/live", "other/live"):
        assert world.get(f"event_stores/{ids[0]}", token=token, expect=404).errors[0][1] == "RECORD_NOT_FOUND"
        assert world.get(f"versions/{version}", token=token, expect=404).errors[0][1] == "RECORD_NOT_FOUND"


def test_a_gateway_of_another_is_not_used(world: World) -> None:
    given = {"payment_source_type": "stripe_payments", "price_amount_cents": 0, "currency_code": "EUR"}
    for gateway in ("gtwStripe", "nonexistent"):
        answer = world.send(
            "POST", "payment_methods", given, token="other/test", payment_gateway=("payment_gateways", gateway)
        )
        assert ("/data/relationships/payment_gateway", "blank") in answer.rules


def test_a_token_bound_to_a_market_reads_that_market_alone(world: World) -> None:
    assert world.get("orders?sort=number", token="bound").ids == ["ordFull", "ordDraft", "ordOld"]
    assert world.get("prices?sort=created_at", token="bound").ids == ["prcAlphaEur", "prcEclairEur"]
    assert world.get("markets", token="bound").ids == ["mktEurope"]
    assert world.get("prices?sort=created_at", token="guest").ids == ["prcAlphaEur", "prcEclairEur"]
    assert world.get("skus?sort=created_at", token="guest").ids == ["skuAlpha", "skuEclair"]
    assert world.get("skus/skuAlpha/prices", token="guest").ids == ["prcAlphaEur"]
    assert world.get("orders", token="ada").ids == ["ordFull"]
    # What is there but out of reach is denied, what is not there is not found; neither tells anything else.
    assert world.get("prices/prcAlphaUsd", token="guest", expect=401).errors == [("401", "UNAUTHORIZED", "")]
    assert world.get("prices/nonexistent", token="guest", expect=404).errors == [("404", "RECORD_NOT_FOUND", "")]
    assert world.get("prices/prcOther", token="guest", expect=404).errors == [("404", "RECORD_NOT_FOUND", "")]


def test_a_token_bound_to_a_market_reaches_no_money_of_another(fresh: World) -> None:
    booked = {"type": "authorizations", "amount_cents": 1100, "currency_code": "USD", "succeeded": True}
    fresh.write(
        "shop/test",
        (Authorization, "autUsa", {**booked, "number": "102/T/001", "order_id": "ordPlaced", "object_key": "1"}),
        (Authorization, "autEurope", {**booked, "number": "104/T/001", "order_id": "ordOld", "object_key": "2"}),
    )
    for path in ("transactions", "authorizations"):
        assert fresh.get(path, token="bound").ids == ["autEurope"]
    fresh.get("authorizations/autUsa", token="bound", expect=401)
    for change in ({"metadata": {"a": 1}}, {"_capture": True}, {"_void": True}):
        fresh.send("PATCH", "authorizations/autUsa", change, token="bound", expect=401)
    assert fresh.get("authorizations/autUsa").data["attributes"]["metadata"] == {}
    assert fresh.get("orders?include=transactions&fields[orders]=transactions", token="bound").included == [
        ("authorizations", "autEurope")
    ]


def test_a_token_bound_to_a_market_reads_no_history_of_another(world: World) -> None:
    def recorded(types: str) -> set[str]:
        query = f"versions?page[size]=25&fields[versions]=resource_id&filter[q][resource_type_in]={types}"
        return {one["attributes"]["resource_id"] for one in world.get(query, token="bound").data}

    assert recorded("orders,markets,prices") == {
        "ordFull",
        "ordDraft",
        "ordOld",
        "mktEurope",
        "prcAlphaEur",
        "prcEclairEur",
    }
    assert recorded("merchants,payment_methods") == {"merBrand", "pmtCard"}
    (version,) = world.get("orders/ordPlaced/versions").ids
    world.get(f"versions/{version}", token="bound", expect=401)
    (event,) = world.get("orders/ordPlaced/event_stores").ids
    world.get(f"event_stores/{event}", token="bound", expect=404)
    assert len(world.get("orders/ordFull/event_stores", token="bound").ids) == 1
    assert world.get("orders/ordFull?include=versions", token="bound").included[0][0] == "versions"


def test_a_filter_through_what_a_guest_may_not_see_tells_nothing(world: World) -> None:
    for name, value in (
        ("prices_amount_cents_eq", "1100"),
        ("prices_price_list_name_eq", "Dollar"),
        ("prices_compare_at_amount_cents_eq", "1100"),
        ("prices_id_eq", "prcAlphaUsd"),
    ):
        assert world.filtered("skus", token="guest", **{name: value}) == [], name
    assert world.filtered("skus", token="guest", prices_amount_cents_eq="1000") == ["skuAlpha"]
    assert world.filtered("skus", token="guest", prices_id_eq="prcAlphaEur") == ["skuAlpha"]
    assert world.filtered("skus", token="guest", prices_sku_prices_amount_cents_eq="1000") == ["skuAlpha"]
    assert world.filtered("skus", token="guest", prices_sku_prices_amount_cents_eq="1100") == []
    assert world.filtered("prices", token="guest", sku_code_in="ALPHA,beta") == ["prcAlphaEur", "prcEclairEur"]
    assert world.filtered("prices", token="guest", price_list_name_eq="Euro") == []
    assert world.filtered("prices", token="guest", price_list_id_eq="lstEur") == ["prcAlphaEur", "prcEclairEur"]
    assert world.filtered("orders", token="ada", market_code_eq="europe") == ["ordFull"]
    assert world.filtered("orders", token="ada", customer_email_start="ada") == ["ordFull"]
    assert world.filtered("orders", token="bound", market_name_or_customer_email_start="e") == [
        "ordFull",
        "ordDraft",
        "ordOld",
    ]
