"""Refunds and disputes of a period: what went back to customers, or may."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from paydesk.commerce.orders.orders import Order
from paydesk.commerce.payments.disputes import Dispute
from paydesk.commerce.payments.refunds import Refund
from paydesk.operations.parts import Parts
from paydesk.operations.whose import tenants_of
from paydesk.store.upkeep import takings as stored

REFUND_STATES = ("succeeded", "pending", "failed")
DISPUTE_STATES = ("needs_response", "under_review", "won", "lost", "inquiry", "other")
_STATES = {
    "warning_needs_response": "inquiry",
    "warning_under_review": "inquiry",
    "warning_closed": "inquiry",
    "charge_refunded": "lost",
}
_OPEN = ("needs_response", "warning_needs_response")


@dataclass(frozen=True)
class Refunded:
    """A refund.

    at         when it was booked here
    status     "pending" until its bank has it
    told       what the gateway says of it
    refund_id  the gateway's name for it
    """

    organization: str
    mode: str
    at: str
    order: str
    order_number: str | None
    number: str
    amount_cents: int
    currency_code: str
    status: Literal["succeeded", "pending", "failed"]
    told: str | None
    method: str | None
    refund_id: str | None
    payment: str


@dataclass(frozen=True)
class Disputed:
    """A dispute.

    status           one of `DISPUTE_STATES`, `gateway_status` the gateway's own word
    due_by           until when evidence is taken; None once none is awaited
    withdrawn_cents  what it took from the balance, `reinstated_cents` what came back
    payment_id       the gateway's name for the payment
    """

    organization: str
    mode: str
    at: str
    order: str | None
    order_number: str | None
    dispute_id: str
    status: str
    gateway_status: str
    reason: str | None
    due_by: str | None
    is_overdue: bool
    amount_cents: int
    currency_code: str
    withdrawn_cents: int
    reinstated_cents: int
    payment: str
    payment_id: str


@dataclass
class Refunds:
    since: str
    until: str
    refunds: list[Refunded] = field(default_factory=list)


@dataclass
class Disputes:
    since: str
    until: str
    disputes: list[Disputed] = field(default_factory=list)


async def refunds(
    parts: Parts,
    since: str,
    until: str,
    *,
    status: str | None = None,
    slug: str | None = None,
    mode: str | None = None,
) -> Refunds:
    """The refunds that were booked in a period, the newest first. Raises Unknown."""
    tenants = await tenants_of(parts, slug, mode)
    rows = await parts.database.read(lambda: stored.refunded(Refund, Order, list(tenants), since, until))
    found = Refunds(since, until)
    for row in rows:
        state: Literal["succeeded", "pending", "failed"]
        state = "succeeded" if row.succeeded else "pending" if row.error_code is None else "failed"
        if status in (None, state):
            one = Refunded(
                *tenants[row.tenant], row.at, row.order, row.order_number, row.number, row.amount_cents, row.currency,
                state, row.message, row.method, row.refund_id, f"{row.payment_type}/{row.payment}",
            )  # fmt: skip
            found.refunds.append(one)
    return found


async def disputes(
    parts: Parts,
    since: str,
    until: str,
    *,
    now: str,
    status: str | None = None,
    slug: str | None = None,
    mode: str | None = None,
) -> Disputes:
    """The disputes that were opened in a period: those that await an answer, by their deadline, then the others, the
    newest first. Raises Unknown.

    status   one of `DISPUTE_STATES`, or "open" for all that await an answer
    """
    tenants = await tenants_of(parts, slug, mode)
    found = Disputes(since, until)
    for type_ in parts.watching.types:
        rows = await parts.database.read(
            lambda: stored.disputed(Dispute, type_, type_.named_by, Order, list(tenants), since, until)  # noqa: B023
        )
        for row in rows:
            state = _STATES.get(row.status, row.status)
            state = state if state in DISPUTE_STATES else "other"
            is_open = row.status in _OPEN
            if status not in (None, state) and not (status == "open" and is_open):
                continue
            due_by = row.due_by if is_open else None
            one = Disputed(
                *tenants[row.tenant], row.at, row.order, row.order_number, row.dispute_id, state, row.status,
                row.reason, due_by, due_by is not None and due_by <= now, row.amount_cents, row.currency,
                row.withdrawn_cents, row.reinstated_cents, f"{type_.shape.type}/{row.payment}", row.payment_id,
            )  # fmt: skip
            found.disputes.append(one)
    found.disputes.sort(key=lambda one: one.at, reverse=True)
    found.disputes.sort(key=lambda one: one.due_by or "~")
    return found
