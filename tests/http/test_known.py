"""What the contract knows and paydesk does not serve yet: there is nothing of it, and asking for it is no mistake."""

from typing import Any

import pytest

from tests.http.world import World


def test_a_list_of_it_is_empty(world: World) -> None:
    answer = world.get("returns?include=order,return_line_items&fields[returns]=number&sort=-created_at&page[size]=5")
    links = answer.document["links"]
    assert answer.document == {"data": [], "meta": {"record_count": 0, "page_count": 1}, "links": links}
    assert links["first"] == links["last"]
    assert links["first"].startswith(
        "http://shop.test/api/returns?page%5Bnumber%5D=1&include=order%2Creturn_line_items"
    )
    assert world.get("tags?filter[q][name_eq]=x").data == []


@pytest.mark.parametrize(
    ("type", "token", "status"),
    [
        ("returns", "guest", 200),
        ("percentage_discount_promotions", "guest", 200),
        ("order_subscriptions", "guest", 401),
        ("order_subscriptions", "ada", 200),
        ("coupons", "ada", 401),
        ("coupons", "reader", 200),
        ("nothing_of_the_kind", "shop/test", 404),
    ],
)
def test_it_is_empty_for_whoever_could_read_it(world: World, type: str, token: str, status: int) -> None:
    assert world.ask("GET", f"/api/{type}", token=token).status == status


def test_there_is_no_record_of_it_and_none_is_made(world: World) -> None:
    assert world.get("returns/x", expect=404).errors == [("404", "RECORD_NOT_FOUND", "")]
    assert world.get("returns/x/order", expect=404).status == 404
    answer = world.send("POST", "returns", {})
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    assert world.send("PATCH", "returns/x", {}).status == 405


def test_a_relationship_to_it_stands_among_the_links_and_holds_nothing(world: World) -> None:
    own = "http://shop.test/api/orders/ordFull"
    for name in ("returns", "order_subscriptions", "store"):
        links = {"self": f"{own}/relationships/{name}", "related": f"{own}/{name}"}
        assert world.get("orders/ordFull").data["relationships"][name] == {"links": links}
        data = None if name == "store" else []
        assert world.get(f"orders/ordFull/relationships/{name}").document == {"links": links, "data": data}
    related = world.get("orders/ordFull/returns?sort=-created_at&page[size]=25&include=return_line_items").document
    page = f"{own}/returns?page%5Bnumber%5D=1&sort=-created_at&page%5Bsize%5D=25&include=return_line_items"
    assert related == {
        "data": [],
        "meta": {"record_count": 0, "page_count": 1},
        "links": {"first": page, "last": page},
    }
    assert world.get("orders/ordFull/store").document == {"data": None}


@pytest.mark.parametrize(
    ("asked", "token", "status"),
    [
        ("orders/ordDraft/returns", "guest", 200),
        ("orders/ordDraft/store", "guest", 200),
        ("orders/ordPlaced/returns", "guest", 401),
        ("orders/ordPlaced/store", "guest", 401),
        ("orders/ordDraft/order_copies", "guest", 401),
        ("orders/ordDraft/order_copies", "reader", 200),
        ("customers/cusAda/order_subscriptions", "ada", 200),
        ("orders/nobody/returns", "shop/test", 404),
        ("orders/nobody/relationships/store", "shop/test", 404),
        ("orders/ordFull/nothing", "shop/test", 404),
        ("orders/ordFull/returns/x", "shop/test", 404),
        ("orders/ordFull/returns?nothing=x", "shop/test", 400),
        ("orders/ordFull/returns?include=nothing", "shop/test", 400),
    ],
)
def test_its_related_address_is_there_for_whoever_may_see_the_record(
    world: World, asked: str, token: str, status: int
) -> None:
    assert world.get(asked, token=token, expect=status).status == status
    method = world.ask("POST", f"/api/{asked}", {}, token=token)
    assert method.status in (404, 405)


def test_writing_nothing_into_it_is_taken_and_changes_nothing(fresh: World) -> None:
    before = fresh.get("customers/cusAda").data["attributes"]
    nothing: dict[str, Any] = {"customer_group": None}
    told = fresh.send("PATCH", "customers/cusAda", {"reference": "r"}, expect=200, **nothing)
    assert told.data["attributes"]["reference"] == "r"
    cleared = {"customer_group": {"data": {"type": "customer_groups", "id": None}}}
    body = {"type": "customers", "id": "cusAda", "relationships": cleared}
    told = fresh.ask("PATCH", "/api/customers/cusAda", {"data": body})
    assert told.status == 200
    after = told.data["attributes"]
    assert {name for name in before if before[name] != after[name]} == {"reference", "updated_at"}
    made = fresh.send("POST", "customers", {"email": "new@example.com"}, expect=201, **nothing)
    assert made.data["attributes"]["email"] == "new@example.com"


