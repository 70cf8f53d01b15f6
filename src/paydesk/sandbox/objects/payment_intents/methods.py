"""The PaymentMethod that an intent is paid with: which kinds it takes, and the one that a request names."""

from typing import Any

from paydesk.sandbox.core.call import Call, Record
from paydesk.sandbox.core.errors import invalid
from paydesk.sandbox.objects import payment_method_kinds, payment_methods
from paydesk.sandbox.objects.confirmation_tokens import use_token
from paydesk.sandbox.objects.payment_intents.intent import CONFIRMABLE


def accepted(body: dict[str, Any]) -> tuple[str, ...]:
    """The types that an intent can be paid with: the ones it lists, or with automatic payment methods all that fit."""
    automatic = body["automatic_payment_methods"]
    if not automatic:
        return tuple(body["payment_method_types"])
    excluded = body["excluded_payment_method_types"] or ()
    redirects = automatic["allow_redirects"] == "always"
    return tuple(
        kind
        for kind in payment_method_kinds.TYPES
        if kind not in excluded
        and (redirects or kind not in payment_method_kinds.REDIRECTING)
        and body["currency"] in payment_method_kinds.CURRENCIES.get(kind, (body["currency"],))
        and (body["capture_method"] != "manual" or kind in payment_method_kinds.MANUAL_CAPTURE)
    )


def choose_method(call: Call, intent: Record) -> Record | None:
    """Put the PaymentMethod that a request names on the intent; None when it names none."""
    params, body = call.params, intent.body
    method = None
    if "confirmation_token" in params:
        method = use_token(call, params["confirmation_token"], body)
    elif "payment_method_data" in params:
        method = payment_methods.make(call, params["payment_method_data"])
    elif params.get("payment_method"):
        method = payment_methods.find_usable(call, params["payment_method"], body["customer"])
    elif params.get("payment_method") == "":
        body["payment_method"] = None
        body["status"] = "requires_payment_method"
        call.save(intent)
        return None
    if method is None:
        return None
    kind = method.body["type"]
    if kind not in accepted(body):
        raise invalid(
            f"The PaymentMethod provided ({kind}) is not allowed for this PaymentIntent. Please attach a "
            f"PaymentMethod of one of the following types: {', '.join(body['payment_method_types'])}.",
            param="payment_method",
        )
    body["payment_method"] = method.id
    if body["status"] in CONFIRMABLE:
        body["status"] = "requires_confirmation"
        body["next_action"] = None
        intent.inner.pop("action", None)
    call.save(intent)
    return method
