"""Options: what the options of each line cost now."""

from __future__ import annotations

from paydesk.commerce.orders.order import Order
from paydesk.declare import Rule
from paydesk.rules.asking import Load
from paydesk.rules.work import Work


def take(order: Order, work: Work) -> Rule:
    """Take the present prices of sku options, save where an integration gave one. A cart without any reads nothing. One
    that is not sold in the market any more is among what has no price (`Cart.unpriced`).
    """
    optional = [line for line in order.line_items if line.options_count]
    if optional:
        yield Load(order, ("line_item_options.sku_option",))
        for one in order.line_item_options:
            one.take_price(work)
        gone = [one for one in order.line_item_options if not (one.price_fixed or one.is_sold_in(order.market_id))]
        order.unpriced = [*order.unpriced, *(one.name for one in gone)]
        for line in optional:
            line.take_options([one for one in order.line_item_options if one.line_item_id == line.id], work)
    work.change(order, line_item_options_count=sum(line.options_count or 0 for line in order.line_items))
