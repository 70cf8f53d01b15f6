"""Tags on records of every type that bears them: written as a set, added and taken away by name, found by them."""

from functools import partial

import pytest

from paydesk.commerce.catalog.bundles import Bundle
from paydesk.commerce.catalog.sku_lists import SkuList
from paydesk.commerce.catalog.sku_options import SkuOption
from paydesk.commerce.orders.line_item_options import LineItemOption
from paydesk.commerce.shipping.shipments import Shipment
from paydesk.commerce.shipping.shipping_methods import ShippingMethod
from tests.http.world import Answer, World

TAGGED = {
    "addresses": "adrTorino",
    "customers": "cusAda",
    "line_items": "linAlpha",
    "orders": "ordFull",
    "skus": "skuAlpha",
}
"""Records that bear tags."""

EUR = {"currency_code": "EUR"}

MADE = {
    "bundles": (Bundle, {"code": "BUNDLE", "name": "Bundle", "sku_list_id": "lstAll", **EUR}),
    "sku_options": (SkuOption, {"name": "Wrapping", "sku_code_regex": ".", "price_amount_cents": 0, **EUR}),
    "line_item_options": (
        LineItemOption,
        {"name": "Wrapping", "quantity": 1, "options": {}, "line_item_id": "linAgain", "order_id": "ordPlaced",
         "sku_option_id": "skuoptions", **EUR},
    ),
    "shipments": (Shipment, {"number": "102/S/1", "status": "upcoming", "order_id": "ordPlaced"}),
    "shipping_methods": (ShippingMethod, {"name": "Standard", "price_amount_cents": 0, **EUR}),
}  # fmt: skip
"""Types of which the world has no record: one of each, whose id is the letters of its type."""


def tags(world: World, *names: str) -> list[tuple[str, str]]:
    """New tags."""
    return [("tags", world.send("POST", "tags", {"name": one}, expect=201).data["id"]) for one in names]


def names(world: World, path: str, token: str = "shop/test") -> list[str]:
    return sorted(one["attributes"]["name"] for one in world.get(f"{path}/tags", token=token).data)


def named(answer: Answer) -> list[str]:
    return sorted(one["attributes"]["name"] for one in answer.document["included"] if one["type"] == "tags")


def test_every_type_that_bears_them_takes_them_alike(world: World) -> None:
    made = tags(world, "red", "blue", "green-1")
    bare = {type_: world.counting(partial(world.get, f"{type_}/{id_}")) for type_, id_ in TAGGED.items()}
    for type_, id_ in TAGGED.items():
        path = f"{type_}/{id_}"
        answer = world.send("PATCH", f"{path}?include=tags", {}, tags=made[:2], expect=200)
        assert named(answer) == ["blue", "red"]
        # Unknown names are passed over, and what is to be added comes before what is to be taken away.
        asked = {"_add_tags": "green-1, nobody,red", "_remove_tags": "blue,nobody"}
        world.send("PATCH", path, asked, expect=200)
        assert names(world, path) == ["green-1", "red"]
        world.send("PATCH", path, {"_add_tags": "blue"}, tags=made[:1], expect=200)
        assert names(world, path) == ["blue", "red"]
        world.send("PATCH", path, {"_add_tags": "green-1", "_remove_tags": "green-1"}, expect=200)
        world.send("PATCH", path, {"metadata": {"a": 1}}, expect=200)
        assert names(world, path) == ["blue", "red"]
        for search in ({"tags_name_in": "blue,nobody"}, {"tags_id_in": made[0][1]}, {"tags_name_start": "re"}):
            assert world.filtered(type_, **search) == [id_], type_
        assert world.filtered(type_, tags_name_in="green-1") == []
        assert world.counting(partial(world.get, path)) == bare[type_]
        assert world.counting(partial(world.get, f"{path}?include=tags")) == bare[type_] + 1
    listed = world.get("skus?include=tags&filter[q][tags_name_eq]=red")
    assert (listed.ids, named(listed)) == (["skuAlpha"], ["blue", "red"])
    # As applications clear them.
    for type_, id_ in TAGGED.items():
        nothing = {"tags": {"data": [{"type": "tags", "id": None}]}}
        body = {"data": {"type": type_, "id": id_, "attributes": {}, "relationships": nothing}}
        assert world.ask("PATCH", f"/api/{type_}/{id_}?include=tags", body).data["relationships"]["tags"]["data"] == []
    for _, id_ in made:
        assert world.ask("DELETE", f"/api/tags/{id_}").status == 204


def test_all_other_types_that_bear_them_take_them_by_name(fresh: World) -> None:
    bearing = {type_ for type_, one in fresh.registry.types.items() if "_add_tags" in one.shape.triggers}
    assert bearing == TAGGED.keys() | MADE.keys()
    fresh.write("shop/test", (SkuList, "lstAll", {"name": "All"}))
    fresh.write("shop/test", *((resource, type_.replace("_", ""), given) for type_, (resource, given) in MADE.items()))
    tags(fresh, "red", "blue")
    for type_ in MADE:
        id_ = type_.replace("_", "")
        fresh.send("PATCH", f"{type_}/{id_}", {"_add_tags": "red,blue"}, expect=200)
        assert names(fresh, f"{type_}/{id_}") == ["blue", "red"]
        fresh.send("PATCH", f"{type_}/{id_}", {"_remove_tags": "red"}, expect=200)
        assert names(fresh, f"{type_}/{id_}") == ["blue"]
        assert fresh.filtered(type_, tags_name_in="red,blue") == [id_]