@pytest.mark.parametrize(
    ("path", "related"),
    [
        ("customers/cusAda", {"customer_group": ("customer_groups", "x")}),
        ("markets/mktEurope", {"tax_calculator": ("manual_tax_calculators", "x")}),
        ("markets/mktEurope", {"tax_calculator": ("avalara_accounts", "x")}),
        ("markets/mktEurope", {"geocoder": ("google_geocoders", "x")}),
        ("orders/ordDraft", {"payment_source": ("adyen_payments", "x")}),
    ],
)
def test_a_record_of_it_does_not_exist(world: World, path: str, related: dict[str, Any]) -> None:
    (name,) = related
    before = world.get(path).data["attributes"]
    answer = world.send("PATCH", path, {"reference": "changed"}, **related)
    assert (answer.status, answer.rules) == (422, [(f"/data/relationships/{name}", "blank")])
    assert answer.document["errors"][0]["title"] == "must exist"
    assert world.get(path).data["attributes"] == before


def test_what_it_is_written_with_has_to_be_of_its_types(world: World) -> None:
    answer = world.send("PATCH", "markets/mktEurope", {}, geocoder=("skus", "skuAlpha"))
    assert answer.errors == [("400", "TYPE_MISMATCH", "/data/relationships/geocoder")]


def test_a_trigger_that_needs_it_is_not_known(world: World) -> None:
    answer = world.send("PATCH", "line_items/linAlpha", {"_reserve_stock": True})
    assert answer.errors == [("400", "PARAM_NOT_ALLOWED", "/data/attributes/_reserve_stock")]


def linkage(data: dict[str, Any]) -> dict[str, Any]:
    """What is linked, by relationship, of those that say it."""
    return {name: one["data"] for name, one in data["relationships"].items() if "data" in one}


def test_it_is_included_as_nothing(world: World) -> None:
    document = world.get("orders/ordFull?include=returns,order_subscriptions,store").document
    assert document["included"] == []
    assert linkage(document["data"]) == {"returns": [], "order_subscriptions": [], "store": None}
    document = world.get("orders/ordFull?include=returns,market.geocoder,line_items.bundle").document
    assert linkage(document["data"])["returns"] == []
    by_type = {one["type"]: linkage(one) for one in document["included"]}
    assert by_type == {"markets": {"geocoder": None}, "line_items": {"bundle": None}}
    listed = world.get("customers?include=attachments,customer_group").document
    assert [linkage(one) for one in listed["data"]] == [{"attachments": [], "customer_group": None}] * 2
    assert listed["included"] == []


def test_paths_go_on_behind_it_by_the_contracts_names(world: World) -> None:
    paths = "returns.destination_address,returns.return_line_items.line_item,line_items.item.sku_list"
    document = world.get(f"orders/ordFull?include={paths}").document
    assert linkage(document["data"]) == {
        "returns": [],
        "line_items": [{"type": "line_items", "id": "linAlpha"}, {"type": "line_items", "id": "linEclair"}],
    }
    assert {one["type"] for one in document["included"]} == {"line_items", "skus"}
    told = world.send("PATCH", "orders/ordDraft?include=returns.return_line_items", {}, expect=200)
    assert linkage(told.data) == {"returns": []}


