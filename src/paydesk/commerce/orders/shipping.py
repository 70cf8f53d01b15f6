"""What an order and its shipments do to each other: what has to be chosen before it is placed, what becomes of them
when it is placed or cancelled, and when it is fulfilled.
"""

from __future__ import annotations

from typing import Any

from paydesk.base.errors import Invalid
from paydesk.commerce.accounts.organizations import setting
from paydesk.commerce.orders import settling
from paydesk.commerce.orders.order import Order
from paydesk.commerce.shipping import shipments
from paydesk.commerce.shipping.handling import GONE, SENT
from paydesk.commerce.shipping.states import begin
from paydesk.declare import Rule
from paydesk.rules.asking import Load
from paydesk.rules.work import Work


def problems(order: Order, work: Work) -> Rule:
    """Each shipment of which nobody has said how it is sent, as its order's refresh has just found: a method that is
    not available any more is chosen no longer. A shipment that this very refresh has built is gone once the order is
    refused, so its goods are named instead.
    """
    yield from load(order)
    lacking = [one for one in order.shipments if one.shipping_method_id is None and one.status != "cancelled"]
    return [_without_method(one, is_new=one in work.created) for one in lacking]


def _without_method(shipment: Any, *, is_new: bool) -> Invalid:
    if not is_new:
        number = shipment.number
        return Invalid("shipments", "shipping_method", f"{number} has no shipping method", value=number)
    codes = sorted({one.sku_code for one in shipment.stock_line_items})
    message = f"the shipment of {', '.join(codes)} has no shipping method"
    return Invalid("shipments", "shipping_method", message, value=codes)


def start(order: Order, work: Work) -> Rule:
    """The order was placed, or placed again after editing: its shipments are upcoming, or on hold where the place that
    they are sent from holds them.
    """
    yield from load(order)
    drafts = [one for one in order.shipments if one.status == "draft"]
    if drafts:
        yield Load(order, ("shipments.inventory_stock_location",))
    held = {one for one in drafts if one.inventory_stock_location is not None and one.inventory_stock_location.on_hold}
    for shipment in sorted(drafts, key=lambda one: (one in held, one.number)):
        begin(shipment, work, held=shipment in held)


def sent(order: Order, work: Work) -> Rule:
    """Fulfil the order once all of its shipments have left, those that were cancelled aside."""
    yield from load(order)
    if any(one.status in SENT for one in order.shipments) and setting(work, "captures_shipped"):
        work.change(order, capture_due_at=work.now)
    left = [one for one in order.shipments if one.status != "cancelled"]
    is_over = bool(left) and all(one.status in GONE for one in left)
    if is_over and order.status == "approved" and order.fulfillment_status == "in_progress":
        yield from settling.fulfil(order, work)


def discard(order: Order, work: Work) -> Rule:
    """Delete its shipments with it."""
    if order.shipments_count:
        yield Load(order, ("shipments.stock_line_items",))
        yield from shipments.load_offers(order.shipments)
        shipments.discard(order.shipments, work)


def load(order: Order) -> Rule:
    """Have the shipments in hand; an order without any costs no statement."""
    if order.shipments_count:
        yield Load(order, ("shipments",))
    elif not order.loaded("shipments"):
        order.shipments = []
