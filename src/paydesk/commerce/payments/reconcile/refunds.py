"""Booking the refunds that a gateway shows, each by its id."""

from __future__ import annotations

from typing import Any

from paydesk.commerce.payments.payment_sources import PaymentSource
from paydesk.commerce.payments.reconcile.rows import (
    captures_of,
    children_of,
    free_key,
    mark_failed,
    mark_succeeded,
    parts_of,
    sum_of,
)
from paydesk.commerce.payments.refunds import Refund
from paydesk.commerce.payments.transactions import SUCCESS, Transaction, Transactions, book, room
from paydesk.gateways.port.snapshots import RefundSnapshot, Snapshot
from paydesk.rules.work import Work

_RANK = {"pending": 0, "action_needed": 0, "succeeded": 1, "failed": 2, "canceled": 2}
"""A refund goes from pending to succeeded, and from either to failed, never back."""


def fold_refunds(authorization: Transaction, payment: PaymentSource, snapshot: Snapshot, work: Work) -> None:
    everything = authorization.order.booked
    for told in snapshot.refunds:
        parts = parts_of(told, everything)
        for known in parts:
            _follow(known, told, payment, everything, work)
        is_alive = _RANK[told.status] < 2
        missing = told.amount.cents - sum_of(parts)
        if missing <= 0 or (parts and not is_alive):
            continue
        captures, marked = captures_of(authorization, snapshot, everything)
        if is_alive and sum(room("refunds", one, everything) for one in captures) < missing:
            # Refunded money was captured before, and the gateway's refunds are real, whatever they were marked as.
            for one in [authorization, *marked] if marked else []:
                if not one.succeeded:
                    mark_succeeded(one, work)
            captures += marked
            for one in [one for capture in captures for one in children_of("refunds", capture, everything)]:
                if one.succeeded and one.forwarded and _is_unknown(one, snapshot):
                    mark_failed(one, "refunded", "It was given back otherwise", work)
        captures.sort(key=lambda one: one.id != told.metadata.get("paydesk_capture"))
        if not is_alive:
            captures = captures[:1]
        for capture in captures:
            amount = min(missing, room("refunds", capture, everything)) if is_alive else missing
            if amount > 0:
                missing -= amount
                _give_back(capture, told, amount, payment, everything, work)


def _is_unknown(one: Transaction, snapshot: Snapshot) -> bool:
    return all(one.object_key.partition("/")[0] != told.refund_id for told in snapshot.refunds)


def _follow(
    known: Transaction, told: RefundSnapshot, payment: PaymentSource, everything: Transactions, work: Work
) -> None:
    """Bring a refund to its outcome."""
    rank = 1 if known.succeeded else 2 if known.error_code is not None else 0
    if known.forwarded or _RANK[told.status] <= rank:
        return
    work.change(known, **_outcome(told))
    if known.excluded and not known.succeeded:
        # The money that was to be refunded is still here, and counts again.
        for one in everything:
            if one.payment_source_id == payment.id:
                work.change(one, excluded=False)


def _give_back(
    capture: Transaction,
    told: RefundSnapshot,
    amount: int,
    payment: PaymentSource,
    everything: Transactions,
    work: Work,
) -> None:
    made = book(
        Refund,
        capture.order,
        payment,
        work,
        key=free_key("refunds", told.refund_id, "/", everything),
        amount_cents=amount,
        reference_capture_id=capture.id,
        gateway_transaction_id=told.refund_id,
        **_outcome(told),
    )
    work.change(made, token=told.refund_id, excluded=capture.excluded)
    made.reference_capture = capture


def _outcome(told: RefundSnapshot) -> dict[str, Any]:
    if _RANK[told.status] == 1:
        return {"succeeded": True, "message": SUCCESS, "error_code": None, "error_detail": None}
    if _RANK[told.status] == 0:
        return {"succeeded": False, "message": "pending"}
    reason = told.failure or told.status
    return {"succeeded": False, "message": reason.replace("_", " ").capitalize(), "error_code": reason}
