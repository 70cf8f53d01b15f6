"""Webhook endpoints. Source: Stripe, "Webhook Endpoint"."""

from __future__ import annotations

from typing import Final

from paydesk.gateways.port.account import Registration
from paydesk.gateways.stripe.reading.events import EVENTS
from paydesk.gateways.stripe.reading.values import Object, instant, texts
from paydesk.gateways.stripe.version import API_VERSION

ACCOUNT: Final = "paydesk_account"
"""The metadata of a webhook endpoint that names its connected account: Stripe itself does not tell."""


def registration(value: Object, request_id: str | None = None) -> Registration:
    """A WebhookEndpoint, a deleted one too."""
    hears = value.get("enabled_events") or ()
    created = value.get("created")
    return Registration(
        endpoint_id=str(value["id"]),
        url=value.get("url"),
        status="deleted" if value.get("deleted") else str(value.get("status") or "enabled"),
        secret=value.get("secret"),
        deaf_to=() if "*" in hears else tuple(one for one in EVENTS if one not in hears),
        version=value.get("api_version"),
        current=value.get("api_version") == API_VERSION,
        account=texts(value.get("metadata")).get(ACCOUNT),
        created_at=instant(created) if isinstance(created, int) else None,
        metadata=texts(value.get("metadata")),
        request_id=request_id,
    )
