"""Voiding an authorization."""

from __future__ import annotations

from typing import Any

from paydesk.commerce.payable import Payable
from paydesk.commerce.payments import moving
from paydesk.commerce.payments.acts.move import OfAuthorization
from paydesk.commerce.payments.asks import VoidAsk
from paydesk.commerce.payments.transactions import Transaction, book, taken
from paydesk.commerce.payments.voids import Void
from paydesk.declare import Rule
from paydesk.gateways.port.snapshots import Snapshot
from paydesk.rules.plans import Journalled, Plan
from paydesk.rules.work import Work


class VoidPayment(OfAuthorization[VoidAsk]):
    """Void an authorization, or the rest that earlier captures left."""

    kind = "void_payment"
    asks = VoidAsk
    step = "void"
    adopts = False
    verb = "cancel"
    books = "voids"

    def reads(self, call: Journalled[VoidAsk]) -> str | None:
        return self.looks(call) if call.tries or call.ask.spare else None

    def is_spare(self, call: Journalled[VoidAsk]) -> bool:
        return call.ask.spare

    def proceeds(self, call: Journalled[VoidAsk], snapshot: Snapshot) -> bool:
        # A spare authorization may have been captured meanwhile, which a person has to judge.
        return snapshot.status == "authorized" if call.ask.spare else not self.is_done(call, snapshot)

    def is_done(self, call: Journalled[VoidAsk], snapshot: Snapshot) -> bool:
        kept_the_rest = snapshot.status == "captured" and snapshot.received == call.ask.received
        return snapshot.status == "canceled" or kept_the_rest

    def is_booked(self, call: Journalled[VoidAsk], subject: Transaction, answer: Snapshot) -> bool:
        return taken(subject.order.booked, "voids", subject) > 0

    def ask_again(
        self, subject: Transaction, about: Transaction | Payable, asked: int | None, ask: VoidAsk, work: Work
    ) -> Rule:
        yield from moving.void(subject, work, about, then=ask.then)

    def book_failure(self, call: Journalled[VoidAsk], subject: Transaction, work: Work, **values: Any) -> None:
        made = book(Void, subject.order, subject.payment_source, work, reference_authorization_id=subject.id, **values)
        made.reference_authorization = subject


PLANS: tuple[Plan[Any], ...] = (VoidPayment(),)
