"""ConfirmationTokens: the payment details that a browser collected, for a server to confirm with.

Source: Stripe, "ConfirmationTokens".
"""

from typing import Any

from paydesk.sandbox.core.call import Call, Record
from paydesk.sandbox.core.errors import invalid
from paydesk.sandbox.objects import payment_methods

LIFE_SECONDS = 12 * 3600


def create(call: Call) -> Record:
    """POST /v1/confirmation_tokens, from a browser"""
    params = call.params
    if "payment_method_data" in params:
        method = payment_methods.make(call, params["payment_method_data"])
    elif "payment_method" in params:
        method = payment_methods.find_usable(call, params["payment_method"], None)
    else:
        raise invalid(
            "Missing required param: payment_method_data.", code="parameter_missing", param="payment_method_data"
        )
    preview = {
        key: value
        for key, value in method.body.items()
        if key in ("billing_details", "customer", "type", method.body["type"])
    }
    return call.add(
        "confirmation_token",
        "ctoken",
        {
            "object": "confirmation_token",
            "created": call.now,
            "expires_at": call.now + LIFE_SECONDS,
            "livemode": False,
            "mandate_data": None,
            "payment_intent": None,
            "payment_method_options": None,
            "payment_method_preview": preview,
            "return_url": params.get("return_url"),
            "setup_future_usage": params.get("setup_future_usage") or None,
            "setup_intent": None,
            "shipping": params.get("shipping") or None,
            "use_stripe_sdk": True,
        },
        {"payment_method": method.id},
    )


def retrieve(call: Call, identifier: str) -> Record:
    """GET /v1/confirmation_tokens/:id"""
    return call.get("confirmation_token", identifier)


def use_token(call: Call, identifier: str, body: dict[str, Any]) -> Record:
    """Use a token for the intent `body`: its return URL, its shipping, and the PaymentMethod it stands for.

    raises   StripeError 400 for a token that is unknown, used or expired
    """
    record = call.get("confirmation_token", identifier, "confirmation_token")
    if record.inner.get("used") or call.now >= record.body["expires_at"]:
        raise invalid("The ConfirmationToken was already used, or has expired.", param="confirmation_token")
    record.inner["used"] = True
    record.body["payment_intent" if body["object"] == "payment_intent" else "setup_intent"] = body.get("id")
    call.save(record)
    call.params.setdefault("use_stripe_sdk", True)
    if record.body["return_url"]:
        call.params.setdefault("return_url", record.body["return_url"])
    if record.body["setup_future_usage"] and "setup_future_usage" in body:
        body["setup_future_usage"] = record.body["setup_future_usage"]
    if record.body["shipping"] and "shipping" in body:
        body["shipping"] = record.body["shipping"]
    return call.get("payment_method", record.inner["payment_method"])
