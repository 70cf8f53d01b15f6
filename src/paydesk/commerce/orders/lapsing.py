"""Orders that end by time alone: an expired unplaced order is cancelled, an old cart without a customer is deleted.

Source: Commerce Layer, "Orders", `expires_at` and the lifetime of draft orders.
"""

from __future__ import annotations

from paydesk.base.instants import seconds
from paydesk.commerce.orders import letting_go, settling
from paydesk.commerce.orders.order import Order
from paydesk.commerce.orders.paying import release_source
from paydesk.commerce.payments import moving
from paydesk.commerce.payments.payment_sources import sources_of
from paydesk.commerce.payments.transactions import booked
from paydesk.declare import Rule, eq
from paydesk.rules.asking import Find
from paydesk.rules.work import Work

KEPT_MONTHS = 2
"""How long a draft without a customer stays after its last change."""


def expire(order_id: str, work: Work) -> Rule:
    """Cancel an order that has expired, and let its payments go. Returns whether it was cancelled."""
    order = yield Find("orders", eq("id", order_id), ("payment_source.payment_gateway",), lock=True)
    if order is None or not settling.ORDER.admits("lapse", order):
        return False
    if order.expires_at is None or seconds(order.expires_at) > seconds(work.now):
        return False
    yield from _end(order, work)
    return True


def purge(order_id: str, before: str, work: Work) -> Rule:
    """Delete a draft without a customer that was not changed since `before`, with its lines and payments. If money was
    moved for it, cancel it instead. Returns whether it was deleted or cancelled.
    """
    order = yield Find("orders", eq("id", order_id), ("line_items", "payment_source.payment_gateway"), lock=True)
    if order is None or order.status != "draft" or order.customer_id is not None or order.updated_at > before:
        return False
    if (yield from booked(order, work)):
        yield from _end(order, work)
        return True
    work.comes_after("adopt_payment", order)
    for payment in (yield from sources_of(order)):
        payment.release(work, held=True)
        work.delete(payment)
    yield from letting_go.delete(order, work)
    return True


def _end(order: Order, work: Work) -> Rule:
    settling.after_confirming(order, work)
    settling.ORDER.move("lapse", order, work, cancelled_at=work.now, sealed_return_url=None)
    yield from settling.end_shipments(order, work)
    yield from moving.let_go(order, work)
    yield from settling.settle(order, work)
    yield from release_source(order, work)
