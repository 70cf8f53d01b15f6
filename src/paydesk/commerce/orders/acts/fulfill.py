"""Ending the delivery of an order."""

from __future__ import annotations

from paydesk.base.errors import Invalid
from paydesk.commerce.orders import settling, shipping
from paydesk.commerce.orders.order import Order
from paydesk.commerce.shipping.handling import GONE
from paydesk.declare import Rule
from paydesk.rules.work import Work


def fulfill(order: Order, work: Work) -> Rule:
    """The approved order was delivered. Its shipments, where it has any, were all sent or cancelled."""
    if settling.FULFILLMENT.is_there("_fulfill", order):
        return
    if order.status != "approved":
        raise Invalid("status", "invalid_transition", value=order.status)
    settling.FULFILLMENT.must_admit("_fulfill", order, work)
    yield from shipping.load(order)
    waiting = [one for one in order.shipments if one.status not in GONE]
    if waiting:
        message = f"{waiting[0].number} is {waiting[0].status}: ship or cancel each shipment first"
        raise Invalid("shipments", "not_shipped", message, value=waiting[0].status)
    yield from settling.fulfil(order, work)
