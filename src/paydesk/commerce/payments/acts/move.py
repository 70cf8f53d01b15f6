"""The common part of captures, voids and refunds: how the gateway's answer is booked."""

from __future__ import annotations

from typing import Any, ClassVar, TypeVar

from paydesk.base.errors import GatewayRefused, Invalid
from paydesk.commerce.payable import Act, Payable, Step
from paydesk.commerce.payments.acts.read import refusal
from paydesk.commerce.payments.asks import HeldAsk, MoveAsk
from paydesk.commerce.payments.reconcile.fold import insist, reconcile
from paydesk.commerce.payments.transactions import Transaction, Transactions, booked, measure
from paydesk.declare import Rule, eq
from paydesk.gateways.port.problems import Declined
from paydesk.gateways.port.snapshots import Snapshot
from paydesk.rules.asking import Find
from paydesk.rules.plans import Journalled, No, Plan
from paydesk.rules.work import Work

M = TypeVar("M", bound=MoveAsk)
H = TypeVar("H", bound=HeldAsk)


class Movement(Plan[M]):
    """A call that moves money. A no is booked as a failed transaction: shown with 200 if the transaction itself was
    changed, and answered with 422 if its order was.

    step    the name of such a call among the steps of an order's act
    books   the kind of transaction that is booked under an authorization; None for refunds, which belong to a capture
    adopts  if everything was asked for and nothing is left, the gateway's own movement counts as the one asked for
    """

    owes = True
    step: str
    books: ClassVar[str | None] = None
    adopts: bool = True

    def repeats(self, ask: M, former: M, record_id: str | None) -> bool:
        return ask.amount_cents == former.amount_cents

    def reads(self, call: Journalled[M]) -> str | None:
        # A repeated call reads first: the first try may have been carried out.
        return self.looks(call) if call.tries else None

    def looks(self, call: Journalled[M]) -> str | None:
        return call.ask.payment_id

    def is_done(self, call: Journalled[M], snapshot: Snapshot) -> bool:
        """Whether the payment shows that the call was carried out."""
        raise AssertionError(f"{self.kind} does not say when it is done")

    def proceeds(self, call: Journalled[M], snapshot: Snapshot) -> bool:
        return not self.is_done(call, snapshot)

    def was_done_already(self, call: Journalled[M], snapshot: Snapshot) -> bool:
        """The same after a refusal, since somebody else may have moved the money."""
        return self.is_done(call, snapshot)

    def settle(self, call: Journalled[M], answer: Snapshot, work: Work) -> Rule:
        subject = yield from _subject(call)
        if subject is None:
            return None
        is_done = self.is_done(call, answer)
        yield from self._fold(subject, answer, work, asked=is_done and self.books == "captures")
        if not is_done:
            if self.is_spare(call):
                return subject
            problem = GatewayRefused(f"The payment is {answer.gateway_status}.", "unexpected_state")
            return (yield from self._failed(call, subject, problem, None, work))
        if not (yield from self._is_in_the_books(call, subject, answer, work)):
            return GatewayRefused("The payment moved, but the books were marked otherwise.", "unexpected_state")
        then, act = call.ask.then, call.ask.act
        if then == "exclude":
            yield from _exclude(subject, work)
        elif act is not None:
            wrong = yield from subject.order.goes_on(self._taken(act, call), work)
            if wrong is not None:
                return wrong
        elif then is not None:
            # A call of an earlier release, which began all calls of an act at once.
            try:
                yield from subject.order.follows(then, work)
            except Invalid as wrong:
                return wrong
        return _about(call, subject)

    def _fold(self, subject: Transaction, answer: Snapshot, work: Work, *, asked: bool = False) -> Rule:
        """Reconcile the payment with the answer. A payment that was deleted while the call was in flight held nothing
        any more: its deletion read it, and booked the gateway's answer.
        """
        if subject.payment_source is not None:
            yield from reconcile(subject.payment_source, answer, work, asked=asked)

    def is_booked(self, call: Journalled[M], subject: Transaction, answer: Snapshot) -> bool:
        """Whether the books show that the call was carried out. The order's `booked` is loaded."""
        raise AssertionError(f"{self.kind} does not say where it is booked")

    def _is_in_the_books(self, call: Journalled[M], subject: Transaction, answer: Snapshot, work: Work) -> Rule:
        """The same after the answer was folded in; a mark as failed is taken back."""
        everything = yield from booked(subject.order, work)
        if self.books is not None and not self.is_booked(call, subject, answer):
            insist(self.books, subject, answer, work)
            measure(everything, work)
            yield from subject.order.settle(work)
        return self.is_booked(call, subject, answer)

    def refused(self, call: Journalled[M], problem: No, work: Work) -> Rule:
        if problem.snapshot is not None and self.was_done_already(call, problem.snapshot):
            work.adopted = True
            return (yield from self.settle(call, problem.snapshot, work))
        subject = yield from _subject(call)
        if subject is None:
            return refusal(problem)
        if problem.snapshot is not None:
            yield from self._fold(subject, problem.snapshot, work)
        if self.is_spare(call):
            # It is asked again with the next news of the order, not at once and over and over.
            work.calls = [one for one in work.calls if (one.kind, one.subject_id) != (call.kind, call.subject_id)]
            return subject
        if problem.snapshot is not None:
            everything = yield from booked(subject.order, work)
            if self.is_overtaken(call, subject, everything, problem.snapshot):
                work.adopted = True
                return (yield from self._anew(call, subject, work))
        detail = problem.failure.decline_code if isinstance(problem, Declined) else None
        told = refusal(problem)
        assert isinstance(told, GatewayRefused)
        return (yield from self._failed(call, subject, told, detail, work))

    def is_overtaken(
        self, call: Journalled[M], subject: Transaction, everything: Transactions, snapshot: Snapshot
    ) -> bool:
        """Whether the gateway has moved such money already, unknown to the books at the time of the call."""
        raise AssertionError(f"{self.kind} does not say when it is overtaken")

    def is_spare(self, call: Journalled[M]) -> bool:
        """Nobody asked for it, so a refusal is no failure."""
        return False

    def _anew(self, call: Journalled[M], subject: Transaction, work: Work) -> Rule:
        """Judge what was asked for by the books as they are now. What was to be all of it is done as far as the gateway
        has done it; what is left is still asked for.
        """
        order = subject.order
        act = call.ask.act
        if act is not None:  # this step is not taken: the gateway had something else done
            left = yield from order.left_of(act, work)
            if act.what == "approve" and not left and order.payment_status != "paid":
                # Approved and captured is both or none, and what the gateway took was not enough.
                return Invalid("payment_status", "invalid_transition", value=order.payment_status)
            wrong = yield from order.goes_on(act, work)
            return wrong if wrong is not None else order
        is_whole = call.ask.whole
        about = _about(call, subject)
        try:
            yield from self.ask_again(subject, about, None if is_whole else call.ask.amount_cents, call.ask, work)
        except Invalid as wrong:
            if not is_whole or not self.adopts:
                return wrong
            if call.ask.then == "exclude":
                yield from _exclude(subject, work)
        return about

    def ask_again(
        self, subject: Transaction, about: Transaction | Payable, asked: int | None, ask: M, work: Work
    ) -> Rule:
        raise AssertionError(f"{self.kind} does not say how it is asked for")

    def _failed(
        self, call: Journalled[M], subject: Transaction, told: GatewayRefused, detail: str | None, work: Work
    ) -> Rule:
        everything = yield from booked(subject.order, work)
        if subject.payment_source is not None:
            self.book_failure(
                call,
                subject,
                work,
                key=call.id,
                amount_cents=call.ask.amount_cents,
                succeeded=False,
                message=told.message,
                error_code=told.code,
                error_detail=detail,
            )
        measure(everything, work)
        yield from subject.order.settle(work)
        if call.ask.about != "orders":
            return _about(call, subject)
        if call.ask.act is not None:
            told.meta = yield from self._outcome(call, call.ask.act, subject.order, work)
        return told

    def done(self, call: Journalled[M]) -> list[Any]:
        return [*call.ask.done, self._step(call)]

    def _taken(self, act: Act, call: Journalled[M]) -> Act:
        """The act that a call is a step of, with this step done."""
        return Act(act.what, [*act.done, self._step(call)])

    def _step(self, call: Journalled[M]) -> Step:
        return {
            "step": self.step,
            "type": call.subject_type,
            "id": call.subject_id,
            "amount_cents": call.ask.amount_cents,
        }

    def _outcome(self, call: Journalled[M], act: Act, order: Payable, work: Work) -> Rule:
        """The steps of an act that were done, refused and not begun; None if this was its only step."""
        left = yield from order.left_of(self._taken(act, call), work)
        return {"done": act.done, "refused": self._step(call), "not_begun": left} if act.done or left else None

    def book_failure(self, call: Journalled[M], subject: Transaction, work: Work, **values: Any) -> None:
        raise AssertionError(f"{self.kind} does not say what a failure is booked as")


class OfAuthorization(Movement[H]):
    """A call that captures or voids an authorization: one at a time."""

    lane = "authorized money"

    def is_overtaken(
        self, call: Journalled[H], subject: Transaction, everything: Transactions, snapshot: Snapshot
    ) -> bool:
        return snapshot.received > call.ask.received


def _subject(call: Journalled[MoveAsk]) -> Rule:
    """The transaction a call is about, its order locked before it."""
    yield Find("orders", eq("id", call.ask.order_id), lock=True)
    paths = ("order.payment_method", "order.payment_source", "payment_source.payment_gateway")
    subject = yield Find(call.subject_type, eq("id", call.subject_id), paths)
    return subject


def _about(call: Journalled[MoveAsk], subject: Transaction) -> Transaction | Payable:
    return subject.order if call.ask.about == "orders" else subject


def _exclude(subject: Transaction, work: Work) -> Rule:
    """Exclude an authorization of a pending order, with its captures and refunds. A refund that is in flight counts for
    nothing either once it arrives.
    """
    everything = yield from booked(subject.order, work)
    for one in everything:
        if one.payment_source_id == subject.payment_source_id and (one.succeeded or one.is_pending):
            work.change(one, excluded=True)
    yield from subject.order.settle(work)
