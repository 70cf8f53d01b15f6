"""When to look at a payment of which no event may tell, and what to say before an authorization ends.

A payment is looked at 1, 5 and 15 minutes after its last news, then every hour; where the gateway's own list of events
is being read, an event tells sooner, and once a day is enough. An authorization is also looked at when it should have
ended. What is still under way eight days later is overdue, and looked at once a day until it comes to an end.
"""

from __future__ import annotations

from paydesk.base.instants import later, seconds
from paydesk.commerce.payments.authorizations import Authorization
from paydesk.commerce.payments.payment_sources import PaymentSource
from paydesk.declare import Queue, Rule, both, eq
from paydesk.gateways.port.snapshots import Snapshot
from paydesk.rules.asking import Find, Hold
from paydesk.rules.work import Work

FIRST = (60.0, 300.0, 900.0)
HOUR = 3600.0
DAY = 24 * HOUR
OVERDUE = 8 * DAY
NOTICE = DAY
"""How long before its end an authorization is said to be expiring."""
AFTERWARDS = 60.0

ENDING = Queue("ending", ("tenant", "capture_before"), given=("look_at", "capture_before"), lacking=("end_met_at",))
"""What may have to be captured before it ends."""

_ENDED = ("captured", "canceled")


def watch(payment: PaymentSource, former_status: str | None, snapshot: Snapshot, work: Work) -> None:
    """Set when the payment is looked at next, where a gateway's answer was news."""
    before = snapshot.capture_before or payment.capture_before
    if payment.gateway_status == former_status and before == payment.capture_before:
        return
    ends = snapshot.status in _ENDED
    look_at = None if ends else next_look(work.now, news_at=work.now, capture_before=before, informed=False)
    work.change(payment, capture_before=before, news_at=work.now, look_at=look_at, overdue_since=None)


def next_look(now: str, *, news_at: str, capture_before: str | None, informed: bool) -> str:
    """When a payment that has not come to its end is to be looked at after `now`.

    informed   the gateway's list of events is being read
    """
    news_at = min(news_at, now)  # of a clock that ran ahead
    age = seconds(now) - seconds(news_at)
    step = next((point - age for point in FIRST if point > age), HOUR)
    if informed or overdue_at(news_at, capture_before) <= now:
        step = DAY
    points = [later(now, step), overdue_at(news_at, capture_before)]
    if capture_before is not None:
        points += [later(capture_before, -NOTICE), later(capture_before, AFTERWARDS)]
    return min(point for point in points if point > now)


def overdue_at(news_at: str, capture_before: str | None) -> str:
    """When a payment that is still under way should long have ended."""
    return later(max(news_at, capture_before or news_at), OVERDUE)


def is_expiring(now: str, capture_before: str | None) -> bool:
    """Whether an authorization ends within a day."""
    return capture_before is not None and later(capture_before, -NOTICE) <= now < capture_before


def remind(kind: str, payment_id: str, work: Work) -> Rule:
    """Note in an authorization's history that it ends within a day, once. Its order is held."""
    yield Hold(kind, payment_id)
    payment = yield Find(kind, eq("id", payment_id))
    if payment is None or not is_expiring(work.now, payment.capture_before):
        return
    paid = both(eq("order_id", payment.order_id), eq("payment_source_id", payment.id), eq("succeeded", True))
    for authorization in (yield Find(Authorization, paid, many=True)):
        if authorization.capture_balance_cents and authorization.expiry_noted_at is None:
            work.change(authorization, expiry_noted_at=work.now)
            work.note(authorization, expiring=(None, payment.capture_before))
