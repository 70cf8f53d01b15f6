"""Where goods lie, and how many: stock locations, inventory models and stock items."""

import pytest

from tests.acts.stock import location, model, stock
from tests.commerce.conftest import Refused, Shop


async def test_a_market_sells_from_the_locations_of_its_inventory_model(shop: Shop) -> None:
    first, second = await location(shop, "Milano", code="mi"), await location(shop, "Torino")
    made = await model(shop, second, first, strategy="split_shipments")
    assert (first["number"], first["code"], first["label_format"], first["suppress_etd"]) == (1, "mi", "PDF", False)
    assert (made["strategy"], made["stock_locations_cutoff"], made["stock_reservation_cutoff"]) == (
        "split_shipments",
        2,
        3600,
    )
    related = {"inventory_model": made, "stock_location": first}
    back = await shop.integration.create("inventory_return_locations", related, priority=1)
    path = f"markets/{shop.market.id}/inventory_model?include=inventory_stock_locations.stock_location.address"
    document = await shop.integration.send("GET", path)
    assert document["data"]["id"] == made.id
    kinds = [one["type"] for one in document["included"]]
    assert (kinds.count("inventory_stock_locations"), kinds.count("stock_locations")) == (2, 2)
    found = await shop.integration.list(f"stock_locations/{second.id}/inventory_stock_locations")
    assert [one["priority"] for one in found] == [1]
    found = await shop.integration.list(f"inventory_models/{made.id}/inventory_return_locations")
    assert [one.id for one in found] == [back.id]


async def test_a_model_counts_no_more_locations_than_the_organization_allows(shop: Shop) -> None:
    for cutoff, error in ((0, "greater_than_or_equal_to"), (11, "less_than_or_equal_to")):
        with pytest.raises(Refused) as refused:
            await shop.integration.create("inventory_models", name="Europe", stock_locations_cutoff=cutoff)
        assert refused.value.said == [("/data/attributes/stock_locations_cutoff", error)]
    with pytest.raises(Refused) as refused:
        await shop.integration.create("inventory_models", name="Europe", strategy="by boat")
    assert refused.value.said == [("/data/attributes/strategy", "inclusion")]
    assert await shop.integration.list("inventory_models") == []


async def test_a_sku_lies_once_at_a_location(shop: Shop) -> None:
    sku, here = await shop.sku("HAT", 100), await location(shop, "Milano")
    item = await shop.integration.create("stock_items", {"stock_location": here}, sku_code="HAT", quantity=3)
    assert (item["sku_code"], item["quantity"]) == ("HAT", 3)
    with pytest.raises(Refused) as refused:
        await stock(shop, sku, here, 4)
    assert [error for _, error in refused.value.said] == ["taken"]
    for given, said in (
        ({"sku_code": "NONE", "quantity": 1}, ("/data/attributes/sku_code", "noent_sku")),
        ({"quantity": 1}, ("/data/relationships/sku", "blank")),
        ({"sku_code": "HAT", "quantity": -1}, ("/data/attributes/quantity", "greater_than_or_equal_to")),
    ):
        with pytest.raises(Refused) as refused:
            await shop.integration.create("stock_items", {"stock_location": here}, **given)
        assert refused.value.said == [said]
    assert [one["quantity"] for one in await shop.integration.list(f"skus/{sku.id}/stock_items")] == [3]
    await shop.integration.update(sku, code="CAP")
    assert (await shop.integration.get(item))["sku_code"] == "CAP"
    await shop.integration.delete(sku)
    assert await shop.integration.list("stock_items") == []


async def test_a_shopper_sees_the_stock_of_the_market_and_lists_none(shop: Shop) -> None:
    sku, ours, theirs = await shop.sku("HAT", 100), await location(shop, "Milano"), await location(shop, "Paris")
    made = await model(shop, ours)
    here, there = await stock(shop, sku, ours, 3), await stock(shop, sku, theirs, 4)
    assert (await shop.guest.get(here))["quantity"] == 3
    assert (await shop.guest.get(ours))["name"] == "Milano"
    for path in (
        f"stock_items/{there.id}",
        f"stock_locations/{theirs.id}",
        f"inventory_models/{made.id}",
        "stock_items",
        "stock_locations",
    ):
        with pytest.raises(Refused) as refused:
            await shop.guest.send("GET", path)
        assert refused.value.status == 401, path


async def test_a_market_needs_no_inventory_model(shop: Shop) -> None:
    related = {"merchant": shop.merchant, "price_list": shop.price_list}
    market = await shop.integration.create("markets", related, name="Second")
    document = await shop.integration.send("GET", f"markets/{market.id}?include=inventory_model")
    assert document["data"]["relationships"]["inventory_model"]["data"] is None
