"""Disputes: what customers contest at their bank. On no wire; the history of their payment shows them.

A dispute moves money by itself. It is no refund, and changes neither an order nor what was captured.
Source: Stripe, "Dispute".
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from paydesk.commerce.payments.payment_sources import PaymentSource
from paydesk.declare import Queue, Rule, eq, hidden
from paydesk.gateways.port.snapshots import DisputeSnapshot
from paydesk.rules.asking import Find
from paydesk.rules.resource import Resource
from paydesk.rules.work import Work

_RANK = {
    "warning_needs_response": 0,
    "warning_under_review": 1,
    "warning_closed": 2,
    "needs_response": 3,
    "under_review": 4,
}
"""A dispute goes on in this order, from an inquiry to one in earnest; what stands here not ends it."""
_ENDED = 5

_REFUNDABLE = ("warning_needs_response", "warning_under_review", "warning_closed", "won", "prevented")
"""While a dispute stands like this its charge can be refunded; otherwise the bank has the money, or may keep it."""

UNANSWERED = ("needs_response", "warning_needs_response", "appeal_needs_response")
"""It stands like this while Stripe waits for an answer to it."""

_TOLD = ("status", "reason", "amount_cents", "currency_code", "due_by", "withdrawn_cents", "reinstated_cents")


class Dispute(
    Resource,
    type="disputes",
    singular="dispute",
    actions=(),
    versions=False,
    event_stores=False,
    unique=(("payment_id", "dispute_id"),),
    indexes=(("dispute_id",), ("opened_at",)),
    queues=(Queue("contested", ("status", "due_by"), given=("due_by",)),),
):
    """One dispute of a payment.

    payment_id        our payment's id, `payment_type` its type
    status            the gateway's own word
    due_by            until when evidence is taken
    withdrawn_cents   what it took from the merchant's balance, `reinstated_cents` what came back
    """

    recorded = False

    payment_type = hidden("string")
    payment_id = hidden("string")
    dispute_id = hidden("string")
    charge_id = hidden("string")
    status = hidden("string")
    reason = hidden("string")
    amount_cents = hidden("integer")
    currency_code = hidden("string")
    due_by = hidden("datetime")
    withdrawn_cents = hidden("integer")
    reinstated_cents = hidden("integer")
    opened_at = hidden("datetime")

    def shown(self) -> dict[str, Any]:
        """It as a payment's history has it."""
        return {"id": self.dispute_id, **{name: getattr(self, name) for name in _TOLD}}


def record_disputes(payment: PaymentSource, told: Iterable[DisputeSnapshot], work: Work) -> Rule:
    """Keep what the gateway says of a payment's disputes, and note in the payment's history what is new.

    What an older answer does not know yet is never taken back.

    returns   what they keep of the payment in minor units, None where the gateway tells of none
    """
    kept = None
    for one in told:
        known = yield Find(Dispute, eq("payment_id", payment.id), many=True)
        dispute = next((each for each in known if each.dispute_id == one.dispute_id), None)
        values: dict[str, Any] = {
            "status": one.status,
            "reason": one.reason,
            "amount_cents": one.amount.cents,
            "currency_code": one.amount.currency,
            "due_by": one.due_by,
            "withdrawn_cents": one.funds_withdrawn,
            "reinstated_cents": one.funds_reinstated,
        }
        before = None if dispute is None else dispute.shown()
        if dispute is None:
            dispute = work.create(
                Dispute,
                payment_type=payment.shape.type,
                payment_id=payment.id,
                dispute_id=one.dispute_id,
                charge_id=one.charge_id,
                opened_at=one.created_at,
                **values,
            )
        elif _progress(values) >= _progress(before or {}):
            work.change(dispute, **values)
        after = dispute.shown()
        if after != before:
            work.note(payment, dispute=(before, after))
        keeps = 0 if dispute.status in _REFUNDABLE else int(dispute.amount_cents)
        kept = (kept or 0) + keeps
    return kept


def _progress(values: dict[str, Any]) -> tuple[int, int]:
    return _RANK.get(values["status"], _ENDED), values["withdrawn_cents"] + values["reinstated_cents"]
