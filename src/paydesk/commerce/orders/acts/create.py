"""Making an order."""

from __future__ import annotations

import secrets

from paydesk.commerce.accounts.markets import Market
from paydesk.commerce.entering import OPEN
from paydesk.commerce.orders import addressing
from paydesk.commerce.orders.changes import RELATED, check_store, choose_payment, own_values, refuse_codes
from paydesk.commerce.orders.numbers import check_number, next_number
from paydesk.commerce.orders.order import Order
from paydesk.commerce.orders.ownership import customer_of_change, name_customer
from paydesk.declare import Rule, both, eq
from paydesk.rules.asking import Change, Find, new_id
from paydesk.rules.work import Work


def create(kind: type[Order], change: Change, work: Work) -> Rule:
    """Make the order that a request asks for. Returns it."""
    order_id = change.arguments.get("id") or new_id()
    market = yield from _market_of(change, work)
    customer = yield from customer_of_change(None, order_id, change, work)
    refuse_codes(change, work)
    check_number(None, change, work)
    work.check()
    billing = yield from addressing.kept_apart(change.related.get("billing_address"), None, work)
    shipping = yield from addressing.kept_apart(change.related.get("shipping_address"), None, work)
    yield from _take_store(market, change, work)
    values = own_values(None, change, work)
    if values.get("number") is None:
        values["number"] = yield from next_number(work)
    order = work.create(
        kind,
        id=order_id,
        **{
            **values,
            "token": secrets.token_hex(16),
            "currency_code": market.price_list.currency_code,
            "tax_included": market.price_list.tax_included,
        },
    )
    order.line_items = []
    for name in RELATED:
        if name in kind.shape.relationships:
            work.relate(order, name, None)
    work.relate(order, "market", market)
    work.relate(order, "billing_address", billing)
    work.relate(order, "shipping_address", shipping)
    yield from addressing.settle_country(order, work)
    yield from name_customer(order, customer, change, work)
    yield from choose_payment(order, change, work)
    work.check()
    yield from order.refresh(work)
    return order


def _take_store(market: Market, change: Change, work: Work) -> Rule:
    """The order is the store's that the request names, or that is in the token's scope."""
    store = change.related.get("store")
    if "store" not in change.related and work.actor.store_id is not None:
        store = yield Find("stores", eq("id", work.actor.store_id))
        change.values["store_id"] = store.id if store is not None else None
    check_store(store, market, work)
    work.check()


def _market_of(change: Change, work: Work) -> Rule:
    """The market that the request names, or the only one in the token's scope. Raises when there is neither."""
    market = change.related.get("market")
    scope = work.actor.market_ids or ()
    if market is None and "market" not in change.related and len(scope) == 1:
        market = yield Find(Market, both(eq("id", scope[0]), OPEN), paths=("price_list",))
    if market is None or (work.actor.is_sales_channel and market.disabled_at is not None):
        work.invalid("market", "blank")
        work.check()
    return market
