"""Bringing our books to a gateway's: every answer, event, refresh and recovery ends here."""

from __future__ import annotations

from paydesk.commerce.payments.authorizations import Authorization, checked, watched
from paydesk.commerce.payments.balance_transactions import keep_movements
from paydesk.commerce.payments.disputes import record_disputes
from paydesk.commerce.payments.payment_sources import PaymentSource
from paydesk.commerce.payments.reconcile.captures import fold_captures
from paydesk.commerce.payments.reconcile.refunds import fold_refunds
from paydesk.commerce.payments.reconcile.rows import (
    amount_held,
    authorization_of,
    captures_of,
    children_of,
    free_key,
    known_as,
    mark_failed,
    mark_succeeded,
    sum_of,
)
from paydesk.commerce.payments.transactions import Transaction, Transactions, book, booked, children, measure, room
from paydesk.commerce.payments.voids import Void
from paydesk.declare import Rule
from paydesk.gateways.port.snapshots import Failure, Snapshot
from paydesk.rules.asking import Load
from paydesk.rules.work import Work

UNCONFIRMED = ("open", "confirmable", "action_needed")
"""Snapshot statuses in which a payment holds no money and may be amended or canceled."""


def reconcile(payment: PaymentSource, snapshot: Snapshot, work: Work, *, asked: bool = False) -> Rule:
    """Fold what a gateway says into a payment, its transactions and its order; the order is locked.

    asked    what was received was asked for here, by the call that this answers

    What is missing is added and nothing is ever taken back: the same snapshot again, or an older one, changes nothing.
    Captures are compared by their sum, everything else by the gateway's own ids. What an integration marked otherwise
    stays as it was marked until the gateway shows more money moving than that leaves room for.
    """
    was_undecided = payment.is_undecided
    payment.absorb(snapshot, work)
    if was_undecided and snapshot.status in UNCONFIRMED:
        # It could not be canceled while its bank decided. Now it is open again: let it go unless its order needs it.
        yield Load(payment, ("order", "payment_gateway"))
        if not payment.is_needed:
            payment.release(work)
    disputed = yield from record_disputes(payment, snapshot.disputes, work)
    yield from keep_movements(payment, snapshot.movements, work)
    if "payment_method" in work.changed.get(payment, {}):
        yield Load(payment, ("order",))
        if payment.order is not None and payment.order.payment_source_id == payment.id:
            work.change(payment.order, payment_source_details=payment.details)
    held = amount_held(snapshot)
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
    authorization = authorization_of(snapshot, everything)
    if authorization is None and held:
        authorization = fresh = _authorized(payment, snapshot, held, everything, work)
    if authorization is not None:
        work.change(authorization, fraud_review=watched(snapshot) or authorization.fraud_review)
        unasked = not asked and (fresh is None or _was_captured_by_hand(payment, snapshot, work))
        fold_captures(authorization, payment, snapshot, unasked, work)
        _fold_void(authorization, payment, snapshot, work)
        fold_refunds(authorization, payment, snapshot, work)
        if disputed is not None:
            _fold_disputes(authorization, disputed, work)
    if len(everything) > before or any(one in work.changed for one in everything):
        measure(everything, work)
    is_news = fresh is not None and snapshot.status in ("authorized", "captured")
    if is_news:
        yield from order.paid_with(payment, work)
        if order.payment_source_id != payment.id or order.status == "cancelled":
            # Nobody awaited it. The payment's history tells, so that a person attaches or refunds it.
            work.note(payment, paid_beside=(None, held))
    yield from order.settle(work, fresh if is_news else None)


def fail_authorization(payment: PaymentSource, failure: Failure, amount_cents: int, work: Work) -> None:
    """Book an attempt that failed, once. What was `booked` before is loaded."""
    order = payment.order
    key = failure.charge_id or f"{payment.payment_id}/{failure.decline_code or failure.code or 'failed'}"
    if known_as(order.booked, "authorizations", key) is None:
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


def _authorized(
    payment: PaymentSource, snapshot: Snapshot, held: int, everything: Transactions, work: Work
) -> Transaction:
    """Book the money that is held. A failed attempt that an integration vouched for stood for this very money."""
    facts = {"multicapture": snapshot.multicapture, **checked(snapshot)}
    stood_in = next(
        (
            one
            for one in everything
            if one.one_of("authorizations") and one.succeeded and one.payment_source_id == payment.id
        ),
        None,
    )
    if stood_in is not None and (stood_in.amount_cents == held or children(stood_in, everything)):
        work.change(stood_in, object_key=free_key("authorizations", snapshot.payment_id, "#", everything), **facts)
        work.change(stood_in, forwarded=False)
        return stood_in
    if stood_in is not None:
        mark_failed(stood_in, "superseded", "Another amount was authorized", work)
    return book(
        Authorization,
        payment.order,
        payment,
        work,
        key=free_key("authorizations", snapshot.payment_id, "#", everything),
        amount_cents=held,
        succeeded=True,
        **facts,
    )


def insist(kind: str, authorization: Transaction, snapshot: Snapshot, work: Work) -> None:
    """Count a capture or void of the gateway's that an integration marked as failed, once it is asked for again."""
    everything = authorization.order.booked
    known, marked = captures_of(authorization, snapshot, everything)
    if kind == "voids":
        marked = [
            one for one in children_of("voids", authorization, everything) if one.object_key == snapshot.payment_id
        ]
    elif sum_of(known) + sum_of(marked) > snapshot.received:
        return
    for one in marked:
        if not one.succeeded and one.amount_cents <= room(kind, authorization, everything):
            mark_succeeded(one, work)


def _was_captured_by_hand(payment: PaymentSource, snapshot: Snapshot, work: Work) -> bool:
    """We opened it to be captured later, and it is already captured at its first sight."""
    return snapshot.manual_capture and bool(payment.is_of_our_making(snapshot, work.settings["installation"]))


def _fold_void(authorization: Transaction, payment: PaymentSource, snapshot: Snapshot, work: Work) -> None:
    everything = authorization.order.booked
    # A payment with several captures holds nothing once it is over, though not all of it was captured.
    is_over = snapshot.status == "canceled" or (snapshot.status == "captured" and authorization.multicapture)
    if not is_over or not authorization.succeeded:
        return
    if known_as(everything, "voids", snapshot.payment_id) is not None:
        return
    for one in children_of("voids", authorization, everything):
        if one.succeeded and one.forwarded:
            work.change(one, forwarded=False, object_key=snapshot.payment_id)
            return
    _, marked = captures_of(authorization, snapshot, everything)
    left = room("voids", authorization, everything) - sum_of(marked)
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
        made.reference_authorization = authorization


def _fold_disputes(authorization: Transaction, disputed: int, work: Work) -> None:
    """Note the disputed amounts on the captures: they move no order's money, and cannot be refunded."""
    everything = authorization.order.booked
    for capture in children_of("captures", authorization, everything):
        if capture.succeeded:
            kept = min(disputed, capture.amount_cents)
            disputed -= kept
            work.change(capture, disputed_cents=kept or None)
