"""What the demo organization sells: everything that the documented request needs, made by the rules clients meet.

Each record is asked for by what makes it unique and made only where it is not there, so doing it again changes nothing,
and what a crash left half made is finished.
Source: Commerce Layer, "Stripe payments", the published example, whose order is `ABCRtyUpBa` for 154.00 EUR.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from paydesk.rules.resource import Resource

ORDER_ID = "ABCRtyUpBa"
"""The documented request's order."""

MARKET_CODE = "demo"
US_CODE = "demo-us"
CUSTOMER_EMAIL = "customer@example.com"
GUEST_EMAIL = "guest@example.com"

SKUS = (
    ("BACKPACK-PATTERN", "Backpack sewing pattern", 2900, 3200),
    ("FIELD-GUIDE", "Field guide to alpine flowers", 4500, 4900),
    ("SOUND-LIBRARY", "Library of forest sounds", 5100, 5600),
)
"""Code, name, and price in euro and dollar cents of the demo's digital goods."""


@dataclass(frozen=True)
class _Place:
    """A market of the demo, by the code of its market, its price list and its tax calculator.

    rules   name, rate, country and state of each tax rule
    """

    code: str
    name: str
    currency: str
    tax_included: bool
    rules: tuple[tuple[str, float, str, str | None], ...]


_PLACES = (
    _Place(
        MARKET_CODE,
        "Demo market",
        "EUR",
        True,
        (("VAT in Italy", 0.22, "IT", None), ("VAT in Germany", 0.19, "DE", None)),
    ),
    _Place(
        US_CODE,
        "Demo market in the US",
        "USD",
        False,
        (("Sales tax in California", 0.0725, "US", "CA"), ("Sales tax in Texas", 0.0625, "US", "TX")),
    ),
)

IN_STOCK = 1_000_000
"""How many there are of each."""

_CART = {"BACKPACK-PATTERN": 2, "FIELD-GUIDE": 1, "SOUND-LIBRARY": 1}
"""What the documented order holds: 2 × 29.00 + 45.00 + 51.00 = 154.00."""

_MERCHANT_ADDRESS = {
    "business": True,
    "company": "The Demo Brand",
    "line_1": "Via Roma 1",
    "city": "Firenze",
    "zip_code": "50123",
    "state_code": "FI",
    "country_code": "IT",
    "phone": "+39 055 000000",
}

_GUEST_ADDRESS = {
    "first_name": "Ada",
    "last_name": "Rossi",
    "line_1": "Via Garibaldi 12",
    "city": "Torino",
    "zip_code": "10122",
    "state_code": "TO",
    "country_code": "IT",
    "phone": "+39 011 0000000",
}

_REFERENCE = "demo"
"""The `reference` of demo records that have no name of their own to be found by."""


class Do(Protocol):
    """Carries one change out through the desk, as an integration of the demo organization."""

    async def __call__(
        self,
        type: str,
        verb: str,
        attributes: Mapping[str, Any],
        relationships: Mapping[str, Resource | None],
        *,
        id: str | None = None,
    ) -> Any:
        """`verb` is `create` or `update`. `id` names the record to update, or is the argument `id` of a new order."""
        ...


class Find(Protocol):
    """Finds the records of a type by one column, oldest first."""

    async def __call__(self, type: str, column: str, value: str) -> list[Any]: ...


@dataclass(frozen=True)
class Demo:
    """What was made, for whoever prints or writes it down."""

    market: Any
    skus: tuple[Any, ...]
    payment_method: Any
    stripe_gateway: Any
    customer: Any
    order: Any


async def ensure_demo(
    do: Do, find: Find, *, stripe_secret_key: str, stripe_publishable_key: str, customer_password: str
) -> Demo:
    """Make what is missing of the demo. Needs the organization and nothing else."""
    market, us_market = [await _market(do, find, place) for place in _PLACES]
    skus = await _skus(do, find)
    await _stock(do, find, market, skus)
    gateway = await _first(find, "stripe_gateways", "reference", _REFERENCE) or await do(
        "stripe_gateways",
        "create",
        {
            "name": "Stripe",
            "login": stripe_secret_key,
            "publishable_key": stripe_publishable_key,
            "reference": _REFERENCE,
        },
        {},
    )
    method = await _method(do, find, market, gateway, _REFERENCE)
    await _method(do, find, us_market, gateway, US_CODE)
    customer = await _first(find, "customers", "email_key", CUSTOMER_EMAIL) or await do(
        "customers", "create", {"email": CUSTOMER_EMAIL, "password": customer_password}, {}
    )
    order = await _order(do, find, market, skus, method)
    return Demo(market, skus, method, gateway, customer, order)


async def _method(do: Do, find: Find, market: Any, gateway: Any, reference: str) -> Any:
    """The method places by itself: a shopper who closes the browser after paying has an order. One that an earlier
    version made is told to, once; what is changed of it later stays.
    """
    told = {_REFERENCE: "places by itself"}
    found = await _first(find, "payment_methods", "reference", reference)
    if found is None:
        given = {
            "payment_source_type": "stripe_payments",
            "price_amount_cents": 0,
            "reference": reference,
            "auto_place": True,
            "metadata": told,
        }
        return await do("payment_methods", "create", given, {"market": market, "payment_gateway": gateway})
    if _REFERENCE in found.metadata:
        return found
    change = {"auto_place": True, "metadata": {**found.metadata, **told}}
    return await do("payment_methods", "update", change, {}, id=found.id)


