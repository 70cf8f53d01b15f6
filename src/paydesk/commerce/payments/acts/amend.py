"""Telling a gateway what a payment is for by now."""

from __future__ import annotations

from typing import Any

from paydesk.commerce.payments.acts.read import Settled
from paydesk.commerce.payments.asks import AmendAsk, LabelAsk
from paydesk.declare import Rule
from paydesk.gateways.port.snapshots import Snapshot
from paydesk.rules.plans import Journalled, Plan
from paydesk.rules.work import Work


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
