"""Refreshing: bringing an order's prices, fees, amounts and status up to what it holds now."""

from __future__ import annotations

from dataclasses import asdict

from paydesk.base.currencies import to_step
from paydesk.base.instants import seconds
from paydesk.commerce.accounts.organizations import setting
from paydesk.commerce.catalog.prices import prices_in
from paydesk.commerce.orders import letting_go, settling
from paydesk.commerce.orders.line_items import LineItem
from paydesk.commerce.orders.order import Order
from paydesk.commerce.orders.paying import is_offered
from paydesk.commerce.orders.refreshed import Refreshed
from paydesk.commerce.orders.totals import PURCHASABLE, totals_of
from paydesk.declare import Rule, Test, both, either, eq
from paydesk.rules.asking import Find, Load
from paydesk.rules.work import Work


def refresh(order: Order, work: Work, *, forced: bool = False) -> Rule:
    """Prices, payment method line, totals and status, in this order. Returns a `Refreshed`, None where it is not due.

    forced   also when the order does not refresh by itself
    source   Commerce Layer, "Orders", `_refresh` and `autorefresh`
    """
    if not order.editable_now:
        return None
    yield Load(order, ("line_items", "market"))
    cutoff = setting(work, "orders_autorefresh_cutoff_live" if work.actor.live else "orders_autorefresh_cutoff_test")
    if len(order.line_items) > cutoff:
        work.change(order, autorefresh=False)
    if not forced and not _is_due(order, work):
        return None
    for line in order.line_items:
        line.measure(work)
    yield from _reprice(order, work)
    if _move(order, work):
        yield from letting_go.everything(order, work)
    yield from _default_method(order, work)
    yield from _charge_for_method(order, work)
    amounts = totals_of(order, order.line_items)
    payable = amounts.total_amount_with_taxes_cents > 0
    work.change(order, **asdict(amounts), payable_in=order.currency_code if payable else None, refreshed_at=work.now)
    settling.judge(order, work)
    return Refreshed(order, work, order.due())


def catch_up(order: Order, work: Work) -> Rule:
    """Refresh before a payment is asked for, where a write or a price may have come since the last refresh. Returns
    whether that was done.
    """
    if not order.editable_now:
        return False
    # What is written to such an order need not have refreshed it.
    is_behind = not order.autorefresh or bool(setting(work, "orders_min_refresh_lapse")) or order.refreshed_at is None
    if not is_behind and order.skus_count:
        since = order.refreshed_at
        newer = either(Test("sku.prices.updated_at", "gteq", since), Test("order.market.updated_at", "gteq", since))
        is_behind = (yield Find(LineItem, both(eq("order_id", order.id), newer))) is not None
    if is_behind:
        yield from refresh(order, work, forced=True)
    return is_behind


def _is_due(order: Order, work: Work) -> bool:
    lapse = setting(work, "orders_min_refresh_lapse")
    last = order.refreshed_at
    return bool(order.autorefresh) and not (lapse and last and 0 <= seconds(work.now) - seconds(last) < lapse)


def _reprice(order: Order, work: Work) -> Rule:
    """Take the market's present prices, save where an integration gave one. What lost its price keeps the last one."""
    lines = [line for line in order.line_items if line.item_type == "skus" and line.item_id and not line.price_fixed]
    if not lines:
        return
    ids = sorted({line.item_id for line in lines})
    prices = yield from prices_in(order.market.price_list_id, ids, order.currency_code)
    for line in lines:
        price = prices.get(line.item_id)
        if price is None:
            continue
        cents = to_step(price.amount_cents, line.currency_code)
        if cents != line.unit_amount_cents:
            line.take(cents, price.compare_at_amount_cents, work)


def _move(order: Order, work: Work) -> bool:
    """An order is pending as long as it has a customer and something to buy; either may come first.

    Returns whether it fell back to draft.
    """
    is_ready = order.customer_id is not None and any(line.item_type in PURCHASABLE for line in order.line_items)
    if order.status == "draft" and is_ready:
        work.change(order, status="pending")
    elif order.status == "pending" and not is_ready:
        work.change(order, status="draft")
        return True
    return False


def _default_method(order: Order, work: Work) -> Rule:
    """An order that becomes pending takes the market's default payment method, once."""
    became_pending = order.status == "pending" and work.changed.get(order, {}).get("status") == "draft"
    if not became_pending or order.payment_method_id or not order.market.default_payment_method_id:
        return
    yield Load(order.market, ("default_payment_method.payment_gateway",))
    method = order.market.default_payment_method
    if (
        method is not None
        and is_offered(method, order)
        and totals_of(order, order.line_items).total_amount_with_taxes_cents > 0
    ):
        work.relate(order, "payment_method", method)


def _charge_for_method(order: Order, work: Work) -> Rule:
    """Keep the line for the payment method's price; none where the method is free or nothing is to be paid."""
    yield Load(order, ("payment_method",))
    method = order.payment_method
    fee = next((line for line in order.line_items if line.item_type == "payment_methods"), None)
    others = [line for line in order.line_items if line is not fee]
    is_due = totals_of(order, others).total_amount_with_taxes_cents > 0
    costs = method is not None and method.price_amount_cents and method.currency_code == order.currency_code
    if not costs or not is_due:
        if fee is not None:
            work.delete(fee)
            order.line_items = others
        return
    if fee is None:
        fee = work.create(
            LineItem, order_id=order.id, item_type="payment_methods", quantity=1, currency_code=order.currency_code
        )
        fee.order = order
        order.line_items = [*others, fee]
    work.change(fee, item_id=method.id, name=method.name)
    fee.take(to_step(method.price_amount_cents, order.currency_code), None, work)
