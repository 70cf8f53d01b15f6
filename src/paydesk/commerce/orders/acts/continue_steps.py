"""Going on with an act that moves an order's money, once its last step is done."""

from __future__ import annotations

from paydesk.base.errors import Invalid
from paydesk.commerce.orders import settling
from paydesk.commerce.orders.acts.approve import approve
from paydesk.commerce.orders.acts.cancel import end
from paydesk.commerce.orders.money_steps import steps_of, take
from paydesk.commerce.orders.order import Order
from paydesk.commerce.payable import Act
from paydesk.declare import Rule
from paydesk.rules.work import Work


def go_on(order: Order, act: Act, work: Work) -> Rule:
    """Ask for the next step of an act, or end it: approve or cancel the order. Returns the refusal, if any."""
    try:
        steps = yield from steps_of(order, act.what, _taken(act), work)
        if steps:
            yield from take(steps[0], order, act, work)
        else:
            yield from follow(order, act.what, work)
    except Invalid as refusal:
        return refusal
    return None


def left_of(order: Order, act: Act, work: Work) -> Rule:
    """The steps of an act that were not begun, as a client is told of them."""
    steps = yield from steps_of(order, act.what, _taken(act), work)
    return [{"step": kind, "type": one.shape.type, "id": one.id, "amount_cents": amount} for kind, one, amount in steps]


def _taken(act: Act) -> set[str]:
    return {one["id"] for one in act.done}


def follow(order: Order, what: str, work: Work) -> Rule:
    """End an act once all of its money has moved: approve or cancel the order."""
    if what == "approve":
        if settling.ORDER.admits("_approve", order):
            yield from approve(order, work)
    elif what == "cancel" and settling.ORDER.admits("_cancel", order):
        yield from end(order, work)
