"""The steps of a refresh, in the order in which they are taken: each relies on those before it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from paydesk.commerce.orders import settling
from paydesk.commerce.orders.order import Order
from paydesk.commerce.orders.refresh import payment_methods, prices, status, totals
from paydesk.declare import Rule
from paydesk.rules.work import Work


@dataclass(frozen=True, slots=True)
class Step:
    """One step: `take(order, work)` brings one part of the order up to what it holds now. The order's lines and market
    are loaded; a step that needs more asks for it.
    """

    name: str
    take: Callable[[Order, Work], Rule]


def _judge(order: Order, work: Work) -> Rule:
    settling.judge(order, work)
    yield from ()


STEPS = (
    Step("prices", prices.take),
    Step("status", status.follow),
    Step("payment method", payment_methods.choose),
    Step("payment method's price", payment_methods.charge),
    Step("totals", totals.add_up),
    Step("payment status", _judge),
)
"""Promotions, shipping, gift cards and taxes come between prices and totals once they are served."""
