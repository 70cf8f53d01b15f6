"""Approving an order, with or without capturing its payment."""

from __future__ import annotations

from paydesk.base.errors import Invalid
from paydesk.commerce.orders import settling, stocking
from paydesk.commerce.orders.acts import fix
from paydesk.commerce.orders.acts.capture import begin_captures, capture
from paydesk.commerce.orders.money_steps import steps_of
from paydesk.commerce.orders.order import Order
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
    """Approve the placed order. Its fulfilment starts if it is paid or free, or need not be captured first.

    raises   Invalid where no payment stands
    source   Commerce Layer, "Orders", `_approve`
    """
    if settling.ORDER.is_there("_approve", order):
        return
    yield from _must_be_approvable(order, work)
    settling.ORDER.move("_approve", order, work, approved_at=work.now)
    yield from stocking.take_at_approval(order, work)
    if order.attention:
        yield from settling.settle(order, work)
    else:
        yield from settling.begin_fulfilment(order, work)


def _must_be_approvable(order: Order, work: Work) -> Rule:
    settling.ORDER.must_admit("_approve", order, work)
    yield from fix.mend(order, work)
    if order.payment_status not in _PAYS:
        raise Invalid("payment_status", "invalid_transition", value=order.payment_status)


def approve_and_capture(order: Order, work: Work) -> Rule:
    """Approve the order and capture its payment, both or none. Of several captures, those made before one failed
    stay; the answer's `meta` tells them.
    """
    if settling.ORDER.is_there("_approve", order):
        yield from capture(order, work)
        return
    yield from _must_be_approvable(order, work)
    is_taken = order.payment_status in ("paid", "free")
    if order.payment_status == "partially_refunded":
        is_taken = not (yield from steps_of(order, "approve", set(), work))
    if is_taken:
        yield from approve(order, work)
    else:
        yield from begin_captures(order, work, what="approve")
