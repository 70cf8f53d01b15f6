"""Editing an order after it was placed: it may come to cost less, never more.

Source: Commerce Layer, "Orders", `_start_editing` and `_stop_editing`.
"""

from __future__ import annotations

from paydesk.base.errors import Invalid, Several
from paydesk.base.money import Money
from paydesk.commerce.orders import addressing, settling, shipping, stocking
from paydesk.commerce.orders.order import Order
from paydesk.commerce.orders.problems import goods_problems, not_placeable
from paydesk.declare import Rule
from paydesk.rules.asking import Load
from paydesk.rules.work import Work


def start(order: Order, work: Work) -> None:
    """Open the placed order for changes.

    Its payment is judged by its total at placement, if that is less than its present one.
    """
    if not settling.ORDER.is_there("_start_editing", order):
        settling.ORDER.move("_start_editing", order, work)


def stop(order: Order, work: Work) -> Rule:
    """Close the order again, as placed; it must not cost more than when it was placed.

    No event tells that it was placed anew.

    raises   Several: everything that stands against it, among it a total above the one at placement, or above the money
             that is authorized or captured for it
    """
    if settling.ORDER.is_there("_stop_editing", order):
        return
    settling.ORDER.must_admit("_stop_editing", order, work)
    refreshed = yield from order.refresh(work, forced=True)
    wrong = yield from goods_problems(order, work)
    assert order.place_total_amount_cents is not None, "it was placed"
    total, placed = refreshed.due, Money(order.place_total_amount_cents, order.currency_code)
    if total > placed:
        count = placed.cents
        wrong.append(Invalid("total_amount_with_taxes_cents", "less_than_or_equal_to", value=total.cents, count=count))
    elif total > (yield from settling.secured(order, work)) and not (yield from _is_processing(order)):
        wrong.append(not_placeable("does not cover what the order costs", value=order.payment_status))
    if not wrong:
        wrong.extend((yield from stocking.reserve(order, work)))
    if wrong:
        raise Several(list(wrong))
    settling.ORDER.move("_stop_editing", order, work, proof=refreshed)
    ships = yield from addressing.ships(order)
    if ships != (order.fulfillment_status != "not_required"):
        status = "unfulfilled" if ships else "not_required"
        work.change(order, fulfillment_status=status, fulfillment_updated_at=work.now)
    yield from shipping.start(order, work)
    # Authorizations that it does not need by now may go.
    yield from settling.settle(order, work)


def _is_processing(order: Order) -> Rule:
    """The bank has yet to decide about its payment; it was placed in that state, too."""
    yield Load(order, ("payment_source",))
    return order.payment_source is not None and order.payment_source.gateway_status == "processing"
