"""Making subscriptions of a placed order."""

from __future__ import annotations

from paydesk.commerce.orders.order import Order
from paydesk.rules.work import Work


def create_subscriptions(order: Order, work: Work) -> None:
    """Nothing happens, as long as subscriptions are not served."""
