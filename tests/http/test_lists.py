"""Lists: order, pages, links; and histories, which are paged by cursor."""

from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.http.world import CATEGORY, World

BASE = "http://shop.test/api"


def test_a_list_is_newest_first(world: World) -> None:
    document = world.get("skus").document
    assert list(document) == ["data", "meta", "links"]
    assert [one["id"] for one in document["data"]] == ["skuPlain", "skuLetter", "skuPercent", "skuEclair", "skuAlpha"]
    assert document["meta"] == {"record_count": 5, "page_count": 1}
    page = f"{BASE}/skus?page%5Bnumber%5D=1"
    assert document["links"] == {"first": page, "last": page}


@pytest.mark.parametrize(
    ("type_", "sort", "ids"),
    [
        ("skus", "code", ["skuPercent", "skuLetter", "skuAlpha", "skuEclair", "skuPlain"]),
        ("skus", "-code", ["skuPlain", "skuEclair", "skuAlpha", "skuLetter", "skuPercent"]),
        ("skus", "-do_not_ship,code", ["skuLetter", "skuAlpha", "skuPercent", "skuEclair", "skuPlain"]),
        # What has no value comes last either way; what is equal is told newest id first.
        ("skus", "reference", ["skuPlain", "skuPercent", "skuAlpha", "skuLetter", "skuEclair"]),
        ("skus", "-reference", ["skuAlpha", "skuPercent", "skuPlain", "skuLetter", "skuEclair"]),
        ("orders", "placed_at,number", ["ordOld", "ordPlaced", "ordLone", "ordFull", "ordDraft"]),
        ("orders", "-placed_at,-number", ["ordLone", "ordPlaced", "ordOld", "ordDraft", "ordFull"]),
        ("orders", "total_amount_cents,number", ["ordOld", "ordDraft", "ordPlaced", "ordLone", "ordFull"]),
        ("orders", "market,number", ["ordFull", "ordDraft", "ordOld", "ordPlaced", "ordLone"]),
        ("orders", "-market,number", ["ordPlaced", "ordFull", "ordDraft", "ordOld", "ordLone"]),
        ("orders", "coupon_code,-number", ["ordLone", "ordOld", "ordDraft", "ordPlaced", "ordFull"]),
        ("prices", "-amount_cents", ["prcPercentUsd", "prcAlphaUsd", "prcAlphaEur", "prcEclairEur"]),
        ("prices", "price_list,amount_cents", ["prcEclairEur", "prcAlphaEur", "prcAlphaUsd", "prcPercentUsd"]),
    ],
)
def test_a_list_in_the_order_asked_for(world: World, type_: str, sort: str, ids: list[str]) -> None:
    assert world.get(f"{type_}?sort={sort}").ids == ids


@pytest.mark.parametrize("sort", ["description", "inventory", "prices", "nope", "-", "code;drop", "market.name"])
def test_what_cannot_be_sorted_by_is_refused(world: World, sort: str) -> None:
    assert world.get(f"skus?sort={sort}", expect=400).errors == [("400", "INVALID_SORT_CRITERIA", "sort")]


def test_pages_follow_their_links_and_keep_what_else_was_asked(world: World) -> None:
    path, seen, links = "/api/skus?page[size]=2&sort=code&filter[q][code_not_eq]=beta&include=prices", [], {}
    for _ in range(5):
        document = world.ask("GET", path).document
        assert document["meta"] == {"record_count": 4, "page_count": 2}
        seen.append([one["id"] for one in document["data"]])
        links = document["links"]
        if "next" not in links:
            break
        path = links["next"].removeprefix("http://shop.test")
    assert seen == [["skuPercent", "skuLetter"], ["skuAlpha", "skuPlain"]]
    kept = "page%5Bsize%5D=2&sort=code&filter%5Bq%5D%5Bcode_not_eq%5D=beta&include=prices"
    assert links == {
        "first": f"{BASE}/skus?page%5Bnumber%5D=1&{kept}",
        "prev": f"{BASE}/skus?page%5Bnumber%5D=1&{kept}",
        "last": f"{BASE}/skus?page%5Bnumber%5D=2&{kept}",
    }


