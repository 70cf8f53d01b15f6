"""Refunding an order."""

from __future__ import annotations

from paydesk.base.errors import Invalid
from paydesk.commerce.orders.money_steps import begin
from paydesk.commerce.orders.order import Order
from paydesk.declare import Rule
from paydesk.rules.work import Work


def refund(order: Order, work: Work) -> Rule:
    """Give back all that was captured, one capture after the other, which cancels the order. The first that fails
    ends it; the answer's `meta` tells what was done, and what was not begun.
    """
    if not (yield from begin(order, "refund", work)) and order.payment_status != "refunded":
        raise Invalid("payment_status", "invalid_transition", value=order.payment_status)
