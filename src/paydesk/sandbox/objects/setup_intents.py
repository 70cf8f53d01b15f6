"""SetupIntents: a card that is kept for later payments, authenticated where its issuer asks for that.

Source: Stripe, "The Setup Intents API"; stripe.md §1.1, §12.
"""

from typing import Any

from paydesk.sandbox.core.call import Call, Record
from paydesk.sandbox.core.errors import StripeError, card_error, doc_url, invalid, unexpected_state
from paydesk.sandbox.core.ids import new_id, token
from paydesk.sandbox.core.lists import page
from paydesk.sandbox.core.metadata import merge_metadata
from paydesk.sandbox.objects import cards, customer_payment_methods, payment_method_kinds, payment_methods
from paydesk.sandbox.objects.cards import Decline
from paydesk.sandbox.objects.confirmation_tokens import use_token
from paydesk.sandbox.objects.next_action import demands, next_action

CANCELABLE = ("requires_payment_method", "requires_confirmation", "requires_action")

# fmt: off
REDUCED = (
    "id", "object", "automatic_payment_methods", "cancellation_reason", "client_secret", "created", "description",
    "last_setup_error", "livemode", "next_action", "payment_method", "payment_method_types", "status", "usage",
)
# fmt: on
"""The fields that a browser sees."""


def create(call: Call) -> Record:
    """POST /v1/setup_intents"""
    params = call.params
    identifier = new_id("seti")
    types = params.get("allowed_payment_method_types") or params.get("payment_method_types")
    automatic = params.get("automatic_payment_methods")
    if types is None and (automatic is None or automatic.get("enabled")):
        automatic = {"allow_redirects": (automatic or {}).get("allow_redirects", "always"), "enabled": True}
    elif types is not None:
        for kind in types:
            if kind not in payment_method_kinds.TYPES:
                raise payment_method_kinds.unsupported_type(kind, "allowed_payment_method_types")
        automatic = None
    intent = call.add_as(
        "setup_intent",
        identifier,
        {
            "object": "setup_intent",
            "allowed_payment_method_types": params.get("allowed_payment_method_types"),
            "application": None,
            "automatic_payment_methods": automatic,
            "cancellation_reason": None,
            "client_secret": f"{identifier}_secret_{token(30)}",
            "created": call.now,
            "customer": None,
            "customer_account": None,
            "description": None,
            "excluded_payment_method_types": None,
            "flow_directions": None,
            "last_setup_error": None,
            "latest_attempt": None,
            "livemode": False,
            "mandate": None,
            "metadata": {},
            "next_action": None,
            "on_behalf_of": params.get("on_behalf_of"),
            "payment_method": None,
            "payment_method_configuration_details": None,
            "payment_method_options": {},
            "payment_method_types": types or ["card"],
            "single_use_mandate": None,
            "status": "requires_payment_method",
            "usage": params.get("usage", "off_session"),
        },
    )
    _apply(call, intent.body)
    call.emit("setup_intent.created", intent)
    _choose_method(call, intent)
    return _confirm(call, intent) if params.get("confirm") else intent


def _apply(call: Call, body: dict[str, Any]) -> None:
    params = call.params
    if "customer" in params:
        if params["customer"]:
            call.get("customer", params["customer"], "customer")
        body["customer"] = params["customer"] or None
    for name in ("description", "payment_method_options", "excluded_payment_method_types", "flow_directions"):
        if name in params:
            body[name] = params[name] or None
    if "metadata" in params:
        body["metadata"] = merge_metadata(body["metadata"], params["metadata"])


def _choose_method(call: Call, intent: Record) -> None:
    params, body = call.params, intent.body
    if "confirmation_token" in params:
        method = use_token(call, params["confirmation_token"], body)
    elif "payment_method_data" in params:
        method = payment_methods.make(call, params["payment_method_data"])
    elif params.get("payment_method"):
        method = payment_methods.find_usable(call, params["payment_method"], body["customer"])
    else:
        return
    if method.body["type"] not in ("card", "sepa_debit"):
        raise invalid(f"A PaymentMethod of type {method.body['type']} cannot be set up.", param="payment_method")
    body.update(payment_method=method.id, status="requires_confirmation", next_action=None)
    call.save(intent)


def retrieve(call: Call, identifier: str) -> Record:
    """GET /v1/setup_intents/:id; with a publishable key only with its client secret"""
    return _visible(call, identifier)


def _visible(call: Call, identifier: str) -> Record:
    intent = call.get("setup_intent", identifier)
    secret = call.params.get("client_secret")
    if secret is None and call.publishable:
        raise invalid(
            "Missing required param: client_secret.", code="parameter_missing", param="client_secret"
        ).unstored()
    if secret is not None and secret != intent.body["client_secret"]:
        raise invalid(
            "The client_secret provided does not match the client_secret associated with the SetupIntent.",
            param="client_secret",
        )
    return intent


def reduced(body: dict[str, Any]) -> dict[str, Any]:
    """A SetupIntent as a publishable key sees it."""
    return {name: body[name] for name in REDUCED}


