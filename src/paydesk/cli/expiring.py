"""`paydesk payments expiring`: the orders whose authorization ends soon, so that it is captured in time or given up."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field

from paydesk.app import Parts
from paydesk.base.instants import Clock, instant, later, wall
from paydesk.base.money import formatted
from paydesk.base.tenants import tenant_of
from paydesk.cli.periods import span
from paydesk.cli.screen import Exit, done, fail, out, safe
from paydesk.commerce.orders.orders import Order
from paydesk.commerce.payments.authorizations import Authorization
from paydesk.settings import Settings
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

    @property
    def line(self) -> str:
        when = self.capture_before.replace("T", " ").removesuffix("Z")
        state = self.status if self.placed else f"{self.status}, not placed"
        told = f"{when}  {formatted(self.open_cents, self.currency_code):>14}  {self.number}  {state}"
        told += f"  {self.payment_id}  {self.organization}/{self.mode}"
        return told + ("  should have ended" if self.has_ended else "")


@dataclass
class Found:
    """What ends by `until`, the soonest first. `at` is when it was asked."""

    at: str
    until: str
    expiring: list[Expiring] = field(default_factory=list)


async def find(
    settings: Settings, *, within: str, slug: str | None = None, mode: str | None = None, clock: Clock = wall
) -> Found:
    """The authorizations that end within a span ("24h") and of which something can be captured. Ends the command where
    the span or the organization's slug means nothing.
    """
    seconds = span(within)
    if seconds is None:
        fail(f"--within {within}: no span.", hint="Say 24h, 3d, 90m.", exit=Exit.USAGE)
    now = instant(clock())
    found = Found(now, later(now, seconds))
    parts = await Parts.open(settings, clock, reading=True)
    try:
        organizations = await parts.database.read(lambda: stored_organizations.organizations(slug))
        if slug is not None and not organizations:
            fail(f"There is no organization {slug}.")
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
    finally:
        await parts.close()


def show(found: Found) -> None:
    """A line for each."""
    for one in found.expiring:
        colour = "red" if one.has_ended else "yellow" if one.placed else "dim"
        out().print(f"[{colour}]{safe(one.line)}[/]")
    if not found.expiring:
        done(f"No authorization ends before {found.until}.")


def as_json(found: Found) -> None:
    out().print(json.dumps(asdict(found), indent=2, ensure_ascii=False), markup=False)
