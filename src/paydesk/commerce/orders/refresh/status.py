"""Status: an order is a draft until it has a customer and something to buy."""

from __future__ import annotations

from paydesk.commerce.cart import PURCHASABLE
from paydesk.commerce.orders import letting_go
from paydesk.commerce.orders.order import Order
from paydesk.declare import Rule
from paydesk.rules.work import Work


def follow(order: Order, work: Work) -> Rule:
    """An order is pending as long as it has a customer and something to buy; either may come first. One that falls back
    to draft lets go what is held or payable for it.
    """
    is_ready = order.customer_id is not None and any(line.item_type in PURCHASABLE for line in order.line_items)
    if order.status == "draft" and is_ready:
        work.change(order, status="pending")
    elif order.status == "pending" and not is_ready:
        work.change(order, status="draft")
        yield from letting_go.everything(order, work)
