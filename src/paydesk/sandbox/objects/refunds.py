"""Refunds: of captured money, and of held money that is released.

Stripe releases held money by a refund that it makes itself: the remainder of a partial capture, or the whole of a
canceled or expired authorization (reason `expired_uncaptured_charge`). Such a refund counts in
the charge's `amount_refunded` and stands in the list of refunds though no captured money moved. Sources: stripe.md §2,
§7; solidusio/solidus_stripe#268 ("creating a refund for the remaining amount"); woocommerce-gateway-stripe#1073 (an
intent of 20675, 20300 received, whose charge shows 375 refunded and one refund).
"""

from typing import Any

from paydesk.sandbox.core.call import Call, Record
from paydesk.sandbox.core.currencies import check_digits, check_positive, format_amount
from paydesk.sandbox.core.errors import StripeError, invalid
from paydesk.sandbox.core.lists import page
from paydesk.sandbox.core.metadata import merge_metadata
from paydesk.sandbox.objects import balance, cards

PENDING_SECONDS = 180
FAILS_AFTER_SECONDS = 180
"""How long, on the sandbox's clock, until the pending card's refund succeeds and the failing card's refund fails."""


def create(call: Call) -> Record:
    """POST /v1/refunds

    raises   StripeError 400: charge_already_refunded, charge_disputed, too large an amount, nothing captured
    """
    params = call.params
    charge = _charge(call)
    body = charge.body
    if not body["captured"]:
        if body["refunded"]:
            raise invalid(f"Charge {charge.id} has already been refunded.", code="charge_already_refunded")
        if body["status"] == "succeeded":
            raise invalid(
                f"This uncaptured Charge was created by a PaymentIntent ({body['payment_intent']}). You must cancel "
                "the PaymentIntent to reverse the authorization instead of refunding the Charge directly. For more "
                "information, see "
                "https://stripe.com/docs/payments/payment-intents/creating-payment-intents#separate-auth-capture"
            )
        raise _nothing_to_refund(body["payment_intent"])
    if body["disputed"] and not charge.inner.get("refundable_dispute"):
        raise invalid(f"Charge {charge.id} has been charged back; cannot issue a refund.", code="charge_disputed")
    left = body["amount"] - body["amount_refunded"]
    if left <= 0:
        raise invalid(f"Charge {charge.id} has already been refunded.", code="charge_already_refunded")
    amount = params.get("amount", left)
    check_positive(amount, "amount")
    currency = body["currency"]
    if amount > left:
        raise invalid(
            f"Refund amount ({format_amount(amount, currency)}) is greater than unrefunded amount on charge "
            f"({format_amount(left, currency)})",
            param="amount",
        )
    check_digits(amount, currency)
    if "currency" in params and params["currency"].lower() != currency:
        raise invalid("The currency of a refund must be that of its charge.", param="currency")
    for name, target in (("reverse_transfer", "transfer_data"), ("refund_application_fee", "application_fee_amount")):
        if params.get(name) and not body[target]:
            raise invalid(f"Charge {charge.id} has no {target}; {name} cannot be true.", param=name)
    card = cards.CARDS.get(charge.inner.get("number", ""))
    pending = card is not None and card.refund == "pending"
    refund = _add(
        call,
        charge,
        amount,
        params.get("reason"),
        "pending" if pending else "succeeded",
        merge_metadata({}, params.get("metadata")),
    )
    if pending:
        refund.body["pending_reason"] = "processing"
        call.later(PENDING_SECONDS, "refund_succeeds", refund)
    else:
        refund.body["balance_transaction"] = balance.post(call, "refund", refund, -amount)
        if card is not None and card.refund == "fails":
            call.later(FAILS_AFTER_SECONDS, "refund_fails", refund)
    if params.get("reason") == "fraudulent":
        body["fraud_details"] = {"user_report": "fraudulent"}
    _book(call, charge, refund, amount)
    return refund


def _charge(call: Call) -> Record:
    """The charge that `charge` or `payment_intent` names."""
    params = call.params
    intent_id, charge_id = params.get("payment_intent"), params.get("charge")
    if params.get("origin") or params.get("customer"):
        raise invalid("Refunds of a customer's cash balance are not possible for card payments.", param="origin")
    if intent_id is None and charge_id is None:
        raise invalid(
            "One of the following params should be provided for this request: payment_intent or charge.",
            code="parameter_missing",
        ).unstored()
    if charge_id is not None:
        charge = call.get("charge", charge_id, "charge")
        if intent_id is not None and charge.body["payment_intent"] != intent_id:
            raise invalid("The charge does not belong to the payment_intent.", param="charge")
        return charge
    intent = call.get("payment_intent", str(intent_id), "payment_intent")
    latest = intent.body["latest_charge"]
    if latest is None:
        raise _nothing_to_refund(intent.id)
    return call.get("charge", latest)


