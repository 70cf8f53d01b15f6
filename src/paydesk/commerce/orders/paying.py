"""Setting an order's payment method and payment source, and taking them away."""

from __future__ import annotations

from paydesk.commerce.orders.order import Order
from paydesk.commerce.payments.payment_methods import PaymentMethod
from paydesk.commerce.payments.payment_sources import PaymentSource, assign, sources_of
from paydesk.commerce.payments.status import held_by
from paydesk.commerce.payments.transactions import Transaction, booked
from paydesk.declare import Rule, both, eq, null
from paydesk.rules.asking import Find, Load
from paydesk.rules.work import Work


def is_offered(method: PaymentMethod, order: Order) -> Rule:
    """Whether the order may be paid by a method: an enabled one in its currency, of its store, or where that has none
    of its own, of its market or of no market.

    source   Commerce Layer, "Orders", `available_payment_methods`
    """
    is_on = method.disabled_at is None and method.payment_gateway.disabled_at is None
    if not is_on or method.currency_code != order.currency_code:
        return False
    if order.store_id is not None and method.store_id == order.store_id:
        return True
    if method.store_id is not None or method.market_id not in (None, order.market_id):
        return False
    if order.store_id is None:
        return True
    own = both(eq("store_id", order.store_id), null("disabled_at"))
    return (yield Find(PaymentMethod, own, first=True)) is None


def is_under_way(order: Order, work: Work) -> Rule:
    """Whether money of the order was moved, or may still be by a payment that is open or authorized."""
    for kind in ("open_payment", "adopt_payment"):
        work.comes_after(kind, order)
    everything = yield from booked(order, work)
    if any((one.succeeded or one.is_pending) and not one.excluded for one in everything):
        return True
    sources = yield from sources_of(order)
    return any(one.id == order.payment_source_id and not one.is_canceled for one in sources) or any(
        not one.by_hand and not one.is_over for one in sources
    )


def choose_method(order: Order, method: PaymentMethod | None, work: Work) -> Rule:
    """Set the payment method, or none. A source that was made for another method is detached."""
    if method is not None:
        yield Load(method, ("payment_gateway",))
        if not (yield from is_offered(method, order)):
            work.invalid("payment_method", "invalid")
            return
    work.relate(order, "payment_method", method)
    if order.payment_source_id is None:
        return
    yield Load(order, ("payment_source.payment_gateway",))
    source = order.payment_source
    if (
        method is None
        or source.shape.type != method.payment_source_type
        or source.payment_gateway_id != method.payment_gateway_id
    ):
        yield from detach_source(order, work)


def take_method(order: Order, method_id: str, work: Work) -> Rule:
    """Set the payment method that a payment was opened for. Returns False if it is no longer offered."""
    if order.payment_method_id == method_id:
        return True
    method = yield Find(PaymentMethod, eq("id", method_id), ("payment_gateway",))
    if method is None or not (yield from is_offered(method, order)):
        return False
    yield from choose_method(order, method, work)
    yield from order.refresh(work)
    return True


def choose_source(order: Order, source: PaymentSource | None, work: Work) -> Rule:
    """Set the payment source, which must be the order's own and of its payment method's type."""
    if source is None:
        yield from detach_source(order, work)
        return
    yield Load(order, ("payment_method",))
    expected = order.payment_method.payment_source_type if order.payment_method else None
    if source.order_id != order.id or source.shape.type != expected:
        work.invalid("payment_source", "invalid")
        return
    if source.id == order.payment_source_id:
        return
    if source.is_canceled:
        work.invalid("payment_source", "expired")
        return
    yield from release_source(order, work)
    former = order.payment_source
    source.keep(work)
    assign(order, source, work)
    if source.by_hand or (former is not None and former.by_hand):
        yield from order.settle(work)


def detach_source(order: Order, work: Work) -> Rule:
    """Leave the order without payment source, and cancel its payment at the gateway if that is possible."""
    if order.payment_source_id is None:
        return
    yield from release_source(order, work)
    former = order.payment_source
    assign(order, None, work)
    if former is not None and former.by_hand:
        # A payment in our books alone counts only as long as it is the order's source.
        yield from order.settle(work)


def nullify_source(order: Order, work: Work) -> Rule:
    """Detach the payment source."""
    order.must_be_editable(work)  # The same request may have placed it.
    yield from detach_source(order, work)


def release_source(order: Order, work: Work) -> Rule:
    """Cancel the payment of the order's source, if that is possible: nobody is to pay with it any more."""
    yield Load(order, ("payment_source.payment_gateway",))
    if order.payment_source is not None:
        order.payment_source.release(work)


def paid_with(order: Order, payment: PaymentSource, work: Work) -> Rule:
    """Make a source that has come to hold money the order's again, though the shopper switched meanwhile; not if the
    present one holds money already, nor if the order is closed.

    source   Commerce Layer, "Stripe gateways", `force_payments`
    """
    if (
        not order.editable_now
        or order.needs_no_payment
        or not order.due()
        or order.payment_source_id == payment.id
        or not payment.payment_gateway.force_payments
    ):
        return
    everything = yield from booked(order, work)
    if held_by(order.payment_source_id, everything, order.currency_code).cents <= 0:
        yield from take(order, payment, work)


def standing(order: Order, work: Work) -> Rule:
    """The authorizations whose payment still holds money, captured or not, oldest first."""
    everything = yield from booked(order, work)
    return [
        one
        for one in everything
        if one.one_of("authorizations")
        and one.counts
        and held_by(one.payment_source_id, everything, order.currency_code).cents > 0
    ]


def take_of(order: Order, authorization: Transaction, work: Work) -> Rule:
    """Make the source of an authorization the order's."""
    yield Load(authorization, ("payment_source.payment_gateway",))
    payment = authorization.payment_source
    if payment is not None and payment.id != order.payment_source_id:
        yield from take(order, payment, work)


def take(order: Order, payment: PaymentSource, work: Work) -> Rule:
    """Make `payment` the order's source, and the method that it was made for the order's payment method."""
    yield Load(order, ("payment_method", "payment_source.payment_gateway"))
    yield from payment.attach(order, work)
    if payment.method_id in (None, order.payment_method_id):
        return
    made_for = both(eq("id", payment.method_id), eq("payment_source_type", payment.shape.type))
    method = yield Find(PaymentMethod, made_for, ("payment_gateway",))
    if method is not None:
        work.relate(order, "payment_method", method)
        yield from order.refresh(work)
