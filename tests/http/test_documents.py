"""The shape of every kind of document: objects, linkage, includes, sparse fieldsets, singletons."""

import re
from typing import Any

import pytest

from tests.http.world import GOODS, World

BASE = "http://shop.test/api"


def links(type_: str, id_: str, name: str) -> dict[str, str]:
    return {"self": f"{BASE}/{type_}/{id_}/relationships/{name}", "related": f"{BASE}/{type_}/{id_}/{name}"}


def linkage(data: dict[str, Any]) -> dict[str, Any]:
    """What is linked, by relationship, of those that say it."""
    return {name: one["data"] for name, one in data["relationships"].items() if "data" in one}


def test_a_resource_object_has_its_members_in_order(world: World) -> None:
    document = world.get("prices/prcAlphaEur").document
    assert list(document) == ["data"]
    data = document["data"]
    assert list(data) == ["id", "type", "links", "attributes", "relationships", "meta"]
    assert (data["id"], data["type"], data["links"]) == (
        "prcAlphaEur",
        "prices",
        {"self": f"{BASE}/prices/prcAlphaEur"},
    )
    assert list(data["attributes"])[-5:] == ["created_at", "updated_at", "reference", "reference_origin", "metadata"]
    assert {name: data["attributes"][name] for name in ("amount_cents", "amount_float", "formatted_amount")} == {
        "amount_cents": 1000,
        "amount_float": 10.0,
        "formatted_amount": "€10,00",
    }
    assert data["attributes"]["metadata"] == {}
    assert data["attributes"]["created_at"] == "2023-01-01T00:16:00.000Z"
    assert data["relationships"]["sku"] == {"links": links("prices", "prcAlphaEur", "sku")}
    assert list(data["meta"]) == ["mode", "organization_id", "trace_id"]
    assert (data["meta"]["mode"], data["meta"]["organization_id"]) == ("test", "shop")
    assert re.fullmatch("[0-9a-f]{64}", data["meta"]["trace_id"])


def test_an_amount_that_is_null_is_null_three_times(world: World) -> None:
    attributes = world.get("prices/prcEclairEur").data["attributes"]
    assert [attributes[f"{name}"] for name in ("compare_at_amount_cents", "compare_at_amount_float")] == [None, None]
    assert attributes["formatted_compare_at_amount"] is None


def test_each_request_has_a_trace_id_of_its_own_and_one_for_all_its_records(world: World) -> None:
    seen = [{one["meta"]["trace_id"] for one in world.get("skus").data} for _ in range(2)]
    assert [len(one) for one in seen] == [1, 1]
    assert seen[0] != seen[1]


def test_relationships_say_nothing_of_what_was_not_included(world: World) -> None:
    data = world.get("orders/ordFull").data
    assert linkage(data) == {}
    assert set(data["relationships"]["market"]) == {"links"}


def test_included_relationships_are_linked_as_an_object_as_null_and_as_a_list(world: World) -> None:
    full = world.get("orders/ordFull?include=market,line_items,payment_source").data
    assert linkage(full) == {
        "market": {"type": "markets", "id": "mktEurope"},
        "line_items": [{"type": "line_items", "id": "linAlpha"}, {"type": "line_items", "id": "linEclair"}],
        "payment_source": None,
    }
    lone = world.get("orders/ordLone?include=market,line_items").document
    assert linkage(lone["data"]) == {"market": None, "line_items": []}
    assert lone["included"] == []


def test_includes_go_three_deep_and_bring_what_lies_between(world: World) -> None:
    document = world.get("orders/ordFull?include=market.price_list.prices,line_items.item.prices").document
    assert {(one["type"], one["id"]) for one in document["included"]} == {
        ("markets", "mktEurope"),
        ("price_lists", "lstEur"),
        ("prices", "prcAlphaEur"),
        ("prices", "prcEclairEur"),
        ("prices", "prcAlphaUsd"),
        ("line_items", "linAlpha"),
        ("line_items", "linEclair"),
        ("skus", "skuAlpha"),
        ("skus", "skuEclair"),
    }
    by_id = {one["id"]: one for one in document["included"]}
    assert linkage(by_id["mktEurope"]) == {"price_list": {"type": "price_lists", "id": "lstEur"}}
    assert linkage(by_id["linAlpha"]) == {"item": {"type": "skus", "id": "skuAlpha"}}
    assert sorted(one["id"] for one in linkage(by_id["skuAlpha"])["prices"]) == ["prcAlphaEur", "prcAlphaUsd"]
    assert [one["id"] for one in linkage(by_id["lstEur"])["prices"]] == ["prcAlphaEur", "prcEclairEur"]
    assert linkage(by_id["prcAlphaEur"]) == {}


