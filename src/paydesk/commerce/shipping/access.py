"""Which shipping methods a caller reads, as conditions."""

from __future__ import annotations

from paydesk.commerce.entering import OF_OPEN
from paydesk.commerce.of_market import IN_SCOPE
from paydesk.declare import Access, both, either, null

_ENTERED = both(null("disabled_at"), either(null("market_id"), OF_OPEN))

METHODS = Access(
    guest="S",
    customer="S",
    guest_sees=_ENTERED,
    customer_sees=_ENTERED,
    scope=IN_SCOPE,
)
"""Those of the markets in scope, and those of no market in their currencies; to shoppers those that are enabled."""

LEAD_TIMES = METHODS.via("shipping_method", guest="SL")
