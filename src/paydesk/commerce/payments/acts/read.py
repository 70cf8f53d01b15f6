"""Reading a payment, and settling every answer about one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeVar

from paydesk.base.errors import GatewayRefused, Refusal
from paydesk.base.money import Money
from paydesk.commerce.payments.asks import ReadAsk
from paydesk.commerce.payments.payment_sources import PaymentSource
from paydesk.commerce.payments.reconcile.fold import reconcile
from paydesk.declare import Rule, eq
from paydesk.gateways.port.problems import Declined
from paydesk.gateways.port.snapshots import Snapshot
from paydesk.rules.asking import Find, Hold
from paydesk.rules.asks import Ask
from paydesk.rules.plans import Journalled, No, Plan
from paydesk.rules.work import Work

A = TypeVar("A", bound=Ask)


def refusal(problem: No) -> Refusal:
    """The refusal that a client gets when a gateway says no: the gateway's own message and code."""
    if isinstance(problem, Declined):
        code = problem.failure.decline_code or problem.failure.code or "card_error"
        return GatewayRefused(problem.failure.message, code)
    return GatewayRefused(problem.message, problem.code or "invalid_request_error")


class Settled(Plan[A]):
    """A call after which the payment is reconciled with the gateway's answer."""

    def settle(self, call: Journalled[A], answer: Snapshot, work: Work) -> Rule:
        payment = yield from read_of(call)
        if payment is not None:
            yield from reconcile(payment, answer, work)
        return payment

    def refused(self, call: Journalled[A], problem: No, work: Work) -> Any:
        return refusal(problem)


def refresh(payment: PaymentSource, work: Work) -> None:
    """Read the intent again: the way back when a webhook could not come."""
    # An amendment in the same request is answered with the intent as it is then.
    if all(call.deferred for call in work.calls):
        payment.read(work)


class ReadPayment(Settled[ReadAsk]):
    """Read a payment: for `_refresh`, an event, or recovery."""

    kind = "read_payment"
    asks = ReadAsk

    def reads(self, call: Journalled[ReadAsk]) -> str | None:
        return call.ask.payment_id

    def closely(self, call: Journalled[ReadAsk]) -> bool:
        return call.ask.closely

    def settle(self, call: Journalled[ReadAsk], answer: Snapshot, work: Work) -> Rule:
        payment = yield from read_of(call)
        if payment is not None:
            yield from reconcile(payment, not_before(call.ask.intended, payment, answer), work)
        return payment


def not_before(intended: list[Any], payment: PaymentSource, answer: Snapshot) -> Snapshot:
    """A reading with the payment's present amount, if it shows the amount from before an amendment that has settled
    since.

    intended   the payment's amount when the reading was asked for
    """
    if payment.intended == intended or [answer.amount.cents, answer.amount.currency] != intended:
        return answer
    return replace(answer, amount=Money(*payment.intended))


def read_of(call: Journalled[Any]) -> Rule:
    """The payment that a call is about; its order is locked first, as everywhere."""
    yield Hold(call.subject_type, call.subject_id)
    payment = yield Find(call.subject_type, eq("id", call.subject_id), PaymentSource.loads)
    return payment


PLANS: tuple[Plan[Any], ...] = (ReadPayment(),)
