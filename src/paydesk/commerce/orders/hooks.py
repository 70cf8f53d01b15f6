"""The hooks of orders: each names the rule that a client's write, or a payment, brings about."""

from __future__ import annotations

from typing import Any

from paydesk.base.errors import Locked
from paydesk.commerce.orders import letting_go, order, paying, settling, shipping
from paydesk.commerce.orders.acts import continue_steps, create, place, update
from paydesk.commerce.orders.refresh import refresh
from paydesk.commerce.payable import Act
from paydesk.commerce.payments.acts import save
from paydesk.commerce.payments.payment_sources import PaymentSource
from paydesk.declare import Limited, Rule
from paydesk.rules.asking import Change
from paydesk.rules.work import Work


class OrderHooks(order.Order):
    """What an order does when a client writes it, and what it answers to its payments."""

    @classmethod
    def limited(cls, verb: str, record_id: str | None, change: Change) -> Limited | None:
        """It signs a customer up."""
        return Limited("account") if change.arguments.get("customer_password") else None

    @classmethod
    def creating(cls, change: Change, work: Work) -> Rule:
        return (yield from create.create(cls, change, work))

    def updating(self, change: Change, work: Work) -> Rule:
        yield from update.update(self, change, work)

    def updated(self, change: Change, work: Work) -> Rule:
        yield from update.refresh_after(self, change, work)

    def deleting(self, work: Work) -> Rule:
        """Delete a draft or pending order with its lines and payments, unless money was received for it. A placed
        order stays.
        """
        if self.status not in ("draft", "pending"):
            raise Locked("placed orders cannot be deleted")
        yield from letting_go.discard(self, work)

    def refresh(self, work: Work, *, forced: bool = False) -> Rule:
        """Bring prices, amounts and status up to what the order holds. Returns a `Refreshed`, or None."""
        return (yield from refresh.refresh(self, work, forced=forced))

    def catch_up(self, work: Work) -> Rule:
        """Refresh where prices may have changed since the last time. Returns whether it did."""
        return (yield from refresh.catch_up(self, work))

    @property
    def needs_no_payment(self) -> bool:
        return settling.needs_no_payment(self)

    def settle(self, work: Work, authorized: Any = None) -> Rule:
        """Bring the order to what its transactions sum up to; `authorized`: the authorization that has just come."""
        yield from settling.settle(self, work)
        if authorized is not None:
            yield from place.follow(self, authorized, work)
        yield from save.catch_up(self, work)

    def paid_with(self, payment: PaymentSource, work: Work) -> Rule:
        """Take a payment that has just come to hold money back as the source, if another has its place."""
        yield from paying.paid_with(self, payment, work)

    def takes_method(self, method_id: str, work: Work) -> Rule:
        """Take a payment method that was chosen with a payment; False where it is not offered any more."""
        return (yield from paying.take_method(self, method_id, work))

    def follows(self, what: str, work: Work) -> Rule:
        """End an act whose money has all moved."""
        yield from continue_steps.follow(self, what, work)

    def goes_on(self, act: Act, work: Work) -> Rule:
        """Take the next step of an act that moves money, or end it."""
        return (yield from continue_steps.go_on(self, act, work))

    def left_of(self, act: Act, work: Work) -> Rule:
        """The steps of an act that were not begun."""
        return (yield from continue_steps.left_of(self, act, work))

    def sent(self, work: Work) -> Rule:
        """Fulfil the order, if a shipment that has just left was the last."""
        yield from shipping.sent(self, work)

    def placed_by_hand(self, work: Work) -> Rule:
        """Place the order, whose authorization an integration vouches for."""
        yield from place.placed_by_hand(self, work)
