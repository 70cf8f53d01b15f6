"""Bringing our books to what a gateway says of a payment: the one end of answers, events, refreshes and recovery."""

from __future__ import annotations

from typing import Any

from paydesk.commerce.payments.authorizations import Authorization, checked, watched
from paydesk.commerce.payments.captures import Capture
from paydesk.commerce.payments.disputes import record_disputes
from paydesk.commerce.payments.refunds import Refund
from paydesk.commerce.payments.transactions import SUCCESS, book, booked, measure
from paydesk.commerce.payments.voids import Void
from paydesk.declare import Rule
from paydesk.gateways.port import Failure, RefundSnapshot, Snapshot
from paydesk.money import formatted
from paydesk.work import Load, Work

UNCONFIRMED = ("open", "confirmable", "action_needed")
"""Snapshot statuses in which a payment holds no money and may be amended or canceled."""


def reconcile(payment: Any, snapshot: Snapshot, work: Work) -> Rule:
    """Fold what a gateway says into a payment, its transactions and its order; the order is locked.

    What is missing is added and nothing is ever taken back: the same snapshot again, or an older one, changes nothing.
    Captures are compared by their sum, everything else by the gateway's own ids.
    """
    payment.absorb(snapshot, work)
    yield from record_disputes(payment, snapshot.disputes, work)
    if "payment_method" in work.changed.get(payment, {}):
        yield Load(payment, ("order",))
        if payment.order is not None and payment.order.payment_source_id == payment.id:
            work.change(payment.order, payment_source_details=payment.details)
    held = snapshot.charged or snapshot.authorized or snapshot.received
    if not held and snapshot.failure is None and not snapshot.refunds:
        return
    yield Load(payment, ("order.payment_method", "order.payment_source.payment_gateway", "payment_gateway"))
    order = payment.order
    if order is None:
        return
    everything = yield from booked(order, work)
    before = len(everything)
    if snapshot.failure is not None and snapshot.status not in ("authorized", "captured"):
        fail_authorization(payment, snapshot.failure, snapshot.amount.cents, work)
    fresh = None
    authorization = _known(everything, "authorizations", snapshot.payment_id)
    if authorization is None and held:
        authorization = fresh = book(
            Authorization,
            order,
            payment,
            work,
            key=snapshot.payment_id,
            amount_cents=held,
            succeeded=True,
            multicapture=snapshot.multicapture,
            **checked(snapshot),
        )
    if authorization is not None:
        work.change(authorization, fraud_review=watched(snapshot) or authorization.fraud_review)
        _fold_captures(authorization, payment, snapshot, work)
        _fold_void(authorization, payment, snapshot, work)
        changed = _fold_refunds(authorization, payment, snapshot, work)
        if changed or len(everything) > before:
            measure(everything, work)
    elif len(everything) > before:
        measure(everything, work)
    is_news = fresh is not None and snapshot.status in ("authorized", "captured")
    if is_news:
        yield from order.paid_with(payment, work)
        if order.payment_source_id != payment.id or order.status == "cancelled":
            # Nobody awaited it: whoever looks at the payment is told, and attaches it or gives it back.
            work.note(payment, paid_beside=(None, held))
    yield from order.settle(work, fresh if is_news else None)


def fail_authorization(payment: Any, failure: Failure, amount_cents: int, work: Work) -> None:
    """Book an attempt that failed, once. What was `booked` before is loaded."""
    order = payment.order
    key = failure.charge_id or f"{payment.payment_id}/{failure.decline_code or failure.code or 'failed'}"
    if _known(order.__dict__["booked"], "authorizations", key) is None:
        book(
            Authorization,
            order,
            payment,
            work,
            key=key,
            amount_cents=amount_cents,
            succeeded=False,
            message=failure.message,
            error_code=failure.code or "failed",
            error_detail=failure.decline_code,
        )


def _known(everything: list[Any], kind: str, key: str) -> Any:
    return next((one for one in everything if one.one_of(kind) and one.object_key == key), None)


def _captures(authorization: Any, everything: list[Any]) -> list[Any]:
    return [
        one
        for one in everything
        if one.one_of("captures") and one.succeeded and one.reference_authorization_id == authorization.id
    ]