def test_a_record_is_made_with_tags_and_goes_with_them(fresh: World) -> None:
    first, second = tags(fresh, "first", "second")
    made = fresh.send("POST", "customers?include=tags", {"email": "t@example.com"}, tags=[first, second], expect=201)
    id_ = made.data["id"]
    assert (named(made), fresh.everything()["taggings"]) == (["first", "second"], 2)
    fresh.send("PATCH", "skus/skuPlain", {}, tags=[first], expect=200)
    # A tag that is deleted is taken off; so are those of a record that is deleted.
    assert fresh.ask("DELETE", f"/api/tags/{second[1]}").status == 204
    assert (names(fresh, f"customers/{id_}"), fresh.everything()["taggings"]) == (["first"], 2)
    assert fresh.ask("DELETE", f"/api/customers/{id_}").status == 204
    assert (names(fresh, "skus/skuPlain"), fresh.everything()["taggings"]) == (["first"], 1)
    assert fresh.ask("DELETE", "/api/skus/skuPlain").status == 204
    counts = fresh.everything()
    assert (counts["taggings"], counts["tags"]) == (0, 1)
    # Orders that are not edited any more take tags all the same, and so do their lines.
    for path in ("orders/ordPlaced", "line_items/linAgain"):
        fresh.send("PATCH", path, {"_add_tags": "first"}, expect=200)
        assert names(fresh, path) == ["first"]


def test_ten_of_a_kind_are_enough_and_their_names_are_short(fresh: World) -> None:
    made = tags(fresh, *(f"n{number}" for number in range(11)))
    before = fresh.everything()
    answer = fresh.send("PATCH", "skus/skuAlpha", {"name": "x"}, tags=made, expect=422)
    assert answer.rules == [("/data/relationships/tags", "too_many")]
    assert (names(fresh, "skus/skuAlpha"), fresh.everything()) == ([], before)
    fresh.send("PATCH", "skus/skuAlpha", {}, tags=made[:10], expect=200)
    answer = fresh.send("PATCH", "skus/skuAlpha", {"_add_tags": "n9,n10"}, expect=422)
    assert answer.rules == [("/data/attributes/_add_tags", "too_many")]
    fresh.send("PATCH", "skus/skuAlpha", {"_add_tags": "n10", "_remove_tags": "n0"}, expect=200)
    assert len(names(fresh, "skus/skuAlpha")) == 10
    for name, broken in (("a" * 26, "too_long"), ("with space", "invalid"), ("ü", "invalid"), ("n1", "taken")):
        assert fresh.send("POST", "tags", {"name": name}, expect=422).rules == [("/data/attributes/name", broken)]
    answer = fresh.send("PATCH", f"tags/{made[0][1]}", {"name": "a,b"}, expect=422)
    assert answer.rules == [("/data/attributes/name", "invalid")]
    answer = fresh.send("PATCH", "skus/skuAlpha", {}, tags=[("tags", "nobody")], expect=422)
    assert answer.rules == [("/data/relationships/tags", "blank")]


def test_a_sales_channel_reads_those_of_what_it_reads_and_writes_none(fresh: World) -> None:
    (shown,), (hidden,) = tags(fresh, "shown"), tags(fresh, "hidden")
    fresh.send("PATCH", "skus/skuAlpha", {}, tags=[shown], expect=200)
    fresh.send("PATCH", "orders/ordDraft", {}, tags=[shown], expect=200)
    fresh.send("PATCH", "skus/skuPercent", {}, tags=[hidden], expect=200)  # It is not sold in the market.
    fresh.send("PATCH", "customers/cusBob", {}, tags=[hidden], expect=200)
    fresh.send("PATCH", "orders/ordFull", {}, tags=[hidden], expect=200)
    for token, expected in (("guest", ["shown"]), ("ada", ["shown"])):
        assert names(fresh, "skus/skuAlpha", token) == expected
        assert named(fresh.get("skus?include=tags", token=token)) == expected
        assert fresh.filtered("skus", token, tags_name_in="shown,hidden") == ["skuAlpha"]
        assert fresh.get(f"tags/{shown[1]}", token=token).data["attributes"]["name"] == "shown"
        fresh.get("tags", token=token, expect=401)
        for asked in ({"_add_tags": "shown"}, {"_remove_tags": "shown"}):
            assert fresh.send("PATCH", "orders/ordDraft", asked, token=token).status == 401
        assert fresh.send("PATCH", "orders/ordDraft", {}, tags=[], token=token).status == 401
        assert fresh.send("POST", "tags", {"name": "mine"}, token=token).status == 401
        assert fresh.send("PATCH", f"tags/{shown[1]}", {"name": "mine"}, token=token).status == 401
    fresh.get(f"tags/{hidden[1]}", token="guest", expect=401)
    assert fresh.get(f"tags/{hidden[1]}", token="ada").data["attributes"]["name"] == "hidden"  # On her order.
    assert names(fresh, "orders/ordDraft") == ["shown"]


@pytest.mark.parametrize("token", ["bound", "reader"])
def test_others_list_all_of_them(world: World, token: str) -> None:
    made = tags(world, f"of-{token}")
    assert made[0][1] in world.get("tags", token=token).ids
