"""A PaymentIntent's body, the part of it that browsers see, and the calls that read it."""

from typing import Any

from paydesk.sandbox.core.call import Call, Record
from paydesk.sandbox.core.errors import invalid
from paydesk.sandbox.core.lists import page
from paydesk.sandbox.core.search import search_page

CONFIRMABLE = ("requires_payment_method", "requires_confirmation", "requires_action")
"""The statuses in which an intent can be confirmed, and changed as a whole."""

# fmt: off
REDUCED = (
    "id", "object", "amount", "automatic_payment_methods", "canceled_at", "cancellation_reason", "capture_method",
    "client_secret", "confirmation_method", "created", "currency", "description", "last_payment_error", "livemode",
    "next_action", "payment_method", "payment_method_types", "processing", "receipt_email", "setup_future_usage",
    "shipping", "status",
)
# fmt: on
"""The fields of an intent that a browser sees (stripe.md §13)."""


def blank(identifier_secret: str, now: int, amount: int, currency: str) -> dict[str, Any]:
    """A new intent's body with every key, without its id."""
    return {
        "object": "payment_intent",
        "allowed_payment_method_types": None,
        "amount": amount,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": None,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic_async",
        "client_secret": identifier_secret,
        "confirmation_method": "automatic",
        "created": now,
        "currency": currency,
        "customer": None,
        "customer_account": None,
        "description": None,
        "excluded_payment_method_types": None,
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": {},
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": {},
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
        "transfer_group": None,
    }


def reduced(body: dict[str, Any]) -> dict[str, Any]:
    """The part of an intent that a publishable key sees."""
    return {name: body[name] for name in REDUCED}


def body_for_caller(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    return reduced(body) if call.publishable else body


def visible(call: Call, identifier: str) -> Record:
    """The intent, once its client secret was checked: where the request has one, or comes from a browser.

    raises   StripeError 404 resource_missing, 400 payment_intent_invalid client secret
    """
    intent = call.get("payment_intent", identifier)
    secret = call.params.get("client_secret")
    if secret is None and call.publishable:
        raise invalid(
            "Missing required param: client_secret.", code="parameter_missing", param="client_secret"
        ).unstored()
    if secret is not None and secret != intent.body["client_secret"]:
        raise invalid(
            "The client_secret provided does not match any associated PaymentIntent on this account. Ensure the "
            "publishable key used belongs to the same account that created the PaymentIntent.",
            param="client_secret",
        )
    return intent


def retrieve(call: Call, identifier: str) -> Record:
    """GET /v1/payment_intents/:id; with a publishable key only with its client secret"""
    return visible(call, identifier)


def listing(call: Call) -> bytes:
    """GET /v1/payment_intents"""
    customer = call.params.get("customer")
    if customer is not None:
        call.get("customer", customer, "customer")
    return page(call, "payment_intent", "/v1/payment_intents", customer=customer)


def search(call: Call) -> bytes:
    """GET /v1/payment_intents/search"""
    return search_page(call, "payment_intent", "/v1/payment_intents/search")
