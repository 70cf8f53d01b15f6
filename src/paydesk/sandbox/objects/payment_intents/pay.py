"""A payment: the charge of an attempt, and the intent's status after it: paid, held, processing or failed."""

from typing import Any

from paydesk.sandbox.core.call import Call, Record
from paydesk.sandbox.core.errors import StripeError, card_error, doc_url
from paydesk.sandbox.objects import (
    charges,
    customer_payment_methods,
    disputes,
    payment_method_kinds,
    payment_methods,
    reviews,
)
from paydesk.sandbox.objects.cards import Decline
from paydesk.sandbox.objects.charges import Attempt
from paydesk.sandbox.objects.payment_intents.intent import body_for_caller


def pay(call: Call, intent: Record, method: Record, *, authenticated: bool) -> Record:
    """Take, or hold, the intent's amount.

    raises   StripeError 402 when the card is declined
    """
    body = intent.body
    off_session = intent.inner.get("off_session", False)
    if method.body["type"] == "sepa_debit":
        return _debit(call, intent, method)
    if method.body["type"] == "card":
        refusal = payment_methods.card_of(method).decline
        if refusal is not None:
            raise decline(call, intent, method, refusal, authenticated=authenticated)
    manual = _is_held(body, method.body["type"])
    attempt = Attempt(captured=not manual, authenticated=authenticated, merchant_initiated=off_session)
    charge = charges.charge(call, intent, method, attempt)
    body["latest_charge"] = charge.id
    _keep_method(call, intent, method, authenticated=authenticated)
    if manual:
        body["status"] = "requires_capture"
        body["amount_capturable"] = body["amount"]
        call.save(intent)
        reviews.open_where_due(call, intent, charge)
        call.emit("charge.succeeded", charge)
        call.emit("payment_intent.amount_capturable_updated", intent)
    else:
        mark_paid(call, intent, charge, body["amount"])
        reviews.open_where_due(call, intent, charge)
        call.emit("charge.succeeded", charge)
        call.emit("payment_intent.succeeded", intent)
        disputes.open_where_due(call, charge)
    return intent


def _is_held(body: dict[str, Any], kind: str) -> bool:
    """Whether a payment by this kind of method is held until its capture; the kind's own option overrides the intent's.

    Source: Stripe, "Create a PaymentIntent", `payment_method_options.card.capture_method`.
    """
    own = (body["payment_method_options"] or {}).get(kind) or {}
    return bool((own.get("capture_method") or body["capture_method"]) == "manual")


def mark_paid(call: Call, intent: Record, charge: Record, amount: int) -> None:
    charges.settle(call, charge, amount)
    intent.body["status"] = "succeeded"
    intent.body["amount_received"] = amount
    intent.body["amount_capturable"] = 0
    intent.body["processing"] = None
    call.save(charge)
    call.save(intent)


def _keep_method(call: Call, intent: Record, method: Record, *, authenticated: bool) -> None:
    """After a successful payment: attach the PaymentMethod where `setup_future_usage` says so, or mark it as spent."""
    body = intent.body
    usage = body["setup_future_usage"]
    if usage and authenticated:
        method.inner["set_up"] = True
        call.save(method)
    if usage and body["customer"] and method.body["customer"] is None:
        customer_payment_methods.bind(call, method, body["customer"])
    elif not usage and method.body["customer"] is None:
        method.inner["spent"] = True
        call.save(method)


def _debit(call: Call, intent: Record, method: Record) -> Record:
    """Start a bank debit: it is processing now, and decided later."""
    body = intent.body
    charge = charges.charge(call, intent, method, Attempt(captured=True, pending=True))
    body.update(status="processing", latest_charge=charge.id, processing={"type": "sepa_debit"})
    call.save(intent)
    _, seconds = _sepa_outcome(method)
    call.later(seconds, "debit_settles", intent)
    call.emit("charge.pending", charge)
    call.emit("payment_intent.processing", intent)
    return intent


def _sepa_outcome(method: Record) -> tuple[str, int]:
    return payment_method_kinds.SEPA_ACCOUNTS.get(method.inner["iban"][-4:], ("succeeds", 0))


def settle_debit(call: Call, intent: Record) -> None:
    """Decide a bank debit: it is paid, or sent back."""
    body = intent.body
    if body["status"] != "processing":
        return
    charge = call.get("charge", body["latest_charge"])
    method = call.get("payment_method", body["payment_method"])
    outcome, _ = _sepa_outcome(method)
    if outcome == "fails":
        message = "The bank returned the direct debit because the account has insufficient funds."
        charge.body.update(status="failed", failure_code="insufficient_funds", failure_message=message, paid=False)
        call.save(charge)
        call.emit("charge.failed", charge)
        body["processing"] = None
        refused = card_error(message, code="payment_method_provider_decline", decline_code="insufficient_funds")
        fail(call, intent, method, refused, charge)
        return
    charge.body.update(status="succeeded", paid=True, captured=True, amount_captured=charge.body["amount"])
    _keep_method(call, intent, method, authenticated=False)
    mark_paid(call, intent, charge, charge.body["amount"])
    call.emit("charge.succeeded", charge)
    call.emit("payment_intent.succeeded", intent)
    if outcome == "disputed":
        disputes.open_dispute(call, charge, "debit_not_authorized")


def decline(
    call: Call, intent: Record, method: Record, refusal: Decline, *, authenticated: bool = False
) -> StripeError:
    """A declined attempt: its failed charge, the intent back to `requires_payment_method`, and the 402 to raise."""
    charge = charges.charge(call, intent, method, Attempt(refusal, authenticated=authenticated))
    intent.body["latest_charge"] = charge.id
    call.emit("charge.failed", charge)
    return fail(call, intent, method, refusal.error(), charge)


def fail(call: Call, intent: Record, method: Record, refused: StripeError, charge: Record | None) -> StripeError:
    body = intent.body
    error = dict(refused.error)
    error["doc_url"] = doc_url(error["code"])
    if charge is not None:
        error["charge"] = charge.id
    error["payment_method"] = method.body
    body.update(status="requires_payment_method", payment_method=None, next_action=None, last_payment_error=error)
    intent.inner.pop("action", None)
    call.save(intent)
    call.emit("payment_intent.payment_failed", intent)
    refused.error = {
        **{key: value for key, value in error.items() if key != "payment_method"},
        "payment_intent": body_for_caller(call, body),
        "payment_method": method.body,
    }
    return refused
