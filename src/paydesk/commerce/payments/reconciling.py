"""Bringing our books to what a gateway says of a payment: the one end of answers, events, refreshes and recovery."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from paydesk.base.money import formatted
from paydesk.commerce.payments.authorizations import Authorization, checked, watched
from paydesk.commerce.payments.captures import Capture
from paydesk.commerce.payments.disputes import record_disputes
from paydesk.commerce.payments.payment_sources import PaymentSource
from paydesk.commerce.payments.refunds import Refund
from paydesk.commerce.payments.transactions import (
    SUCCESS,
    Transaction,
    Transactions,
    book,
    booked,
    children,
    measure,
    room,
)
from paydesk.commerce.payments.voids import Void
from paydesk.declare import Rule
from paydesk.gateways.port.snapshots import Failure, RefundSnapshot, Snapshot
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
        # While its bank decided it could not be canceled; now it can be paid again, if anybody still wants that.
        yield Load(payment, ("order", "payment_gateway"))
        if not payment.is_needed:
            payment.release(work)
    disputed = yield from record_disputes(payment, snapshot.disputes, work)
    if "payment_method" in work.changed.get(payment, {}):
        yield Load(payment, ("order",))
        if payment.order is not None and payment.order.payment_source_id == payment.id:
            work.change(payment.order, payment_source_details=payment.details)
    held = _held(snapshot)
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
    authorization = authorization_of(payment, snapshot, everything)
    if authorization is None and held:
        authorization = fresh = _authorized(payment, snapshot, held, everything, work)
    if authorization is not None:
        work.change(authorization, fraud_review=watched(snapshot) or authorization.fraud_review)
        unasked = not asked and (fresh is None or _was_captured_by_hand(payment, snapshot, work))
        _fold_captures(authorization, payment, snapshot, unasked, work)
        _fold_void(authorization, payment, snapshot, work)
        _fold_refunds(authorization, payment, snapshot, work)
        if disputed is not None:
            _fold_disputes(authorization, disputed, work)
    if len(everything) > before or any(one in work.changed for one in everything):
        measure(everything, work)
    is_news = fresh is not None and snapshot.status in ("authorized", "captured")
    if is_news:
        yield from order.paid_with(payment, work)
        if order.payment_source_id != payment.id or order.status == "cancelled":
            # Nobody awaited it: whoever looks at the payment is told, and attaches it or gives it back.
            work.note(payment, paid_beside=(None, held))
    yield from order.settle(work, fresh if is_news else None)


def fail_authorization(payment: PaymentSource, failure: Failure, amount_cents: int, work: Work) -> None:
    """Book an attempt that failed, once. What was `booked` before is loaded."""
    order = payment.order
    key = failure.charge_id or f"{payment.payment_id}/{failure.decline_code or failure.code or 'failed'}"
    if _known(order.booked, "authorizations", key) is None:
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


def _known(everything: Transactions, kind: str, key: str) -> Transaction | None:
    return next((one for one in everything if one.one_of(kind) and one.object_key == key), None)


def authorization_of(payment: PaymentSource, snapshot: Snapshot, everything: Transactions) -> Transaction | None:
    """The authorization that stands for what the gateway holds, or held, of a payment; None before it is booked."""
    held = _held(snapshot)
    known = [
        one
        for one in everything
        if one.one_of("authorizations")
        and one.object_key.partition("#")[0] == snapshot.payment_id
        # One of another amount that was marked as failed was wrong: it is booked anew.
        and (one.succeeded or one.amount_cents == held or not held)
    ]
    return max(known, key=lambda one: bool(one.succeeded), default=None)


def _held(snapshot: Snapshot) -> int:
    return snapshot.charged or snapshot.authorized or snapshot.received


def _authorized(
    payment: PaymentSource, snapshot: Snapshot, held: int, everything: Transactions, work: Work
) -> Transaction:
    """Book what is held. An attempt that failed, and that an integration vouched for, stood for just this money."""
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
        work.change(stood_in, object_key=_free("authorizations", snapshot.payment_id, "#", everything), **facts)
        work.change(stood_in, forwarded=False)
        return stood_in
    if stood_in is not None:
        _fail(stood_in, "superseded", "Another amount was authorized", work)
    return book(
        Authorization,
        payment.order,
        payment,
        work,
        key=_free("authorizations", snapshot.payment_id, "#", everything),
        amount_cents=held,
        succeeded=True,
        **facts,
    )


def _free(kind: str, key: str, mark: str, everything: Transactions) -> str:
    """`key`, or with a count behind it where a transaction of the kind has that already."""
    count, made = 1, key
    while _known(everything, kind, made) is not None:
        count += 1
        made = f"{key}{mark}{count}"
    return made


def _fail(one: Transaction, code: str, message: str, work: Work) -> None:
    work.change(one, succeeded=False, message=message, error_code=code)


def _restore(one: Transaction, work: Work) -> None:
    """The gateway shows that it came about, whatever was said of it."""
    work.change(one, succeeded=True, forwarded=False, message=SUCCESS, error_code=None, error_detail=None)


def insist(kind: str, authorization: Transaction, snapshot: Snapshot, work: Work) -> None:
    """Whoever asks for a capture or a void that the gateway has made already takes back having marked it as failed."""
    everything = authorization.order.booked
    known, marked = captures_of(authorization, snapshot, everything)
    if kind == "voids":
        marked = [one for one in _of("voids", authorization, everything) if one.object_key == snapshot.payment_id]
    elif _sum(known) + _sum(marked) > snapshot.received:
        return
    for one in marked:
        if not one.succeeded and one.amount_cents <= room(kind, authorization, everything):
            _restore(one, work)


def _is_marked_as_failed(one: Transaction) -> bool:
    return bool(one.forwarded and not one.succeeded)


def _of(kind: str, parent: Transaction, everything: Transactions) -> Transactions:
    reference = "reference_capture_id" if kind == "refunds" else "reference_authorization_id"
    return [one for one in everything if one.one_of(kind) and getattr(one, reference) == parent.id]


def captures_of(
    authorization: Transaction, snapshot: Snapshot, everything: Transactions
) -> tuple[Transactions, Transactions]:
    """Its captures that count, and those that the gateway made and an integration marked as failed."""
    all_ = _of("captures", authorization, everything)
    marked = [one for one in all_ if _is_marked_as_failed(one) and one.object_key.startswith(f"{snapshot.payment_id}/")]
    # Beyond what was received they were wrong, not denied.
    return [one for one in all_ if one.succeeded], marked if _sum(marked) <= snapshot.received else []


def _sum(transactions: Iterable[Transaction]) -> int:
    return sum(int(one.amount_cents) for one in transactions)


def _was_captured_by_hand(payment: PaymentSource, snapshot: Snapshot, work: Work) -> bool:
    """We opened it to be captured later, and it is captured already when it is first heard of."""
    return snapshot.manual_capture and bool(payment.is_of_our_making(snapshot, work.settings["installation"]))


def _fold_captures(
    authorization: Transaction, payment: PaymentSource, snapshot: Snapshot, unasked: bool, work: Work
) -> None:
    everything = authorization.order.booked
    known, marked = captures_of(authorization, snapshot, everything)
    for one in known:
        if one.unasked and not unasked:
            # An event was faster than the answer to the call that asked for it.
            work.change(one, unasked=False)
    missing = snapshot.received - _sum(known) - _sum(marked)
    if missing >= 0:
        # The gateway has taken all of it: what an integration vouched for is there.
        for one in known:
            if one.forwarded:
                key = _free("captures", f"{snapshot.payment_id}/{one.object_key}", "/", everything)
                work.change(one, forwarded=False, object_key=key)
    if missing <= 0:
        return
    if not authorization.succeeded:
        _restore(authorization, work)
    for one in _of("voids", authorization, everything):
        if one.succeeded and one.forwarded and room("captures", authorization, everything) < missing:
            _fail(one, "captured", "It was captured", work)
    # More than was authorized, as some accounts may capture, stays out of the books: `paydesk reconcile` tells of it.
    amount = min(missing, room("captures", authorization, everything))
    if amount > 0:
        # What a card's smaller capture leaves is gone for good: the answer says so.
        rest = authorization.amount_cents - snapshot.received
        released = rest > 0 and snapshot.status == "captured" and not authorization.multicapture
        made = book(
            Capture,
            authorization.order,
            payment,
            work,
            key=_free("captures", f"{snapshot.payment_id}/{snapshot.received}", "/", everything),
            amount_cents=amount,
            succeeded=True,
            message=f"{SUCCESS} {formatted(rest, authorization.currency_code)} were released." if released else SUCCESS,
            reference_authorization_id=authorization.id,
            unasked=unasked,
        )
        made.reference_authorization = authorization
        if authorization.excluded:
            # It was to be let go, and was taken instead: what was received counts.
            for one in everything:
                if one.payment_source_id == payment.id:
                    work.change(one, excluded=False)


def _fold_void(authorization: Transaction, payment: PaymentSource, snapshot: Snapshot, work: Work) -> None:
    everything = authorization.order.booked
    # What could be captured in parts and is over holds nothing any more, though not all of it was captured.
    is_over = snapshot.status == "canceled" or (snapshot.status == "captured" and authorization.multicapture)
    if not is_over or not authorization.succeeded:
        return
    if _known(everything, "voids", snapshot.payment_id) is not None:
        return
    for one in _of("voids", authorization, everything):
        if one.succeeded and one.forwarded:
            work.change(one, forwarded=False, object_key=snapshot.payment_id)
            return
    _, marked = captures_of(authorization, snapshot, everything)
    left = room("voids", authorization, everything) - _sum(marked)
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


_RANK = {"pending": 0, "action_needed": 0, "succeeded": 1, "failed": 2, "canceled": 2}
"""A refund goes from pending to succeeded, and from either to failed, never back."""


def parts_of(told: RefundSnapshot, everything: Transactions) -> Transactions:
    """The transactions that a gateway's refund is booked as: one for each capture that it gives back of."""
    captures = {one.id: one for one in everything if one.one_of("captures")}
    return [
        one
        for one in everything
        if one.one_of("refunds")
        and one.object_key.partition("/")[0] == told.refund_id
        # One that was marked as failed together with its capture, or was for more, was wrong: it is booked anew.
        and not (
            _is_marked_as_failed(one)
            and (one.amount_cents > told.amount.cents or not captures[one.reference_capture_id].succeeded)
        )
    ]


