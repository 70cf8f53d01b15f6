"""Capturing held money, whole or in part, and holding more of it."""

from paydesk.sandbox.core.call import Call, Record
from paydesk.sandbox.core.currencies import check_amount, check_digits, check_positive
from paydesk.sandbox.core.errors import invalid, unexpected_state
from paydesk.sandbox.core.metadata import merge_metadata
from paydesk.sandbox.objects import charges, disputes, refunds
from paydesk.sandbox.objects.payment_intents.fields import apply, check_fee
from paydesk.sandbox.objects.payment_intents.pay import mark_paid


def capture(call: Call, identifier: str) -> Record:
    """POST /v1/payment_intents/:id/capture

    raises   StripeError 400: payment_intent_unexpected_state; amount_too_large beyond what can be captured
    """
    params = call.params
    intent = call.get("payment_intent", identifier)
    body = intent.body
    if body["status"] != "requires_capture":
        raise unexpected_state(
            f"This PaymentIntent could not be captured because it has a status of {body['status']}. Only a "
            "PaymentIntent with one of the following statuses may be captured: requires_capture.",
            body,
        )
    charge = call.get("charge", body["latest_charge"])
    card = charge.body["payment_method_details"].get("card") or {}
    capturable = body["amount_capturable"]
    amount = params.get("amount_to_capture", capturable)
    final = params.get("final_capture", True)
    check_positive(amount, "amount_to_capture")
    check_digits(amount, body["currency"], "amount_to_capture")
    over = card.get("overcapture", {}).get("status") == "available" and body["amount_received"] == 0
    maximum = card["overcapture"]["maximum_amount_capturable"] if over else capturable
    if amount > maximum:
        raise invalid(
            f"The amount_to_capture ({amount}) is greater than the amount that can be captured ({maximum}).",
            code="amount_too_large",
            param="amount_to_capture",
        )
    if not final and (card.get("multicapture") or {}).get("status") != "available":
        raise invalid(
            "This PaymentIntent is not eligible for multicapture; final_capture must be true.", param="final_capture"
        )
    captures = intent.inner.get("captures", 0) + 1
    if not final and captures >= charges.MULTICAPTURE_LIMIT:
        raise invalid(
            f"A PaymentIntent can be captured at most {charges.MULTICAPTURE_LIMIT} times.", param="final_capture"
        )
    intent.inner["captures"] = captures
    for name in ("application_fee_amount", "statement_descriptor_suffix", "statement_descriptor"):
        if name in params:
            if name == "application_fee_amount":
                check_fee(call, body, params[name])
            body[name] = charge.body[name] = params[name] or None
    if "transfer_data" in params and body["transfer_data"]:
        body["transfer_data"] = charge.body["transfer_data"] = {**body["transfer_data"], **params["transfer_data"]}
    if "metadata" in params:
        body["metadata"] = merge_metadata(body["metadata"], params["metadata"])
    _take(call, intent, charge, amount, final=final)
    return intent


def _take(call: Call, intent: Record, charge: Record, amount: int, *, final: bool) -> None:
    body = intent.body
    previous = {name: charge.body[name] for name in ("amount_captured", "balance_transaction", "captured")}
    received = body["amount_received"] + amount
    charge.body["amount_captured"] = received
    if received > charge.body["amount"]:  # overcapture
        charge.body["amount"] = body["amount"] = received
    left = charge.body["amount"] - received
    if not final and left > 0:
        charges.settle(call, charge, amount)
        body["amount_received"], body["amount_capturable"] = received, left
        call.save(charge)
        call.save(intent)
        call.emit("charge.captured", charge, previous)
        call.emit("payment_intent.amount_capturable_updated", intent)
        return
    charge.body["captured"] = True
    charge.body["payment_method_details"].get("card", {}).pop("capture_before", None)
    if left > 0:
        # The refund of the remainder is a reversal, because that money was only held; so is the charge, meanwhile.
        charge.body["captured"] = False
        refunds.release(call, charge, left)
        charge.body["captured"] = True
        previous["amount_refunded"] = charge.body["amount_refunded"] - left
    mark_paid(call, intent, charge, amount)
    body["amount_received"] = received
    call.save(intent)
    call.emit("charge.captured", charge, previous)
    call.emit("payment_intent.succeeded", intent)
    disputes.open_where_due(call, charge)


def increment(call: Call, identifier: str) -> Record:
    """POST /v1/payment_intents/:id/increment_authorization: only where the confirmation requested that."""
    params = call.params
    intent = call.get("payment_intent", identifier)
    body = intent.body
    if body["status"] != "requires_capture":
        raise unexpected_state(
            "This PaymentIntent's authorization could not be incremented because it has a status of "
            f"{body['status']}. Only a PaymentIntent with one of the following statuses may be incremented: "
            "requires_capture.",
            body,
        )
    charge = call.get("charge", body["latest_charge"])
    card = charge.body["payment_method_details"].get("card") or {}
    if (card.get("incremental_authorization") or {}).get("status") != "available":
        raise invalid(
            "This PaymentIntent is not eligible for incremental authorization.", code="payment_intent_unexpected_state"
        )
    check_amount(params["amount"], body["currency"])
    if params["amount"] <= body["amount"]:
        raise invalid(
            f"The amount must be greater than the currently authorized amount ({body['amount']}).", param="amount"
        )
    apply(call, body, None)
    previous = {"amount": body["amount"]}
    body["amount"] = charge.body["amount"] = card["amount_authorized"] = params["amount"]
    card["overcapture"]["maximum_amount_capturable"] = params["amount"]
    body["amount_capturable"] = params["amount"] - body["amount_received"]
    call.save(intent)
    call.save(charge)
    call.emit("charge.updated", charge, previous)
    call.emit("payment_intent.amount_capturable_updated", intent)
    return intent
