"""Which shipping methods a caller reads, as conditions."""

from __future__ import annotations

from paydesk.commerce.entering import OF_OPEN
from paydesk.declare import Access, Caller, both, either, null, within

_ENTERED = both(null("disabled_at"), either(null("market_id"), OF_OPEN))

METHODS = Access(
    guest="S",
    customer="S",
    guest_sees=_ENTERED,
    customer_sees=_ENTERED,
    scope=either(
        within("market_id", Caller("market_ids")),
        both(null("market_id"), within("markets_of_currency.id", Caller("market_ids"))),
    ),
)
"""Those of the markets in scope, and those of no market in their currencies; to shoppers those that are enabled."""

LEAD_TIMES = METHODS.via("shipping_method", guest="SL")
