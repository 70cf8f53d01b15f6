"""Orders after placement: approving, capturing, refunding, cancelling, fulfilling.

What moves an order's money is an act of one or several steps, each a gateway call. A step begins once the one before is
done, and is chosen by the books as they are then; a no ends the act, and what was not begun is not asked for.
"""

from __future__ import annotations

from collections.abc import Iterator

from paydesk.base.errors import Invalid
from paydesk.commerce.orders import fixing, settling
from paydesk.commerce.orders.order import Order
from paydesk.commerce.orders.paying import release_source
from paydesk.commerce.orders.refresh.totals import PURCHASABLE
from paydesk.commerce.payable import Act
from paydesk.commerce.payments import moving
from paydesk.commerce.payments.transactions import Transaction, Transactions, booked
from paydesk.declare import Rule
from paydesk.rules.work import Work

_PAYS = (
    "authorized",
    "partially_authorized",
    "paid",
    "partially_paid",
    "partially_voided",
    "partially_refunded",
    "free",
)
"""Payment statuses in which an order may be approved."""


def approve(order: Order, work: Work) -> Rule:
    """Approve a placed order whose payment stands. Source: Commerce Layer, "Orders", `_approve`."""
    if settling.ORDER.is_there("_approve", order):
        return
    yield from _must_be_approvable(order, work)
    settling.ORDER.move("_approve", order, work, approved_at=work.now)
    if order.attention:
        yield from settling.settle(order, work)
    else:
        yield from settling.begin_fulfilment(order, work)


def _must_be_approvable(order: Order, work: Work) -> Rule:
    settling.ORDER.must_admit("_approve", order, work)
    yield from fixing.mend(order, work)
    if order.payment_status not in _PAYS:
        raise Invalid("payment_status", "invalid_transition", value=order.payment_status)


def capture(order: Order, work: Work, *, what: str = "capture") -> Rule:
    """Take what the order costs of all that is authorized, its own source first.

    what   `approve`: the order is approved with the last capture, or not at all
    """
    if not (yield from _begin(order, what, work)):
        raise Invalid("payment_status", "invalid_transition", value=order.payment_status)


Step = tuple[str, Transaction, int]
"""One step of an act: `capture`, `void` or `refund`, of which transaction, how many minor units."""


def _steps(order: Order, what: str, taken: set[str], work: Work) -> Rule:
    """The steps that an act takes from here: a list of `Step`, those on the transactions in `taken` left out."""
    everything = yield from booked(order, work)
    open_ = [one for one in everything if one.id not in taken]
    if what in ("capture", "approve"):
        return list(_captures(order, [one for one in open_ if one.one_of("authorizations")], everything))
    steps: list[Step] = []
    if what == "cancel":
        for one in open_:
            if one.one_of("authorizations") and moving.may_void(one, everything):
                steps.append(("void", one, moving.voidable(one, everything)))
    for one in open_:
        if one.one_of("captures") and moving.refundable(one, everything) > 0:
            steps.append(("refund", one, moving.refundable(one, everything)))
    return steps


def _captures(order: Order, authorizations: Transactions, everything: Transactions) -> Iterator[Step]:
    left = (settling.due_of(order) - settling.taken_for(order, everything)).cents
    # What is held in another currency pays nothing of this bill.
    authorizations = [one for one in authorizations if one.currency_code == order.currency_code]
    for one in sorted(authorizations, key=lambda one: one.payment_source_id != order.payment_source_id):
        amount = min(one.capture_balance_cents, left)
        if amount > 0 and moving.may_capture(one, everything):
            yield "capture", one, amount
            left -= amount


def _begin(order: Order, what: str, work: Work) -> Rule:
    """Ask for the first step of an act; False where it has none."""
    steps = yield from _steps(order, what, set(), work)
    for kind, one, _ in steps[1:]:
        # One that is in flight by itself, such as the void of a spare authorization, is over before this begins.
        work.comes_after(f"{kind}_payment", one)
    if steps:
        yield from _take(steps[0], order, Act(what), work)
    return bool(steps)


