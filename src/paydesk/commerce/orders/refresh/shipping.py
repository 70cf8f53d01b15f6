"""What it costs to send an order: a line for each shipment whose method is chosen."""

from __future__ import annotations

from typing import Any

from paydesk.commerce.orders.line_items import LineItem
from paydesk.commerce.orders.order import Order
from paydesk.commerce.shipping.offering import charged
from paydesk.declare import Rule
from paydesk.rules.work import Work


def charge(order: Order, work: Work) -> Rule:
    """Keep a line for the cost of each shipment that is to be sent by a chosen method, one that costs nothing among
    them. Needs the shipments built.

    source   Commerce Layer, "Shipments", `shipping_method`; "Markets", `shipping_cost_cutoff`
    """
    lines = {line.item_id: line for line in order.line_items if line.item_type == "shipments"}
    chosen = [one for one in order.shipments if one.shipping_method_id and one.status != "cancelled"]
    chosen.sort(key=lambda one: one.number)
    prices = [_price(one) for one in chosen]
    costs = charged(prices, order.market.shipping_cost_cutoff)
    for id_ in lines.keys() - {one.id for one in chosen}:
        work.delete(lines[id_])
    new = [one for one in chosen if one.id not in lines]
    for shipment in new:
        lines[shipment.id] = work.create(
            LineItem,
            order_id=order.id,
            item_type="shipments",
            item_id=shipment.id,
            quantity=1,
            currency_code=order.currency_code,
        )
        lines[shipment.id].order = order
    order.line_items = [
        *(line for line in order.line_items if line.item_type != "shipments"),
        *(lines[one.id] for one in chosen),
    ]
    for shipment, cents in zip(chosen, costs, strict=True):
        line = lines[shipment.id]
        work.change(line, name=shipment.shipping_method.name)
        line.take(cents, None, work)
    yield from ()


def _price(shipment: Any) -> int:
    offers = {one.shipping_method_id: one.price_cents for one in shipment.offers}
    return int(offers[shipment.shipping_method_id])
