"""What needs a person's attention, for `paydesk matters`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from paydesk.base.tenants import mode_of
from paydesk.commerce.orders.orders import Order
from paydesk.commerce.payments.disputes import UNANSWERED, Dispute
from paydesk.commerce.payments.stripe_payments import StripePayment
from paydesk.operations.matters import MOST, Matter, matters
from paydesk.operations.parts import Parts
from paydesk.operations.told.finding import tenants_of
from paydesk.store.upkeep import contested


@dataclass(frozen=True)
class Attending:
    """Matters, the longest first, then the disputes that wait for an answer, those due the soonest first.

    at       when it was asked
    slugs    the organization of each tenant
    """

    at: str
    slugs: Mapping[str, str]
    matters: list[Matter]

    def where(self, matter: Matter) -> str:
        return f"{self.slugs[matter.tenant]}/{mode_of(matter.tenant)}"

    def as_json(self) -> list[dict[str, Any]]:
        return [
            {"organization": self.slugs[one.tenant], "mode": mode_of(one.tenant), **_shown(one)} for one in self.matters
        ]


def _shown(matter: Matter) -> dict[str, Any]:
    told = asdict(matter)
    del told["tenant"]
    return told


CONTESTED = "dispute_unanswered"
"""A matter that is no difference between books: `paydesk reconcile` and the metrics do not tell of it."""


async def attending(parts: Parts, slug: str | None, mode: str | None, now: str) -> Attending:
    """All that needs attention now in these organizations. Raises Unknown."""
    slugs = await tenants_of(parts, slug, mode)
    tenants = list(slugs)
    found: list[Matter] = await parts.database.read(lambda: matters(now, parts.watching.types, tenants))
    disputes: list[contested.Contested] = await parts.database.read(
        lambda: contested.unanswered(Dispute, StripePayment, Order, UNANSWERED, tenants, MOST)
    )
    return Attending(now, slugs, [*found, *map(_contested, disputes)])


def _contested(one: contested.Contested) -> Matter:
    until = one.due_by[:16].replace("T", " ")
    kind = "inquiry" if one.status.startswith("warning") else "dispute"
    do = f"answer the {kind} {one.dispute} at Stripe until {until}, or the money is the customer's"
    return Matter(CONTESTED, one.tenant, one.order, one.number, one.cents, one.currency, one.due_by, do)
