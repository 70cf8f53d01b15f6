"""Canceling a PaymentIntent, and the end of an authorization that nobody captured."""

from paydesk.sandbox.core.call import Call, Record
from paydesk.sandbox.core.errors import unexpected_state
from paydesk.sandbox.objects import refunds

CANCELABLE = ("requires_payment_method", "requires_capture", "requires_confirmation", "requires_action")


def cancel(call: Call, identifier: str) -> Record:
    """POST /v1/payment_intents/:id/cancel"""
    intent = call.get("payment_intent", identifier)
    status = intent.body["status"]
    if status not in CANCELABLE:
        raise unexpected_state(
            f"You cannot cancel this PaymentIntent because it has a status of {status}. Only a PaymentIntent with one "
            f"of the following statuses may be canceled: {', '.join(CANCELABLE)}, processing.",
            intent.body,
        )
    _cancel(call, intent, call.params.get("cancellation_reason"))
    return intent


def _cancel(call: Call, intent: Record, reason: str | None, *, expired: bool = False) -> None:
    body = intent.body
    held = body["status"] == "requires_capture"
    if held and body["amount_received"]:  # after a first partial capture the intent succeeds with that
        charge = call.get("charge", body["latest_charge"])
        left = body["amount_capturable"]
        charge.body["captured"] = True
        body.update(status="succeeded", amount_capturable=0)
        refunds.release(call, charge, left)
        call.save(intent)
        call.emit("payment_intent.succeeded", intent)
        return
    body.update(status="canceled", canceled_at=call.now, cancellation_reason=reason, next_action=None)
    intent.inner.pop("action", None)
    if held:
        charge = call.get("charge", body["latest_charge"])
        left = body["amount_capturable"]
        body["amount_capturable"] = 0
        if expired:
            charge.inner["expired"] = True
        refunds.release(call, charge, left, "expired_uncaptured_charge" if expired else None)
        if expired:
            call.emit("charge.expired", charge)
    call.save(intent)
    call.emit("payment_intent.canceled", intent)


def expire(call: Call, intent: Record) -> None:
    """An authorization expires: the money that was not captured is released."""
    if intent.body["status"] == "requires_capture":
        _cancel(call, intent, "automatic", expired=True)
