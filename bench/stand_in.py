"""A Stripe that answers at once, or after as long as it is told: fast enough to be nobody's bottleneck.

Knows what opening, placing, capturing and refunding a payment needs. An intent that is looked up has been authorized by
a card in the meantime. `PUT /delay` with a number of seconds as its body makes every new intent wait so long; any other
path tells the delay and how many calls were answered.
Source of the shapes: Stripe, "PaymentIntent", "Charge", "Refund".
"""

from __future__ import annotations

import asyncio
import itertools
import time
from typing import Any
from urllib.parse import parse_qsl

import orjson

from paydesk.settings import Settings

_INTENT: dict[str, Any] = {
    "id": None,
    "object": "payment_intent",
    "amount": 0,
    "amount_capturable": 0,
    "amount_details": {"tip": {}},
    "amount_received": 0,
    "application": None,
    "application_fee_amount": None,
    "automatic_payment_methods": {"allow_redirects": "always", "enabled": True},
    "canceled_at": None,
    "cancellation_reason": None,
    "capture_method": "manual",
    "client_secret": None,
    "confirmation_method": "automatic",
    "created": 0,
    "currency": "eur",
    "customer": None,
    "description": None,
    "last_payment_error": None,
    "latest_charge": None,
    "livemode": False,
    "metadata": {},
    "next_action": None,
    "on_behalf_of": None,
    "payment_method": None,
    "payment_method_configuration_details": {"id": "pmc_bench", "parent": None},
    "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
    "payment_method_types": ["card"],
    "processing": None,
    "receipt_email": None,
    "review": None,
    "setup_future_usage": None,
    "shipping": None,
    "source": None,
    "statement_descriptor": None,
    "statement_descriptor_suffix": None,
    "status": "requires_payment_method",
    "transfer_data": None,
}
assert len(_INTENT) == 38, "an intent has 38 members"

_CARD: dict[str, Any] = {
    "amount_authorized": None,
    "brand": "visa",
    "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
    "country": "US",
    "exp_month": 12,
    "exp_year": 2034,
    "fingerprint": "bench",
    "funding": "credit",
    "last4": "4242",
    "multicapture": {"status": "unavailable"},
    "network": "visa",
    "wallet": None,
}

_ENDPOINT: dict[str, Any] = {
    "id": "we_bench",
    "object": "webhook_endpoint",
    "api_version": None,
    "application": None,
    "created": 0,
    "description": "paydesk",
    "enabled_events": ["*"],
    "livemode": False,
    "metadata": {},
    "secret": "whsec_bench",
    "status": "enabled",
    "url": "",
}


def create_app(settings: Settings) -> Any:
    numbers = itertools.count(time.time_ns())
    delay = 0.0
    answered = 0
    intents: dict[str, dict[str, Any]] = {}

    async def application(scope: Any, receive: Any, send: Any) -> None:
        nonlocal delay, answered
        if scope["type"] == "lifespan":
            for stage in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{stage}.complete"})
            return
        method, path = scope["method"], scope["path"]
        body = b""
        while method != "GET":
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        answer: dict[str, Any]
        answered += path.startswith("/v1/")
        named, _, verb = path.removeprefix("/v1/payment_intents/").partition("/")
        if path == "/v1/payment_intents" and method == "POST":
            answer = _opened(body, next(numbers))
            intents[answer["id"]] = answer
            if delay:
                await asyncio.sleep(delay)
        elif named in intents:
            answer = intents[named]
            if answer["latest_charge"] is None:
                _authorize(answer)
            if verb == "capture":
                _capture(answer)
        elif path == "/v1/refunds" and method == "POST":
            answer = _refunded(body, next(numbers), intents)
        elif path == "/v1/webhook_endpoints" and method == "GET":
            answer = {"object": "list", "data": [_ENDPOINT], "has_more": False, "url": path}
        elif path.startswith("/v1/webhook_endpoints"):
            answer = _ENDPOINT
        elif method == "GET" and path.startswith("/v1/"):
            answer = {"object": "list", "data": [], "has_more": False, "url": path}
        else:
            if path == "/delay" and method == "PUT":
                delay = float(body)
            answer = {"delay": delay, "answered": answered}
        headers = [(b"content-type", b"application/json"), (b"request-id", b"req_bench")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": orjson.dumps(answer, option=orjson.OPT_INDENT_2)})

    return application


def _opened(body: bytes, number: int) -> dict[str, Any]:
    asked = dict(parse_qsl(body.decode()))
    identifier = f"pi_{number:024x}"
    return {
        **_INTENT,
        "id": identifier,
        "client_secret": f"{identifier}_secret_{number:025x}",
        "amount": int(asked.get("amount", 0)),
        "currency": asked.get("currency", "eur"),
        "created": int(time.time()),
        "metadata": _metadata(asked),
    }


def _authorize(intent: dict[str, Any]) -> None:
    amount, method = intent["amount"], f"pm_{intent['id'][3:]}"
    charge = {
        "id": f"ch_{intent['id'][3:]}",
        "object": "charge",
        "amount": amount,
        "amount_captured": 0,
        "amount_refunded": 0,
        "captured": False,
        "created": intent["created"],
        "currency": intent["currency"],
        "customer": None,
        "disputed": False,
        "failure_code": None,
        "failure_message": None,
        "livemode": False,
        "metadata": intent["metadata"],
        "outcome": {
            "network_status": "approved_by_network",
            "reason": None,
            "risk_level": "normal",
            "seller_message": "Payment complete.",
            "type": "authorized",
        },
        "paid": True,
        "payment_intent": intent["id"],
        "payment_method": method,
        "payment_method_details": {"card": {**_CARD, "capture_before": intent["created"] + 604_800}, "type": "card"},
        "refunded": False,
        "status": "succeeded",
    }
    intent.update(status="requires_capture", amount_capturable=amount, latest_charge=charge, payment_method=method)


def _capture(intent: dict[str, Any]) -> None:
    amount = intent["amount"]
    intent.update(status="succeeded", amount_capturable=0, amount_received=amount)
    intent["latest_charge"].update(amount_captured=amount, captured=True)


def _refunded(body: bytes, number: int, intents: dict[str, dict[str, Any]]) -> dict[str, Any]:
    asked = dict(parse_qsl(body.decode()))
    intent = intents[asked["payment_intent"]]
    amount = int(asked["amount"])
    intent["latest_charge"]["amount_refunded"] += amount
    return {
        "id": f"re_{number:024x}",
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": intent["latest_charge"]["id"],
        "created": int(time.time()),
        "currency": intent["currency"],
        "metadata": _metadata(asked),
        "payment_intent": intent,
        "reason": None,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "succeeded",
        "transfer_reversal": None,
    }


def _metadata(asked: dict[str, str]) -> dict[str, str]:
    return {name.removeprefix("metadata[")[:-1]: value for name, value in asked.items() if name.startswith("metadata[")}
