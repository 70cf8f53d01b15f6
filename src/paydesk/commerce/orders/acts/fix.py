"""Bringing an order and the payment that holds its money together again.

Source: Commerce Layer, "Orders", `_fix_payment_source`.
"""

from __future__ import annotations

from paydesk.base.errors import Invalid
from paydesk.commerce.orders import paying, settling
from paydesk.commerce.orders.acts import place
from paydesk.commerce.orders.order import Order
from paydesk.declare import Rule
from paydesk.rules.work import Work


def fix(order: Order, work: Work) -> Rule:
    """Take the source of the last authorization that stands, and place the order if it is not placed yet.

    raises   Invalid: past `placed`, or where no authorization stands; Several: all that stands against placing it
    """
    if order.status not in ("pending", "placing", "placed"):
        raise Invalid("status", "invalid_transition", value=order.status)
    standing = yield from paying.standing(order, work)
    if not standing:
        raise Invalid("payment_source", "blank", "has no authorization that stands")
    yield from paying.take_of(order, standing[-1], work)
    if settling.ORDER.admits("_place", order):
        yield from place.begin(order, (yield from order.refresh(work, forced=True)), work)


def mend(order: Order, work: Work) -> Rule:
    """The same before an order is approved, where its source holds no money though another one does."""
    if not order.authorized_cents:
        return
    standing = yield from paying.standing(order, work)
    if standing and not any(one.payment_source_id == order.payment_source_id for one in standing):
        yield from paying.take_of(order, standing[-1], work)
