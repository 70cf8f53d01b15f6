"""What a cart is offered to be sent by, and for how much: by zone, weight, category, place and the order's amount."""

from typing import Any

from tests.acts.shipping import cart, choose, method, shipments
from tests.acts.stock import location, model, stock
from tests.commerce.conftest import ADDRESS, Record, Shop


async def offers(shop: Shop, order: Record) -> dict[str, int]:
    """What the one shipment of an order costs by each method that it may be sent by."""
    answer = await shop.guest.get(order, "shipments.available_shipping_methods")
    (shipment,) = [Record(one) for one in answer.included if one["type"] == "shipments"]
    ids = {one["id"] for one in shipment.related("available_shipping_methods")}
    methods = [Record(one) for one in answer.included if one["type"] == "shipping_methods"]
    return {one["name"]: one["price_amount_for_shipment_cents"] for one in methods if one.id in ids}


async def test_a_cart_is_offered_what_its_goods_and_address_let(shop: Shop) -> None:
    hat = await shop.sku("HAT", 2000, weight=400, unit_of_weight="gr")
    here, there = await location(shop, "Milano"), await location(shop, "Torino")
    await model(shop, here, there)
    await stock(shop, hat, here, 100)
    category = (await shop.integration.get(hat, "shipping_category")).included[0]
    goods = {"shipping_category": {"type": "shipping_categories", "id": category["id"]}}
    bulky = {"shipping_category": await shop.integration.create("shipping_categories", name="Bulky")}

    async def zone(**expressions: str) -> dict[str, Any]:
        return {"shipping_zone": await shop.integration.create("shipping_zones", name="Zone", **expressions)}

    await method(shop, "Flat", 1000)
    await method(shop, "Free from 60", 700, free_over_amount_cents=6000)
    await method(shop, "Italy", 500, await zone(country_code_regex="^IT$", state_code_regex="TO|MI"))
    await method(shop, "Italy but Turin", 400, await zone(country_code_regex="IT", not_zip_code_regex="^101"))
    await method(shop, "Germany", 1500, await zone(country_code_regex="^DE$"))
    await method(shop, "Light", 200, max_weight=2, unit_of_weight="lb")
    await method(shop, "Heavy", 3000, min_weight=35, unit_of_weight="oz")
    await method(shop, "Goods", 800, goods)
    await method(shop, "Bulky", 9000, bulky)
    await method(shop, "From here", 600, {"stock_location": here})
    await method(shop, "From there", 100, {"stock_location": there})
    await method(shop, "Off", 1, _disable=True)
    anywhere = await shop.integration.create(
        "shipping_methods", name="Any market", price_amount_cents=1100, currency_code="EUR"
    )
    tiered = await method(shop, "By weight", 1, scheme="weight_tiered")
    for up_to, cents in ((1300, 900), (500, 300), (800, 450)):
        given = {"name": f"{up_to} g", "up_to": up_to, "price_amount_cents": cents}
        await shop.integration.create("shipping_weight_tiers", {"shipping_method": tiered}, **given)
    order = await cart(shop, HAT=2)
    always = {"Flat": 1000, "Any market": 1100, "Goods": 800, "From here": 600}
    # 800 g for 40.00: below two pounds, in the second tier.
    assert await offers(shop, order) == {**always, "Free from 60": 700, "Italy": 500, "Light": 200, "By weight": 450}
    (line,) = await shop.guest.list(f"orders/{order.id}/line_items")
    await shop.guest.update(line, quantity=3)
    # 1200 g for 60.00: above two pounds and 35 ounces, in the third tier.
    assert await offers(shop, order) == {**always, "Free from 60": 0, "Italy": 500, "Heavy": 3000, "By weight": 900}
    await shop.guest.update(line, quantity=4)
    assert await offers(shop, order) == {**always, "Free from 60": 0, "Italy": 500, "Heavy": 3000}
    (shipment,) = await shipments(shop.guest, order)
    for name in ("filter[q][shipment_id_eq]", "filter[q][shipment_id_in]", "filter[shipment_id]"):
        found = await shop.integration.list(f"shipping_methods?{name}={shipment.id}")
        assert {one["name"] for one in found} == {*always, "Free from 60", "Italy", "Heavy"}, name
        assert await shop.integration.list(f"shipping_methods?{name}=nobody") == []
    berlin = {**ADDRESS, "country_code": "DE", "state_code": "BE", "zip_code": "10115"}
    await shop.guest.update(order, {"shipping_address": await shop.guest.create("addresses", **berlin)})
    assert await offers(shop, order) == {**always, "Free from 60": 0, "Germany": 1500, "Heavy": 3000}
    # What an integration changes of a method shows at the next refresh, in what the order costs as well.
    (shipment,) = await shipments(shop.guest, order)
    await choose(shop.guest, shipment, anywhere)
    assert (await shop.guest.get(order))["total_amount_with_taxes_cents"] == 9100
    await shop.integration.update(anywhere, price_amount_cents=1200, free_over_amount_cents=8001)
    assert (await shop.guest.update(order, _refresh=True))["total_amount_with_taxes_cents"] == 9200
    await shop.integration.update(anywhere, free_over_amount_cents=8000)
    assert (await shop.guest.update(order, _refresh=True))["total_amount_with_taxes_cents"] == 8000


async def test_a_shipment_tells_the_lead_time_of_its_method(shop: Shop) -> None:
    hat, here = await shop.sku("HAT", 2000), await location(shop, "Milano")
    await model(shop, here)
    await stock(shop, hat, here, 10)
    slow = await method(shop, "Slow", 500)
    links = {"stock_location": here, "shipping_method": slow}
    time = await shop.integration.create("delivery_lead_times", links, min_hours=24, max_hours=72)
    order = await cart(shop, HAT=1)
    (shipment,) = await shipments(shop.guest, order)
    assert (await shop.guest.get(shipment, "delivery_lead_time")).related("delivery_lead_time") is None
    await choose(shop.guest, shipment, slow)
    assert (await shop.guest.get(shipment, "delivery_lead_time")).related("delivery_lead_time") == time.link
    included = (await shop.guest.get(order, "shipments.delivery_lead_time")).included
    assert {(one["type"], one["id"]) for one in included} == {
        ("shipments", shipment.id),
        ("delivery_lead_times", time.id),
    }