def _fold_captures(authorization: Any, payment: Any, snapshot: Snapshot, work: Work) -> None:
    everything = authorization.order.__dict__["booked"]
    # One that an integration marked as failed is known: it is not booked again.
    known = [
        one
        for one in everything
        if one.one_of("captures")
        and one.reference_authorization_id == authorization.id
        and (one.succeeded or one.object_key.startswith(f"{snapshot.payment_id}/"))
    ]
    missing = snapshot.received - sum(one.amount_cents for one in known)
    if missing > 0:
        # What a card's smaller capture leaves is gone for good: the answer says so.
        rest = authorization.amount_cents - snapshot.received
        released = rest > 0 and snapshot.status == "captured" and not authorization.multicapture
        made = book(
            Capture,
            authorization.order,
            payment,
            work,
            key=f"{snapshot.payment_id}/{snapshot.received}",
            amount_cents=missing,
            succeeded=True,
            message=f"{SUCCESS} {formatted(rest, authorization.currency_code)} were released." if released else SUCCESS,
            reference_authorization_id=authorization.id,
        )
        made.__dict__["reference_authorization"] = authorization


def _fold_void(authorization: Any, payment: Any, snapshot: Snapshot, work: Work) -> None:
    everything = authorization.order.__dict__["booked"]
    # What could be captured in parts and is over holds nothing any more, though not all of it was captured.
    is_over = snapshot.status == "canceled" or (snapshot.status == "captured" and authorization.multicapture)
    if not is_over or _known(everything, "voids", snapshot.payment_id) is not None:
        return
    left = authorization.amount_cents - sum(one.amount_cents for one in _captures(authorization, everything))
    if left > 0:
        made = book(
            Void,
            authorization.order,
            payment,
            work,
            key=snapshot.payment_id,
            amount_cents=left,
            succeeded=True,
            reference_authorization_id=authorization.id,
        )
        work.change(made, excluded=authorization.excluded)
        made.__dict__["reference_authorization"] = authorization


_RANK = {"pending": 0, "action_needed": 0, "succeeded": 1, "failed": 2, "canceled": 2}
"""A refund goes from pending to succeeded, and from either to failed, never back."""


def _fold_refunds(authorization: Any, payment: Any, snapshot: Snapshot, work: Work) -> bool:
    everything = authorization.order.__dict__["booked"]
    changed = False
    for told in snapshot.refunds:
        known = _known(everything, "refunds", told.refund_id)
        if known is not None:
            rank = 1 if known.succeeded else 2 if known.error_code is not None else 0
            if _RANK[told.status] > rank and not known.forwarded:
                work.change(known, **_outcome(told))
                changed = True
                if known.excluded and not known.succeeded:
                    # What was to be given back is here still, and counts again.
                    for one in everything:
                        if one.payment_source_id == payment.id:
                            work.change(one, excluded=False)
            continue
        capture = _capture_of(told, _captures(authorization, everything), everything)
        if capture is not None:
            made = book(
                Refund,
                authorization.order,
                payment,
                work,
                key=told.refund_id,
                amount_cents=told.amount.cents,
                reference_capture_id=capture.id,
                gateway_transaction_id=told.refund_id,
                **_outcome(told),
            )
            work.change(made, token=told.refund_id, excluded=capture.excluded)
            made.__dict__["reference_capture"] = capture
    return changed


def _outcome(told: RefundSnapshot) -> dict[str, Any]:
    if _RANK[told.status] == 1:
        return {"succeeded": True, "message": SUCCESS, "error_code": None, "error_detail": None}
    if _RANK[told.status] == 0:
        return {"succeeded": False, "message": "pending"}
    reason = told.failure or told.status
    return {"succeeded": False, "message": reason.replace("_", " ").capitalize(), "error_code": reason}


def _capture_of(told: RefundSnapshot, captures: list[Any], everything: list[Any]) -> Any:
    """Which capture a refund gives back: the one it was asked for, else the first that still has enough."""
    named = told.metadata.get("paydesk_capture")
    for one in captures:
        if one.id == named:
            return one
    given = {
        one.id: sum(
            back.amount_cents
            for back in everything
            if back.one_of("refunds") and back.reference_capture_id == one.id and back.error_code is None
        )
        for one in captures
    }
    enough = [one for one in captures if one.amount_cents - given[one.id] >= told.amount.cents]
    return enough[0] if enough else captures[-1] if captures else None


def assign(order: Any, payment: Any, work: Work) -> None:
    """Write the order's source, or none, and what the order tells of it."""
    work.relate(order, "payment_source", payment)
    work.change(order, payment_source_details=payment.details if payment is not None else None)
