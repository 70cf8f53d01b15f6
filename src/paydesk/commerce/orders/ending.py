"""Capturing what is authorized before it ends, by itself: its organization may wish that, so many hours before."""

from __future__ import annotations

from paydesk.commerce.orders.money_steps import steps_of
from paydesk.commerce.orders.sent_goods import without_unsent
from paydesk.commerce.orders.settling import taken_for
from paydesk.commerce.payments import moving
from paydesk.commerce.payments.transactions import booked
from paydesk.declare import Rule, eq
from paydesk.rules.asking import Find, Hold
from paydesk.rules.work import Work

PLACED = ("placed", "approved")
"""The orders whose money is captured: a cart is not sure yet, and what one costs that is being edited isn't either."""


def meet_end(kind: str, payment_id: str, until: str, work: Work) -> Rule:
    """Ask for the capture of what its order needs of a payment that ends by `until`, once. Returns whether it was
    asked for. Refused while another capture or void of it is open.
    """
    yield Hold(kind, payment_id)
    payment = yield Find(kind, eq("id", payment_id))
    if payment is None or payment.end_met_at is not None or not payment.capture_before:
        return False
    if payment.capture_before > until:
        return False
    order = yield Find("orders", eq("id", payment.order_id), lock=True)
    if order is None or order.status not in PLACED:
        return False
    work.change(payment, end_met_at=work.now)
    steps = yield from steps_of(order, "capture", set(), work)
    # What will not be sent is nobody's to take by itself.
    left = ((yield from without_unsent(order)) - taken_for(order, (yield from booked(order, work)))).cents
    for _, authorization, needed in steps:
        amount = min(needed, left)
        left -= amount
        if authorization.payment_source_id != payment.id or amount <= 0:
            continue
        asked = amount if amount < authorization.capture_balance_cents else None
        yield from moving.capture(authorization, work, authorization, asked=asked, alone=True, final=True)
        work.change(authorization, captured_for="end")
        work.note(authorization, captured_before_its_end=(None, payment.capture_before))
        return True
    return False
