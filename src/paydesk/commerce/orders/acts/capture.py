"""Capturing the payment of an approved order."""

from __future__ import annotations

from paydesk.base.errors import Invalid
from paydesk.commerce.orders.money_steps import begin
from paydesk.commerce.orders.order import Order
from paydesk.declare import Rule
from paydesk.rules.work import Work


def capture(order: Order, work: Work) -> Rule:
    """Capture all that is authorized for the approved order.

    A second time it changes nothing.
    """
    if order.status != "approved":
        raise Invalid("status", "invalid_transition", value=order.status)
    if order.payment_status not in ("paid", "free"):
        yield from begin_captures(order, work)


def begin_captures(order: Order, work: Work, *, what: str = "capture") -> Rule:
    """Take what the order costs of everything that is authorized, its own source first.

    what   `approve`: the order is approved with the last capture, or not at all
    """
    if not (yield from begin(order, what, work)):
        raise Invalid("payment_status", "invalid_transition", value=order.payment_status)
