"""Bringing a payment at its gateway to its order: the amount and options, and whose it is."""

from __future__ import annotations

from typing import Any

from paydesk.commerce.payable import Payable
from paydesk.commerce.payments.acts.read import Settled
from paydesk.commerce.payments.asks import AmendAsk, LabelAsk
from paydesk.commerce.payments.intent_metadata import metadata_of, owner_of
from paydesk.commerce.payments.options import CONNECT, in_parts, sent, without_setup
from paydesk.commerce.payments.payment_sources import PaymentSource
from paydesk.declare import Rule
from paydesk.gateways.port.snapshots import Snapshot
from paydesk.rules.plans import Journalled, Plan
from paydesk.rules.work import Work


def amend(payment: PaymentSource, work: Work) -> Rule:
    """Bring the intent to the order's present amount, shipping address, receipt address and options."""
    order: Payable = payment.order
    was_behind = yield from order.catch_up(work)
    order.takes_source(work)
    work.check()
    amount = order.due()
    facts = order.for_intent(work.settings["organization"])
    work.call(
        "amend_payment",
        payment,
        gateway=payment.payment_gateway,
        record_id=payment.id,
        ask=AmendAsk(
            behind=was_behind,
            gateway={
                "payment_id": payment.stripe_id,
                "amount_cents": amount.cents,
                "currency": amount.currency,
                "auto_payments": bool(payment.payment_gateway.auto_payments),
                "options": in_parts(_options(payment)) if facts["in_parts"] else _options(payment),
                "receipt_email": payment.receipt_email,
                "description": facts.get("description"),
                "shipping": facts.get("shipping"),
                "metadata": metadata_of(order, payment.id, payment.options, work),
            },
        ),
    )


def _options(payment: PaymentSource) -> dict[str, Any]:
    options = payment.options if payment.wallet_entry_id is None else without_setup(payment.options)
    return {**sent(options), **dict.fromkeys(CONNECT), **(payment.order.connect or {})}


def label(payment: PaymentSource, work: Work) -> None:
    """Say at Stripe which order the payment is for, after it was moved to another one."""
    # A label of an earlier move is not true any more.
    work.withdraw("label_payment", payment)
    metadata = {**owner_of(payment.order, work), "order_number": payment.order.number or ""}
    ask = LabelAsk(gateway={"payment_id": payment.payment_id, "metadata": metadata})
    work.call("label_payment", payment, gateway=payment.payment_gateway, record_id=payment.id, deferred=True, ask=ask)


class AmendPayment(Settled[AmendAsk]):
    """Bring a payment to the order's present amount."""

    kind = "amend_payment"
    asks = AmendAsk
    verb = "amend"
    exact = True

    def settle(self, call: Journalled[AmendAsk], answer: Snapshot, work: Work) -> Rule:
        payment = yield from super().settle(call, answer, work)
        if payment is not None and payment.order is not None and call.ask.behind:
            yield from payment.order.refresh(work, forced=True)
        return payment


class LabelPayment(Settled[LabelAsk]):
    """Say at Stripe which order an intent pays, once it was moved to another."""

    kind = "label_payment"
    asks = LabelAsk
    verb = "amend"


PLANS: tuple[Plan[Any], ...] = (AmendPayment(), LabelPayment())
