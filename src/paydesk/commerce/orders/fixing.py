"""Bringing an order and the payment that holds its money together again.

Source: Commerce Layer, "Orders", `_fix_payment_source`.
"""

from __future__ import annotations

from typing import Any

from paydesk.commerce.orders import placing, settling
from paydesk.commerce.orders.paying import take
from paydesk.commerce.payments.status import held_by
from paydesk.commerce.payments.transactions import booked
from paydesk.declare import Rule
from paydesk.errors import Invalid
from paydesk.work import Load, Work


def fix(order: Any, work: Work) -> Rule:
    """Make the source of the last authorization that stands the order's, and place the order if it is not placed yet.

    raises   Invalid: past `placed`, or where no authorization stands; Several: what stands against placing it
    """
    if order.status not in ("pending", "placing", "placed"):
        raise Invalid("status", "invalid_transition", value=order.status)
    standing = yield from _standing(order, work)
    if not standing:
        raise Invalid("payment_source", "blank", "has no authorization that stands")
    yield from _take(order, standing[-1], work)
    if settling.ORDER.admits("_place", order):
        yield from order.refresh(work, forced=True)
        yield from placing.begin(order, work)


def mend(order: Any, work: Work) -> Rule:
    """The same before an order is approved, where its source holds nothing though another does."""
    if not order.authorized_cents:
        return
    standing = yield from _standing(order, work)
    if standing and not any(one.payment_source_id == order.payment_source_id for one in standing):
        yield from _take(order, standing[-1], work)


def _standing(order: Any, work: Work) -> Rule:
    """The authorizations whose payment still holds money, captured or not, oldest first."""
    everything = yield from booked(order, work)
    return [
        one
        for one in everything
        if one.one_of("authorizations") and one.counts and held_by(one.payment_source_id, everything) > 0
    ]


def _take(order: Any, authorization: Any, work: Work) -> Rule:
    yield Load(authorization, ("payment_source.payment_gateway",))
    payment = authorization.payment_source
    if payment is not None and payment.id != order.payment_source_id:
        yield from take(order, payment, work)
