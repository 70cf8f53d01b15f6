"""The metadata of an intent, by which Stripe's events and searches are tied to this installation's orders."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paydesk.commerce.payable import Payable
from paydesk.commerce.payments.options import MADE_AGAIN_OF, OUR_METADATA
from paydesk.gateways.port.verbs import MOST_METADATA
from paydesk.rules.work import Work


def metadata_of(order: Payable, record_id: str, options: Mapping[str, Any], work: Work) -> dict[str, str]:
    """Everything that ties the intent to this installation, for webhooks and for calls whose answer was lost."""
    made = {
        "order_id": order.id,
        "order_number": order.number or "",
        "stripe_payment_id": record_id,
        "organization_id": work.actor.organization_id,
        "organization": work.actor.slug,
        "mode": work.actor.mode,
        "paydesk": work.settings["installation"],
    }
    assert made.keys() == OUR_METADATA, "an integration's metadata leaves room for all of ours"
    if len(options.get("metadata") or {}) + len(made) + len(MADE_AGAIN_OF) <= MOST_METADATA:
        made |= dict(zip(MADE_AGAIN_OF, (order.customer_email or "", order.market_id), strict=True))
    return made


def owner_of(order: Payable, work: Work) -> dict[str, str]:
    """The part that tells whose an intent is: the same text for an order every time, whichever record says it."""
    return {
        "order_id": order.id,
        "organization_id": work.actor.organization_id,
        "mode": work.actor.mode,
        "paydesk": work.settings["installation"],
    }
