"""Which prices and skus a market sells, as conditions.

A sku is sold in a market where the market's price list, or the one that a scheduler gives it now, has a price of it,
and where the market's inventory model has a stock item of it: not needed if the market has no model, or the sku's stock
is not counted. Source: Commerce Layer, "Roles and permissions", sellable SKUs.
"""

from __future__ import annotations

from paydesk.commerce.catalog.price_list_schedulers import ACTIVE, IN_FORCE
from paydesk.commerce.entering import OF_OPEN, OPEN
from paydesk.declare import Caller, Condition, Own, Related, Without, both, either, eq, null, within

_ITS_OWN_LIST = either(null("scheduled_until"), Without(ACTIVE, "price_list_schedulers", "price_list_schedulers"))
"""The market sells by its own price list."""

_IN_SCOPE = (within("id", Caller("market_ids")), OPEN, _ITS_OWN_LIST)
_SCHEDULED = (within("market_id", Caller("market_ids")), OF_OPEN, *IN_FORCE)
"""The markets of a token that sell by their own lists, and the schedulers that give them others."""


PRICES = either(
    Related(_IN_SCOPE, "list_markets", "markets"), Related(_SCHEDULED, "list_schedulers", "price_list_schedulers")
)
"""The prices of a token's markets."""

_OPEN = (null("disabled_at"), OPEN, _ITS_OWN_LIST)
_OPEN_SCHEDULED = (null("market.disabled_at"), OF_OPEN, *IN_FORCE)

ALL_PRICES = either(
    Related(_OPEN, "list_markets", "markets"), Related(_OPEN_SCHEDULED, "list_schedulers", "price_list_schedulers")
)
"""The prices of the markets that the caller enters."""

PRICED_IN = eq("list_prices.sku_id", Own("id"))
"""The markets, or the schedulers, whose price list has a price of a sku."""


def _stocked(market: str) -> Condition:
    """A stock item of the sku lies where the market's inventory model says, where it has one."""
    return either(null(f"{market}inventory_model_id"), eq(f"{market}places.items.sku_id", Own("id")))


SOLD_IN = both(PRICED_IN, _stocked(""))
SCHEDULED_IN = both(PRICED_IN, _stocked("market."))
"""Those of them that have stock of it, too."""

SELLABLE = either(
    Related(_IN_SCOPE, "sold_in", "markets"),
    Related(_SCHEDULED, "sold_by_schedulers", "price_list_schedulers"),
    both(
        eq("do_not_track", True),
        either(
            Related(_IN_SCOPE, "priced_in", "markets"),
            Related(_SCHEDULED, "priced_by_schedulers", "price_list_schedulers"),
        ),
    ),
)
"""The skus that are sold in one of a token's markets."""

ALL_SOLD = either(
    Related(_OPEN, "priced_in", "markets"), Related(_OPEN_SCHEDULED, "priced_by_schedulers", "price_list_schedulers")
)
"""The skus that have a price in a market that the caller enters."""
