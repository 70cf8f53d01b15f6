"""The orders whose authorization ends soon, so that it is captured in time or given up."""

from __future__ import annotations

from dataclasses import dataclass, field

from paydesk.base.instants import instant, later
from paydesk.base.tenants import tenant_of
from paydesk.commerce.orders.orders import Order
from paydesk.commerce.payments.authorizations import Authorization
from paydesk.operations.names import Unknown
from paydesk.operations.parts import Parts
from paydesk.store import organizations as stored_organizations
from paydesk.store.upkeep import watch


@dataclass(frozen=True)
class Expiring:
    """An authorization, and the order whose money it holds.

    open_cents      what can still be captured of it, in minor units
    capture_before  when it ends at the gateway
    has_ended       that is over: the payment is not looked at yet, or the gateway is late
    placed          the order is placed: it is about to be delivered, or was
    """

    organization: str
    mode: str
    order: str
    number: str
    status: str
    placed: bool
    authorization: str
    open_cents: int
    currency_code: str
    capture_before: str
    has_ended: bool
    payment: str
    payment_id: str


@dataclass
class Found:
    """What ends by `until`, the soonest first. `at` is when it was asked."""

    at: str
    until: str
    expiring: list[Expiring] = field(default_factory=list)


async def find(parts: Parts, *, within: float, slug: str | None = None, mode: str | None = None) -> Found:
    """The authorizations that end within so many seconds and of which something can be captured. Raises Unknown."""
    now = instant(parts.clock())
    found = Found(now, later(now, within))
    organizations = await parts.database.read(lambda: stored_organizations.organizations(slug))
    if slug is not None and not organizations:
        raise Unknown(f"There is no organization {slug}.")
    tenants = {
        tenant_of(id_, live): (its_slug, "live" if live else "test")
        for id_, its_slug in organizations
        for live in (False, True)
        if mode is None or live == (mode == "live")
    }
    for type_ in parts.watching.types:
        rows = await parts.database.read(
            lambda: watch.expiring(type_, type_.named_by, Order, Authorization, list(tenants), found.until)  # noqa: B023
        )
        for row in rows:
            its_slug, its_mode = tenants[row.tenant]
            told = Expiring(
                its_slug, its_mode, row.order, row.number, row.status, row.placed_at is not None, row.authorization,
                row.left_cents, row.currency, row.capture_before, row.capture_before <= now,
                f"{type_.shape.type}/{row.payment}", row.named_by,
            )  # fmt: skip
            found.expiring.append(told)
    found.expiring.sort(key=lambda one: (one.capture_before, one.number))
    return found
