"""Bringing an order back from a placement that did not come to its end."""

from __future__ import annotations

from paydesk.base.errors import Invalid
from paydesk.commerce.cart import PURCHASABLE
from paydesk.commerce.orders import settling
from paydesk.commerce.orders.order import Order
from paydesk.rules.work import Work


def pend(order: Order, work: Work) -> None:
    """Bring the order back to `pending`, when placing it did not come to its end."""
    if settling.ORDER.is_there("_pending", order):
        return
    is_ready = order.customer_id is not None and any(line.item_type in PURCHASABLE for line in order.line_items)
    if order.status == "draft" and not is_ready:
        raise Invalid("status", "invalid_transition", value="draft")
    settling.ORDER.move("_pending", order, work)
