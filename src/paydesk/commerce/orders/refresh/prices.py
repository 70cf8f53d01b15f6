"""Prices: each line takes what its item costs in the order's market now."""

from __future__ import annotations

from paydesk.base.currencies import to_step
from paydesk.commerce.catalog.bundles import Bundle
from paydesk.commerce.catalog.prices import prices_in
from paydesk.commerce.orders.adjustments import Adjustment
from paydesk.commerce.orders.line_items import LineItem
from paydesk.commerce.orders.order import Order
from paydesk.declare import Rule, within
from paydesk.rules.asking import Find
from paydesk.rules.work import Work


def take(order: Order, work: Work) -> Rule:
    """Take the market's present prices, save where an integration gave one. What lost its price keeps the last one, and
    the order is not placed with it (`Cart.unpriced`).
    """
    if order.market.tax_included is not None:
        work.change(order, tax_included=order.market.tax_included)
    for line in order.line_items:
        line.measure(work)
    priced = [line for line in order.line_items if line.item_id and not line.price_fixed]
    skus = yield from _take_skus(order, [line for line in priced if line.item_type == "skus"], work)
    bundled = [line for line in order.line_items if line.item_type == "bundles" and line.item_id]
    bundles = yield from _take_bundles(order, bundled, work)
    order.unpriced = [line.sku_code or line.bundle_code or line.name for line in (*skus, *bundles)]
    yield from _take_adjustments([line for line in priced if line.item_type == "adjustments"], work)


def _take_skus(order: Order, lines: list[LineItem], work: Work) -> Rule:
    """Returns the lines that have no price."""
    if not lines:
        return []
    prices = yield from prices_in(order.market, _items(lines), order.currency_code, work)
    for line in lines:
        price = prices.get(line.item_id)
        if price is not None:
            cents = price.amount_cents(line.quantity, line.frequency)
            _take(line, cents, price.compare_at_amount_cents, work)
    return [line for line in lines if line.item_id not in prices]


def _take_bundles(order: Order, lines: list[LineItem], work: Work) -> Rule:
    """Take the price of each bundle, save where an integration gave one, and what is in it now. Returns the lines that
    have no price.
    """
    if not lines:
        return []
    found = {one.id: one for one in (yield Find(Bundle, within("id", _items(lines)), many=True))}
    unpriced = []
    for line in lines:
        bundle = found.get(line.item_id)
        if bundle is not None and bundle.contents:
            work.change(line, contents=dict(bundle.contents))
        if line.price_fixed:
            continue
        if bundle is not None and bundle.is_sold_in(order.market_id, line.currency_code):
            _take(line, bundle.price_amount_cents, bundle.compare_at_amount_cents, work)
        else:
            unpriced.append(line)
    return unpriced


def _take_adjustments(lines: list[LineItem], work: Work) -> Rule:
    if not lines:
        return
    found = {one.id: one for one in (yield Find(Adjustment, within("id", _items(lines)), many=True))}
    for line in lines:
        one = found.get(line.item_id)
        if one is not None and one.currency_code == line.currency_code:
            _take(line, one.amount_cents, line.compare_at_amount_cents, work)


def _items(lines: list[LineItem]) -> list[str]:
    return sorted({line.item_id for line in lines if line.item_id})


def _take(line: LineItem, cents: int, compare_at_cents: int | None, work: Work) -> None:
    cents = to_step(cents, line.currency_code)
    if cents != line.unit_amount_cents:
        line.take(cents, compare_at_cents, work)
