"""How the demo sends what it sells: a zone, two ways and how long they take, in each of its markets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from paydesk.operations.doing import Do, Find, first


@dataclass(frozen=True)
class Way:
    """A shipping method of each market.

    reference   after the market's code, what it is found by
    cents       what it costs in the currency of each market
    free_over   from which amount of the order on it costs nothing, in each
    hours       how long it takes
    """

    reference: str
    name: str
    cents: tuple[int, int]
    free_over: tuple[int | None, int | None]
    hours: tuple[int, int]


WAYS = (
    Way("standard", "Standard shipping", (700, 800), (9900, 9900), (48, 96)),
    Way("express", "Express shipping", (1500, 1800), (None, None), (24, 48)),
)

ZONES = (
    (
        "Europe",
        "AT|BE|BG|CH|CY|CZ|DE|DK|EE|ES|FI|FR|GB|GR|HR|HU|IE|IT|LI|LT|LU|LV|MT|NL|NO|PL|PT|RO|SE|SI|SK",
    ),
    ("United States", "US"),
)
"""Where each market's goods are sent: a name and the country codes."""


async def ensure_shipping(do: Do, find: Find, at: int, market: Any) -> None:
    """What is missing of the ways to send a market's goods; what is changed of them later stays.

    at   which of the markets it is, in the order of `ZONES`
    """
    name, countries = ZONES[at]
    zone = await first(find, "shipping_zones", "reference", market.code) or await do(
        "shipping_zones", "create", {"name": name, "country_code_regex": countries, "reference": market.code}, {}
    )
    location = await first(find, "stock_locations", "code", market.code)
    for way in WAYS:
        reference = f"{market.code}-{way.reference}"
        method = await first(find, "shipping_methods", "reference", reference)
        if method is None:
            given = {"name": way.name, "reference": reference, "price_amount_cents": way.cents[at]}
            given |= {"free_over_amount_cents": way.free_over[at]}
            method = await do("shipping_methods", "create", given, {"market": market, "shipping_zone": zone})
        if not await find("delivery_lead_times", "shipping_method_id", method.id):
            hours = dict(zip(("min_hours", "max_hours"), way.hours, strict=True))
            related = {"stock_location": location, "shipping_method": method}
            await do("delivery_lead_times", "create", hours, related)
