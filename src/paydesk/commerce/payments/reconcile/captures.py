"""Booking what a gateway shows as captured, compared by its sum."""

from __future__ import annotations

from paydesk.base.money import formatted
from paydesk.commerce.payments.captures import Capture
from paydesk.commerce.payments.payment_sources import PaymentSource
from paydesk.commerce.payments.reconcile.rows import (
    captures_of,
    children_of,
    free_key,
    mark_failed,
    mark_succeeded,
    sum_of,
)
from paydesk.commerce.payments.transactions import SUCCESS, Transaction, book, room
from paydesk.gateways.port.snapshots import Snapshot
from paydesk.rules.work import Work


def fold_captures(
    authorization: Transaction, payment: PaymentSource, snapshot: Snapshot, unasked: bool, work: Work
) -> None:
    everything = authorization.order.booked
    known, marked = captures_of(authorization, snapshot, everything)
    for one in known:
        if one.unasked and not unasked:
            # An event came before the answer to the call that asked for the capture.
            work.change(one, unasked=False)
    missing = snapshot.received - sum_of(known) - sum_of(marked)
    if missing >= 0:
        # The gateway has captured all of it, captures that an integration vouched for among them.
        for one in known:
            if one.forwarded:
                key = free_key("captures", f"{snapshot.payment_id}/{one.object_key}", "/", everything)
                work.change(one, forwarded=False, object_key=key)
    if missing <= 0:
        return
    if not authorization.succeeded:
        mark_succeeded(authorization, work)
    for one in children_of("voids", authorization, everything):
        if one.succeeded and one.forwarded and room("captures", authorization, everything) < missing:
            mark_failed(one, "captured", "It was captured", work)
    # Some accounts may capture more than was authorized. The excess is not booked; `paydesk reconcile` reports it.
    amount = min(missing, room("captures", authorization, everything))
    if amount > 0:
        # The rest of a partial capture of a card is released for good: the message says so.
        rest = authorization.amount_cents - snapshot.received
        released = rest > 0 and snapshot.status == "captured" and not authorization.multicapture
        made = book(
            Capture,
            authorization.order,
            payment,
            work,
            key=free_key("captures", f"{snapshot.payment_id}/{snapshot.received}", "/", everything),
            amount_cents=amount,
            succeeded=True,
            message=f"{SUCCESS} {formatted(rest, authorization.currency_code)} were released." if released else SUCCESS,
            reference_authorization_id=authorization.id,
            unasked=unasked,
        )
        made.reference_authorization = authorization
        if authorization.excluded:
            # It was to be voided and was captured instead: received money counts.
            for one in everything:
                if one.payment_source_id == payment.id:
                    work.change(one, excluded=False)
