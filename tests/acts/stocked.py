"""Goods of a market that counts its stock, and how the stock stands."""

from typing import Any

from tests.acts.orders import ready
from tests.payments.conftest import ADDRESS, Answer, Api, Link


async def counted(api: Api, *priorities: int, **attributes: Any) -> list[Answer]:
    """Have the market count its stock; its locations, one for each priority."""
    address = await api.create("addresses", ADDRESS)
    model = await api.create("inventory_models", {"name": "Model", **attributes})
    locations = []
    for priority in priorities or (1,):
        location = await api.create("stock_locations", {"name": f"Location {priority}"}, address=address)
        await api.create(
            "inventory_stock_locations", {"priority": priority}, inventory_model=model, stock_location=location
        )
        locations.append(location)
    await api.update(api.market, inventory_model=model)
    return locations


async def goods(api: Api, code: str, *quantities: int, at: list[Answer], **attributes: Any) -> Answer:
    """A sku of which so many lie at each location."""
    sku = await api.sku(code, do_not_ship=True, **attributes)
    for location, quantity in zip(at, quantities, strict=False):
        await api.create("stock_items", {"quantity": quantity}, sku=sku, stock_location=location)
    return sku


async def line(api: Api, order: Link, sku: Link, quantity: int, *, cents: int = 1000, expect: int = 201) -> Answer:
    given = {"quantity": quantity, "unit_amount_cents": cents}
    return await api.create("line_items", given, order=order, item=sku, expect=expect)


async def held(api: Api, sku: Link, quantity: int, **given: Any) -> tuple[Answer, Answer]:
    """An order for so many of a sku whose card is authorized, and its payment."""
    order = await ready(api, 0, **given)
    await line(api, order, sku, quantity)
    payment = await api.payment(order)
    await api.stripe.confirm(payment["stripe_id"])
    return order, payment


async def placed(api: Api, sku: Link, quantity: int) -> Answer:
    order, _ = await held(api, sku, quantity)
    assert (await api.update(order, {"_place": True}))["status"] == "placed"
    return order


async def in_stock(api: Api) -> list[tuple[int, int]]:
    """How many of each stock item there are and how many of them are reserved, the oldest item first."""
    rows = await api.rows("stock_items", "created_at", "id", "quantity", "reserved_quantity")
    return [(quantity, reserved) for _, _, quantity, reserved in sorted(rows)]


async def holdings(api: Api) -> list[tuple[str, int]]:
    """What orders hold of stock, or held."""
    rows = await api.rows("stock_holdings", "created_at", "status", "quantity")
    return [(status, quantity) for _, status, quantity in sorted(rows)]
