"""The account that the key of a request opens. Source: Stripe, "Accounts"."""

from typing import Any

from paydesk.sandbox.core.call import Call


def retrieve(call: Call) -> dict[str, Any]:
    """GET /v1/account"""
    return {
        "id": call.account.id,
        "object": "account",
        "business_profile": {"mcc": None, "name": None, "url": None},
        "capabilities": {"card_payments": "active", "transfers": "active"},
        "charges_enabled": True,
        "controller": {"type": "account" if call.account.platform is None else "application"},
        "country": "US",
        "default_currency": "usd",
        "details_submitted": True,
        "email": None,
        "metadata": {},
        "payouts_enabled": True,
        "settings": {"dashboard": {"display_name": "Sandbox", "timezone": "Etc/UTC"}},
        "type": "standard",
    }
