"""Orders of goods that ship in two shipments, taxed and paid: each made by the rules clients meet."""

from __future__ import annotations

from typing import Any

from paydesk.operations.doing import Do, Find, first

CODES = ("BENCH-HAT", "BENCH-TENT")
"""Goods of two shipping categories, which are never sent together."""

MANY = 10_000_000
ADDRESS = {
    "first_name": "Ada",
    "last_name": "Rossi",
    "line_1": "Via Garibaldi 12",
    "city": "Torino",
    "zip_code": "10122",
    "state_code": "TO",
    "country_code": "IT",
    "phone": "+39 011 0000000",
}


async def shipped(do: Do, find: Find, market: Any, payment_method: Any, count: int) -> list[str]:
    """The ids of so many pending orders, each with a line of both goods, and a payment that only waits for its card."""
    skus = await _goods(do, find, market)
    (method, *_) = await find("shipping_methods", "market_id", market.id)
    market = await do("markets", "update", {}, {"default_shipping_method": method}, id=market.id)
    await do("inventory_models", "update", {"strategy": "split_shipments"}, {}, id=market.inventory_model_id)
    address = await do("addresses", "create", ADDRESS, {})
    made = []
    for number in range(count):
        order = await do("orders", "create", {"customer_email": f"ships{number}@example.com"}, {"market": market})
        for sku in skus:
            await do("line_items", "create", {"quantity": 2}, {"order": order, "item": sku})
        related = {"billing_address": address, "shipping_address": address, "payment_method": payment_method}
        order = await do("orders", "update", {}, related, id=order.id)
        assert (order.shipments_count, order.status) == (2, "pending"), "it is of two shipments"
        assert order.total_tax_amount_cents > 0, "it is taxed"
        await do("stripe_payments", "create", {}, {"order": order})
        made.append(order.id)
    return made


async def _goods(do: Do, find: Find, market: Any) -> list[Any]:
    location = await first(find, "stock_locations", "code", market.code)
    (prices,) = await find("price_lists", "id", market.price_list_id)
    skus = []
    for code in CODES:
        category = await do("shipping_categories", "create", {"name": code}, {})
        given = {"code": code, "name": code, "weight": 400.0, "unit_of_weight": "gr"}
        sku = await do("skus", "create", given, {"shipping_category": category})
        await do("prices", "create", {"amount_cents": 2500}, {"price_list": prices, "sku": sku})
        await do("stock_items", "create", {"quantity": MANY}, {"sku": sku, "stock_location": location})
        skus.append(sku)
    return skus
