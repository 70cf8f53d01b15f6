"""Putting an order away, and taking it back."""

from __future__ import annotations

from paydesk.commerce.orders import letting_go, settling
from paydesk.commerce.orders.order import Order
from paydesk.declare import Rule
from paydesk.rules.work import Work


def archive(order: Order, work: Work) -> Rule:
    """Put the order away: it is found by `archived_at`. What is held or open to pay for one that is not placed is
    let go.
    """
    if order.archived_at is None:
        work.change(order, archived_at=work.now)
        if settling.needs_no_payment(order):
            settling.after_confirming(order, work)
            yield from letting_go.everything(order, work)


def unarchive(order: Order, work: Work) -> None:
    """Take the order out of the archive."""
    work.change(order, archived_at=None)
