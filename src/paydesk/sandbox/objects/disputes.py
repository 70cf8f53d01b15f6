"""Disputes: opened by the test cards made for that; answered, accepted, won and lost.

Evidence decides as in Stripe's test mode: `uncategorized_text` of `winning_evidence` wins, `losing_evidence` loses,
once submitted; anything else stays under review. Source: stripe.md §7, §12; Stripe, "Testing" (disputes).
"""

from paydesk.sandbox.core.call import Call, Record
from paydesk.sandbox.core.errors import invalid
from paydesk.sandbox.core.lists import page
from paydesk.sandbox.core.metadata import merge_metadata
from paydesk.sandbox.objects import balance, cards

EVIDENCE_SECONDS = 9 * 86400


def open_where_due(call: Call, charge: Record) -> None:
    """Open the dispute, and the early fraud warning, that the test card of a captured charge is made for."""
    card = cards.CARDS.get(charge.inner.get("number", ""))
    if card is None:
        return
    if card.fraud_warning:
        warning = call.add(
            "early_fraud_warning",
            "issfr",
            {
                "object": "radar.early_fraud_warning",
                "actionable": True,
                "charge": charge.id,
                "created": call.now,
                "fraud_type": "made_with_stolen_card",
                "livemode": False,
                "payment_intent": charge.body["payment_intent"],
            },
        )
        call.emit("radar.early_fraud_warning.created", warning)
    if card.dispute is not None:
        open_dispute(
            call, charge, "fraudulent" if card.dispute == "inquiry" else card.dispute, inquiry=card.dispute == "inquiry"
        )


def open_dispute(call: Call, charge: Record, reason: str, *, inquiry: bool = False) -> None:
    """A customer disputes a charge. The money leaves the balance at once, unless it is an inquiry."""
    dispute = call.add(
        "dispute",
        "du",
        {
            "object": "dispute",
            "amount": charge.body["amount_captured"],
            "balance_transaction": None,
            "balance_transactions": [],
            "charge": charge.id,
            "created": call.now,
            "currency": charge.body["currency"],
            "enhanced_eligibility_types": [],
            "evidence": {"uncategorized_text": None},
            "evidence_details": {
                "due_by": call.now + EVIDENCE_SECONDS,
                "enhanced_eligibility": {},
                "has_evidence": False,
                "past_due": False,
                "submission_count": 0,
            },
            "is_charge_refundable": inquiry,
            "livemode": False,
            "metadata": {},
            "payment_intent": charge.body["payment_intent"],
            "payment_method_details": {
                "card": {
                    "brand": "visa",
                    "case_type": "inquiry" if inquiry else "chargeback",
                    "network_reason_code": "10.4",
                },
                "type": "card",
            },
            "reason": reason,
            "status": "warning_needs_response" if inquiry else "needs_response",
        },
    )
    charge.body.update(disputed=True, dispute=dispute.id)
    charge.inner["refundable_dispute"] = inquiry
    call.save(charge)
    if not inquiry:
        _move(call, dispute, -dispute.body["amount"])
    call.emit("charge.dispute.created", dispute)
    if not inquiry:
        call.emit("charge.dispute.funds_withdrawn", dispute)


def _move(call: Call, dispute: Record, amount: int) -> None:
    withdrawn = amount < 0
    identifier = balance.post(
        call,
        "adjustment",
        dispute,
        amount,
        fee=balance.dispute_fee(dispute.body["currency"]) if withdrawn else 0,
        fee_for="Dispute fee",
        category="dispute" if withdrawn else "dispute_reversal",
        description=f"Chargeback {'withdrawal' if withdrawn else 'reversal'} for {dispute.body['charge']}",
    )
    dispute.body["balance_transactions"].append(call.get("balance_transaction", identifier).body)
    call.save(dispute)


def warnings(call: Call) -> bytes:
    """GET /v1/radar/early_fraud_warnings"""
    params = call.params
    return page(
        call,
        "early_fraud_warning",
        "/v1/radar/early_fraud_warnings",
        intent=params.get("payment_intent"),
        charge=params.get("charge"),
    )


def listing(call: Call) -> bytes:
    """GET /v1/disputes"""
    params = call.params
    for name in ("payment_intent", "charge"):
        if name in params:
            call.get(name, params[name], name)
    return page(call, "dispute", "/v1/disputes", intent=params.get("payment_intent"), charge=params.get("charge"))


def retrieve(call: Call, identifier: str) -> Record:
    """GET /v1/disputes/:id"""
    return call.get("dispute", identifier)


def update(call: Call, identifier: str) -> Record:
    """POST /v1/disputes/:id: add evidence, and with `submit` (the default) send it."""
    params = call.params
    dispute = call.get("dispute", identifier)
    body = dispute.body
    before = {name: body[name] for name in ("evidence", "metadata", "status")}
    body["metadata"] = merge_metadata(body["metadata"], params.get("metadata"))
    evidence = params.get("evidence")
    if evidence is not None:
        if body["status"] not in ("needs_response", "warning_needs_response"):
            raise invalid("This dispute is already closed, or its evidence has been submitted.")
        body["evidence"] = {**body["evidence"], **{key: value or None for key, value in evidence.items()}}
        body["evidence_details"]["has_evidence"] = True
    submitted = evidence is not None and params.get("submit", True)
    text = body["evidence"].get("uncategorized_text")
    if submitted:
        body["evidence_details"]["submission_count"] += 1
        body["status"] = "warning_under_review" if body["status"].startswith("warning") else "under_review"
    call.save(dispute)
    call.emit("charge.dispute.updated", dispute, {name: old for name, old in before.items() if body[name] != old})
    if submitted and text in ("winning_evidence", "losing_evidence"):
        _close(call, dispute, won=text == "winning_evidence")
    return dispute


def close(call: Call, identifier: str) -> Record:
    """POST /v1/disputes/:id/close: the merchant accepts the loss."""
    dispute = call.get("dispute", identifier)
    if dispute.body["status"] not in ("needs_response", "warning_needs_response", "under_review"):
        raise invalid("This dispute is already closed.")
    _close(call, dispute, won=False)
    return dispute


def _close(call: Call, dispute: Record, *, won: bool) -> None:
    body = dispute.body
    inquiry = body["status"].startswith("warning")
    body["status"] = "warning_closed" if inquiry else "won" if won else "lost"
    call.save(dispute)
    if won:
        charge: Record = call.get("charge", body["charge"])
        charge.inner["refundable_dispute"] = True
        call.save(charge)
        if not inquiry:
            _move(call, dispute, body["amount"])
    call.emit("charge.dispute.closed", dispute)
    if won and not inquiry:
        call.emit("charge.dispute.funds_reinstated", dispute)
