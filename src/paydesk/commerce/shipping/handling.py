"""When shipments are handled by hand: once their order's fulfilment is in progress they are no longer built anew."""

from __future__ import annotations

from typing import Any

from paydesk.commerce.cart import Cart
from paydesk.rules.work import Work

SENT = ("shipped", "delivered")
"""Statuses of shipments that have left."""

GONE = (*SENT, "cancelled")
"""Statuses of shipments that nothing is put into, or taken out of, any more."""


def must_be_handled(order: Cart, work: Work, *, field: str = "order") -> None:
    """Refuse what may be changed by hand only while the goods of an order are being sent.

    raises   Invalid(field, "not_in_progress")
    """
    if order.fulfillment_status != "in_progress":
        message = "is not being fulfilled: its shipments follow from what it holds"
        work.invalid(field, "not_in_progress", message, value=order.fulfillment_status)
        work.check()


def must_be_open(shipment: Any, work: Work) -> None:
    """The same for a shipment: it has not left, and its order is being fulfilled.

    raises   Invalid
    """
    must_be_handled(shipment.order, work, field="shipment")
    if shipment.status in GONE:
        work.invalid("shipment", "not_editable", f"is {shipment.status}", value=shipment.status)
        work.check()