def test_what_several_records_include_comes_once(world: World) -> None:
    document = world.get("orders?include=market,line_items.item&sort=created_at").document
    identities = [(one["type"], one["id"]) for one in document["included"]]
    assert len(identities) == len(set(identities))
    assert identities.count(("skus", "skuAlpha")) == 1
    assert [linkage(one)["market"] and linkage(one)["market"]["id"] for one in document["data"]] == [
        "mktEurope",
        "mktUsa",
        "mktEurope",
        "mktEurope",
        None,
    ]


def test_a_primary_record_is_not_included_once_more(world: World) -> None:
    document = world.get("orders/ordFull?include=line_items.order").document
    assert {one["type"] for one in document["included"]} == {"line_items"}
    assert {linkage(one)["order"]["id"] for one in document["included"]} == {"ordFull"}


def test_a_relationship_to_several_types_says_the_type_it_holds(world: World) -> None:
    items = world.get("orders/ordPlaced?include=line_items.item").document["included"]
    held = {one["id"]: linkage(one)["item"] for one in items if one["type"] == "line_items"}
    assert held == {"linAgain": {"type": "skus", "id": "skuAlpha"}, "linCustom": None}


def test_a_gateway_is_linked_as_a_payment_gateway(world: World) -> None:
    document = world.get("payment_methods/pmtCard?include=payment_gateway").document
    assert linkage(document["data"]) == {"payment_gateway": {"type": "payment_gateways", "id": "gtwStripe"}}
    assert [(one["type"], one["id"]) for one in document["included"]] == [("payment_gateways", "gtwStripe")]
    assert "login" not in document["included"][0]["attributes"]


def test_what_a_caller_may_not_see_is_left_out_of_includes(world: World) -> None:
    answer = world.get("orders/ordDraft?include=market.price_list,customer,versions", token="guest")
    assert answer.included == [("markets", "mktEurope")]
    assert linkage(answer.data) == {
        "market": {"type": "markets", "id": "mktEurope"},
        "customer": None,
        "versions": [],
    }
    (market,) = answer.document["included"]
    assert linkage(market) == {"price_list": None}
    seen = world.get("skus/skuAlpha?include=prices", token="guest")
    assert seen.included == [("prices", "prcAlphaEur")]


def test_versions_are_included(world: World) -> None:
    document = world.get("orders/ordFull?include=versions").document
    assert [one["attributes"]["event"] for one in document["included"]] == ["create"]


# Sparse fieldsets.


def test_a_fieldset_lists_attributes_and_relationships(world: World) -> None:
    data = world.get("orders/ordFull?fields[orders]=number,market,id").data
    assert list(data) == ["id", "type", "links", "attributes", "relationships", "meta"]
    assert data["attributes"] == {"number": "101"}
    assert data["relationships"] == {"market": {"links": links("orders", "ordFull", "market")}}


def test_without_a_relationship_in_the_fieldset_there_are_no_relationships(world: World) -> None:
    data = world.get("orders/ordFull?fields[orders]=number").data
    assert list(data) == ["id", "type", "links", "attributes", "meta"]


def test_an_empty_fieldset_leaves_id_type_links_and_meta(world: World) -> None:
    data = world.get("orders/ordFull?fields[orders]=").data
    assert (list(data), data["attributes"]) == (["id", "type", "links", "attributes", "meta"], {})


