"""Prices: each line takes what its item costs in the order's market now."""

from __future__ import annotations

from paydesk.base.currencies import to_step
from paydesk.commerce.catalog.prices import prices_in
from paydesk.commerce.orders.order import Order
from paydesk.declare import Rule
from paydesk.rules.work import Work


def take(order: Order, work: Work) -> Rule:
    """Take the market's present prices, save where an integration gave one. What lost its price keeps the last one."""
    for line in order.line_items:
        line.measure(work)
    lines = [line for line in order.line_items if line.item_type == "skus" and line.item_id and not line.price_fixed]
    if not lines:
        return
    ids = sorted({line.item_id for line in lines})
    prices = yield from prices_in(order.market, ids, order.currency_code, work)
    for line in lines:
        price = prices.get(line.item_id)
        if price is None:
            continue
        cents = to_step(price.amount_cents(line.quantity, line.frequency), line.currency_code)
        if cents != line.unit_amount_cents:
            line.take(cents, price.compare_at_amount_cents, work)