def listing(call: Call) -> bytes:
    """GET /v1/setup_intents"""
    params = call.params
    if "customer" in params:
        call.get("customer", params["customer"], "customer")
    fields = {"payment_method": params["payment_method"]} if "payment_method" in params else None
    return page(call, "setup_intent", "/v1/setup_intents", customer=params.get("customer"), fields=fields)


def update(call: Call, identifier: str) -> Record:
    """POST /v1/setup_intents/:id"""
    intent = call.get("setup_intent", identifier)
    _check_status(call, intent, "update", CANCELABLE)
    _apply(call, intent.body)
    call.save(intent)
    _choose_method(call, intent)
    return intent


def _check_status(call: Call, intent: Record, verb: str, allowed: tuple[str, ...]) -> None:
    body = intent.body
    if body["status"] not in allowed:
        raise unexpected_state(
            f"You cannot {verb} this SetupIntent because it has a status of {body['status']}. Only a SetupIntent with "
            f"one of the following statuses may be {verb}{'d' if verb.endswith('e') else 'ed'}: {', '.join(allowed)}.",
            reduced(body) if call.publishable else body,
            code="setup_intent_unexpected_state",
        )


def confirm(call: Call, identifier: str) -> Record:
    """POST /v1/setup_intents/:id/confirm"""
    intent = _visible(call, identifier)
    _check_status(call, intent, "confirm", CANCELABLE)
    _choose_method(call, intent)
    return _confirm(call, intent)


def _confirm(call: Call, intent: Record) -> Record:
    params, body = call.params, intent.body
    if body["payment_method"] is None:
        raise unexpected_state(
            "You cannot confirm this SetupIntent because it's missing a payment method. Update the SetupIntent with a "
            "payment method and then confirm it again.",
            reduced(body) if call.publishable else body,
            code="setup_intent_unexpected_state",
        )
    method = call.get("payment_method", body["payment_method"])
    if method.inner.get("spent"):
        raise payment_methods.spent_error()
    return_url, in_browser = params.get("return_url"), params.get("use_stripe_sdk", False)
    automatic = body["automatic_payment_methods"]
    if (
        automatic
        and automatic["allow_redirects"] == "always"
        and not return_url
        and not in_browser
        and not call.publishable
    ):
        raise invalid(
            "This SetupIntent is configured to accept payment methods enabled in your Dashboard. Because some of these "
            "payment methods might redirect your customer off of your page, you must provide a `return_url`. If you "
            "don't want to accept redirect-based payment methods, set `automatic_payment_methods[enabled]` to `true` "
            "and `automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents and Payment "
            "Intents."
        )
    body["last_setup_error"] = None
    options = (body["payment_method_options"] or {}).get("card") or {}
    if demands(method, off_session=False, requested=options.get("request_three_d_secure")):
        body["status"] = "requires_action"
        body["next_action"] = next_action(call, intent, method, return_url, in_browser or return_url is None)
        call.save(intent)
        call.emit("setup_intent.requires_action", intent)
        return intent
    return _set_up(call, intent, method)


def finish_authentication(call: Call, intent: Record, *, success: bool) -> None:
    """Go on after the customer's authentication, which succeeded or failed.

    raises   StripeError 402 when the card is declined after all
    """
    method = call.get("payment_method", intent.body["payment_method"])
    intent.body["next_action"] = None
    intent.inner.pop("action", None)
    call.save(intent)
    if success:
        _set_up(call, intent, method)
        return
    raise _failed(
        call,
        intent,
        method,
        card_error(
            "We are unable to authenticate your payment method. Please choose a different payment method and try "
            "again.",
            code="setup_intent_authentication_failure",
        ),
    )


def _set_up(call: Call, intent: Record, method: Record) -> Record:
    body = intent.body
    card = payment_methods.card_of(method) if method.body["type"] == "card" else None
    decline: Decline | None = card.decline if card is not None and not card.charging_only else None
    if card is not None and card.decline is cards.FRAUDULENT:
        decline = card.decline
    if decline is not None:
        raise _failed(call, intent, method, decline.error())
    method.inner["set_up"] = True
    call.save(method)
    body["status"] = "succeeded"
    if body["customer"] and method.body["customer"] is None:
        customer_payment_methods.bind(call, method, body["customer"])
    call.save(intent)
    call.emit("setup_intent.succeeded", intent)
    return intent


def _failed(call: Call, intent: Record, method: Record, refused: StripeError) -> StripeError:
    body = intent.body
    error = {**refused.error, "doc_url": doc_url(refused.error["code"]), "payment_method": method.body}
    body.update(status="requires_payment_method", payment_method=None, next_action=None, last_setup_error=error)
    call.save(intent)
    call.emit("setup_intent.setup_failed", intent)
    refused.error = {**error, "setup_intent": reduced(body) if call.publishable else body}
    return refused


def cancel(call: Call, identifier: str) -> Record:
    """POST /v1/setup_intents/:id/cancel"""
    intent = call.get("setup_intent", identifier)
    _check_status(call, intent, "cancel", CANCELABLE)
    intent.body.update(status="canceled", cancellation_reason=call.params.get("cancellation_reason"), next_action=None)
    call.save(intent)
    call.emit("setup_intent.canceled", intent)
    return intent
