"""Capturing an authorization."""

from __future__ import annotations

from typing import Any

from paydesk.commerce.payable import Payable
from paydesk.commerce.payments import moving
from paydesk.commerce.payments.acts.move import OfAuthorization
from paydesk.commerce.payments.asks import CaptureAsk
from paydesk.commerce.payments.captures import Capture
from paydesk.commerce.payments.transactions import Transaction, book, taken
from paydesk.declare import Rule
from paydesk.gateways.port.snapshots import Snapshot
from paydesk.rules.plans import Journalled, Plan
from paydesk.rules.work import Work


class CapturePayment(OfAuthorization[CaptureAsk]):
    """Capture an authorization, or a part of it."""

    kind = "capture_payment"
    asks = CaptureAsk
    step = "capture"
    verb = "capture"
    books = "captures"

    def is_done(self, call: Journalled[CaptureAsk], snapshot: Snapshot) -> bool:
        return bool(snapshot.received >= call.ask.received + call.ask.amount_cents)

    def proceeds(self, call: Journalled[CaptureAsk], snapshot: Snapshot) -> bool:
        # A payment that is captured to its end refuses, or repeats its answer if this very call captured it.
        is_over = snapshot.status == "captured" and not self.was_done_already(call, snapshot)
        return is_over or super().proceeds(call, snapshot)

    def was_done_already(self, call: Journalled[CaptureAsk], snapshot: Snapshot) -> bool:
        # Another amount was captured by somebody else.
        is_equal = snapshot.received == call.ask.received + call.ask.amount_cents
        return self.is_done(call, snapshot) and (is_equal or call.ask.whole)

    def is_booked(self, call: Journalled[CaptureAsk], subject: Transaction, answer: Snapshot) -> bool:
        captured = taken(subject.order.booked, "captures", subject)
        return captured >= min(answer.received, int(subject.amount_cents))

    def ask_again(
        self, subject: Transaction, about: Transaction | Payable, asked: int | None, ask: CaptureAsk, work: Work
    ) -> Rule:
        yield from moving.capture(subject, work, about, asked=asked)

    def book_failure(self, call: Journalled[CaptureAsk], subject: Transaction, work: Work, **values: Any) -> None:
        made = book(
            Capture, subject.order, subject.payment_source, work, reference_authorization_id=subject.id, **values
        )
        made.reference_authorization = subject


PLANS: tuple[Plan[Any], ...] = (CapturePayment(),)
