"""Ways to send for a shop's market, and how its orders are sent."""

from typing import Any

from tests.commerce.conftest import ADDRESS, Client, Record, Shop


async def method(shop: Shop, name: str, cents: int, related: Any = None, **attributes: Any) -> Record:
    """A shipping method of the market."""
    links = {"market": shop.market, **(related or {})}
    return await shop.integration.create("shipping_methods", links, name=name, price_amount_cents=cents, **attributes)


async def cart(shop: Shop, address: dict[str, Any] | None = None, **lines: int) -> Record:
    """A guest's cart of so many of each sku, to be sent to Turin or to another address."""
    order = await shop.guest.create("orders", {"market": shop.market}, customer_email="ada@example.com")
    for code, quantity in lines.items():
        await shop.guest.create("line_items", {"order": order}, sku_code=code, quantity=quantity)
    goal = await shop.guest.create("addresses", **(address or ADDRESS))
    return await shop.guest.update(order, {"shipping_address": goal, "billing_address": goal})


async def shipments(client: Client, order: Record, include: str = "") -> list[Record]:
    """An order's shipments by their numbers."""
    found = await client.get(order, f"shipments{f',{include}' if include else ''}")
    return sorted(
        (Record(one) for one in found.included if one["type"] == "shipments"), key=lambda one: str(one["number"])
    )


async def choose(client: Client, shipment: Record, way: Record | None) -> Record:
    return await client.update(shipment, {"shipping_method": way})