def test_a_fieldset_may_name_its_relationships(world: World) -> None:
    told = world.get("orders/ordFull?include=returns,line_items&fields[orders]=number,returns").document
    assert list(told["data"]["relationships"]) == ["returns"]
    assert (linkage(told["data"]), told["included"]) == ({"returns": []}, [])
    told = world.get("orders/ordFull?include=returns&fields[orders]=number").document
    assert list(told) == ["data"]
    assert "relationships" not in told["data"]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ("returns_number_null=true", "all"),
        ("returns_number_null=false", "none"),
        ("returns_number_not_null=false", "all"),
        ("returns_number_not_null=true", "none"),
        ("returns_number_blank=true", "all"),
        ("returns_number_present=true", "none"),
        ("returns_number_present=false", "all"),
        ("returns_number_eq=x", "none"),
        ("returns_number_not_eq=x", "none"),
        ("returns_number_eq_or_null=x", "all"),
        ("returns_number_in_or_null=x,y", "all"),
        ("returns_number_not_in_or_null=x,y", "all"),
        ("returns_number_in=x,y", "none"),
        ("returns_number_i_cont=x", "none"),
        ("returns_skus_count_gteq_any=1,2", "none"),
        ("returns_id_in=x", "none"),
        ("returns_id_in=x,y", "none"),
        ("order_subscription_id_eq=x", "none"),
        ("order_subscription_null=true", "all"),
        ("order_subscription_null=false", "none"),
        ("order_subscription_present=true", "none"),
        ("market_geocoder_null=true", "all"),
        ("market_geocoder_name_eq=x", "none"),
        ("returns_stock_location_name_null=true", "all"),
        ("returns_order_number_eq=101", "none"),
        ("number_or_returns_number_eq=101", "ordFull"),
        ("returns_number_or_number_null=true", "all"),
        ("returns_number_and_number_eq=101", "none"),
        ("number_or_returns_number_i_cont=10", "all"),
        ("customer_null=true", "ordDraft ordLone"),
        ("customer_present=true", "ordFull ordPlaced ordOld"),
    ],
)
def test_a_filter_through_it_answers_as_for_records_that_have_none(world: World, filters: str, found: str) -> None:
    everything = ["ordFull", "ordPlaced", "ordDraft", "ordOld", "ordLone"]
    name, _, value = filters.partition("=")
    expected = {"all": everything, "none": []}.get(found, found.split())
    assert world.filtered("orders", **{name: value}) == expected
    assert world.get(f"orders?filter[q][{name}]={value}&page[size]=1").document["meta"]["record_count"] == len(expected)


def test_plain_filters_and_sorting_by_it_are_taken(world: World) -> None:
    assert world.get("customers?filter[customer_group_id]=x").data == []
    assert len(world.get("customers?sort=customer_group,-email").data) == 2
    assert world.get("markets?sort=-geocoder,name").ids == ["mktEurope", "mktUsa"]


def test_its_fields_are_passed_over_also_by_its_singular(world: World) -> None:
    plain = world.get("skus/skuAlpha?fields[skus]=code").data["attributes"]
    told = world.get("skus/skuAlpha?fields[skus]=code&fields[returns]=nothing&fields[gift_card]=x")
    assert told.data["attributes"] == plain == {"code": "ALPHA"}


@pytest.mark.parametrize(
    ("asked", "code", "where"),
    [
        ("returns?include=nobody", "INVALID_INCLUDE", "include"),
        ("returns?sort=nothing", "INVALID_SORT_CRITERIA", "sort"),
        ("returns?fields[nobody]=x", "INVALID_RESOURCE", "fields[nobody]"),
        ("returns?page[size]=26", "INVALID_PAGE_VALUE", "page[size]"),
        ("returns?nothing=x", "PARAM_NOT_ALLOWED", "nothing"),
        ("skus?fields[nobody]=x", "INVALID_RESOURCE", "fields[nobody]"),
        ("skus?fields[skus]=nobody", "INVALID_FIELD", "fields[skus]"),
        ("returns?include=order.nobody", "INVALID_INCLUDE", "include"),
        ("orders?include=returns.nobody", "INVALID_INCLUDE", "include"),
        ("orders?include=returns.event_stores", "INVALID_INCLUDE", "include"),
        ("orders?include=returns.return_line_items.package.stock_location", "INVALID_INCLUDE", "include"),
        ("orders?filter[q][returns_nobody_null]=true", "FILTER_NOT_ALLOWED", "filter[q][returns_nobody_null]"),
        ("orders?filter[q][returns_number_null]=x", "INVALID_FILTER_VALUE", "filter[q][returns_number_null]"),
        ("orders?filter[q][order_subscription_eq]=x", "FILTER_NOT_ALLOWED", "filter[q][order_subscription_eq]"),
        ("orders?filter[q][customer_eq]=cusAda", "FILTER_NOT_ALLOWED", "filter[q][customer_eq]"),
        (
            "orders?filter[q][available_free_bundles_name_eq]=x",
            "FILTER_NOT_ALLOWED",
            "filter[q][available_free_bundles_name_eq]",
        ),
        ("orders?sort=returns", "INVALID_SORT_CRITERIA", "sort"),
        ("orders/ordFull/store?sort=name", "PARAM_NOT_ALLOWED", "sort"),
        ("orders/ordFull/store?include=nobody", "INVALID_INCLUDE", "include"),
        ("markets/mktEurope/geocoder?include=nobody", "INVALID_INCLUDE", "include"),
    ],
)
def test_a_name_that_the_contract_does_not_know_is_wrong(world: World, asked: str, code: str, where: str) -> None:
    assert world.get(asked, expect=400).errors == [("400", code, where)]
