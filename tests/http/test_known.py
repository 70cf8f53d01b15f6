"""What the contract knows and paydesk does not serve yet: there is nothing of it, and asking for it is no mistake."""

import pytest

from tests.http.world import World


def test_a_list_of_it_is_empty(world: World) -> None:
    answer = world.get("shipments?include=order,parcels&fields[shipments]=number&sort=-created_at&page[size]=5")
    links = answer.document["links"]
    assert answer.document == {"data": [], "meta": {"record_count": 0, "page_count": 1}, "links": links}
    assert links["first"] == links["last"]
    assert links["first"].startswith("http://shop.test/api/shipments?page%5Bnumber%5D=1&include=order%2Cparcels")
    assert world.get("tags?filter[q][name_eq]=x").data == []


@pytest.mark.parametrize(
    ("type", "token", "status"),
    [
        ("shipments", "guest", 200),
        ("percentage_discount_promotions", "guest", 200),
        ("customer_addresses", "guest", 401),
        ("customer_addresses", "ada", 200),
        ("coupons", "ada", 401),
        ("coupons", "reader", 200),
        ("nothing_of_the_kind", "shop/test", 404),
    ],
)
def test_it_is_empty_for_whoever_could_read_it(world: World, type: str, token: str, status: int) -> None:
    assert world.ask("GET", f"/api/{type}", token=token).status == status


def test_there_is_no_record_of_it_and_none_is_made(world: World) -> None:
    assert world.get("shipments/x", expect=404).errors == [("404", "RECORD_NOT_FOUND", "")]
    assert world.get("shipments/x/order", expect=404).status == 404
    answer = world.send("POST", "shipments", {})
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    assert world.send("PATCH", "shipments/x", {}).status == 405


def test_its_fields_are_passed_over_also_by_its_singular(world: World) -> None:
    plain = world.get("skus/skuAlpha?fields[skus]=code").data["attributes"]
    told = world.get("skus/skuAlpha?fields[skus]=code&fields[shipping_categories]=name&fields[shipment]=x")
    assert told.data["attributes"] == plain == {"code": "ALPHA"}


@pytest.mark.parametrize(
    ("asked", "code", "where"),
    [
        ("shipments?include=nobody", "INVALID_INCLUDE", "include"),
        ("shipments?sort=nothing", "INVALID_SORT_CRITERIA", "sort"),
        ("shipments?fields[nobody]=x", "INVALID_RESOURCE", "fields[nobody]"),
        ("shipments?page[size]=26", "INVALID_PAGE_VALUE", "page[size]"),
        ("shipments?nothing=x", "PARAM_NOT_ALLOWED", "nothing"),
        ("skus?fields[nobody]=x", "INVALID_RESOURCE", "fields[nobody]"),
    ],
)
def test_a_name_that_the_contract_does_not_know_is_wrong(world: World, asked: str, code: str, where: str) -> None:
    assert world.get(asked, expect=400).errors == [("400", code, where)]
