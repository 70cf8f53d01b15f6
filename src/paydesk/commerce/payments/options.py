"""`options` of a stripe payment: what a client may hand on to Stripe, and what belongs to the server.

Client input is merged key by key; keys that the server owns are left out silently, so that a storefront that sends
back what it read breaks nothing.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from paydesk.work import Work

SERVER_OWNED = frozenset(
    [
        "amount",
        "currency",
        "capture_method",
        "confirm",
        "off_session",
        "metadata",
        "application_fee_amount",
        "transfer_data",
        "on_behalf_of",
        "intent_amount_cents",
        "capture_before",
        "multicapture",
        "id",
        "type",
        "card",
        "billing_details",
    ]
)
"""Left out of what clients send. Amounts, capture and confirmation are paydesk's; the rest is told by Stripe."""

INTEGRATIONS_MAY = frozenset(["metadata", "application_fee_amount", "transfer_data", "on_behalf_of"])

SENT = frozenset(
    [
        "customer",
        "payment_method",
        "setup_future_usage",
        "statement_descriptor_suffix",
        "payment_method_options",
        "on_behalf_of",
        "transfer_data",
        "transfer_group",
        "application_fee_amount",
        "metadata",
        "description",
        "shipping",
    ]
)
"""What of the stored options goes to Stripe when an intent is opened or amended; anything else is only kept."""

PROHIBITED_TO_SHOPPERS = frozenset(("transfer_group",))


def guarded(given: dict[str, Any], work: Work, own: Collection[str] = ()) -> dict[str, Any]:
    """What of a client's options is kept. A Stripe customer that a shopper may not name is a mistake on `options`.

    own   the Stripe customers that are the shopper
    """
    shopper = work.actor.is_sales_channel
    dropped = SERVER_OWNED | PROHIBITED_TO_SHOPPERS if shopper else SERVER_OWNED - INTEGRATIONS_MAY
    kept = {name: value for name, value in given.items() if name not in dropped}
    named = kept.get("customer")
    if shopper and named is not None and not (isinstance(named, str) and named in own):
        # A shopper's own Stripe customer comes from the wallet alone; any other would open somebody's saved cards.
        work.invalid("options", "invalid", "customer is not one of yours")
    return kept


def sent(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if name in SENT and value is not None}
