"""How long goods take from where they lie, as `skus.inventory` tells it beside each level of stock."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from paydesk.base.money import formatted
from paydesk.declare import Condition, Rule, both, either, null, within
from paydesk.rules.asking import Find

EXAMPLE = {
    "shipping_method": {
        "name": "Standard shipping",
        "reference": None,
        "price_amount_cents": 1000,
        "free_over_amount_cents": 9900,
        "formatted_price_amount": "€10,00",
        "formatted_free_over_amount": "€99,00",
    },
    "min": {"hours": 48, "days": 2},
    "max": {"hours": 72, "days": 3},
}


def lead_times(locations: Collection[str], markets: Collection[str] | None) -> Rule:
    """The lead times from some locations by the methods that orders of some markets may be sent by, the shortest first,
    by the location's id.

    markets   ids; None: whatever the market
    """
    found: dict[str, list[Any]] = {}
    if not locations:
        return found
    where = both(within("stock_location_id", sorted(locations)), null("shipping_method.disabled_at"), _of(markets))
    for one in (yield Find("delivery_lead_times", where, ("shipping_method",), many=True)):
        found.setdefault(one.stock_location_id, []).append(one)
    for several in found.values():
        several.sort(key=lambda one: (one.min_hours, one.max_hours))
    return found


def _of(markets: Collection[str] | None) -> Condition | None:
    """Whose method is of one of the markets, or of no market and in the currency of one."""
    if markets is None:
        return None
    method = "shipping_method"
    return either(
        within(f"{method}.market_id", markets),
        both(null(f"{method}.market_id"), within(f"{method}.markets_of_currency.id", markets)),
    )


def told(times: Iterable[Any], category_id: str | None, location_id: str) -> list[dict[str, Any]]:
    """The lead times of goods of a category from a location, by the methods that send such goods from there.

    source   Commerce Layer, "SKUs", `inventory`
    """
    return [
        _told(one)
        for one in times
        if one.shipping_method.shipping_category_id in (None, category_id)
        and one.shipping_method.stock_location_id in (None, location_id)
    ]


def _told(time: Any) -> dict[str, Any]:
    method = time.shipping_method
    return {
        "shipping_method": {
            "name": method.name,
            "reference": method.reference,
            "price_amount_cents": method.price_amount_cents,
            "free_over_amount_cents": method.free_over_amount_cents,
            "formatted_price_amount": _formatted(method.price_amount_cents, method.currency_code),
            "formatted_free_over_amount": _formatted(method.free_over_amount_cents, method.currency_code),
        },
        "min": {"hours": time.min_hours, "days": time.min_days},
        "max": {"hours": time.max_hours, "days": time.max_days},
    }


def _formatted(cents: int | None, currency: str) -> str | None:
    return None if cents is None else formatted(cents, currency)
