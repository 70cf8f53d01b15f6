"""Cancelling an order."""

from __future__ import annotations

from paydesk.base.errors import Invalid
from paydesk.commerce.orders import settling
from paydesk.commerce.orders.money_steps import begin
from paydesk.commerce.orders.order import Order
from paydesk.commerce.orders.paying import release_source
from paydesk.declare import Rule
from paydesk.rules.work import Work


def cancel(order: Order, work: Work) -> Rule:
    """Cancel the order as long as its fulfilment has not begun; what is authorized is voided, what was captured
    given back, one after the other. The first that fails ends it, as with `_refund`.

    Of an order that is cancelled already, money that is held or was captured nevertheless is voided or refunded.
    """
    if settling.ORDER.is_there("_cancel", order):
        yield from begin(order, "cancel", work)
        return
    settling.ORDER.must_admit("_cancel", order, work)
    settling.after_confirming(order, work)
    if order.status == "approved" and order.fulfillment_status not in ("unfulfilled", "not_required"):
        raise Invalid("fulfillment_status", "invalid_transition", value=order.fulfillment_status)
    if not (yield from begin(order, "cancel", work)):
        yield from end(order, work)


def end(order: Order, work: Work) -> Rule:
    """Cancel the order, its money being moved."""
    yield from settling.cancel(order, work)
    yield from settling.settle(order, work)
    yield from release_source(order, work)
