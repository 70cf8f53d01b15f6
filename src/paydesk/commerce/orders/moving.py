"""Orders after placement: approving, capturing, refunding, cancelling, fulfilling."""

from __future__ import annotations

from typing import Any

from paydesk.commerce.orders import fixing, settling
from paydesk.commerce.orders.paying import release_source
from paydesk.commerce.orders.totals import PURCHASABLE
from paydesk.commerce.payments import moving
from paydesk.commerce.payments.transactions import booked
from paydesk.declare import Rule
from paydesk.errors import Invalid
from paydesk.work import Work

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


def approve(order: Any, work: Work) -> Rule:
    """Approve a placed order whose payment stands. Source: Commerce Layer, "Orders", `_approve`."""
    if settling.ORDER.is_there("_approve", order):
        return
    yield from _must_be_approvable(order, work)
    settling.ORDER.move("_approve", order, work, approved_at=work.now)
    yield from settling.begin_fulfilment(order, work)


def _must_be_approvable(order: Any, work: Work) -> Rule:
    settling.ORDER.must_admit("_approve", order, work)
    yield from fixing.mend(order, work)
    if order.payment_status not in _PAYS:
        raise Invalid("payment_status", "invalid_transition", value=order.payment_status)


def capture(order: Any, work: Work, *, then: str | None = None) -> Rule:
    """Take what the order costs of all that is authorized, its own source first: one capture now, where there are
    several authorizations the others soon after.

    then   `approve`: the order is approved with the capture, or not at all
    """
    everything = yield from booked(order, work)
    open_ = [one for one in everything if one.one_of("authorizations") and moving.may_capture(one, everything)]
    open_.sort(key=lambda one: one.payment_source_id != order.payment_source_id)
    left, is_first = settling.due_of(order) - order.captured_cents, True
    for authorization in open_:
        amount = min(authorization.capture_balance_cents, left)
        if amount > 0:
            first = then if is_first else None
            yield from moving.capture(
                authorization, work, order, asked=amount, then=first, later=not is_first, final=True
            )
            left, is_first = left - amount, False
    if is_first:
        raise Invalid("payment_status", "invalid_transition", value=order.payment_status)


def capture_approved(order: Any, work: Work) -> Rule:
    """`_capture`: a second time it changes nothing."""
    if order.status != "approved":
        raise Invalid("status", "invalid_transition", value=order.status)
    if order.payment_status not in ("paid", "free"):
        yield from capture(order, work)


def approve_and_capture(order: Any, work: Work) -> Rule:
    """Both or none: if the capture fails the order stays placed."""
    if settling.ORDER.is_there("_approve", order):
        yield from capture_approved(order, work)
        return
    yield from _must_be_approvable(order, work)
    if order.payment_status in ("paid", "free", "partially_refunded"):
        yield from approve(order, work)
    else:
        yield from capture(order, work, then="approve")


def refund(order: Any, work: Work, *, then: str | None = None) -> Rule:
    """Give back all that was captured."""
    everything = yield from booked(order, work)
    open_ = [one for one in everything if one.one_of("captures") and moving.refundable(one, everything) > 0]
    if not open_:
        if order.payment_status == "refunded" and then is None:
            return
        raise Invalid("payment_status", "invalid_transition", value=order.payment_status)
    for number, one in enumerate(open_):
        if number == 0:
            yield from moving.refund(one, work, order, then=then)
        else:
            yield from moving.refund(one, work, order, later=True)


def cancel(order: Any, work: Work) -> Rule:
    """Cancel an order that is not in progress yet; its authorization is voided, what was captured given back."""
    if settling.ORDER.is_there("_cancel", order):
        return
    settling.ORDER.must_admit("_cancel", order, work)
    settling.after_confirming(order, work)
    if order.status == "approved" and order.fulfillment_status not in ("unfulfilled", "not_required"):
        raise Invalid("fulfillment_status", "invalid_transition", value=order.fulfillment_status)
    everything = yield from booked(order, work)
    voided = [one for one in everything if one.one_of("authorizations") and moving.may_void(one, everything)]
    taken = [one for one in everything if one.one_of("captures") and moving.refundable(one, everything) > 0]
    is_first = True
    for one in voided:
        yield from moving.void(one, work, order, then="cancel" if is_first else None, later=not is_first)
        is_first = False
    for one in taken:
        yield from moving.refund(one, work, order, then="cancel" if is_first else None, later=not is_first)
        is_first = False
    if is_first:
        yield from _end(order, work)


def _end(order: Any, work: Work) -> Rule:
    settling.cancel(order, work)
    yield from release_source(order, work)


def follow(order: Any, what: str, work: Work) -> Rule:
    """What an order asked for beside moving money, once the money has moved. Returns what stands against it."""
    if what == "approve":
        if settling.ORDER.admits("_approve", order):
            yield from approve(order, work)
    elif what == "cancel" and settling.ORDER.admits("_cancel", order):
        yield from _end(order, work)
    return None


def fulfill(order: Any, work: Work) -> None:
    """End the delivery of an approved order."""
    if settling.FULFILLMENT.is_there("_fulfill", order):
        return
    if order.status != "approved":
        raise Invalid("status", "invalid_transition", value=order.status)
    settling.FULFILLMENT.move("_fulfill", order, work, fulfillment_updated_at=work.now)


def make_pending(order: Any, work: Work) -> None:
    """Back from a placement that did not come to its end."""
    if settling.ORDER.is_there("_pending", order):
        return
    is_ready = order.customer_id is not None and any(line.item_type in PURCHASABLE for line in order.line_items)
    if order.status == "draft" and not is_ready:
        raise Invalid("status", "invalid_transition", value="draft")
    settling.ORDER.move("_pending", order, work)
