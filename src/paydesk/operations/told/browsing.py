"""Payments by filters, for `paydesk payments list`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from paydesk.commerce.accounts.customers import Customer
from paydesk.commerce.accounts.emails import email_key
from paydesk.commerce.accounts.markets import Market
from paydesk.commerce.orders.orders import Order
from paydesk.commerce.payments.disputes import Dispute
from paydesk.commerce.payments.payment_methods import PaymentMethod
from paydesk.commerce.payments.refunds import Refund
from paydesk.commerce.payments.stripe_payments import StripePayment
from paydesk.commerce.payments.wire_transfers import WireTransfer
from paydesk.operations.names import Unknown
from paydesk.operations.parts import Parts
from paydesk.operations.told import listing
from paydesk.operations.told.facts import Facts
from paydesk.operations.told.finding import tenants_of
from paydesk.operations.told.reading import facts_of
from paydesk.operations.told.situations import (
    BY_HAND,
    OF_DISPUTE,
    OF_GATEWAY,
    OF_MATTER,
    OF_STATUS,
    Situation,
    situations,
)
from paydesk.store.upkeep import listed
from paydesk.store.upkeep.listed import Standing, Wanted

MOST_LOOKED_AT = 5_000
"""How many payments are looked through for one page at most."""

TYPES = listed.Types(Order, Customer, Dispute, Refund)

_PAYMENT = tuple(Order.shape.fields["payment_status"].enum or ())
_ORDER = tuple(Order.shape.fields["status"].enum or ())

STATUSES = tuple(dict.fromkeys((*_PAYMENT, *(one.value for one in Situation), *_ORDER)))
"""What payments can be listed by: an order's payment status or status, or the state that lists show."""


@dataclass(frozen=True)
class Filters:
    """What is asked for; see `Wanted`.

    statuses  of `STATUSES`, any of them
    market    its id, code or name
    method    a payment method's id or name, or Stripe's word for a kind (card, ideal), or wire
    """

    since: str
    until: str
    statuses: tuple[str, ...] = ()
    order: str | None = None
    email: str | None = None
    digits: str | None = None
    amounts: Mapping[int, frozenset[str]] | None = None
    market: str | None = None
    method: str | None = None
    after: tuple[str, str] | None = None
    limit: int = 25


@dataclass(frozen=True)
class Page:
    """Payments, the newest first, and behind which one the next page begins; None where there is none."""

    payments: list[listing.Row]
    after: tuple[str, str] | None

    def as_json(self) -> dict[str, Any]:
        return {"payments": [asdict(one) for one in self.payments], "after": self.after and "/".join(self.after)}


async def browse(parts: Parts, filters: Filters, slug: str | None, mode: str | None, now: str) -> Page:
    """A page of the payments that are asked for. Raises Unknown."""
    slugs = await tenants_of(parts, slug, mode)
    wanted = await _wanted(parts, filters, tuple(slugs))
    statuses, found, looked = frozenset(filters.statuses), list[listing.Row](), 0
    while looked < MOST_LOOKED_AT:
        places = await _places(parts, wanted, filters.limit + 1)
        told = await _facts(parts, places[: filters.limit], slugs, now)
        for place in places[: filters.limit]:
            looked += 1
            facts = told.get((place.tenant, place.order))
            if facts is None:
                continue
            own = facts.only(place.id)
            if statuses and not statuses & {facts.order.payment_status, facts.order.status, *situations(own)}:
                continue
            found.append(listing.row(own, place.at))
            if len(found) == filters.limit:
                more = place != places[-1]
                return Page(found, (place.at, place.id) if more else None)
        if len(places) <= filters.limit:
            return Page(found, None)
        last = places[filters.limit - 1]
        wanted = replace(wanted, after=(last.at, last.id))
    return Page(found, wanted.after)


async def _places(parts: Parts, wanted: Wanted, most: int) -> list[listed.Listed]:
    found: list[listed.Listed] = []
    by_wire = wanted.kind in ("wire", "wire_transfer")
    if by_wire:
        wanted = replace(wanted, kind=None)
    for kind in (WireTransfer,) if by_wire else (StripePayment, WireTransfer):
        found += await parts.database.read(lambda: listed.listed(kind, TYPES, wanted, most))  # noqa: B023
    return sorted(found, key=lambda one: (one.at, one.id), reverse=True)[:most]


async def _facts(
    parts: Parts, places: Iterable[listed.Listed], slugs: Mapping[str, str], now: str
) -> dict[tuple[str, str], Facts]:
    told: dict[tuple[str, str], Facts] = {}
    for tenant in dict.fromkeys(one.tenant for one in places):
        orders = [one.order for one in places if one.tenant == tenant]
        facts = await parts.database.read(lambda: facts_of(parts, tenant, slugs[tenant], orders, now))  # noqa: B023
        told |= {(tenant, order): one for order, one in facts.items()}
    return told


async def _wanted(parts: Parts, filters: Filters, tenants: tuple[str, ...]) -> Wanted:
    amounts = filters.amounts or {}
    wanted = Wanted(
        tenants, filters.since, filters.until, filters.after,
        order=filters.order,
        email=filters.email,
        key=filters.email and email_key(filters.email),
        digits=filters.digits,
        amounts=tuple((cents, tuple(sorted(currencies))) for cents, currencies in sorted(amounts.items())),
        standing=_standing(filters.statuses),
    )  # fmt: skip
    if filters.market is not None:
        columns = ("id", "code", "name")
        markets = await parts.database.read(lambda: listed.named(Market, columns, tenants, str(filters.market)))
        if not markets:
            raise Unknown(f"There is no market {filters.market}.")
        wanted = replace(wanted, markets=tuple(markets))
    if filters.method is not None:
        ways = ("id", "name")
        methods = await parts.database.read(lambda: listed.named(PaymentMethod, ways, tenants, str(filters.method)))
        kind = {"credit card": "card"}.get(filters.method.lower(), filters.method.lower().replace(" ", "_"))
        wanted = replace(wanted, methods=tuple(methods)) if methods else replace(wanted, kind=kind)
    return wanted


def _standing(statuses: Iterable[str]) -> Standing:
    """What narrows payments to those that may be in these states; nothing where a state tells of itself elsewhere."""
    found = Standing()
    for status in statuses:
        if status in _PAYMENT:
            found = replace(found, payments=(*found.payments, status))
        elif status in _ORDER:
            found = replace(found, orders=(*found.orders, status))
        else:
            situation = Situation(status)
            if _narrowed(Standing(), situation) == Standing():
                return Standing()
            found = _narrowed(found, situation)
    return found


def _narrowed(found: Standing, situation: Situation) -> Standing:
    if situation is Situation.DECLINED:
        situation = Situation.UNTRIED
    by_status, by_gateway = (
        tuple(word for word, one in words.items() if situation in (one, BY_HAND.get(one)))
        for words in (OF_STATUS, OF_GATEWAY)
    )
    return replace(
        found,
        payments=(*found.payments, *by_status),
        gateway=(*found.gateway, *by_gateway),
        contested=found.contested or situation in OF_DISPUTE.values(),
        attention=found.attention or situation in OF_MATTER.values(),
        giving=found.giving or situation is Situation.REFUND_PENDING,
    )
