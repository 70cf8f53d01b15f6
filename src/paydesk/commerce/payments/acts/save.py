"""Saving the payment method of an order in the wallet of its customer.

The customer is created at the gateway once, whichever request comes first. Then the payment method is attached to that
customer, and the wallet gets its entry with the gateway's answer. A payment that is `saving` waits to be kept, until it
is confirmed and the customer exists at the gateway.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paydesk.base.errors import Invalid, Refusal
from paydesk.commerce.accounts.customers import Customer
from paydesk.commerce.payable import Payable
from paydesk.commerce.payments.acts.read import read_of, refusal
from paydesk.commerce.payments.asks import CustomerAsk, LookAsk, SaveAsk
from paydesk.commerce.payments.customer_payment_sources import CustomerPaymentSource, entry_of, remember
from paydesk.commerce.payments.gateway_customers import GatewayCustomer, told_of
from paydesk.commerce.payments.payment_gateways import Gateway
from paydesk.commerce.payments.payment_sources import PaymentSource
from paydesk.commerce.payments.reconcile.fold import reconcile
from paydesk.declare import Rule, both, either, eq, within
from paydesk.gateways.port.snapshots import Snapshot
from paydesk.gateways.port.wallet import CustomerAnswer, Instrument
from paydesk.rules.asking import Find, Load
from paydesk.rules.plans import Journalled, No, Plan
from paydesk.rules.work import Work

SAVE = "_save_payment_source_to_customer_wallet"


def save(order: Payable, work: Work) -> Rule:
    """Keep what the order is paid with in the wallet of its customer.

    Where the same request asks the gateway for something first, it is kept after that: a failure to keep it never
    undoes an order that was placed.

    raises   Invalid("customer", "blank"), Invalid("payment_source", ...), Invalid(SAVE, ...) where nothing can be kept
    """
    if order.customer_id is None:
        raise Invalid("customer", "blank")
    if work.actor.is_sales_channel and (work.actor.customer_id != order.customer_id or not order.is_owned):
        raise Invalid(SAVE, "invalid", "is for customers who have signed in")
    yield Load(order, ("payment_source.payment_gateway",))
    payment = order.payment_source
    if payment is None:
        raise Invalid("payment_source", "blank")
    if not payment.payment_gateway.keeps_instruments:
        raise Invalid("payment_source", "invalid", "is of a kind that cannot be kept")
    if any(call.subject_type == order.shape.type for call in work.calls):
        work.change(payment, saving=True)
    elif payment.instrument_id is not None:
        wrong = yield from keep(payment, order, work)
        if wrong is not None:
            raise wrong
    else:
        work.call(
            "look_and_save",
            payment,
            gateway=payment.payment_gateway,
            record_id=order.id,
            ask=LookAsk(payment_id=payment.payment_id),
        )


def keep(payment: PaymentSource, order: Payable, work: Work, *, deferred: bool = False) -> Rule:
    """Keep a confirmed payment's method for the order's customer. Returns the refusal, if any."""
    gateway = payment.payment_gateway
    assert payment.instrument_id is not None, "it was confirmed"
    kept = yield Find(CustomerPaymentSource, entry_of(gateway.id, payment.instrument_id))
    if kept is not None and kept.customer_id == order.customer_id:
        work.change(payment, saving=False)
        return None
    if not payment.is_reusable:
        work.change(payment, saving=False)
        return Invalid(SAVE, "not_reusable", "was not set up to be used again")
    work.change(payment, saving=True)
    # Locked, so that the customer is not created at the gateway twice.
    customer = yield Find("customers", eq("id", order.customer_id), lock=True)
    known = yield from told_of(customer, gateway, work)
    if known.token is None:
        _introduce(known, customer, gateway, payment, work, deferred)
    else:
        _attach(payment, known, work, deferred)
    return None


def catch_up(order: Payable, work: Work) -> Rule:
    """Keep the order's payment method if it waits for that and is confirmed by now."""
    payment: PaymentSource | None = order.payment_source if order.loaded("payment_source") else None
    if payment is None or not getattr(payment, "saving", False):
        return
    if payment.instrument_id is not None and order.customer_id is not None:
        yield from keep(payment, order, work, deferred=True)


def _introduce(
    known: GatewayCustomer, customer: Customer, gateway: Gateway, payment: PaymentSource, work: Work, deferred: bool
) -> None:
    metadata = {
        "customer_id": customer.id,
        "organization_id": work.actor.organization_id,
        "organization": work.actor.slug,
        "mode": work.actor.mode,
        "paydesk": work.settings["installation"],
    }
    work.call(
        "create_customer",
        known,
        gateway=gateway,
        record_id=payment.order_id,
        deferred=deferred,
        ask=CustomerAsk(
            order_id=payment.order_id, payment=payment.id, gateway={"email": customer.email, "metadata": metadata}
        ),
    )


def _attach(payment: PaymentSource, known: GatewayCustomer, work: Work, deferred: bool) -> None:
    name = payment.instrument_id
    assert name is not None, "it was confirmed"
    work.call(
        "save_instrument",
        payment,
        gateway=payment.payment_gateway,
        record_id=payment.order_id,
        deferred=deferred,
        ask=SaveAsk(
            instrument=name,
            customer=known.token,
            customer_id=known.customer_id,
            order_id=payment.order_id,
            gateway={"payment_method_id": name, "customer": known.token},
        ),
    )


