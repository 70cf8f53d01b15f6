"""Stock for a shop's market: an inventory model, its locations, and what lies there."""

from typing import Any

from tests.commerce.conftest import ADDRESS, Record, Shop


async def location(shop: Shop, name: str, **attributes: Any) -> Record:
    address = await shop.integration.create("addresses", **ADDRESS)
    return await shop.integration.create("stock_locations", {"address": address}, name=name, **attributes)


async def model(shop: Shop, *locations: Record, **attributes: Any) -> Record:
    """An inventory model of the shop's market, its locations by priority."""
    made = await shop.integration.create("inventory_models", name="Europe", **attributes)
    for priority, one in enumerate(locations, 1):
        related = {"inventory_model": made, "stock_location": one}
        await shop.integration.create("inventory_stock_locations", related, priority=priority)
    await shop.integration.update(shop.market, {"inventory_model": made})
    return made


async def stock(shop: Shop, sku: Record, at: Record, quantity: int) -> Record:
    return await shop.integration.create("stock_items", {"sku": sku, "stock_location": at}, quantity=quantity)
