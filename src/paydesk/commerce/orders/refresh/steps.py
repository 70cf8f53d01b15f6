"""The steps of a refresh, in the order in which they are taken: each relies on those before it.

This is the one place that says the order. An area below orders contributes steps of its own (`commerce/cart.py`).
"""

from __future__ import annotations

from paydesk.commerce.cart import Step
from paydesk.commerce.orders import settling
from paydesk.commerce.orders.order import Order
from paydesk.commerce.orders.refresh import options, payment_methods, prices, shipping, status, totals
from paydesk.commerce.shipping.building import SHIPMENTS
from paydesk.commerce.taxes import steps as taxes
from paydesk.declare import Rule
from paydesk.rules.work import Work


def _judge(order: Order, work: Work) -> Rule:
    settling.judge(order, work)
    yield from ()


STEPS = (
    Step("prices", prices.take),
    Step("options", options.take),
    SHIPMENTS,
    Step("shipping", shipping.charge),
    taxes.RATE,
    Step("status", status.follow),
    Step("payment method", payment_methods.choose),
    Step("payment method's price", payment_methods.charge),
    taxes.TAXES,
    Step("totals", totals.add_up),
    Step("payment status", _judge),
)
"""Promotions come between prices and shipments, gift cards before taxes, once they are served. The rate comes before
the payment method, since whether anything is to be paid depends on it; it needs the order's address and no amount.
"""

TAXING = (taxes.RATE, taxes.TAXES, *STEPS[-2:])
"""The steps that bring taxes, and what follows from them, up to date while prices stay as they are."""