def _fold_refunds(authorization: Transaction, payment: PaymentSource, snapshot: Snapshot, work: Work) -> None:
    everything = authorization.order.booked
    for told in snapshot.refunds:
        parts = parts_of(told, everything)
        for known in parts:
            _follow(known, told, payment, everything, work)
        is_alive = _RANK[told.status] < 2
        missing = told.amount.cents - _sum(parts)
        if missing <= 0 or (parts and not is_alive):
            continue
        captures, marked = captures_of(authorization, snapshot, everything)
        if is_alive and sum(room("refunds", one, everything) for one in captures) < missing:
            # What was given back was taken before, and what the gateway says that it gave back was given.
            for one in [authorization, *marked] if marked else []:
                if not one.succeeded:
                    _restore(one, work)
            captures += marked
            for one in [one for capture in captures for one in _of("refunds", capture, everything)]:
                if one.succeeded and one.forwarded and _is_unknown(one, snapshot):
                    _fail(one, "refunded", "It was given back otherwise", work)
        captures.sort(key=lambda one: one.id != told.metadata.get("paydesk_capture"))
        if not is_alive:
            captures = captures[:1]
        for capture in captures:
            amount = min(missing, room("refunds", capture, everything)) if is_alive else missing
            if amount > 0:
                missing -= amount
                _give_back(capture, told, amount, payment, everything, work)


def _fold_disputes(authorization: Transaction, disputed: int, work: Work) -> None:
    """Note on the captures what disputes keep of them: that moves no order's money, and cannot be given back."""
    everything = authorization.order.booked
    for capture in _of("captures", authorization, everything):
        if capture.succeeded:
            kept = min(disputed, capture.amount_cents)
            disputed -= kept
            work.change(capture, disputed_cents=kept or None)


def _is_unknown(one: Transaction, snapshot: Snapshot) -> bool:
    return all(one.object_key.partition("/")[0] != told.refund_id for told in snapshot.refunds)


def _follow(
    known: Transaction, told: RefundSnapshot, payment: PaymentSource, everything: Transactions, work: Work
) -> None:
    """Bring a refund to what became of it."""
    rank = 1 if known.succeeded else 2 if known.error_code is not None else 0
    if known.forwarded or _RANK[told.status] <= rank:
        return
    work.change(known, **_outcome(told))
    if known.excluded and not known.succeeded:
        # What was to be given back is here still, and counts again.
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
        key=_free("refunds", told.refund_id, "/", everything),
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
