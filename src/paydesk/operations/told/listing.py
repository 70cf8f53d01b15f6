"""Payments in lists: of each order what tells it apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from paydesk.operations.parts import Parts
from paydesk.operations.told import words
from paydesk.operations.told.facts import Facts
from paydesk.operations.told.finding import Match
from paydesk.operations.told.reading import facts_of
from paydesk.operations.told.situations import situations


@dataclass(frozen=True)
class Row:
    """One order's payment.

    at             when what was looked for was stored
    state          the most pressing situation, in two or three words
    amount_cents   what the order costs; sums in minor units of its currency
    by             what of it was looked for
    """

    at: str
    organization: str
    mode: str
    order: str
    number: str
    status: str
    payment_status: str
    state: str
    payment: str | None
    payment_id: str | None
    method: str
    last_digits: str | None
    email: str | None
    currency_code: str | None
    amount_cents: int
    held_cents: int
    captured_cents: int
    refunded_cents: int
    refund_pending_cents: int
    by: tuple[str, ...] = ()


def row(facts: Facts, at: str, by: tuple[str, ...] = ()) -> Row:
    order, payment = facts.order, facts.payment
    return Row(
        at=at,
        organization=facts.organization,
        mode=facts.mode,
        order=order.id,
        number=order.number,
        status=order.status,
        payment_status=order.payment_status,
        state=situations(facts)[0].value,
        payment=payment and f"{payment.shape.type}/{payment.id}",
        payment_id=payment.payment_id if payment is not None and getattr(payment, payment.named_by) else None,
        method=words.kind(facts),
        last_digits=getattr(payment, "card_last_digits", None),
        email=order.customer_email,
        currency_code=order.currency_code,
        amount_cents=facts.total,
        held_cents=facts.held,
        captured_cents=facts.captured,
        refunded_cents=facts.refunded,
        refund_pending_cents=facts.pending,
        by=by,
    )


async def rows_of(parts: Parts, matches: Sequence[Match], now: str) -> list[dict[str, Any]]:
    """A row of each, in their order."""
    told: dict[tuple[str, str], Facts] = {}
    for tenant, slug in {(one.tenant, one.slug) for one in matches}:
        orders = [one.order for one in matches if one.tenant == tenant]
        facts = await parts.database.read(lambda: facts_of(parts, tenant, slug, orders, now))  # noqa: B023
        told |= {(tenant, order): one for order, one in facts.items()}
    return [
        asdict(row(told[one.tenant, one.order], one.at, one.by)) for one in matches if (one.tenant, one.order) in told
    ]
