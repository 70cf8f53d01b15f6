"""Ending the delivery of an order."""

from __future__ import annotations

from paydesk.base.errors import Invalid
from paydesk.commerce.orders import settling, stocking
from paydesk.commerce.orders.order import Order
from paydesk.declare import Rule
from paydesk.rules.work import Work


def fulfill(order: Order, work: Work) -> Rule:
    """The approved order was delivered."""
    if settling.FULFILLMENT.is_there("_fulfill", order):
        return
    if order.status != "approved":
        raise Invalid("status", "invalid_transition", value=order.status)
    settling.FULFILLMENT.move("_fulfill", order, work, fulfillment_updated_at=work.now)
    yield from stocking.take(order, work)