def test_only_what_the_fieldset_lists_is_included(world: World) -> None:
    query = "include=market,line_items&fields[orders]=number,line_items&fields[line_items]=name&fields[markets]=code"
    document = world.get(f"orders/ordFull?{query}").document
    assert [(one["id"], one["attributes"]) for one in document["included"]] == [
        ("linAlpha", {"name": "Alpha"}),
        ("linEclair", {"name": "Éclair"}),
    ]
    assert linkage(document["data"]) == {
        "line_items": [{"type": "line_items", "id": "linAlpha"}, {"type": "line_items", "id": "linEclair"}]
    }
    assert "relationships" not in document["included"][0]


def test_what_stands_between_has_to_be_listed_too(world: World) -> None:
    query = "include=line_items.item&fields[line_items]=name"
    assert {one["type"] for one in world.get(f"orders/ordFull?{query}").document["included"]} == {"line_items"}


def test_the_checkouts_first_request_gives_the_relationships_its_fields_name(world: World) -> None:
    query = (
        "include=line_items,line_items.item,customer&fields%5Borders%5D=id,autorefresh,status,number,guest,token,"
        "language_code,terms_url,privacy_url,line_items,expires_at,expiration_info,customer,payment_status"
        "&fields%5Bline_items%5D=item_type,item"
    )
    document = world.get(f"orders/ordFull?{query}").document
    assert set(document["data"]["relationships"]) == {"line_items", "customer"}
    items = [one for one in document["included"] if one["type"] == "line_items"]
    assert [(one["attributes"], list(one["relationships"])) for one in items] == [({"item_type": "skus"}, ["item"])] * 2
    assert {one["attributes"]["do_not_ship"] for one in document["included"] if one["type"] == "skus"} == {True, False}


def test_attributes_of_the_single_record_are_left_out_of_lists(world: World) -> None:
    assert "inventory" in world.get("skus/skuAlpha").data["attributes"]
    assert all("inventory" not in one["attributes"] for one in world.get("skus").data)
    related = world.get("prices/prcAlphaEur?include=sku").document["included"][0]
    assert "inventory" in related["attributes"]


# Related records, linkage, singletons.


def test_a_related_record_is_a_document_of_its_own(world: World) -> None:
    data = world.get("orders/ordFull/market?fields[markets]=code,price_list&include=price_list").document
    assert data["data"]["links"] == {"self": f"{BASE}/markets/mktEurope"}
    assert data["data"]["attributes"] == {"code": "europe"}
    assert [one["id"] for one in data["included"]] == ["lstEur"]
    assert world.get("orders/ordFull/payment_source").document == {"data": None}
    assert world.get("line_items/linAlpha/item").data["type"] == "skus"


def test_related_records_are_a_list_that_can_be_sorted_filtered_and_paged(world: World) -> None:
    path = "orders/ordFull/line_items"
    document = world.get(f"{path}?sort=name&page[size]=1&page[number]=2&include=item").document
    assert [one["id"] for one in document["data"]] == ["linEclair"]
    assert document["meta"] == {"record_count": 2, "page_count": 2}
    kept = "sort=name&page%5Bsize%5D=1&include=item"
    assert document["links"] == {
        "first": f"{BASE}/{path}?page%5Bnumber%5D=1&{kept}",
        "prev": f"{BASE}/{path}?page%5Bnumber%5D=1&{kept}",
        "last": f"{BASE}/{path}?page%5Bnumber%5D=2&{kept}",
    }
    assert [one["id"] for one in document["included"]] == ["skuEclair"]
    assert world.get(f"{path}?filter[q][sku_code_eq]=ALPHA").ids == ["linAlpha"]
    assert world.get("skus/skuPlain/prices").document["data"] == []
    assert world.get("orders/ordFull/available_payment_methods").ids == ["pmtCard"]
    assert world.get("orders/ordPlaced/available_payment_methods").ids == []


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("orders/ordFull/relationships/market", {"type": "markets", "id": "mktEurope"}),
        ("orders/ordLone/relationships/market", None),
        (
            "orders/ordFull/relationships/line_items",
            [{"type": "line_items", "id": "linAlpha"}, {"type": "line_items", "id": "linEclair"}],
        ),
        ("orders/ordLone/relationships/line_items", []),
        ("line_items/linAlpha/relationships/item", {"type": "skus", "id": "skuAlpha"}),
    ],
)
def test_a_relationship_answers_with_its_linkage(world: World, path: str, data: Any) -> None:
    document = world.get(path).document
    type_, id_, _, name = path.split("/")
    assert document == {"links": links(type_, id_, name), "data": data}