def _nothing_to_refund(intent: str) -> StripeError:
    return invalid(
        f"This PaymentIntent ({intent}) does not have a successful charge to refund.", param="payment_intent"
    )


def _add(call: Call, charge: Record, amount: int, reason: str | None, status: str, metadata: dict[str, str]) -> Record:
    kind = charge.body["payment_method_details"]["type"]
    how = {
        "reference": None,
        "reference_status": "pending",
        "reference_type": "acquirer_reference_number",
        "type": "refund",
    }
    if not charge.body["captured"]:
        how = {"type": "reversal"}
    return call.add(
        "refund",
        "re",
        {
            "object": "refund",
            "amount": amount,
            "balance_transaction": None,
            "charge": charge.id,
            "created": call.now,
            "currency": charge.body["currency"],
            "destination_details": {kind: how if kind == "card" else {}, "type": kind},
            "failure_reason": None,
            "metadata": metadata,
            "payment_intent": charge.body["payment_intent"],
            "pending_reason": None,
            "reason": reason,
            "receipt_number": None,
            "source_transfer_reversal": None,
            "status": status,
            "transfer_reversal": None,
        },
    )


def _book(call: Call, charge: Record, refund: Record, amount: int) -> None:
    """Count the refund on its charge, with the events of both."""
    body = charge.body
    previous = {"amount_refunded": body["amount_refunded"]}
    body["amount_refunded"] += amount
    if body["amount_refunded"] == body["amount"]:
        previous["refunded"] = body["refunded"]
        body["refunded"] = True
    call.save(charge)
    call.save(refund)
    call.emit("refund.created", refund)
    call.emit("charge.refunded", charge, previous)


def release(call: Call, charge: Record, amount: int, reason: str | None = None) -> None:
    """Release held money that is not captured."""
    _book(call, charge, _add(call, charge, amount, reason, "succeeded", {}), amount)


def succeed(call: Call, refund: Record) -> None:
    """A pending refund succeeds."""
    if refund.body["status"] != "pending":
        return
    refund.body.update(status="succeeded", pending_reason=None)
    refund.body["balance_transaction"] = balance.post(call, "refund", refund, -refund.body["amount"])
    call.save(refund)
    _updated(call, refund, {"status": "pending", "pending_reason": "processing"})


def fail(call: Call, refund: Record) -> None:
    """The bank sends a refund back: the money is on the Stripe balance again."""
    if refund.body["status"] not in ("succeeded", "pending"):
        return
    previous = {"status": refund.body["status"], "failure_reason": None}
    refund.body.update(status="failed", failure_reason="expired_or_canceled_card", pending_reason=None)
    refund.body["failure_balance_transaction"] = balance.post(
        call, "refund_failure", refund, refund.body["amount"], category="refund_failure"
    )
    call.save(refund)
    charge = call.get("charge", refund.body["charge"])
    before = {"amount_refunded": charge.body["amount_refunded"], "refunded": charge.body["refunded"]}
    charge.body["amount_refunded"] -= refund.body["amount"]
    charge.body["refunded"] = False
    call.save(charge)
    call.emit("refund.failed", refund, previous)
    _updated(call, refund, previous)
    call.emit("charge.updated", charge, {key: value for key, value in before.items() if charge.body[key] != value})


def _updated(call: Call, refund: Record, previous: dict[str, Any]) -> None:
    call.emit("refund.updated", refund, previous)
    call.emit("charge.refund.updated", refund, previous)


def retrieve(call: Call, identifier: str) -> Record:
    """GET /v1/refunds/:id"""
    return call.get("refund", identifier)


def update(call: Call, identifier: str) -> Record:
    """POST /v1/refunds/:id: metadata only"""
    refund = call.get("refund", identifier)
    before = refund.body["metadata"]
    refund.body["metadata"] = merge_metadata(before, call.params.get("metadata"))
    if refund.body["metadata"] != before:
        call.save(refund)
        _updated(call, refund, {"metadata": before})
    return refund


def cancel(call: Call, identifier: str) -> Record:
    """POST /v1/refunds/:id/cancel: only in `requires_action`, which card refunds never reach."""
    refund = call.get("refund", identifier)
    raise invalid(
        f"You cannot cancel this refund because it has a status of {refund.body['status']}. Only a refund with the "
        "following status may be canceled: requires_action."
    )


def listing(call: Call) -> bytes:
    """GET /v1/refunds"""
    params = call.params
    for name in ("payment_intent", "charge"):
        if name in params:
            call.get(name, params[name], name)
    return page(call, "refund", "/v1/refunds", intent=params.get("payment_intent"), charge=params.get("charge"))


def of_charge(call: Call, charge: str) -> bytes:
    """GET /v1/charges/:id/refunds"""
    call.get("charge", charge)
    return page(call, "refund", f"/v1/charges/{charge}/refunds", charge=charge)
