"""Paying an order with what its customer keeps in the wallet."""

from __future__ import annotations

from paydesk.base.errors import Invalid
from paydesk.commerce.orders.order import Order
from paydesk.commerce.orders.paying import choose_method
from paydesk.commerce.owning import shows_entry
from paydesk.commerce.payments.customer_payment_sources import CustomerPaymentSource
from paydesk.commerce.payments.payment_sources import ORDER_PATHS
from paydesk.declare import Rule
from paydesk.rules.asking import Load
from paydesk.rules.work import Work


def _is_open_to(order: Order, entry: CustomerPaymentSource, work: Work) -> bool:
    """Whether the caller may pay with a wallet entry: a shopper only with those shown to the signed-in customer."""
    if work.actor.is_sales_channel and work.actor.customer_id != order.customer_id:
        return False
    return shows_entry(work.actor, entry, order.customer.proved_at)


def use(order: Order, entry_id: str, work: Work) -> Rule:
    """Pay with what the customer keeps under this id, one of `available_customer_payment_sources`.

    A payment is opened with the wallet entry, and confirmed when the order is placed.

    raises   Invalid("_customer_payment_source_id", ...) for what is no entry of the order's customer, or is none that
             it can be paid with
    """
    yield Load(order, ("available_customer_payment_sources", "available_payment_methods.payment_gateway", "customer"))
    entry = next((one for one in order.available_customer_payment_sources if one.id == entry_id), None)
    if entry is None or not _is_open_to(order, entry, work):
        raise Invalid("_customer_payment_source_id", "invalid", "is not in the wallet of the order", value=entry_id)
    methods = order.available_payment_methods
    method = next(
        (one for one in methods if one.id == entry.payment_method_id),
        next((one for one in methods if one.payment_gateway_id == entry.payment_gateway_id), None),
    )
    assert method is not None, "an entry is available by a method that the order is offered"
    former = {"replaces": order.payment_source_id, "payment_method_id": order.payment_method_id}
    yield from choose_method(order, method, work)
    yield from order.refresh(work, forced=True)
    order.takes_source(work)
    work.check()
    yield Load(order, ORDER_PATHS)
    source = order.payment_source
    is_there = getattr(source, "wallet_entry_id", None) == entry.id
    if is_there and not source.is_canceled and not source.is_mismatched(order):
        return
    yield from method.payment_gateway.makes.reopening(order, entry, former, work)
