"""How long each method that a shopper is offered takes, and what a token for stock locations is shown."""

from typing import Any

import pytest

from tests.acts.shipping import cart, choose, method, shipments
from tests.acts.stock import location, model, stock
from tests.commerce.conftest import Client, Record, Refused, Shop


async def told(client: Client, path: str) -> dict[str, Any]:
    """The least hours that each method takes in a document about shipments, by its name; None where it does not say."""
    answer = await client.send("GET", path)
    each = [*answer["included"], *(answer["data"] if isinstance(answer["data"], list) else [answer["data"]])]
    times = {one["id"]: one["attributes"]["min_hours"] for one in each if one["type"] == "delivery_lead_times"}
    methods = [one for one in each if one["type"] == "shipping_methods"]
    links = {
        one["attributes"]["name"]: one["relationships"]["delivery_lead_time_for_shipment"]["data"] for one in methods
    }
    return {name: link and times[link["id"]] for name, link in links.items()}


async def test_a_method_tells_how_long_it_takes_for_the_shipment_that_it_is_included_in(shop: Shop) -> None:
    hat, cap = await shop.sku("HAT", 1000), await shop.sku("CAP", 1000)
    near, far = await location(shop, "Near"), await location(shop, "Far")
    await model(shop, near, far, strategy="split_shipments")
    await stock(shop, hat, near, 5)
    await stock(shop, cap, far, 5)
    post, slow = await method(shop, "Post", 500), await method(shop, "Slow", 100)
    only = await method(shop, "From far", 900, {"stock_location": far})
    for way, place, hours in ((post, near, 24), (post, far, 72), (slow, far, 240), (only, far, 48)):
        related = {"shipping_method": way, "stock_location": place}
        await shop.integration.create("delivery_lead_times", related, min_hours=hours, max_hours=2 * hours)
    order = await cart(shop, HAT=1)
    (shipment,) = await shipments(shop.guest, order)
    through = "available_shipping_methods.delivery_lead_time_for_shipment"
    here = {"Post": 24, "Slow": None}
    assert await told(shop.guest, f"shipments/{shipment.id}?include={through}") == here
    assert await told(shop.guest, f"orders/{order.id}?include=shipments.{through}") == here
    assert await told(shop.guest, f"orders/{order.id}/shipments?include={through}") == here
    await choose(shop.guest, shipment, post)
    chosen = f"shipments/{shipment.id}?include=shipping_method.delivery_lead_time_for_shipment"
    assert await told(shop.guest, chosen) == {"Post": 24}
    # What is sent from elsewhere takes as long as from there.
    other = await cart(shop, CAP=1)
    (shipment,) = await shipments(shop.guest, other)
    assert await told(shop.guest, f"shipments/{shipment.id}?include={through}") == {
        "Post": 72,
        "Slow": 240,
        "From far": 48,
    }
    # A method by itself is in no shipment.
    assert await told(shop.guest, f"shipping_methods/{post.id}?include=delivery_lead_time_for_shipment") == {
        "Post": None
    }
    alone = await shop.guest.send("GET", f"shipping_methods/{post.id}/delivery_lead_time_for_shipment")
    assert alone["data"] is None


async def test_a_scope_of_stock_locations_alone_shows_those(shop: Shop) -> None:
    hat = await shop.sku("HAT", 1000)
    near, far = await location(shop, "Near"), await location(shop, "Far")
    await model(shop, near, far)
    items = [await stock(shop, hat, near, 5), await stock(shop, hat, far, 7)]

    def scoped(kind: str, *places: Record, market: Record | None = None) -> Client:
        return shop.caller(kind, market=market, places=places)

    async def shown(client: Client) -> tuple[set[str], set[int]]:
        found = await client.list("stock_locations"), await client.list("stock_items")
        return {one["name"] for one in found[0]}, {one["quantity"] for one in found[1]}

    assert await shown(scoped("integration", far)) == ({"Far"}, {7})
    assert await shown(scoped("integration", near, far)) == ({"Near", "Far"}, {5, 7})
    assert await shown(scoped("integration")) == ({"Near", "Far"}, {5, 7})
    # Beside a market they are those of its model, and those that are named.
    away = await location(shop, "Away")
    await stock(shop, hat, away, 9)
    assert await shown(scoped("integration", market=shop.market)) == ({"Near", "Far"}, {5, 7})
    assert await shown(scoped("integration", away, market=shop.market)) == ({"Near", "Far", "Away"}, {5, 7, 9})
    guest = scoped("sales_channel", far)
    assert (await guest.get(items[1]))["quantity"] == 7
    for one in (items[0], near):
        assert await denied(guest, one)
        assert await denied(scoped("integration", far), one)
    assert [one["code"] for one in await scoped("integration", far).list("skus")] == ["HAT"]


async def denied(client: Client, one: Record) -> bool:
    with pytest.raises(Refused) as no:
        await client.get(one)
    return no.value.said == [("", "UNAUTHORIZED")]