class LookAndSave(Plan[LookAsk]):
    """Read whether a payment was confirmed meanwhile, and if so keep its method."""

    kind = "look_and_save"
    asks = LookAsk

    def reads(self, call: Journalled[LookAsk]) -> str | None:
        return call.ask.payment_id

    def settle(self, call: Journalled[LookAsk], answer: Snapshot, work: Work) -> Rule:
        payment = yield from read_of(call)
        if payment is None or payment.order is None:
            return Invalid("payment_source", "blank")
        yield from reconcile(payment, answer, work)
        if payment.instrument_id is None:
            return Invalid("payment_source", "invalid", "was not confirmed")
        wrong = yield from keep(payment, payment.order, work)
        return wrong or payment.order

    def refused(self, call: Journalled[LookAsk], problem: No, work: Work) -> Any:
        return refusal(problem)


class CreateCustomer(Plan[CustomerAsk]):
    """Create a customer at the gateway, once; then attach all payment methods that wait for it."""

    kind = "create_customer"
    asks = CustomerAsk
    verb = "create_customer"
    about = "customer"
    shared = True

    def found(self, ask: CustomerAsk) -> Mapping[str, str]:
        told = ask.gateway["metadata"]
        return {name: told[name] for name in ("customer_id", "paydesk")}

    def settle(self, call: Journalled[CustomerAsk], answer: CustomerAnswer, work: Work) -> Rule:
        known = yield Find(GatewayCustomer, eq("id", call.subject_id), ("payment_gateway",))
        if known is None:
            return None
        yield Find("customers", eq("id", known.customer_id), lock=True)
        work.change(known, token=answer.customer)
        orders = yield Find("orders", eq("customer_id", known.customer_id), many=True)
        order = next((one for one in orders if one.id == call.ask.order_id), None)
        of_these = within("order_id", [one.id for one in orders])
        kind = known.payment_gateway.makes
        # The payment of the request that asks is not marked yet: a no is to leave no mark.
        wanted = either(eq("saving", True), eq("id", call.ask.payment))
        waiting = yield Find(kind, both(of_these, wanted), ("payment_gateway",), many=True)
        for payment in waiting:
            if payment.payment_gateway_id == known.payment_gateway_id and payment.instrument_id is not None:
                _attach(payment, known, work, deferred=order is None or payment.id != order.payment_source_id)
        return order

    def refused(self, call: Journalled[CustomerAsk], problem: No, work: Work) -> Rule:
        if call.ask.payment is not None:
            yield Find("orders", eq("id", call.ask.order_id), lock=True)
            known = yield Find(GatewayCustomer, eq("id", call.subject_id), ("payment_gateway",))
            payment = None
            if known is not None:
                payment = yield Find(known.payment_gateway.makes, eq("id", call.ask.payment))
            if payment is not None:
                work.change(payment, saving=False)
        return refusal(problem)


class SaveInstrument(Plan[SaveAsk]):
    """Attach a payment method to its customer at the gateway, unless it is already, and keep it in the wallet."""

    kind = "save_instrument"
    asks = SaveAsk
    verb = "attach"
    about = "instrument"
    shared = True

    def reads(self, call: Journalled[SaveAsk]) -> str | None:
        return call.ask.instrument

    def looks(self, call: Journalled[SaveAsk]) -> str | None:
        return call.ask.instrument

    def proceeds(self, call: Journalled[SaveAsk], snapshot: Instrument) -> bool:
        return snapshot.customer is None

    def settle(self, call: Journalled[SaveAsk], answer: Instrument, work: Work) -> Rule:
        order, customer, payment = yield from _waiting(call)
        if payment is not None:
            work.change(payment, saving=False)
        if order is None or customer is None or payment is None:
            return order
        if answer.customer != call.ask.customer:
            return Invalid(SAVE, "invalid", "belongs to another customer at the gateway")
        yield from remember(
            customer,
            call.gateway_id,
            answer,
            work,
            claimed=order.is_owned,
            owner_proved_at=order.owner_proved_at,
            payment_method_id=order.payment_method_id,
            payment_source_type=payment.shape.type,
            payment_source_id=payment.id,
        )
        return order

    def refused(self, call: Journalled[SaveAsk], problem: No, work: Work) -> Rule:
        found: Any = problem.snapshot  # of a payment method here
        if isinstance(found, Instrument) and found.customer == call.ask.customer:
            return (yield from self.settle(call, found, work))
        order, customer, payment = yield from _waiting(call)
        if getattr(problem, "param", None) == "customer" and customer is not None and payment is not None:
            # The customer was deleted at the gateway.
            whose = both(eq("customer_id", customer.id), eq("payment_gateway_id", call.gateway_id))
            known = yield Find(GatewayCustomer, whose, ("payment_gateway",))
            if known is not None and known.token == call.ask.customer:
                work.change(known, token=None)
                _introduce(known, customer, known.payment_gateway, payment, work, deferred=False)
                return order
        if payment is not None:
            work.change(payment, saving=False)
        told: Refusal = refusal(problem)
        return told


def _waiting(call: Journalled[SaveAsk]) -> Rule:
    """The order, customer and payment that a call is about, locked in this order as everywhere."""
    order = yield Find("orders", eq("id", call.ask.order_id), lock=True)
    customer = yield Find("customers", eq("id", call.ask.customer_id), lock=True)
    payment = yield Find(call.subject_type, eq("id", call.subject_id))
    return order, customer, payment


PLANS: tuple[Plan[Any], ...] = (LookAndSave(), CreateCustomer(), SaveInstrument())
