"""Confirming the payment of an order at its gateway: the call that placing and authorizing an order have in common."""

from __future__ import annotations

from typing import Any

from paydesk.base.errors import Invalid, Refusal
from paydesk.base.money import Money
from paydesk.commerce.orders import resource_errors
from paydesk.commerce.orders.asks import AmendToAuthorizeAsk, ConfirmAsk
from paydesk.commerce.orders.order import Order
from paydesk.commerce.orders.problems import PATHS, not_placeable
from paydesk.commerce.orders.refresh.totals import totals_of
from paydesk.commerce.payments.acts.read import not_before
from paydesk.commerce.payments.forgetting import forget_gone
from paydesk.commerce.payments.payment_sources import PaymentSource
from paydesk.commerce.payments.reconcile.fold import fail_authorization, reconcile
from paydesk.commerce.payments.transactions import booked
from paydesk.declare import Rule, eq
from paydesk.gateways.port.problems import Declined
from paydesk.gateways.port.snapshots import Snapshot
from paydesk.gateways.port.verbs import ConfirmFacts
from paydesk.rules.asking import Find
from paydesk.rules.plans import Journalled, No, Plan
from paydesk.rules.work import Work

LANE = "order payment"
"""An order is placed or authorized by one call at a time."""


def confirm(kind: str, order: Order, amount: Money, work: Work, *, later: bool = False, covered: bool = False) -> None:
    """Read the order's payment, and confirm it if only the server's confirmation is missing; not where the amount is
    `covered` by another one.
    """
    payment = order.payment_source
    work.comes_after("discard_payment", payment)
    facts: ConfirmFacts = payment.confirmation(order, amount.cents, work)
    work.call(
        kind,
        order,
        gateway=payment.payment_gateway,
        record_id=order.id,
        ask=ConfirmAsk(
            source=payment.shape.type,
            payment=payment.id,
            payment_id=payment.payment_id,
            intended=payment.intended,
            amount_cents=amount.cents,
            currency=amount.currency,
            any_amount=payment.takes_any_amount,
            later=later,
            covered=covered,
            gateway={"payment_id": payment.payment_id, **facts},
        ),
    )