def _take(step: Step, order: Order, act: Act, work: Work) -> Rule:
    kind, one, amount = step
    if kind == "capture":
        yield from moving.capture(one, work, order, asked=amount, act=act, final=True)
    elif kind == "void":
        yield from moving.void(one, work, order, act=act)
    else:
        yield from moving.refund(one, work, order, act=act)


def go_on(order: Order, act: Act, work: Work) -> Rule:
    """Ask for the next step of an act, or end it: approve or cancel the order. Returns what stands against it."""
    try:
        steps = yield from _steps(order, act.what, _taken(act), work)
        if steps:
            yield from _take(steps[0], order, act, work)
        else:
            yield from follow(order, act.what, work)
    except Invalid as refusal:
        return refusal
    return None


def left_of(order: Order, act: Act, work: Work) -> Rule:
    """The steps of an act that were not begun, as a client is told of them."""
    steps = yield from _steps(order, act.what, _taken(act), work)
    return [{"step": kind, "type": one.shape.type, "id": one.id, "amount_cents": amount} for kind, one, amount in steps]


def _taken(act: Act) -> set[str]:
    return {one["id"] for one in act.done}


def capture_approved(order: Order, work: Work) -> Rule:
    """`_capture`: a second time it changes nothing."""
    if order.status != "approved":
        raise Invalid("status", "invalid_transition", value=order.status)
    if order.payment_status not in ("paid", "free"):
        yield from capture(order, work)


def approve_and_capture(order: Order, work: Work) -> Rule:
    """Both or none: if the capture fails the order stays placed."""
    if settling.ORDER.is_there("_approve", order):
        yield from capture_approved(order, work)
        return
    yield from _must_be_approvable(order, work)
    is_taken = order.payment_status in ("paid", "free")
    if order.payment_status == "partially_refunded":
        is_taken = not (yield from _steps(order, "approve", set(), work))
    if is_taken:
        yield from approve(order, work)
    else:
        yield from capture(order, work, what="approve")


def refund(order: Order, work: Work) -> Rule:
    """Give back all that was captured."""
    if not (yield from _begin(order, "refund", work)) and order.payment_status != "refunded":
        raise Invalid("payment_status", "invalid_transition", value=order.payment_status)


def cancel(order: Order, work: Work) -> Rule:
    """Cancel an order that is not in progress yet; its authorization is voided, what was captured given back. Of one
    that is cancelled, what is held or was taken nevertheless.
    """
    if settling.ORDER.is_there("_cancel", order):
        yield from _begin(order, "cancel", work)
        return
    settling.ORDER.must_admit("_cancel", order, work)
    settling.after_confirming(order, work)
    if order.status == "approved" and order.fulfillment_status not in ("unfulfilled", "not_required"):
        raise Invalid("fulfillment_status", "invalid_transition", value=order.fulfillment_status)
    if not (yield from _begin(order, "cancel", work)):
        yield from _end(order, work)


def _end(order: Order, work: Work) -> Rule:
    settling.cancel(order, work)
    yield from settling.settle(order, work)
    yield from release_source(order, work)


def follow(order: Order, what: str, work: Work) -> Rule:
    """What an order asked for beside moving money, once all of that has moved."""
    if what == "approve":
        if settling.ORDER.admits("_approve", order):
            yield from approve(order, work)
    elif what == "cancel" and settling.ORDER.admits("_cancel", order):
        yield from _end(order, work)


def fulfill(order: Order, work: Work) -> None:
    """End the delivery of an approved order."""
    if settling.FULFILLMENT.is_there("_fulfill", order):
        return
    if order.status != "approved":
        raise Invalid("status", "invalid_transition", value=order.status)
    settling.FULFILLMENT.move("_fulfill", order, work, fulfillment_updated_at=work.now)


def make_pending(order: Order, work: Work) -> None:
    """Back from a placement that did not come to its end."""
    if settling.ORDER.is_there("_pending", order):
        return
    is_ready = order.customer_id is not None and any(line.item_type in PURCHASABLE for line in order.line_items)
    if order.status == "draft" and not is_ready:
        raise Invalid("status", "invalid_transition", value="draft")
    settling.ORDER.move("_pending", order, work)
