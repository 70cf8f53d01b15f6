"""Confirming a PaymentIntent, and the customer's authentication, both of which end in a payment or a refusal."""

from typing import Any

from paydesk.sandbox.core.call import Call, Record
from paydesk.sandbox.core.errors import card_error, invalid, unexpected_state
from paydesk.sandbox.objects import cards, payment_method_kinds, payment_methods
from paydesk.sandbox.objects.next_action import demands, next_action
from paydesk.sandbox.objects.payment_intents.fields import allowed_types, apply
from paydesk.sandbox.objects.payment_intents.intent import CONFIRMABLE, body_for_caller, visible
from paydesk.sandbox.objects.payment_intents.methods import choose_method
from paydesk.sandbox.objects.payment_intents.pay import decline, fail, pay


def confirm(call: Call, identifier: str) -> Record:
    """POST /v1/payment_intents/:id/confirm"""
    params = call.params
    intent = visible(call, identifier)
    body = intent.body
    status = body["status"]
    if status in ("succeeded", "requires_capture", "processing"):
        reason = {
            "succeeded": "it has already succeeded after being previously confirmed",
            "requires_capture": "it has already succeeded after being previously confirmed",
            "processing": "it is processing after being previously confirmed",
        }[status]
        raise unexpected_state(f"You cannot confirm this PaymentIntent because {reason}.", body_for_caller(call, body))
    if status not in CONFIRMABLE:
        raise unexpected_state(
            f"You cannot confirm this PaymentIntent because it has a status of {status}. Only a PaymentIntent with "
            f"one of the following statuses may be confirmed: {', '.join(CONFIRMABLE[1:])}.",
            body_for_caller(call, body),
        )
    if "amount_to_confirm" in params and params["amount_to_confirm"] != body["amount"]:
        raise invalid(
            f"The amount_to_confirm ({params['amount_to_confirm']}) does not match the PaymentIntent's amount "
            f"({body['amount']}).",
            param="amount_to_confirm",
        )
    types = allowed_types(call, body, creating=False)
    apply(call, body, types)
    call.save(intent)
    choose_method(call, intent)
    return try_payment(call, intent)


def try_payment(call: Call, intent: Record) -> Record:
    """Pay with the intent's PaymentMethod, or ask its customer to authenticate."""
    params, body = call.params, intent.body
    if body["payment_method"] is None:
        raise unexpected_state(
            "You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the "
            "PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a "
            "payment method or ConfirmationToken.",
            body_for_caller(call, body),
        )
    method = call.get("payment_method", body["payment_method"])
    automatic = body["automatic_payment_methods"]
    return_url = params.get("return_url")
    in_browser = params.get("use_stripe_sdk", False)
    if (
        automatic
        and automatic["allow_redirects"] == "always"
        and not return_url
        and not in_browser
        and not call.publishable
    ):
        raise invalid(
            "This PaymentIntent is configured to accept payment methods enabled in your Dashboard. Because some of "
            "these payment methods might redirect your customer off of your page, you must provide a `return_url`. If "
            "you don't want to accept redirect-based payment methods, set `automatic_payment_methods[enabled]` to "
            "`true` and `automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents and "
            "Payment Intents."
        )
    if method.body["type"] in payment_method_kinds.REDIRECTING and not return_url:
        raise invalid(
            "A return_url must be specified because this PaymentIntent's payment method redirects the customer.",
            param="return_url",
        )
    if method.inner.get("spent"):
        raise payment_methods.spent_error()
    off_session = params.get("off_session", False) is not False
    if off_session and body["setup_future_usage"]:
        raise invalid(
            "You cannot confirm with the `off_session` parameter when `setup_future_usage` is also set on the "
            "PaymentIntent because you cannot set up future usages when processing payments off-session."
        )
    body["last_payment_error"] = None
    intent.inner["off_session"] = off_session
    if _must_act(method, body, off_session):
        if off_session or params.get("error_on_requires_action"):
            raise decline(call, intent, method, cards.AUTHENTICATION_REQUIRED)
        in_browser = in_browser or return_url is None
        body["status"] = "requires_action"
        body["next_action"] = next_action(call, intent, method, return_url, in_browser)
        call.save(intent)
        call.emit("payment_intent.requires_action", intent)
        return intent
    return pay(call, intent, method, authenticated=False)


def _must_act(method: Record, body: dict[str, Any], off_session: bool) -> bool:
    """True when the customer has to act before money moves."""
    if method.body["type"] in payment_method_kinds.REDIRECTING:
        return True
    options = (body["payment_method_options"] or {}).get("card") or {}
    return demands(method, off_session=off_session, requested=options.get("request_three_d_secure"))


def finish_authentication(call: Call, intent: Record, *, success: bool) -> None:
    """Go on after the customer's authentication, which succeeded or failed.

    raises   StripeError 402 when the payment is declined after all; the decline stays on the intent
    """
    body = intent.body
    method = call.get("payment_method", body["payment_method"])
    body["next_action"] = None
    intent.inner.pop("action", None)
    call.save(intent)
    if success:
        pay(call, intent, method, authenticated=method.body["type"] == "card")
        return
    refused = card_error(
        "We are unable to authenticate your payment method. Please choose a different payment method and try again.",
        code="payment_intent_authentication_failure",
    )
    refused.error["type"] = "invalid_request_error" if method.body["type"] == "card" else "card_error"
    raise fail(call, intent, method, refused, None)