def test_the_linkage_of_a_history_is_that_of_its_list(world: World) -> None:
    listed = world.get("orders/ordFull/event_stores").ids
    document = world.get("orders/ordFull/relationships/event_stores").document
    assert document["links"] == links("orders", "ordFull", "event_stores")
    assert document["data"] == [{"type": "event_stores", "id": one} for one in listed]


def test_links_that_documents_show_answer(world: World) -> None:
    for path in ("orders/ordFull", "skus/skuAlpha", "markets/mktEurope", "customers/cusAda", "line_items/linAlpha"):
        data = world.get(path).data
        for name, one in data["relationships"].items():
            for link in one["links"].values():
                answer = world.ask("GET", link.removeprefix("http://shop.test"))
                assert answer.status == 200, (path, name, link, answer.body[:200])


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE", "PUT"])
def test_a_relationship_is_not_written_by_itself(world: World, method: str) -> None:
    for name in ("market", "line_items", "event_stores"):
        answer = world.ask(method, f"/api/orders/ordFull/relationships/{name}", {"data": None})
        assert answer.errors == [("405", "METHOD_NOT_ALLOWED", "")]
    assert world.ask(method, "/api/orders/ordFull/market", {"data": None}).status == 405


def test_singletons_are_found_without_an_id(world: World) -> None:
    organization = world.get("organization").data
    assert (organization["id"], organization["type"]) == ("shop", "organizations")
    assert organization["attributes"]["slug"] == "shop"
    assert organization["links"] == {"self": f"{BASE}/organizations/shop"}
    application = world.get("application").data
    assert (application["id"], application["type"]) == ("appBack", "applications")
    assert "secret_hash" not in application["attributes"]
    told = world.get("organization?fields[organizations]=id,config,slug", token="guest").data["attributes"]
    assert told == {"config": None, "slug": "shop"}


def test_a_singletons_own_address_answers_and_anothers_does_not(world: World) -> None:
    assert world.get("organizations/shop").data["id"] == "shop"
    assert world.get("organizations/other", expect=404).errors == [("404", "RECORD_NOT_FOUND", "")]
    assert world.get("organizations", expect=405).errors == [("405", "METHOD_NOT_ALLOWED", "")]


# What a change answers with.


def test_a_creation_answers_with_the_record_and_its_address(fresh: World) -> None:
    answer = fresh.send(
        "POST", "skus?include=prices&fields[skus]=code,prices", {"code": "new", "name": "New"}, expect=201, **GOODS
    )
    data = answer.data
    assert re.fullmatch("[A-Za-z]{10}", data["id"])
    assert answer.headers["location"] == f"{BASE}/skus/{data['id']}"
    assert (data["attributes"], linkage(data)) == ({"code": "new"}, {"prices": []})
    assert answer.document["included"] == []


def test_an_update_answers_with_what_is_asked_for(fresh: World) -> None:
    answer = fresh.send("PATCH", "orders/ordDraft?include=market&fields[markets]=code", {}, customer=None, expect=200)
    assert answer.included == [("markets", "mktEurope")]
    assert "location" not in answer.headers


def test_a_deletion_answers_with_nothing(fresh: World) -> None:
    answer = fresh.ask("DELETE", "/api/skus/skuPlain")
    assert (answer.status, answer.body) == (204, b"")
    assert "content-type" not in answer.headers
    assert fresh.get("skus/skuPlain", expect=404).errors == [("404", "RECORD_NOT_FOUND", "")]


@pytest.mark.parametrize(("token", "reads"), [("shop/test", True), ("bound", True), ("reader", False), ("ada", False)])
def test_confidential_values_are_for_those_who_could_change_them(world: World, token: str, reads: bool) -> None:
    """Alone and included."""
    alone = world.get("markets/mktEurope", token=token).data["attributes"]
    (included,) = world.get("orders/ordFull?include=market", token=token).document["included"]
    assert ("shared_secret" in alone, "shared_secret" in included["attributes"]) == (reads, reads)
