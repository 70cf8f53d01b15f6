"""The session that Stripe.js reads before it draws the Payment Element. Source: stripe.md §13."""

from typing import Any

from paydesk.sandbox.core.call import Call
from paydesk.sandbox.core.errors import missing
from paydesk.sandbox.objects import setup_intents
from paydesk.sandbox.objects.payment_intents.intent import reduced


def retrieve(call: Call) -> dict[str, Any]:
    """GET /v1/elements/sessions"""
    params = call.params
    deferred = params.get("deferred_intent") or {}
    kind = params.get("type", "deferred_intent")
    session: dict[str, Any] = {
        "session_id": f"elements_session_{call.request}",
        "business_name": "Sandbox",
        "config_id": None,
        "link_settings": {"link_enabled": False, "link_funding_sources": []},
        "merchant_country": "US",
        "merchant_currency": deferred.get("currency", "usd"),
        "merchant_id": call.account.id,
        "ordered_payment_method_types_and_wallets": ["card"],
        "payment_method_preference": {
            "object": "payment_method_preference",
            "country_code": "US",
            "ordered_payment_method_types": ["card"],
            "type": kind,
        },
        "unactivated_payment_method_types": [],
    }
    secret = params.get("client_secret")
    if secret is not None:
        identifier = secret.partition("_secret_")[0]
        kind_of_intent = "setup_intent" if identifier.startswith("seti_") else "payment_intent"
        intent = call.get(kind_of_intent, identifier, "client_secret")
        if intent.body["client_secret"] != secret:
            raise missing(kind_of_intent, identifier, "client_secret", status=400)
        visible = reduced(intent.body) if kind_of_intent == "payment_intent" else setup_intents.reduced(intent.body)
        session["payment_method_preference"][kind_of_intent] = visible
    return session
