"""The parts of a request that both make and change an order: values, payment method and source, codes."""

from __future__ import annotations

from typing import Any

from paydesk.commerce.accounts.organizations import setting
from paydesk.commerce.orders import paying
from paydesk.commerce.orders.order import Order
from paydesk.commerce.returning import kept, masked
from paydesk.commerce.taxes.switches import tell
from paydesk.commerce.unserved import asked
from paydesk.declare import Rule
from paydesk.rules.asking import Change
from paydesk.rules.work import Work

RELATED = ("market", "customer", "billing_address", "shipping_address", "payment_method", "payment_source")
"""Relationships whose change has rules of its own."""


def own_values(order: Order | None, change: Change, work: Work) -> dict[str, Any]:
    """The values that a request assigns to the order as they are: no relationships with rules of their own, and nothing
    that rules decide. Tokens are taken out of the addresses that the shopper comes back to.
    """
    decided = {"customer_email", "guest", *(f"{name}_id" for name in RELATED), *(f"{name}_type" for name in RELATED)}
    values = {name: value for name, value in change.values.items() if name not in decided}
    tell(order, values, work)
    if values.get("cart_url"):
        values["cart_url"] = masked(values["cart_url"])
    if "return_url" in values:
        stored, sealed = (order.return_url, order.sealed_return_url) if order is not None else (None, None)
        values["return_url"], values["sealed_return_url"] = kept(values["return_url"], stored, sealed, work)
    return values


def choose_payment(order: Order, change: Change, work: Work) -> Rule:
    """The payment method, then the payment source that goes with it."""
    if "payment_method" in change.related:
        yield from paying.choose_method(order, change.related["payment_method"], work)
    if "payment_source" in change.related:
        yield from paying.choose_source(order, change.related["payment_source"], work)


def check_store(store: Any, market: Any, work: Work) -> None:
    """A store sells for its own market; and who is bound to one has orders of no other."""
    if store is not None and store.market_id != market.id:
        work.invalid("store", "invalid", "sells for another market")
    elif work.actor.store_id is not None and (store is None or store.id != work.actor.store_id):
        work.invalid("store", "invalid", "is not the one in the token's scope")


def refuse_codes(change: Change, work: Work) -> None:
    """No coupon and no gift card exists, so every code is unknown; a blank one takes nothing away."""
    for name, switch, error in (
        ("coupon_code", "orders_invalid_coupon_errors", "noent_coupon"),
        ("gift_card_code", "orders_invalid_gift_card_errors", "noent_gift_card"),
        ("gift_card_or_coupon_code", "orders_invalid_coupon_errors", "noent_coupon"),
    ):
        code = asked(change, name)
        if code and setting(work, switch):
            work.invalid(name, error, "doesn't exist", value=code)
