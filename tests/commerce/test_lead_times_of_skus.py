"""What `skus.inventory` tells of how long goods take: beside each level, the lead times from where it lies."""

from typing import Any

from tests.acts.stock import location, model, stock
from tests.commerce.conftest import Record, Shop


async def lead_time(shop: Shop, here: Record, least: int, most: int, related: Any = None, **given: Any) -> Record:
    """By a method of its own, which it is named after."""
    values = {"price_amount_cents": 1000, **given}
    method = await shop.integration.create("shipping_methods", related or {"market": shop.market}, **values)
    links = {"stock_location": here, "shipping_method": method}
    await shop.integration.create("delivery_lead_times", links, min_hours=least, max_hours=most)
    return method


def names(inventory: Any) -> list[list[str]]:
    levels = inventory["levels"]
    return [[one["shipping_method"]["name"] for one in level["delivery_lead_times"]] for level in levels]


async def test_each_level_tells_how_long_it_takes_by_the_methods_of_the_market(shop: Shop) -> None:
    sku, near, far = await shop.sku("HAT", 100), await location(shop, "Milano"), await location(shop, "Torino")
    await model(shop, near, far)
    await stock(shop, sku, near, 4)
    await stock(shop, sku, far, 6)
    slow = await lead_time(shop, near, 48, 72, name="Slow", free_over_amount_cents=9900, reference="s")
    await lead_time(shop, near, 12, 24, name="Fast")
    told = (await shop.guest.get(sku))["inventory"]
    assert told == {
        "available": True,
        "quantity": 10,
        "levels": [
            {
                "quantity": 4,
                "delivery_lead_times": [
                    {
                        "shipping_method": {
                            "name": "Fast",
                            "reference": None,
                            "price_amount_cents": 1000,
                            "free_over_amount_cents": None,
                            "formatted_price_amount": "€10,00",
                            "formatted_free_over_amount": None,
                        },
                        "min": {"hours": 12, "days": 1},
                        "max": {"hours": 24, "days": 1},
                    },
                    {
                        "shipping_method": {
                            "name": "Slow",
                            "reference": "s",
                            "price_amount_cents": 1000,
                            "free_over_amount_cents": 9900,
                            "formatted_price_amount": "€10,00",
                            "formatted_free_over_amount": "€99,00",
                        },
                        "min": {"hours": 48, "days": 2},
                        "max": {"hours": 72, "days": 3},
                    },
                ],
            },
            {"quantity": 6, "delivery_lead_times": []},
        ],
    }
    # Methods of another market, currency, category or location, and those that are disabled, send no such goods.
    prices = await shop.integration.create("price_lists", name="Dollars", currency_code="USD")
    related = {"merchant": shop.merchant, "price_list": prices}
    other = await shop.integration.create("markets", related, name="Other")
    bulky = await shop.integration.create("shipping_categories", name="Bulky")
    await lead_time(shop, far, 1, 2, {"market": other}, name="Elsewhere")
    await lead_time(shop, far, 2, 3, {"stock_location": far}, name="Dollars", currency_code="USD")
    await lead_time(shop, far, 3, 4, {"market": shop.market, "shipping_category": bulky}, name="Bulky")
    await lead_time(shop, far, 4, 5, {"market": shop.market, "stock_location": near}, name="From Milano")
    await lead_time(shop, far, 5, 6, {"stock_location": far}, name="Anywhere", currency_code="EUR")
    await shop.integration.update(slow, _disable=True)
    here = [["Fast"], ["Anywhere"]]
    assert names((await shop.guest.get(sku))["inventory"]) == here
    order = await shop.guest.create("orders", {"market": shop.market})
    await shop.guest.create("line_items", {"order": order}, sku_code="HAT", quantity=1)
    for client in (shop.caller("sales_channel"), shop.integration):
        read = await client.get(order, include="line_items.item")
        (item,) = [one["attributes"] for one in read.included if one["type"] == "skus"]
        assert names(item["inventory"]) == here
    everything = [["Fast"], ["Elsewhere", "Dollars", "Anywhere"]]
    assert names((await shop.integration.get(sku))["inventory"]) == everything