class ConfirmPayment(Plan[ConfirmAsk]):
    """Read the payment of an order, confirm it if only the server's confirmation is missing, and book the answer."""

    asks = ConfirmAsk
    verb = "confirm"
    lane = LANE

    def reads(self, call: Journalled[ConfirmAsk]) -> str | None:
        return call.ask.payment_id

    def looks(self, call: Journalled[ConfirmAsk]) -> str | None:
        return call.ask.payment_id

    def proceeds(self, call: Journalled[ConfirmAsk], snapshot: Snapshot) -> bool:
        ask, amount = call.ask, (snapshot.amount.cents, snapshot.amount.currency)
        is_right = ask.any_amount or amount == (ask.amount_cents, ask.currency)
        # A failed intent has lost its payment method; it can be confirmed again if the call names one.
        waits = ("confirmable", "open") if call.ask.gateway.get("payment_method") else ("confirmable",)
        return snapshot.status in waits and is_right and not ask.covered

    def still(self, call: Journalled[ConfirmAsk]) -> Rule:
        """The order still costs the amount of the call, by its present lines, and has the same source."""
        order = yield Find("orders", eq("id", call.subject_id), ("line_items",))
        if order is None or not order.editable_now:
            return False
        # A source that the same request chose becomes the order's with the answer.
        if order.payment_source_id != call.ask.payment and call.waiting is None:
            return False
        due = Money(totals_of(order, order.line_items).total_amount_with_taxes_cents, order.currency_code)
        return self.fits(Money(call.ask.amount_cents, call.ask.currency), due)

    def fits(self, requested: Money, due: Money) -> bool:
        """Whether the call's amount is right for an order that costs `due` now."""
        return requested == due

    def judged(self, call: Journalled[ConfirmAsk], order: Order, answer: Snapshot | None, work: Work) -> Rule:
        """Act on the order, now that the answer is booked, None where a reading was refused. Returns the order, or a
        refusal.
        """
        raise AssertionError(f"{self.kind} does not say what follows")

    def settle(self, call: Journalled[ConfirmAsk], answer: Snapshot, work: Work) -> Rule:
        order = yield from order_of(call)
        if order is None:
            return None
        payment = yield from payment_of(call)
        if payment is not None:
            yield from reconcile(payment, not_before(call.ask.intended, payment, answer), work)
        return (yield from self._followed(call, order, answer, work))

    def refused(self, call: Journalled[ConfirmAsk], problem: No, work: Work) -> Rule:
        order = yield from order_of(call)
        payment = yield from payment_of(call)
        if order is None or payment is None:
            return Invalid("order", "blank")
        refusal = yield from self._no(call, order, payment, problem, work)
        if refusal is None or call.ask.covered:
            return (yield from self._followed(call, order, problem.snapshot, work))
        yield from _keep(refusal, order, work)
        return refusal

    def _followed(self, call: Journalled[ConfirmAsk], order: Order, answer: Snapshot | None, work: Work) -> Rule:
        outcome = yield from self.judged(call, order, answer, work)
        if isinstance(outcome, Refusal):
            raise outcome
        return outcome

    def apart(self, call: Journalled[ConfirmAsk], answer: Any, *, is_no: bool, refusal: Refusal, work: Work) -> Rule:
        """Book the gateway's answer, and leave the order where it is."""
        order = yield from order_of(call)
        payment = yield from payment_of(call)
        if order is not None and payment is not None:
            if is_no:
                yield from self._no(call, order, payment, answer, work)
            else:
                yield from reconcile(payment, not_before(call.ask.intended, payment, answer), work)
                # So that the reason shows: the payment is for another amount than the order's present total.
                yield from order.catch_up(work)
            yield from _keep(refusal, order, work)
        return refusal

    def _no(self, call: Journalled[ConfirmAsk], order: Order, payment: PaymentSource, problem: No, work: Work) -> Rule:
        """Book a no. Returns the refusal; None where the payment holds money all the same."""
        if problem.snapshot is not None:
            yield from reconcile(payment, problem.snapshot, work)
            if problem.snapshot.status in ("authorized", "captured", "processing"):
                return None
        named = {
            "payment_method": call.ask.gateway.get("payment_method"),
            "customer": getattr(payment, "options", {}).get("customer"),
        }
        yield from forget_gone(call.gateway_id, named, problem, work)
        if isinstance(problem, Declined):
            yield from booked(order, work)
            fail_authorization(payment, problem.failure, call.ask.amount_cents, work)
            code = problem.failure.decline_code or problem.failure.code
            return not_placeable(problem.failure.message, code=code)
        return not_placeable(problem.message, code=problem.code)


def _keep(refusal: Refusal, order: Order, work: Work) -> Rule:
    """Keep a refusal of background work with the order, since nobody waits for it."""
    if order.status == "placing":
        yield from resource_errors.note(order, refusal, work)


def why_not(answer: Snapshot | None) -> Invalid:
    """Why a payment that was read does not place its order; None where the gateway refused to show it."""
    if answer is None:
        return not_placeable("is not authorized")
    if answer.failure is not None:
        code = answer.failure.decline_code or answer.failure.code
        return not_placeable(answer.failure.message, code=code, value=answer.gateway_status)
    return not_placeable(_WAITING.get(answer.status, "is not authorized"), value=answer.gateway_status)


_WAITING = {
    "open": "is not authorized: the payment was not confirmed",
    "confirmable": "is not authorized: the payment was not confirmed",
    "action_needed": "is not authorized: the shopper has to confirm the payment",
    "canceled": "is not authorized: the payment was canceled",
}


def order_of(call: Journalled[Any]) -> Rule:
    """The order that a call is about, locked."""
    order = yield Find("orders", eq("id", call.subject_id), PATHS, lock=True)
    return order


def payment_of(call: Journalled[ConfirmAsk | AmendToAuthorizeAsk]) -> Rule:
    """The payment that a call about its order asks for."""
    of_call = eq("id", call.ask.payment)
    payment = yield Find(call.ask.source, of_call, ("order.payment_source", "payment_gateway"))
    return payment
