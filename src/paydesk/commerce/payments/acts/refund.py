"""Refunding a capture."""

from __future__ import annotations

from typing import Any

from paydesk.commerce.payable import Payable
from paydesk.commerce.payments import moving
from paydesk.commerce.payments.acts.move import Movement
from paydesk.commerce.payments.asks import RefundAsk
from paydesk.commerce.payments.reconcile.rows import parts_of
from paydesk.commerce.payments.refunds import Refund
from paydesk.commerce.payments.transactions import Transaction, Transactions, book
from paydesk.declare import Rule
from paydesk.gateways.port.snapshots import Snapshot
from paydesk.rules.plans import Journalled, Plan
from paydesk.rules.work import Work


class RefundPayment(Movement[RefundAsk]):
    """Refund a capture, or a part of it."""

    kind = "refund_payment"
    asks = RefundAsk
    step = "refund"
    verb = "refund"

    def is_done(self, call: Journalled[RefundAsk], snapshot: Snapshot) -> bool:
        return any(one.metadata.get("paydesk_call") == call.id for one in snapshot.refunds)

    def is_booked(self, call: Journalled[RefundAsk], subject: Transaction, answer: Snapshot) -> bool:
        everything = subject.order.booked
        own = [one for one in answer.refunds if one.metadata.get("paydesk_call") == call.id]
        return all(parts_of(one, everything) for one in own)

    def is_overtaken(
        self, call: Journalled[RefundAsk], subject: Transaction, everything: Transactions, snapshot: Snapshot
    ) -> bool:
        return moving.refundable(subject, everything) < call.ask.balance

    def ask_again(
        self, subject: Transaction, about: Transaction | Payable, asked: int | None, ask: RefundAsk, work: Work
    ) -> Rule:
        yield from moving.refund(subject, work, about, asked=asked, then=ask.then)

    def book_failure(self, call: Journalled[RefundAsk], subject: Transaction, work: Work, **values: Any) -> None:
        made = book(Refund, subject.order, subject.payment_source, work, reference_capture_id=subject.id, **values)
        made.reference_capture = subject


PLANS: tuple[Plan[Any], ...] = (RefundPayment(),)
