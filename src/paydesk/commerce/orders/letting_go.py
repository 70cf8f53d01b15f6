"""Letting go of payments that no order needs: authorizations are voided, open payments canceled.

Received money is never refunded without being asked for; a person is told of it. Each void or cancellation is a
journalled call of its own, made after the answer, which reads the payment first.
"""

from __future__ import annotations

from paydesk.base.errors import Locked
from paydesk.commerce.orders import resource_errors, settling, shipping
from paydesk.commerce.orders.order import Order
from paydesk.commerce.orders.paying import detach_source
from paydesk.commerce.payments import moving
from paydesk.commerce.payments.payment_sources import sources_of
from paydesk.commerce.payments.transactions import booked
from paydesk.declare import Rule
from paydesk.rules.asking import Load
from paydesk.rules.work import Work


def everything(order: Order, work: Work) -> Rule:
    """Let go of all payments of a cart that needs none: it fell back to draft, or was archived unplaced. It is left
    without payment source, and its authorizations count for nothing from now on.
    """
    yield from settling.let_spare_go(order, (yield from _held(order, work)), work, counts=False)
    yield from settling.settle(order, work)
    yield from detach_source(order, work)


def discard(order: Order, work: Work) -> Rule:
    """Delete an unplaced order with its lines, payments and transactions, and let the payments go.

    raises   Locked where money was received, or is being processed: the order has to stay, to account for it
    """
    rows = yield from booked(order, work)
    if any(one.one_of("captures") and one.succeeded for one in rows):
        raise Locked("money was received for it")
    sources = yield from sources_of(order)
    if any(one.is_undecided for one in sources):
        raise Locked("a payment for it is being processed")
    settling.after_confirming(order, work)
    work.comes_after("adopt_payment", order)
    for one in rows:
        if one.one_of("authorizations"):
            work.comes_after("capture_payment", one)
    for source in sources:
        source.release(work, held=True)
        work.delete(source)
    for record in rows:
        work.delete(record)
    yield from delete(order, work)


def delete(order: Order, work: Work) -> Rule:
    """Delete an order with all that it holds, its payments aside: lines with their options, shipments, errors. Needs
    `line_items` loaded.
    """
    if any(line.options_count for line in order.line_items):
        yield Load(order, ("line_item_options",))
        for option in order.line_item_options:
            work.delete(option)
    for line in order.line_items:
        work.delete(line)
    yield from shipping.discard(order, work)
    yield from resource_errors.clear(order, work)
    work.delete(order)


def _held(order: Order, work: Work) -> Rule:
    rows = yield from booked(order, work)
    return [one for one in rows if one.one_of("authorizations") and moving.may_void(one, rows)]
