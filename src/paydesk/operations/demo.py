"""What the demo organization sells: everything that the documented request needs, made by the rules clients meet.

Each record is asked for by what makes it unique and made only where it is not there, so doing it again changes nothing,
and what a crash left half made is finished.
Source: Commerce Layer, "Stripe payments", the published example, whose order is `ABCRtyUpBa` for 154.00 EUR.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from paydesk.operations.demo_goods import ensure_skus, ensure_stock
from paydesk.operations.demo_shipping import ensure_shipping
from paydesk.operations.doing import Do, Find, first

ORDER_ID = "ABCRtyUpBa"
"""The documented request's order."""

MARKET_CODE = "demo"
US_CODE = "demo-us"
CUSTOMER_EMAIL = "customer@example.com"
GUEST_EMAIL = "guest@example.com"


@dataclass(frozen=True)
class _Place:
    """A market of the demo, by the code of its market, its price list and its tax calculator.

    rules       name, rate, country and state of each tax rule
    warehouse   the address from which its goods are sent
    stock       the names of that warehouse and of the inventory model
    """

    code: str
    name: str
    currency: str
    tax_included: bool
    rules: tuple[tuple[str, float, str, str | None], ...]
    warehouse: dict[str, Any]
    stock: tuple[str, str]


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

_US_WAREHOUSE = {
    "business": True,
    "company": "The Demo Brand",
    "line_1": "1200 Water Street",
    "city": "Oakland",
    "zip_code": "94607",
    "state_code": "CA",
    "country_code": "US",
    "phone": "+1 510 5550100",
}

_PLACES = (
    _Place(
        MARKET_CODE,
        "Demo market",
        "EUR",
        True,
        (("VAT in Italy", 0.22, "IT", None), ("VAT in Germany", 0.19, "DE", None)),
        _MERCHANT_ADDRESS,
        ("Demo warehouse", "Demo inventory"),
    ),
    _Place(
        US_CODE,
        "Demo market in the US",
        "USD",
        False,
        (("Sales tax in California", 0.0725, "US", "CA"), ("Sales tax in Texas", 0.0625, "US", "TX")),
        _US_WAREHOUSE,
        ("Demo warehouse in the US", "Demo inventory in the US"),
    ),
)

_CART = {"BACKPACK-PATTERN": 2, "FIELD-GUIDE": 1, "SOUND-LIBRARY": 1}
"""What the documented order holds: 2 × 29.00 + 45.00 + 51.00 = 154.00."""

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
    do: Do, find: Find, *, base_url: str, stripe_secret_key: str, stripe_publishable_key: str, customer_password: str
) -> Demo:
    """Make what is missing of the demo. Needs the organization and nothing else.

    base_url   where this server shows the pictures of what it sells
    """
    market, us_market = [await _market(do, find, place) for place in _PLACES]
    lists = [await first(find, "price_lists", "code", place.code) for place in _PLACES]
    skus = await ensure_skus(do, find, lists, base_url)
    for at, (place, sold) in enumerate(zip(_PLACES, (market, us_market), strict=True)):
        await ensure_stock(do, find, at, sold, skus, place.warehouse, place.stock)
        await ensure_shipping(do, find, at, sold)
    gateway = await first(find, "stripe_gateways", "reference", _REFERENCE) or await do(
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
    customer = await first(find, "customers", "email_key", CUSTOMER_EMAIL) or await do(
        "customers", "create", {"email": CUSTOMER_EMAIL, "password": customer_password}, {}
    )
    order = await _order(do, find, market, skus, method)
    return Demo(market, skus, method, gateway, customer, order)


async def _method(do: Do, find: Find, market: Any, gateway: Any, reference: str) -> Any:
    """The method places by itself: a shopper who closes the browser after paying has an order. One that an earlier
    version made is told to, once; what is changed of it later stays.
    """
    told = {_REFERENCE: "places by itself"}
    found = await first(find, "payment_methods", "reference", reference)
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
    market = await first(find, "markets", "code", place.code)
    if market is None:
        price_list = await first(find, "price_lists", "code", place.code) or await do(
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
        merchant = await first(find, "merchants", "reference", _REFERENCE)
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
    calculator = await first(find, "manual_tax_calculators", "reference", place.code) or await do(
        "manual_tax_calculators", "create", {"name": f"{place.name}'s taxes", "reference": place.code}, {}
    )
    known = {rule.name for rule in await find("tax_rules", "manual_tax_calculator_id", calculator.id)}
    for name, rate, country, state in place.rules:
        if name not in known:
            given = {"name": name, "tax_rate": rate, "country_code_regex": country, "state_code_regex": state}
            await do("tax_rules", "create", given, {"manual_tax_calculator": calculator})
    return await do("markets", "update", {}, {"tax_calculator": calculator}, id=market.id)


async def _order(do: Do, find: Find, market: Any, skus: tuple[Any, ...], method: Any) -> Any:
    """The documented order: a guest's, pending, billed to Italy, to be paid by Stripe and not paid yet."""
    order = await first(find, "orders", "id", ORDER_ID)
    if order and order.status != "draft":
        return order
    if not order:
        order = await do("orders", "create", {}, {"market": market}, id=ORDER_ID)
    held = {line.sku_code for line in await find("line_items", "order_id", order.id)}
    for sku in skus:
        if sku.code in _CART and sku.code not in held:
            await do("line_items", "create", {"quantity": _CART[sku.code]}, {"order": order, "item": sku})
    address = await do("addresses", "create", _GUEST_ADDRESS, {})
    related = {"billing_address": address, "payment_method": method}
    return await do("orders", "update", {"customer_email": GUEST_EMAIL}, related, id=order.id)
