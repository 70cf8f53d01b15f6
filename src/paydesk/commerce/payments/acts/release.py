"""Cancelling a payment that no order needs, and deleting one."""

from __future__ import annotations

from typing import Any, TypeVar

from paydesk.base.errors import Locked
from paydesk.commerce.payments.acts.read import Settled, read_of, refusal
from paydesk.commerce.payments.asks import DiscardAsk, ReleaseAsk
from paydesk.commerce.payments.payment_sources import PaymentSource, assign, source_type
from paydesk.commerce.payments.reconcile.fold import UNCONFIRMED, reconcile
from paydesk.commerce.payments.transactions import booked
from paydesk.declare import Rule, eq
from paydesk.gateways.port.snapshots import Snapshot
from paydesk.rules.asking import Find, Hold
from paydesk.rules.plans import Journalled, No, Plan
from paydesk.rules.work import Work

D = TypeVar("D", bound=DiscardAsk)


class CancelPayment(Settled[D]):
    """Cancel a payment after reading it: one that holds money stays."""

    verb = "cancel"

    def reads(self, call: Journalled[D]) -> str | None:
        return call.ask.payment_id

    def proceeds(self, call: Journalled[D], snapshot: Snapshot) -> bool:
        return snapshot.status in UNCONFIRMED


class ReleasePayment(CancelPayment[ReleaseAsk]):
    """Cancel a payment that is no order's source any more."""

    kind = "release_payment"
    asks = ReleaseAsk

    def proceeds(self, call: Journalled[ReleaseAsk], snapshot: Snapshot) -> bool:
        ask = call.ask
        ours = ask.of is None or source_type(call.subject_type).is_of_our_making(snapshot, ask.of)
        return ours and (super().proceeds(call, snapshot) or (snapshot.status == "authorized" and ask.held))


def let_go(kind: str, payment_id: str, work: Work) -> Rule:
    """Release a payment of this installation that no order needs; its order is locked."""
    yield Hold(kind, payment_id)
    payment = yield Find(kind, eq("id", payment_id), PaymentSource.loads)
    if payment is not None and not payment.is_needed:
        payment.release(work, of=work.settings["installation"])


def let_stray_go(kind: str, name: str, gateway_id: str, work: Work) -> Rule:
    """Release a payment of this installation that the gateway has under `name`, and that has no record here."""
    sources = source_type(kind)
    gateway = yield Find("payment_gateways", eq("id", gateway_id))
    if gateway is None or (yield Find(sources, eq(sources.named_by, name))) is not None:
        return
    # The gateway's name takes the place of the missing record's id: so the payment is released once, whoever finds it,
    # and no record is touched whose id the gateway may tell.
    stray = sources(id=name, **{sources.named_by: name}, payment_gateway=gateway, gateway_status=None)
    stray.release(work, of=work.settings["installation"])


class DiscardPayment(CancelPayment[DiscardAsk]):
    """Delete a source together with its payment; one that holds money is locked."""

    kind = "discard_payment"
    asks = DiscardAsk

    def settle(self, call: Journalled[DiscardAsk], answer: Snapshot, work: Work) -> Rule:
        payment = yield from read_of(call)
        if payment is None:
            return None
        yield from reconcile(payment, answer, work)
        own = []
        if payment.order is not None:
            own = [one for one in (yield from booked(payment.order, work)) if one.payment_source_id == payment.id]
        is_taken = any(one.one_of("captures") and one.succeeded for one in own)
        if answer.status not in (*UNCONFIRMED, "canceled") or is_taken:
            return Locked("its payment holds money, or is being processed")
        for one in own:
            # An authorization that came meanwhile was released with the payment: it counts for nothing.
            if one.succeeded:
                work.change(one, excluded=True)
        if own:
            yield from payment.order.settle(work)
        _delete(payment, work)
        return payment

    def refused(self, call: Journalled[DiscardAsk], problem: No, work: Work) -> Any:
        if getattr(problem, "http_status", None) == 404:
            # The gateway does not know the payment any more: there is nothing left to cancel.
            return self._gone(call, work)
        return refusal(problem)

    def _gone(self, call: Journalled[DiscardAsk], work: Work) -> Rule:
        payment = yield from read_of(call)
        if payment is not None:
            _delete(payment, work)
        return payment


def _delete(payment: PaymentSource, work: Work) -> None:
    order = payment.order
    if order is not None and order.payment_source_id == payment.id:
        assign(order, None, work)
    work.delete(payment)


PLANS: tuple[Plan[Any], ...] = (ReleasePayment(), DiscardPayment())
