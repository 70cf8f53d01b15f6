"""Charges: one for each attempt on a payment, made by confirming, changed by capturing, refunding and disputing.

Source: stripe.md §2 ("Manual capture"), §6, §14; Stripe, "Charges", "Place a hold".
"""

from dataclasses import dataclass
from typing import Any

from paydesk.sandbox.core.call import Call, Record
from paydesk.sandbox.core.errors import invalid
from paydesk.sandbox.core.ids import token
from paydesk.sandbox.core.lists import page
from paydesk.sandbox.core.metadata import merge_metadata
from paydesk.sandbox.core.search import search_page
from paydesk.sandbox.objects import balance, payment_methods
from paydesk.sandbox.objects.cards import Card, Decline

DAY = 86400
AUTHORIZATION_SECONDS = 7 * DAY
MERCHANT_INITIATED_VISA_SECONDS = 4 * DAY + 18 * 3600
JAPAN_SECONDS = 30 * DAY

OVERCAPTURE_PERCENT = 20
MULTICAPTURE_LIMIT = 50


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to pay an intent.

    decline             the refusal of the issuer or of Stripe; None for an attempt that succeeds
    captured            the money is captured at once, instead of held
    pending             a bank debit, which is decided later
    authenticated       the customer has passed 3-D Secure
    merchant_initiated  the customer is absent
    """

    decline: Decline | None = None
    captured: bool = False
    pending: bool = False
    authenticated: bool = False
    merchant_initiated: bool = False

    @property
    def succeeded(self) -> bool:
        """True when the money is captured or held."""
        return self.decline is None and not self.pending

    @property
    def held(self) -> bool:
        """True when the money can be captured later."""
        return self.succeeded and not self.captured


def charge(call: Call, intent: Record, method: Record, attempt: Attempt) -> Record:
    """Make the charge of an attempt; money that is held is released when its time is over."""
    card = payment_methods.card_of(method) if method.body["type"] == "card" else None
    capture_before = call.now + _authorization_seconds(intent.body["currency"], card, attempt)
    record = call.add(
        "charge",
        "ch" if card else "py",
        _body(call, intent, method, card, attempt, capture_before),
        {"number": method.inner["number"]} if card else {"iban": method.inner.get("iban", "")},
    )
    if attempt.held:
        call.later(capture_before - call.now, "expire_authorization", intent)
    return record


def _authorization_seconds(currency: str, card: Card | None, attempt: Attempt) -> int:
    """How long money can be held."""
    if card is not None and currency == "jpy":
        return JAPAN_SECONDS
    if card is not None and attempt.merchant_initiated and card.brand == "visa":
        return MERCHANT_INITIATED_VISA_SECONDS
    return AUTHORIZATION_SECONDS


def _body(
    call: Call, intent: Record, method: Record, card: Card | None, attempt: Attempt, capture_before: int
) -> dict[str, Any]:
    body, decline = intent.body, attempt.decline
    captured = attempt.succeeded and attempt.captured
    return {
        "object": "charge",
        "amount": body["amount"],
        "amount_captured": body["amount"] if captured else 0,
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": body["application_fee_amount"],
        "balance_transaction": None,
        "billing_details": method.body["billing_details"],
        "calculated_statement_descriptor": body["statement_descriptor"] or "SANDBOX",
        "captured": captured,
        "created": call.now,
        "currency": body["currency"],
        "customer": body["customer"],
        "description": body["description"],
        "destination": None,
        "dispute": None,
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": decline.code if decline else None,
        "failure_message": decline.message if decline else None,
        "fraud_details": {},
        "invoice": None,
        "livemode": False,
        "metadata": dict(body["metadata"]),
        "on_behalf_of": body["on_behalf_of"],
        "order": None,
        "outcome": _outcome(decline, card),
        "paid": attempt.succeeded,
        "payment_intent": intent.id,
        "payment_method": method.id,
        "payment_method_details": _details(intent, method, card, attempt, capture_before),
        "receipt_email": body["receipt_email"],
        "receipt_number": None,
        "receipt_url": None,
        "refunded": False,
        "review": None,
        "shipping": body["shipping"],
        "source": None,
        "source_transfer": None,
        "statement_descriptor": body["statement_descriptor"],
        "statement_descriptor_suffix": body["statement_descriptor_suffix"],
        "status": "failed" if decline else "pending" if attempt.pending else "succeeded",
        "transfer_data": body["transfer_data"],
        "transfer_group": body["transfer_group"],
    }


def _outcome(decline: Decline | None, card: Card | None) -> dict[str, Any]:
    risk = card.risk_level if card else "not_assessed"
    score = {"normal": 20, "elevated": 65, "highest": 90}.get(risk)
    outcome: dict[str, Any] = {
        "advice_code": decline.advice if decline else None,
        "network_advice_code": None,
        "network_decline_code": decline.network_code if decline else None,
        "network_status": "approved_by_network",
        "reason": None,
        "risk_level": risk,
        "risk_score": score,
        "seller_message": "Payment complete.",
        "type": "authorized",
    }
    if decline is not None and decline.blocked:
        outcome.update(
            network_status="not_sent_to_network",
            reason="highest_risk_level",
            seller_message="Stripe blocked this payment as too risky.",
            type="blocked",
        )
    elif decline is not None:
        outcome.update(
            network_status="declined_by_network",
            reason=decline.decline_code or decline.code,
            seller_message="The bank did not return any further details with this decline.",
            type="issuer_declined",
        )
    elif card is not None and card.review:
        outcome.update(
            reason="elevated_risk_level",
            seller_message="Stripe evaluated this payment as having elevated risk, and placed it in your manual review "
            "queue.",
            type="manual_review",
        )
    return outcome


def _details(
    intent: Record, method: Record, card: Card | None, attempt: Attempt, capture_before: int
) -> dict[str, Any]:
    """`payment_method_details`."""
    kind = method.body["type"]
    if card is None:
        return {"type": kind, kind: dict(method.body[kind])}
    amount, failed = intent.body["amount"], attempt.decline is not None
    options = (intent.body["payment_method_options"] or {}).get("card") or {}

    def available(name: str) -> bool:
        return attempt.held and options.get(f"request_{name}") == "if_available"

    on_card = method.body["card"]
    details: dict[str, Any] = {
        "amount_authorized": None if failed else amount,
        "authorization_code": None if failed else token(6).upper(),
        "brand": card.brand,
        "checks": payment_methods.checks_at_charge(method),
        "country": card.country,
        "exp_month": on_card["exp_month"],
        "exp_year": on_card["exp_year"],
        "extended_authorization": {"status": "disabled"},
        "fingerprint": on_card["fingerprint"],
        "funding": card.funding,
        "incremental_authorization": {
            "status": "available" if available("incremental_authorization") else "unavailable"
        },
        "installments": None,
        "last4": on_card["last4"],
        "mandate": None,
        "multicapture": {"status": "available" if available("multicapture") else "unavailable"},
        "network": card.brand,
        "network_token": {"used": False},
        "network_transaction_id": str(int.from_bytes(intent.id.encode()[-6:], "big")).zfill(15)[:15],
        "overcapture": {
            "maximum_amount_capturable": amount * (100 + OVERCAPTURE_PERCENT) // 100
            if available("overcapture")
            else amount,
            "status": "available" if available("overcapture") else "unavailable",
        },
        "regulated_status": "unregulated",
        "three_d_secure": _three_d_secure(attempt.authenticated),
        "wallet": None,
    }
    if attempt.held:
        details["capture_before"] = capture_before
    return {"type": "card", "card": details}


def _three_d_secure(authenticated: bool) -> dict[str, Any] | None:
    if not authenticated:
        return None
    return {
        "authentication_flow": "challenge",
        "electronic_commerce_indicator": "05",
        "exemption_indicator": None,
        "exemption_indicator_applied": None,
        "result": "authenticated",
        "result_reason": None,
        "transaction_id": None,
        "version": "2.2.0",
    }


def settle(call: Call, record: Record, amount: int) -> None:
    """Book a captured amount to the balance."""
    record.body["balance_transaction"] = balance.post(call, "charge", record, amount, fee=balance.fee_of(amount))


def listing(call: Call) -> bytes:
    """GET /v1/charges"""
    params = call.params
    for name in ("payment_intent", "customer"):
        if name in params:
            call.get(name, params[name], name)
    fields = {"transfer_group": params["transfer_group"]} if "transfer_group" in params else None
    return page(
        call,
        "charge",
        "/v1/charges",
        intent=params.get("payment_intent"),
        customer=params.get("customer"),
        fields=fields,
    )


def search(call: Call) -> bytes:
    """GET /v1/charges/search"""
    return search_page(call, "charge", "/v1/charges/search")


def retrieve(call: Call, identifier: str) -> Record:
    """GET /v1/charges/:id"""
    return call.get("charge", identifier)


def update(call: Call, identifier: str) -> Record:
    """POST /v1/charges/:id"""
    params = call.params
    record = call.get("charge", identifier)
    before = {}
    changes: dict[str, Any] = {
        name: params[name] or None
        for name in ("description", "receipt_email", "transfer_group", "shipping")
        if name in params
    }
    if "metadata" in params:
        changes["metadata"] = merge_metadata(record.body["metadata"], params["metadata"])
    if "fraud_details" in params:
        details = params["fraud_details"]
        changes["fraud_details"] = {} if details == "" else {key: value for key, value in details.items() if value}
    if "customer" in params:
        call.get("customer", params["customer"], "customer")
        if record.body["customer"] not in (None, params["customer"]):
            raise invalid("The customer of a charge cannot be changed once it is set.", param="customer")
        changes["customer"] = params["customer"]
    for name, value in changes.items():
        if record.body[name] != value:
            before[name] = record.body[name]
            record.body[name] = value
    if before:
        call.save(record)
        call.emit("charge.updated", record, before)
    return record


def capture(call: Call, identifier: str) -> Record:
    """POST /v1/charges/:id/capture: refused, since every charge here belongs to an intent."""
    record = call.get("charge", identifier)
    if record.body["captured"]:
        raise invalid(f"Charge {identifier} has already been captured.", code="charge_already_captured")
    if record.inner.get("expired"):
        raise invalid(f"Charge {identifier} has expired, and cannot be captured.", code="charge_expired_for_capture")
    raise invalid(
        f"This charge was created by the PaymentIntent {record.body['payment_intent']}; capture the PaymentIntent "
        "instead.",
        code="payment_intent_unexpected_state",
    )
