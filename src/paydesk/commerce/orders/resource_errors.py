"""resource_errors: why an order could not be placed in the background, until it is."""

from __future__ import annotations

from paydesk.base.errors import GatewayRefused, Invalid, Refusal, Several, message_of
from paydesk.commerce.orders.order import Order
from paydesk.commerce.payable import ORDER_ACCESS
from paydesk.declare import FILTER, FIND, READ_ACTIONS, Rule, string, to_one
from paydesk.rules.asking import Load
from paydesk.rules.resource import Resource
from paydesk.rules.work import Work


class ResourceError(
    Resource,
    type="resource_errors",
    singular="resource_error",
    actions=READ_ACTIONS,
    versions=False,
    access=ORDER_ACCESS.via("resource", guest="S"),
):
    """One thing that stood against an order when it was to be placed in the background; it goes with the next success.

    Source: Commerce Layer, "Resource errors".
    """

    name = string(FIND, required=True, example="number", doc="The attribute or relationship it is about.")
    code = string(FIND, required=True, example="BLANK", doc="What is wrong, as a key.")
    message = string(FILTER, required=True, example="can't be blank", doc="The same in words.")
    resource = to_one(("orders", "returns"), required=True, doc="What could not be done with.")


def note(order: Order, refusal: Refusal, work: Work) -> Rule:
    """Keep the refusals of background work, instead of those that were kept before."""
    yield from clear(order, work)
    found = refusal.refusals if isinstance(refusal, Several) else [refusal]
    for one in found:
        name, code, message = _told(one, order)
        work.create(ResourceError, name=name, code=code, message=message, resource_type="orders", resource_id=order.id)
    work.change(order, errors_count=len(found))


def clear(order: Order, work: Work) -> Rule:
    """Delete the order's resource errors."""
    if not order.errors_count:
        return
    yield Load(order, ("resource_errors",))
    for one in order.resource_errors:
        work.delete(one)
    work.change(order, errors_count=0)


def _told(refusal: Refusal, order: Order) -> tuple[str, str, str]:
    """Name, code and message of a refusal."""
    if isinstance(refusal, Invalid):
        message = refusal.message
        if message is None:
            is_missing = refusal.error == "blank" and refusal.field in order.shape.relationships
            message = message_of("required" if is_missing else refusal.error, refusal.meta)
        code = refusal.meta.get("code") or refusal.error
        return refusal.field or "base", str(code).upper(), message
    if isinstance(refusal, GatewayRefused):
        return refusal.field or "base", refusal.code.upper(), refusal.message
    return "base", type(refusal).__name__.upper(), str(refusal)
