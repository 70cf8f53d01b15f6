"""Authorizing an order's payment before the order is placed, in whole or in part.

A part takes two calls, each journalled by itself: the intent is brought to the amount, then confirmed.

Source: Commerce Layer, "Orders", `_authorize` and `_authorization_amount_cents`.
"""

from __future__ import annotations

from typing import Any

from paydesk.base.errors import Invalid, Refusal, Several
from paydesk.base.money import Money
from paydesk.commerce.limits import unpayable
from paydesk.commerce.orders import settling
from paydesk.commerce.orders.acts.confirm import LANE, ConfirmPayment, confirm, order_of, payment_of, why_not
from paydesk.commerce.orders.asks import AmendToAuthorizeAsk, ConfirmAsk
from paydesk.commerce.orders.order import Order
from paydesk.commerce.orders.problems import load, not_placeable, payment_problems
from paydesk.commerce.payments.acts.read import refusal as told_of
from paydesk.commerce.payments.reconcile.fold import UNCONFIRMED, reconcile
from paydesk.declare import Rule
from paydesk.gateways.port.snapshots import Snapshot
from paydesk.rules.plans import Journalled, No, Plan
from paydesk.rules.work import Work


def authorize(order: Order, work: Work) -> Rule:
    """Have the payment source authorized without placing the order: all of it, or `_authorization_amount_cents`.

    An amount that is authorized already stays.

    raises   Several: everything that stands against paying; Invalid: an amount out of bounds, or another one than is
             authorized
    """
    requested: int | None = work.arguments.get("_authorization_amount_cents")
    yield from order.refresh(work, forced=True)
    due: Money = order.due()
    if not due:
        return
    if requested is not None and requested <= 0:
        raise Invalid("_authorization_amount_cents", "greater_than", value=requested, count=0)
    amount = due if requested is None else Money(requested, order.currency_code)
    if amount > due:
        raise Invalid("_authorization_amount_cents", "less_than_or_equal_to", value=amount.cents, count=due.cents)
    if (problem := unpayable("_authorization_amount_cents", requested, order.currency_code)) is not None:
        raise problem
    if requested is None and (yield from settling.held(order, work)) >= due:
        return
    yield from load(order)
    held = yield from settling.held_by_source(order, work)
    if held and requested is not None and amount == held:
        return
    if held:
        raise not_placeable(f"is {order.payment_status.replace('_', ' ')} already", value=order.payment_status)
    wrong = yield from payment_problems(order, any_amount=requested is not None)
    if wrong:
        raise Several(list(wrong))
    payment = order.payment_source
    if requested is None or payment.takes_any_amount or payment.intended_cents == requested:
        confirm("authorize_order", order, amount, work)
        return
    work.comes_after("discard_payment", payment)
    work.call(
        "amend_to_authorize",
        order,
        gateway=payment.payment_gateway,
        record_id=order.id,
        ask=AmendToAuthorizeAsk(
            payment=payment.id,
            source=payment.shape.type,
            payment_id=payment.payment_id,
            amount_cents=amount.cents,
            gateway={
                "payment_id": payment.payment_id,
                "amount_cents": amount.cents,
                "currency": amount.currency,
            },
        ),
    )


class AuthorizeOrder(ConfirmPayment):
    """Authorize an order's payment without placing it."""

    kind = "authorize_order"
    owes = True

    def repeats(self, ask: ConfirmAsk, former: ConfirmAsk, record_id: str | None) -> bool:
        return ask.amount_cents == former.amount_cents

    def fits(self, requested: Money, due: Money) -> bool:
        # A part of the total may have been asked for.
        return requested.currency == due.currency and requested <= due

    def judged(self, call: Journalled[ConfirmAsk], order: Order, answer: Snapshot | None, work: Work) -> Rule:
        yield from order.refresh(work, forced=True)
        is_held = (yield from settling.held_by_source(order, work)).cents >= call.ask.amount_cents
        is_processing = answer is not None and answer.status == "processing"
        return order if is_held or is_processing else why_not(answer)


class AmendToAuthorize(Plan[AmendToAuthorizeAsk]):
    """Bring the intent to the part that is to be authorized, then confirm it."""

    kind = "amend_to_authorize"
    asks = AmendToAuthorizeAsk
    verb = "amend"
    lane = LANE
    owes = True

    def repeats(self, ask: AmendToAuthorizeAsk, former: AmendToAuthorizeAsk, record_id: str | None) -> bool:
        return ask.amount_cents == former.amount_cents

    def reads(self, call: Journalled[AmendToAuthorizeAsk]) -> str | None:
        return call.ask.payment_id

    def looks(self, call: Journalled[AmendToAuthorizeAsk]) -> str | None:
        return call.ask.payment_id

    def proceeds(self, call: Journalled[AmendToAuthorizeAsk], snapshot: Snapshot) -> bool:
        return snapshot.status in UNCONFIRMED and snapshot.amount.cents != call.ask.amount_cents

    def settle(self, call: Journalled[AmendToAuthorizeAsk], answer: Snapshot, work: Work) -> Rule:
        order = yield from order_of(call)
        payment = yield from payment_of(call)
        if order is None or payment is None:
            return order
        yield from reconcile(payment, answer, work)
        # A source that the same request chose is the order's once all it asks of the gateway is done.
        chosen = call.waiting is not None
        if order.status == "cancelled" or (order.payment_source_id != payment.id and not chosen):
            return Invalid("payment_source", "invalid")
        if (yield from settling.held_by_source(order, work)).cents == call.ask.amount_cents:
            return order
        if answer.amount.cents != call.ask.amount_cents:
            return why_not(answer)
        confirm("authorize_order", order, Money(call.ask.amount_cents, order.currency_code), work)
        return order

    def refused(self, call: Journalled[AmendToAuthorizeAsk], problem: No, work: Work) -> Any:
        return told_of(problem)

    def apart(
        self, call: Journalled[AmendToAuthorizeAsk], answer: Any, *, is_no: bool, refusal: Refusal, work: Work
    ) -> Rule:
        payment = yield from payment_of(call)
        if payment is not None and not is_no:
            yield from reconcile(payment, answer, work)
        return refusal


PLANS: tuple[Plan[Any], ...] = (AuthorizeOrder(), AmendToAuthorize())