def test_a_page_beyond_the_last_is_empty(world: World) -> None:
    document = world.get("skus?page[number]=9&page[size]=2").document
    assert (document["data"], document["meta"]) == ([], {"record_count": 5, "page_count": 3})
    assert document["links"]["prev"].endswith("page%5Bnumber%5D=3&page%5Bsize%5D=2")
    assert "next" not in document["links"]
    assert world.get("skus?page[number]=999999999999999").ids == []


def test_an_empty_list_has_one_page(world: World) -> None:
    assert world.get("skus?filter[q][code_eq]=none").document["meta"] == {"record_count": 0, "page_count": 1}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("page[size]=0", "INVALID_PAGE_VALUE"),
        ("page[size]=-1", "INVALID_PAGE_VALUE"),
        ("page[size]=26", "INVALID_PAGE_VALUE"),
        ("page[size]=1000000", "INVALID_PAGE_VALUE"),
        ("page[size]=ten", "INVALID_PAGE_VALUE"),
        ("page[size]=2.5", "INVALID_PAGE_VALUE"),
        ("page[size]=", "INVALID_PAGE_VALUE"),
        ("page[number]=0", "INVALID_PAGE_VALUE"),
        ("page[number]=1e3", "INVALID_PAGE_VALUE"),
        ("page[number]=%D9%A1", "INVALID_PAGE_VALUE"),
        ("page[number]=9999999999999999", "INVALID_PAGE_VALUE"),
        ("page[offset]=1", "PARAM_NOT_ALLOWED"),
        ("page[after]=x", "PARAM_NOT_ALLOWED"),
        ("page=1", "INVALID_PAGE_OBJECT"),
        ("page[]=1", "INVALID_PAGE_OBJECT"),
    ],
)
def test_a_page_that_is_none_is_refused(world: World, query: str, code: str) -> None:
    assert world.get(f"skus?{query}", expect=400).errors == [("400", code, query.partition("=")[0])]


def test_a_page_holds_ten_unless_told_and_twenty_five_at_most(fresh: World) -> None:
    from paydesk.commerce.catalog.skus import Sku

    of = {"name": "x", "shipping_category_id": CATEGORY}
    fresh.write("shop/test", *((Sku, f"many{at:03d}", {"code": f"m{at}", **of}) for at in range(25)))
    assert len(fresh.get("skus").ids) == 10
    page = fresh.get("skus?page[size]=25").document
    assert (len(page["data"]), page["meta"]) == (25, {"record_count": 30, "page_count": 2})
    every = [one for number in (1, 2, 3) for one in fresh.get(f"skus?page[number]={number}").ids]
    assert len(every) == len(set(every)) == 30


# Histories.


def _rename(world: World, times: int) -> None:
    for at in range(times):
        world.send("PATCH", "markets/mktUsa", {"name": f"USA {at}"}, expect=200)


def test_a_history_is_paged_by_cursor_to_its_end(fresh: World) -> None:
    _rename(fresh, 6)
    path, pages = "/api/markets/mktUsa/event_stores?page[size]=3&page[number]=5", []
    for _ in range(6):
        document = fresh.ask("GET", path).document
        assert document["meta"] == {}
        pages.append(document["data"])
        if "next" not in document["links"]:
            break
        path = document["links"]["next"].removeprefix("http://shop.test")
        assert "page%5Bsize%5D=3" in path
    assert [len(page) for page in pages] == [3, 3, 1]
    records = [one for page in pages for one in page]
    assert [one["attributes"]["event"] for one in records] == ["update"] * 6 + ["create"]
    assert [one["attributes"]["payload"].get("name") for one in records[:2]] == [
        {"from": "USA 4", "to": "USA 5"},
        {"from": "USA 3", "to": "USA 4"},
    ]
    keys = [tuple(int(part) for part in one["id"].split("-")) for one in records]
    assert keys == sorted(keys, reverse=True)
    assert len(set(keys)) == 7


