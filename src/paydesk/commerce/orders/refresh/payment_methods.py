"""The payment method of an order: the market's default at first, and the line for its price."""

from __future__ import annotations

from paydesk.base.currencies import to_step
from paydesk.commerce.orders.line_items import LineItem
from paydesk.commerce.orders.order import Order
from paydesk.commerce.orders.paying import is_offered
from paydesk.commerce.orders.refresh.totals import totals_of
from paydesk.declare import Rule
from paydesk.rules.asking import Load
from paydesk.rules.work import Work


def choose(order: Order, work: Work) -> Rule:
    """An order that becomes pending takes the market's default payment method, once."""
    became_pending = order.status == "pending" and work.changed.get(order, {}).get("status") == "draft"
    if not became_pending or order.payment_method_id or not order.market.default_payment_method_id:
        return
    yield Load(order.market, ("default_payment_method.payment_gateway",))
    method = order.market.default_payment_method
    if (
        method is not None
        and (yield from is_offered(method, order))
        and totals_of(order, order.line_items).total_amount_with_taxes_cents > 0
    ):
        work.relate(order, "payment_method", method)


def charge(order: Order, work: Work) -> Rule:
    """Keep the line for the payment method's price; none where the method is free or nothing is to be paid."""
    yield Load(order, ("payment_method",))
    method = order.payment_method
    fee = next((line for line in order.line_items if line.item_type == "payment_methods"), None)
    others = [line for line in order.line_items if line is not fee]
    costs = method is not None and method.price_amount_cents and method.currency_code == order.currency_code
    if not costs or totals_of(order, others).total_amount_with_taxes_cents <= 0:
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
