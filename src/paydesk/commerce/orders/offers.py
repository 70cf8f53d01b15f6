"""The payment methods and wallet entries that an order can be paid with, as conditions."""

from __future__ import annotations

from paydesk.commerce.payments.payment_methods import without_own
from paydesk.declare import Own, Related, both, either, eq, null

_PLACED = either(
    eq("store_id", Own("store_id")),
    both(
        null("store_id"),
        either(eq("market_id", Own("market_id")), null("market_id")),
        without_own(eq("store_id", Own("store_id"))),
    ),
)
"""Methods of the order's store; where that has none those of its market, and those of any."""

OFFERED = both(
    null("disabled_at"),
    null("payment_gateway.disabled_at"),
    eq("currency_code", Own("payable_in")),
    _PLACED,
)
"""The payment methods of an order: those of its store, or where that has none those of its market and those of any;
none when there is nothing to pay.
"""


KEPT_FOR_IT = both(
    eq("customer_id", Own("customer_id")),
    either(
        both(
            null("payment_method.disabled_at"),
            null("payment_method.payment_gateway.disabled_at"),
            eq("payment_method.currency_code", Own("payable_in")),
            Related((_PLACED,), "payment_method", "payment_methods"),
        ),
        both(null("payment_method_id"), Related((OFFERED,), "methods", "payment_methods")),
    ),
)
"""The wallet entries of an order's customer that it can be paid with: those of a method that it is offered, and those
of no particular method where it is offered one of their gateway.
"""
