"""What an organization needs to sell: a merchant, a price list, a market, a category for its skus, a way to pay.

Everything is made by the desk, with the rules that clients meet. Each record is found by its code and made only where
it is not there, so doing it again changes nothing, and what a crash left half made is finished.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from paydesk.base.actor import worker
from paydesk.base.currencies import CURRENCIES
from paydesk.base.errors import Invalid
from paydesk.base.tenants import mode_of, tenant_of
from paydesk.commerce.accounts.addresses import COUNTRIES
from paydesk.commerce.payments.stripe_keys import is_live
from paydesk.declare import null
from paydesk.operations.founding import organization_with_slug
from paydesk.operations.parts import Parts
from paydesk.operations.staging import Doing, Finding
from paydesk.operations.undone import Undone
from paydesk.rules.asking import Find

CODE = "main"
"""The code of the market, the price list and the category: `market:code:main` is the scope of a storefront."""
LEFT_OPEN = "to be filled in"
GATEWAY = "stripe_gateways"
SOURCE = "stripe_payments"


@dataclass(frozen=True, slots=True)
class Shop:
    """A shop of one environment. `address_id` is the merchant's address, whose street is left open."""

    mode: str
    market_id: str
    price_list_id: str
    shipping_category_id: str
    address_id: str


@dataclass(frozen=True, slots=True)
class Added:
    """A gateway, and the markets that have a way to pay by it now.

    endpoint   where its events are sent; None where no address is known
    """

    mode: str
    id: str
    endpoint: str | None
    markets: tuple[str, ...]


def check(currency: str, country: str) -> None:
    """raises Invalid"""
    if currency not in CURRENCIES:
        raise Invalid("currency", "invalid", f"{currency} is no currency of ISO 4217, such as EUR")
    if country not in COUNTRIES:
        raise Invalid("country", "invalid", f"{country} is no country of ISO 3166, such as IT")


async def open_shops(parts: Parts, *, slug: str, name: str, currency: str, country: str) -> tuple[Shop, ...]:
    """A shop for test and one for live. raises Invalid, NotFound"""
    check(currency, country)
    organization_id = await organization_with_slug(parts.database, slug)
    return (
        await _open(parts, tenant_of(organization_id, False), slug, organization_id, name, currency, country),
        await _open(parts, tenant_of(organization_id, True), slug, organization_id, name, currency, country),
    )


async def _open(
    parts: Parts, tenant: str, slug: str, organization_id: str, name: str, currency: str, country: str
) -> Shop:
    actor = worker(tenant, slug, "organization create", organization_id)
    do, find = Doing(parts, actor), Finding(parts, actor)
    coded = {"name": name, "code": CODE}

    async def made(type: str, attributes: dict[str, Any]) -> Any:
        known = await find(type, "code", CODE)
        return known[0] if known else await do(type, "create", coded | attributes, {})

    prices = await made("price_lists", {"currency_code": currency, "tax_included": True})
    category = await made("shipping_categories", {})
    market = next(iter(await find("markets", "code", CODE)), None)
    if market is None:
        place = dict.fromkeys(("line_1", "city", "zip_code", "state_code", "phone"), LEFT_OPEN)
        business = {"business": True, "company": name, "country_code": country}
        address = await do("addresses", "create", place | business, {})
        merchant = await do("merchants", "create", {"name": name}, {"address": address})
        market = await do("markets", "create", coded, {"merchant": merchant, "price_list": prices})
    (merchant,) = await find("merchants", "id", market.merchant_id)
    return Shop(mode_of(tenant), market.id, prices.id, category.id, merchant.address_id)


async def add_gateway(
    parts: Parts, *, slug: str, secret_key: str, publishable_key: str | None, name: str = "Stripe"
) -> Added:
    """A Stripe gateway, in the environment of its key, and for each market there that has none a way to pay by it.

    raises  Invalid where Stripe does not take the key; Undone where there is a Stripe gateway; NotFound
    """
    organization_id = await organization_with_slug(parts.database, slug)
    live = is_live(secret_key)
    tenant = tenant_of(organization_id, live)
    actor = worker(tenant, slug, "gateways add", organization_id)
    do, find = Doing(parts, actor), Finding(parts, actor)
    for known in await find(GATEWAY, "name", name):
        hint = f"`paydesk gateways rekey {known.id}` gives it another key; --name names a second one."
        raise Undone(f"There is a gateway {name} for {mode_of(tenant)} payments of {slug}: {known.id}.", hint)
    given = {"name": name, "login": secret_key}
    if publishable_key is not None:
        given["publishable_key"] = publishable_key
    gateway = await do(GATEWAY, "create", given, {})
    methods = await find("payment_methods", "payment_source_type", SOURCE)
    able = {method.market_id for method in methods}
    paying = []
    for market in await find.all(Find("markets", null("disabled_at"))):
        if market.id not in able and None not in able:
            attributes = {"payment_source_type": SOURCE, "price_amount_cents": 0, "auto_place": True}
            await do("payment_methods", "create", attributes, {"market": market, "payment_gateway": gateway})
            paying.append(market.name)
    return Added(mode_of(tenant), gateway.id, gateway.webhook_endpoint_url, tuple(paying))
