"""What can be ordered: the stock of a sku, and the check when a line is written or its order placed."""

from typing import Any

import pytest

from tests.acts.stock import location, model, stock
from tests.commerce.conftest import Client, Record, Refused, Shop

SHORT = [("/data/attributes/quantity", "out_of_stock")]


async def cart(shop: Shop, **lines: int) -> Record:
    order = await shop.guest.create("orders", {"market": shop.market})
    for code, quantity in lines.items():
        await shop.guest.create("line_items", {"order": order}, sku_code=code, quantity=quantity)
    return order


async def refused(writing: Any) -> Refused:
    with pytest.raises(Refused) as no:
        await writing
    return no.value


async def quantities(client: Client, order: Record) -> list[int]:
    return [line["quantity"] for line in await client.list(f"orders/{order.id}/line_items")]


async def test_a_sku_tells_the_stock_of_the_market_by_location(shop: Shop) -> None:
    sku, near, far = await shop.sku("HAT", 100), await location(shop, "Milano"), await location(shop, "Torino")
    off = await location(shop, "Paris")
    made = await model(shop, near, far, off)
    for at, quantity in ((far, 6), (near, 4), (off, 100)):
        await stock(shop, sku, at, quantity)
    told = {
        "available": True,
        "quantity": 10,
        "levels": [{"quantity": 4, "delivery_lead_times": []}, {"quantity": 6, "delivery_lead_times": []}],
    }
    for client in (shop.guest, shop.integration, shop.caller("integration", market=shop.market)):
        assert (await client.get(sku))["inventory"] == told
    assert "inventory" not in (await shop.guest.list("skus"))[0].data["attributes"]
    await shop.integration.update(made, stock_locations_cutoff=1)
    assert (await shop.guest.get(sku))["inventory"]["quantity"] == 4
    await shop.integration.update(made, stock_locations_cutoff=None)
    assert (await shop.guest.get(sku))["inventory"] == told


async def test_what_is_not_there_and_what_is_not_counted_are_told_apart(shop: Shop) -> None:
    here = await location(shop, "Milano")
    await model(shop, here)
    gone, free = await shop.sku("HAT", 100), await shop.sku("SONG", 100, do_not_track=True)
    await stock(shop, gone, here, 0)
    assert (await shop.guest.get(gone))["inventory"] == {"available": False, "quantity": 0, "levels": []}
    assert (await shop.guest.get(free))["inventory"] == {"available": True, "levels": []}


async def test_an_order_tells_the_stock_of_its_own_market(shop: Shop) -> None:
    sku, here = await shop.sku("HAT", 100), await location(shop, "Milano")
    order = await cart(shop, HAT=1)
    everywhere = shop.caller("sales_channel")
    for client in (shop.guest, shop.integration, everywhere):
        read = await client.get(order, include="line_items.item")
        assert [one["attributes"]["inventory"] for one in read.included if one["type"] == "skus"] == [None]
    await model(shop, here)
    await stock(shop, sku, here, 3)
    for path in (f"orders/{order.id}?include=line_items.item", f"orders/{order.id}?include=line_items.sku"):
        for method in ("GET", "PATCH"):
            body = {"data": {**order.link, "attributes": {}}} if method == "PATCH" else None
            answer = await everywhere.send(method, path, body)
            (item,) = [one["attributes"] for one in answer["included"] if one["type"] == "skus"]
            assert item["inventory"]["quantity"] == 3
    listed = await shop.integration.send("GET", "orders?include=line_items.item")
    assert all("inventory" not in one["attributes"] for one in listed["included"])


async def test_a_market_without_an_inventory_model_sells_what_it_does_not_have(shop: Shop) -> None:
    sku = await shop.sku("HAT", 100)
    await stock(shop, sku, await location(shop, "Milano"), 0)
    order = await cart(shop, HAT=5)
    assert await quantities(shop.guest, order) == [5]
    assert (await shop.guest.get(sku))["inventory"] is None


async def test_no_more_is_put_into_a_cart_than_there_is(shop: Shop) -> None:
    sku, near, far = await shop.sku("HAT", 100), await location(shop, "Milano"), await location(shop, "Torino")
    await model(shop, near, far)
    await stock(shop, sku, near, 2)
    await stock(shop, sku, far, 3)
    order = await cart(shop)
    writing = shop.guest.create("line_items", {"order": order}, sku_code="HAT", quantity=6)
    error = (await refused(writing)).errors[0]
    assert (error["title"], error["detail"]) == ("is out of stock", "quantity - is out of stock")
    assert error["meta"] == {"error": "out_of_stock", "value": 6, "count": 5}
    assert await quantities(shop.guest, order) == []
    line = await shop.guest.create("line_items", {"order": order, "item": sku}, quantity=4)
    # The same sku in another line, by itself or added, and more of it in this one.
    for given in ({}, {"_update_quantity": True}):
        writing = shop.guest.create("line_items", {"order": order}, sku_code="HAT", quantity=2, **given)
        assert (await refused(writing)).said == SHORT
    assert (await refused(shop.guest.update(line, quantity=6))).said == SHORT
    assert await quantities(shop.guest, order) == [4]
    await shop.guest.update(line, quantity=5)
    await shop.guest.update(line, quantity=2)
    await shop.guest.create("line_items", {"order": order}, sku_code="HAT", quantity=3, _update_quantity=True)
    assert await quantities(shop.guest, order) == [5]


async def test_a_line_that_has_become_too_long_may_be_made_shorter(shop: Shop) -> None:
    sku, here = await shop.sku("HAT", 100), await location(shop, "Milano")
    await shop.sku("CAP", 100)
    await model(shop, here)
    item = await stock(shop, sku, here, 5)
    order = await cart(shop, HAT=5)
    await shop.integration.update(item, quantity=1)
    (line,) = await shop.guest.list(f"orders/{order.id}/line_items")
    await shop.guest.update(line, quantity=3, metadata={"gift": True})
    assert (await refused(shop.guest.update(line, sku_code="CAP"))).said == SHORT
    assert (await refused(shop.guest.update(line, quantity=4))).said == SHORT
    assert await quantities(shop.guest, order) == [3]


async def test_what_is_not_counted_is_never_short(shop: Shop) -> None:
    await shop.sku("SONG", 100, do_not_track=True)
    await model(shop, await location(shop, "Milano"))
    order = await cart(shop, SONG=1000)
    assert await quantities(shop.guest, order) == [1000]
