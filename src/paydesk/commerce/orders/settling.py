"""Bringing an order to its transactions: payment status, fulfilment, cancellation, spare authorizations."""

from __future__ import annotations

from collections.abc import Iterable

from paydesk.base.money import Money
from paydesk.commerce.orders import stocking
from paydesk.commerce.orders.attention import attend
from paydesk.commerce.orders.order import Order
from paydesk.commerce.orders.refresh.refreshed import Refreshed
from paydesk.commerce.payments import moving
from paydesk.commerce.payments.asks import VoidAsk
from paydesk.commerce.payments.payment_sources import is_by_hand
from paydesk.commerce.payments.status import Sums, held_by, payment_status, sums
from paydesk.commerce.payments.transactions import Transaction, Transactions, booked, measure
from paydesk.commerce.shipping import states
from paydesk.declare import Rule
from paydesk.rules.asking import Load
from paydesk.rules.asks import Ask
from paydesk.rules.states import Move, States
from paydesk.rules.work import Work

ORDER = States(
    "status",
    {
        "_pending": Move.of("draft", "placing", to="pending"),
        "_place": Move.of("pending", "placing", to="placed", needs=Refreshed),
        "place soon": Move.of("pending", to="placing"),
        "_start_editing": Move.of("placed", to="editing"),
        "_stop_editing": Move.of("editing", to="placed", needs=Refreshed),
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


def settle(order: Order, work: Work) -> Rule:
    """Bring an order to what its transactions sum up to."""
    everything = yield from booked(order, work)
    _set_apart(order, everything, work)
    made = _add_up(order, everything, work)
    given_back = made.captured and made.refunded >= made.captured
    ends = given_back and order.status in ("placed", "approved", "editing")
    if ends:
        yield from cancel(order, work)
    is_free = order.status in ("placed", "approved") and not due_of(order)
    if (ends or is_free) and order.payment_source_id is not None:
        # The refunded source may not be its present one: another one may have been opened while the order was edited.
        yield Load(order, ("payment_source.payment_gateway",))
        order.payment_source.release(work)
    spare = _spare(order, everything)
    if spare:
        yield from let_spare_go(order, spare, work, counts=order.status == "cancelled" or bool(due_of(order)))
        _add_up(order, everything, work)
    yield from attend(order, everything, work, _spare(order, everything))
    yield from begin_fulfilment(order, work)


def _add_up(order: Order, everything: Transactions, work: Work) -> Sums:
    made = sums(everything, order.currency_code)
    work.change(
        order,
        authorized_cents=made.authorized.cents,
        captured_cents=made.captured.cents,
        voided_cents=made.voided.cents,
        refunded_cents=made.refunded.cents,
    )
    judge(order, work)
    return made


def _spare(order: Order, everything: Transactions) -> Transactions:
    """The authorizations that hold money which the order does not need.

    A cart keeps its authorizations until it is placed, an order that is being edited until that is over. A placed order
    keeps one authorization if one alone covers it, its own source's first. Of several that cover it only together, the
    needed ones stay and the newest go. An order that is captured in full, free or cancelled needs none. An
    authorization that was to be voided before, and counts for nothing, is spare for as long as it holds money.
    """
    held = [
        one
        for one in everything
        if one.one_of("authorizations")
        and moving.may_void(one, everything, spare=not is_by_hand(one.payment_source_type))
    ]
    if not held or needs_no_payment(order):
        return held
    if order.status == "draft":
        # Its own payment may come before its customer; a payment of a former source is not coming back.
        return [one for one in held if one.excluded or one.payment_source_id != order.payment_source_id]
    forgotten = [one for one in held if one.excluded]
    return [*forgotten, *_unneeded(order, [one for one in held if one.counts], everything)]


def _unneeded(order: Order, held: Transactions, everything: Transactions) -> Transactions:
    if order.status not in ("placed", "approved"):
        return []
    due = due_of(order)
    if taken_for(order, everything) >= due:
        return held
    left = sums(everything, order.currency_code).secured - _given_back_before(order, everything)
    spare = []
    for one in sorted(held, key=lambda one: (one.payment_source_id == order.payment_source_id, -_count(one))):
        without = left - Money(moving.voidable(one, everything), order.currency_code)
        if without >= due:
            spare.append(one)
            left = without
    return spare


def _count(transaction: Transaction) -> int:
    """Which of its order's transactions it is, the first being 1."""
    return int(transaction.number.rpartition("/")[2])


def needs_no_payment(order: Order) -> bool:
    """Nobody is to pay for the order any more: it is cancelled, placed and free, or was put away unplaced."""
    if order.status == "cancelled":
        return True
    if order.status in ("placed", "approved"):
        return not due_of(order)
    return order.archived_at is not None and order.status in ("draft", "pending", "placing")


def let_spare_go(order: Order, spare: Transactions, work: Work, *, counts: bool) -> Rule:
    """Void authorizations that the order does not need, in the background and after reading them.

    counts   they count in the order's payment status still; False: as if they had never been
    """
    everything = yield from booked(order, work)
    for one in spare:
        yield from moving.void(one, work, order, later=True, spare=True)
        if not counts:
            for row in everything:
                if row.payment_source_id == one.payment_source_id and not row.one_of("captures"):
                    work.change(row, excluded=True)


def need_anew(order: Order, work: Work) -> None:
    """Take back the voids of spare authorizations that this very work was to ask for, while the order was a cart: the
    order may be placed on them, and which ones are spare is judged anew.
    """
    counting = {one.id for one in (order.booked if order.loaded("booked") else ()) if one.counts}
    work.calls = [one for one in work.calls if not (_is_spare(one.ask) and one.subject_id in counting)]


def _is_spare(ask: Ask) -> bool:
    return isinstance(ask, VoidAsk) and ask.spare


def _set_apart(order: Order, everything: Transactions, work: Work) -> None:
    """Exclude the second payment of an order that was paid twice, once all of it was refunded or voided and the order
    is covered without it. It counts again if the refund fails later. So refunding it neither cancels the order nor
    leaves it unpaid.

    A payment that stands in our books alone counts as long as it is the order's own source: no gateway holds anything
    for it. Received money stays received.
    """
    if order.status != "cancelled":
        _set_promises_apart(order, everything, work)
    own, currency = order.payment_source_id, order.currency_code
    if order.status == "cancelled":
        return
    needed = max(due_of(order), Money(1, currency))
    others = {one.payment_source_id: one.payment_source_type for one in everything if one.payment_source_id != own}
    for other in (id_ for id_, type_ in others.items() if not is_by_hand(type_)):
        if sums((one for one in everything if one.payment_source_id != other), currency).held < needed:
            continue
        rows = [one for one in everything if one.payment_source_id == other and (one.succeeded or one.is_pending)]
        made = sums(rows, currency, all_=True)
        pending = sum(one.amount_cents for one in rows if one.is_pending and one.currency_code == currency)
        back = made.refunded + Money(pending, currency)
        let_go = made.voided >= made.authorized or any(one.excluded for one in rows if one.one_of("authorizations"))
        is_over = back >= made.captured if made.captured else let_go
        for one in rows:
            work.change(one, excluded=is_over)


def _set_promises_apart(order: Order, everything: Transactions, work: Work) -> None:
    by_hand = [one for one in everything if is_by_hand(one.payment_source_type) and one.succeeded]
    for id_ in {one.payment_source_id for one in by_hand}:
        rows = [one for one in by_hand if one.payment_source_id == id_]
        if any(one.one_of("captures") for one in rows):
            continue
        is_over = any(one.one_of("voids") and one.excluded for one in rows)
        is_apart = is_over or id_ != order.payment_source_id
        measure(rows, work)
        for one in rows:
            work.change(one, excluded=is_apart)
            if is_apart and one.one_of("authorizations"):
                # An excluded authorization can neither be captured nor voided: its balances are zero.
                work.change(one, capture_amount_cents=0, capture_balance_cents=0, void_balance_cents=0)


def held(order: Order, work: Work) -> Rule:
    """The money that all payments of an order hold together."""
    return (yield from _summed(order, work)).held


def secured(order: Order, work: Work) -> Rule:
    """The same, refunded money included."""
    return (yield from _summed(order, work)).secured


def held_by_source(order: Order, work: Work) -> Rule:
    """The part of it that the order's own source holds."""
    if not order.authorized_cents:
        return Money(0, order.currency_code)
    return held_by(order.payment_source_id, (yield from booked(order, work)), order.currency_code)


def _summed(order: Order, work: Work) -> Rule:
    # An order without authorizations holds nothing: its transactions need not be read.
    everything = (yield from booked(order, work)) if order.authorized_cents else ()
    return sums(everything, order.currency_code)


def due_of(order: Order) -> Money:
    """The amount to be paid for the order: its total, and never more than its total at placement."""
    total: Money = order.due()
    placed = order.place_total_amount_cents
    return total if placed is None else min(total, Money(placed, order.currency_code))


def taken_for(order: Order, everything: Iterable[Transaction]) -> Money:
    """The money that was captured for the order, less refunds before it was placed. Later refunds are not subtracted:
    that money is not captured again.
    """
    return Money(order.captured_cents, order.currency_code) - _given_back_before(order, everything)


def _given_back_before(order: Order, rows: Iterable[Transaction]) -> Money:
    """The money that was refunded by the time the order was placed, or by now."""
    refunds = [one for one in rows if one.one_of("refunds")]
    before = [one for one in refunds if order.placed_at is None or one.created_at <= order.placed_at]
    return sums(before, order.currency_code).refunded


def judge(order: Order, work: Work) -> None:
    """The payment status follows from sums and amount due; an empty cart is unpaid rather than free."""
    sums_ = (order.authorized_cents, order.captured_cents, order.voided_cents, order.refunded_cents, 0)
    status = payment_status(Sums(*(Money(cents, order.currency_code) for cents in sums_)), due_of(order))
    if status == "free" and order.status == "draft":
        status = "unpaid"
    if status != order.payment_status:
        work.change(order, payment_status=status, payment_updated_at=work.now)


def fulfil(order: Order, work: Work) -> Rule:
    """End the fulfilment of an order: its goods were sent, and its stock is gone."""
    FULFILLMENT.move("_fulfill", order, work, fulfillment_updated_at=work.now)
    yield from stocking.take(order, work)
    if order.attention:
        yield from settle(order, work)


def cancel(order: Order, work: Work) -> Rule:
    """Cancel an order with what of it was not sent, give its stock back, and stop its fulfilment if in progress."""
    ORDER.move("_cancel", order, work, cancelled_at=work.now, sealed_return_url=None)
    if order.fulfillment_status == "in_progress":
        FULFILLMENT.move("stop", order, work, fulfillment_updated_at=work.now)
    yield from end_shipments(order, work)
    yield from stocking.give_back(order, work)


def end_shipments(order: Order, work: Work) -> Rule:
    """Cancel the shipments of an order that have not left."""
    if order.shipments_count:
        yield Load(order, ("shipments",))
        for shipment in order.shipments:
            states.end(shipment, work)


def after_confirming(order: Order, work: Work) -> None:
    """Come after confirmations in flight: an order that nobody wants any more must not be paid."""
    for kind in ("place_order", "authorize_order", "amend_to_authorize"):
        work.comes_after(kind, order)


def begin_fulfilment(order: Order, work: Work) -> Rule:
    """An approved order is fulfilled once it is paid or free, or where its method does not wait for the money."""
    if order.status != "approved" or order.fulfillment_status != "unfulfilled":
        return
    yield Load(order, ("payment_method",))
    rows = (yield from booked(order, work)) if order.refunded_cents else ()
    is_paid = taken_for(order, rows) >= due_of(order)
    waits = order.payment_method is None or order.payment_method.require_capture
    if is_paid or not waits:
        FULFILLMENT.move("start", order, work, fulfillment_updated_at=work.now)