async def _market(do: Do, find: Find, place: _Place) -> Any:
    market = await _first(find, "markets", "code", place.code)
    if market is None:
        price_list = await _first(find, "price_lists", "code", place.code) or await do(
            "price_lists",
            "create",
            {
                "name": f"{place.name}'s prices",
                "code": place.code,
                "currency_code": place.currency,
                "tax_included": place.tax_included,
            },
            {},
        )
        merchant = await _first(find, "merchants", "reference", _REFERENCE)
        if not merchant:
            address = await do("addresses", "create", _MERCHANT_ADDRESS, {})
            merchant = await do(
                "merchants", "create", {"name": "The Demo Brand", "reference": _REFERENCE}, {"address": address}
            )
        related = {"merchant": merchant, "price_list": price_list}
        market = await do("markets", "create", {"name": place.name, "code": place.code}, related)
    return await _tax(do, find, market, place)


async def _tax(do: Do, find: Find, market: Any, place: _Place) -> Any:
    """The market, with the calculator and the rules that it is taxed by; a market that has a calculator keeps it."""
    if market.tax_calculator_id is not None:
        return market
    calculator = await _first(find, "manual_tax_calculators", "reference", place.code) or await do(
        "manual_tax_calculators", "create", {"name": f"{place.name}'s taxes", "reference": place.code}, {}
    )
    known = {rule.name for rule in await find("tax_rules", "manual_tax_calculator_id", calculator.id)}
    for name, rate, country, state in place.rules:
        if name not in known:
            given = {"name": name, "tax_rate": rate, "country_code_regex": country, "state_code_regex": state}
            await do("tax_rules", "create", given, {"manual_tax_calculator": calculator})
    return await do("markets", "update", {}, {"tax_calculator": calculator}, id=market.id)


async def _skus(do: Do, find: Find) -> tuple[Any, ...]:
    skus = []
    lists = [await _first(find, "price_lists", "code", place.code) for place in _PLACES]
    category = await _first(find, "shipping_categories", "code", MARKET_CODE) or await do(
        "shipping_categories", "create", {"name": "Digital goods", "code": MARKET_CODE}, {}
    )
    for code, name, *cents in SKUS:
        sku = await _first(find, "skus", "code", code) or await do(
            "skus",
            "create",
            {"code": code, "name": name, "do_not_ship": True, "do_not_track": True},
            {"shipping_category": category},
        )
        priced = {price.price_list_id for price in await find("prices", "sku_id", sku.id)}
        for price_list, amount in zip(lists, cents, strict=True):
            if price_list.id not in priced:
                await do("prices", "create", {"amount_cents": amount}, {"price_list": price_list, "sku": sku})
        skus.append(sku)
    return tuple(skus)


async def _stock(do: Do, find: Find, market: Any, skus: tuple[Any, ...]) -> None:
    """Plenty of everything in one warehouse. The market of an earlier version is told of it, once; what is changed
    of it later stays.
    """
    location = await _first(find, "stock_locations", "code", MARKET_CODE)
    if location is None:
        address = await do("addresses", "create", _MERCHANT_ADDRESS, {})
        given = {"name": "Demo warehouse", "code": MARKET_CODE}
        location = await do("stock_locations", "create", given, {"address": address})
    for sku in skus:
        if not await find("stock_items", "sku_id", sku.id):
            await do("stock_items", "create", {"quantity": IN_STOCK}, {"sku": sku, "stock_location": location})
    model = await _first(find, "inventory_models", "reference", _REFERENCE) or await do(
        "inventory_models", "create", {"name": "Demo inventory", "reference": _REFERENCE}, {}
    )
    related = {"inventory_model": model, "stock_location": location}
    for kind in ("inventory_return_locations", "inventory_stock_locations"):
        if not await find(kind, "inventory_model_id", model.id):
            await do(kind, "create", {"priority": 1}, related)
            if kind == "inventory_stock_locations" and market.inventory_model_id is None:
                await do("markets", "update", {}, {"inventory_model": model}, id=market.id)


async def _order(do: Do, find: Find, market: Any, skus: tuple[Any, ...], method: Any) -> Any:
    """The documented order: a guest's, pending, billed to Italy, to be paid by Stripe and not paid yet."""
    order = await _first(find, "orders", "id", ORDER_ID)
    if order and order.status != "draft":
        return order
    if not order:
        order = await do("orders", "create", {}, {"market": market}, id=ORDER_ID)
    held = {line.sku_code for line in await find("line_items", "order_id", order.id)}
    for sku in skus:
        if sku.code not in held:
            await do("line_items", "create", {"quantity": _CART[sku.code]}, {"order": order, "item": sku})
    address = await do("addresses", "create", _GUEST_ADDRESS, {})
    related = {"billing_address": address, "payment_method": method}
    return await do("orders", "update", {"customer_email": GUEST_EMAIL}, related, id=order.id)


async def _first(find: Find, type: str, column: str, value: str) -> Any:
    return next(iter(await find(type, column, value)), None)
