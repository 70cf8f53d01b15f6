"""Everything that stands against placing an order, or against paying for it."""

from __future__ import annotations

from typing import Any

from paydesk.base.errors import Invalid
from paydesk.base.instants import seconds
from paydesk.commerce.cart import PURCHASABLE
from paydesk.commerce.orders import addressing, shipping
from paydesk.commerce.orders.order import Order
from paydesk.commerce.orders.paying import is_offered
from paydesk.commerce.orders.stocking import shortages
from paydesk.declare import Rule
from paydesk.rules.asking import Load
from paydesk.rules.work import Work

PATHS = (
    "line_items",
    "market",
    "payment_method.payment_gateway",
    "payment_source.payment_gateway",
    "payment_source.wallet_entry",
)
"""The records that an order is judged by."""


def problems(order: Order, work: Work, *, with_source: bool = True, is_covered: bool = False) -> Rule:
    """All that stands against placing an order, each with its field; [] when nothing does.

    is_covered   what its payments hold together covers what it costs: what one of them was for is no matter then
    source   Commerce Layer, "Placing orders"
    """
    yield from load(order)
    wrong: list[Invalid] = []
    if order.status == "draft":
        wrong.append(Invalid("status", "invalid_transition", value="draft"))
    if order.expires_at is not None and seconds(order.expires_at) <= seconds(work.now):
        wrong.append(Invalid("expires_at", "expired", value=order.expires_at))
    wrong.extend((yield from goods_problems(order, work)))
    if order.total_amount_with_taxes_cents > 0 and with_source:
        wrong.extend((yield from payment_problems(order, any_amount=is_covered)))
    return wrong


def load(order: Order) -> Rule:
    """Load the records that an order is judged by."""
    yield Load(order, PATHS)


def goods_problems(order: Order, work: Work) -> Rule:
    """What an order lacks of what it sells, to whom and where to; [] when nothing. Needs `line_items` and `market`
    loaded.
    """
    wrong: list[Invalid] = []
    if not any(line.item_type in PURCHASABLE for line in order.line_items):
        wrong.append(Invalid("line_items", "blank", "can't be blank"))
    if any(line.currency_code != order.currency_code for line in order.line_items):
        wrong.append(Invalid("line_items", "currency_mismatch", "has another currency"))
    if order.customer_id is None:
        wrong.append(Invalid("customer", "blank"))
    if order.billing_address_id is None:
        wrong.append(Invalid("billing_address", "blank"))
    if order.shipping_address_id is None and (yield from addressing.ships(order)):
        wrong.append(Invalid("shipping_address", "blank"))
    wrong.extend(price_problems(order))
    wrong.extend((yield from addressing.problems(order)))
    wrong.extend((yield from shipping.problems(order, work)))
    wrong.extend((yield from shortages(order, work)))
    if order.market.private and order.customer_id is not None:
        yield Load(order, ("customer",))
        if order.customer.customer_group_id != order.market.customer_group_id:
            wrong.append(Invalid("market", "invalid", "is for the customers of its group"))
    return wrong


def price_problems(order: Order) -> list[Invalid]:
    """What its refresh found no price for: nobody says what that costs now."""
    return [
        Invalid("line_items", "no_price", f"{name} has no price in this market", value=name) for name in order.unpriced
    ]


def payment_problems(order: Order, *, any_amount: bool = False) -> Rule:
    """What stands against paying with the order's source; `any_amount`: its amount is yet to be settled."""
    method, source = order.payment_method, order.payment_source
    if method is None:
        return [Invalid("payment_method", "blank")]
    wrong = [] if (yield from is_offered(method, order)) else [Invalid("payment_method", "invalid")]
    if source is None:
        wrong.append(Invalid("payment_source", "blank"))
    elif source.shape.type != method.payment_source_type:
        wrong.append(Invalid("payment_source", "invalid"))
    elif not any_amount and source.is_mismatched(order):
        wrong.append(Invalid("payment_source", "mismatched_amounts"))
    return wrong


def not_placeable(message: str, **meta: Any) -> Invalid:
    """What a payment that does not hold the money is told with."""
    return Invalid("payment_status", "not_placeable", message, **meta)