def test_one_record_of_a_history_is_found_by_its_id(world: World) -> None:
    (listed,) = world.get("prices/prcAlphaEur/event_stores").data
    found = world.get(f"event_stores/{listed['id']}").document
    del listed["meta"], found["data"]["meta"]
    assert found == {"data": listed}
    assert list(listed) == ["id", "type", "links", "attributes"]
    assert listed["links"] == {"self": f"{BASE}/event_stores/{listed['id']}"}
    attributes = listed["attributes"]
    assert (attributes["resource_type"], attributes["resource_id"]) == ("prices", "prcAlphaEur")
    assert attributes["payload"]["amount_cents"] == {"from": None, "to": 1000}
    assert "compare_at_amount_cents" in attributes["payload"]
    assert attributes["who"]["application"]["kind"] == "integration"
    assert [attributes[name] for name in ("reference", "reference_origin", "metadata")] == [None, None, {}]


@pytest.mark.parametrize("id_", ["1-1", "x", "1", "-", "1-", "99999999999999999999-1", "1672532520000-22000-1"])
def test_a_record_of_no_history_is_not_found(world: World, id_: str) -> None:
    assert world.get(f"event_stores/{id_}", expect=404).errors == [("404", "RECORD_NOT_FOUND", "")]


def test_all_histories_together_are_no_list(world: World) -> None:
    assert world.get("event_stores", expect=405).errors == [("405", "METHOD_NOT_ALLOWED", "")]


@pytest.mark.parametrize("cursor", ["x", "MS0x!", "bm8=", "%C3%A9", "MS0tMQ==", "A" * 300])
def test_a_cursor_that_is_none_is_refused(world: World, cursor: str) -> None:
    answer = world.get(f"prices/prcAlphaEur/event_stores?page[after]={cursor}", expect=400)
    assert answer.errors == [("400", "INVALID_PAGE_VALUE", "page[after]")]


def test_a_history_takes_neither_include_nor_filter_and_one_sort_alone(world: World) -> None:
    query = "include=x&sort=created_at&filter[q][event_eq]=create"
    assert world.get(f"prices/prcAlphaEur/event_stores?{query}", expect=400).errors == [
        ("400", "PARAM_NOT_ALLOWED", "include"),
        ("400", "INVALID_SORT_CRITERIA", "sort"),
        ("400", "PARAM_NOT_ALLOWED", "filter[q][event_eq]"),
    ]


def test_versions_say_before_and_after_and_outlive_their_record(fresh: World) -> None:
    fresh.send("PATCH", "markets/mktUsa", {"name": "States", "reference": None}, expect=200)
    changed = fresh.get("markets/mktUsa/versions").data[0]["attributes"]
    assert (changed["event"], changed["changes"]) == (
        "update",
        {"name": ["USA", "States"], "reference": ["west", None]},
    )
    assert fresh.ask("DELETE", "/api/addresses/adrTokyo").status == 204
    found = fresh.get("versions?filter[q][resource_id_eq]=adrTokyo&sort=created_at").data
    assert [one["attributes"]["event"] for one in found] == ["create", "destroy"]
    gone: dict[str, Any] = found[1]["attributes"]["changes"]
    assert gone["city"] == ["Tokyo", None]
    assert set(found[1]["attributes"]) >= {"who", "changes", "resource_type", "resource_id", "event"}
    assert not {"ip_address", "user_agent", "uuid"} & set(found[1]["attributes"])
    page = fresh.get("versions?page[size]=2").document
    assert page["meta"]["record_count"] > 20
    assert urlsplit(page["links"]["next"]).path == "/api/versions"
    assert fresh.get(f"versions/{found[1]['id']}").data["attributes"] == found[1]["attributes"]


def test_a_history_tells_no_secret(world: World) -> None:
    (made,) = world.get("payment_gateways/gtwStripe/event_stores").data
    assert not {"login", "sealed_webhook_secret", "webhook_endpoint_secret"} & set(made["attributes"]["payload"])
    for path in ("orders/ordFull/versions", "orders/ordFull/event_stores"):
        assert b'"token"' not in world.get(path).body
