"""What an order's transactions mean for it: payment status, fulfilment, cancellation."""

from __future__ import annotations

from typing import Any

from paydesk.commerce.payments import moving
from paydesk.commerce.payments.status import Sums, held_by, payment_status, sums
from paydesk.commerce.payments.transactions import booked
from paydesk.declare import Rule
from paydesk.states import Move, States
from paydesk.work import Load, Work

ORDER = States(
    "status",
    {
        "_pending": Move.of("draft", "placing", to="pending"),
        "_place": Move.of("pending", "placing", to="placed"),
        "place soon": Move.of("pending", to="placing"),
        "_start_editing": Move.of("placed", to="editing"),
        "_stop_editing": Move.of("editing", to="placed"),
        "_approve": Move.of("placed", to="approved"),
        "_cancel": Move.of("pending", "placing", "placed", "editing", "approved", to="cancelled"),
        "lapse": Move.of("draft", "pending", "placing", to="cancelled"),
    },
)

FULFILLMENT = States(
    "fulfillment_status",
    {
        "start": Move.of("unfulfilled", to="in_progress"),
        "stop": Move.of("in_progress", to="unfulfilled"),
        "_fulfill": Move.of("in_progress", to="fulfilled"),
    },
)


def settle(order: Any, work: Work) -> Rule:
    """Bring an order to what its transactions sum up to."""
    everything = yield from booked(order, work)
    _set_apart(order, everything, work)
    made = sums(everything)
    work.change(
        order,
        authorized_cents=made.authorized,
        captured_cents=made.captured,
        voided_cents=made.voided,
        refunded_cents=made.refunded,
    )
    judge(order, work)
    given_back = made.captured and made.refunded >= made.captured
    if given_back and order.status in ("placed", "approved", "editing"):
        cancel(order, work)
        for one in everything:
            if one.one_of("authorizations") and moving.may_void(one, everything):
                yield from moving.void(one, work, order, later=True)  # Nobody is to pay for it any more.
    yield from begin_fulfilment(order, work)


def _set_apart(order: Any, everything: list[Any], work: Work) -> None:
    """Of an order that was paid twice: the payment beside its own counts for nothing once all of it was given back, and
    counts again if that fails later. So giving it back neither cancels the order nor leaves it unpaid.
    """
    own = order.payment_source_id
    if order.status == "cancelled" or held_by(own, everything) <= 0:
        return
    for other in {one.payment_source_id for one in everything if one.payment_source_id != own}:
        rows = [one for one in everything if one.payment_source_id == other and (one.succeeded or one.is_pending)]
        made = sums(rows, all_=True)
        back = made.refunded + sum(one.amount_cents for one in rows if one.is_pending)
        is_over = made.voided >= made.authorized if not made.captured else back >= made.captured
        for one in rows:
            work.change(one, excluded=is_over)


def held(order: Any, work: Work) -> Rule:
    """What all payments of an order hold together, in minor units."""
    if not order.authorized_cents:
        return 0
    everything = yield from booked(order, work)
    return sums(everything).held


def due_of(order: Any) -> int:
    """What is to be paid for the order in minor units: what it costs, and never more than when it was placed."""
    total, placed = int(order.total_amount_with_taxes_cents), order.place_total_amount_cents
    return total if placed is None else min(total, int(placed))


def judge(order: Any, work: Work) -> None:
    """The payment status follows from sums and amount due; an empty cart is unpaid rather than free."""
    made = Sums(order.authorized_cents, order.captured_cents, order.voided_cents, order.refunded_cents)
    status = payment_status(made, due_of(order))
    if status == "free" and order.status == "draft":
        status = "unpaid"
    if status != order.payment_status:
        work.change(order, payment_status=status, payment_updated_at=work.now)


def cancel(order: Any, work: Work) -> None:
    """Cancel an order; what was in progress no longer is."""
    ORDER.move("_cancel", order, work, cancelled_at=work.now, sealed_return_url=None)
    if order.fulfillment_status == "in_progress":
        FULFILLMENT.move("stop", order, work, fulfillment_updated_at=work.now)


def after_confirming(order: Any, work: Work) -> None:
    """A payment that is just being confirmed must not be left with an order that nobody wants any more."""
    for kind in ("place_order", "authorize_order", "amend_to_authorize"):
        work.comes_after(kind, order)


def begin_fulfilment(order: Any, work: Work) -> Rule:
    """An approved order is fulfilled once it is paid or free, or where its method does not wait for the money."""
    if order.status != "approved" or order.fulfillment_status != "unfulfilled":
        return
    yield Load(order, ("payment_method",))
    is_paid = order.captured_cents >= due_of(order)
    waits = order.payment_method is None or order.payment_method.require_capture
    if is_paid or not waits:
        FULFILLMENT.move("start", order, work, fulfillment_updated_at=work.now)
