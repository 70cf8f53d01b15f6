"""What needs a person's attention: money that nobody needs or nobody gets, in every tenant.

Unlike a difference to a gateway's books, a matter may be right as it stands: a shop that places its orders by an
integration lives with some. So it is told apart from differences, with its age and what to do about it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from paydesk.base.instants import SKEW_SECONDS, later, seconds
from paydesk.base.money import formatted
from paydesk.commerce.orders.attention import (
    BROKEN,
    EARLY,
    GONE,
    REFUND_FAILED,
    SPARE,
    SURPLUS,
    UNAPPROVED,
    UNCAPTURED,
    UNPLACED,
)
from paydesk.commerce.orders.orders import Order
from paydesk.commerce.payments.authorizations import Authorization
from paydesk.commerce.payments.payment_gateways import PaymentGateway
from paydesk.commerce.payments.payment_sources import PaymentSource
from paydesk.commerce.payments.stripe_payments import StripePayment
from paydesk.commerce.payments.watching import NOTICE
from paydesk.store.upkeep import accounts, attention, lost, watch

EXPIRING = "authorization_expiring"
SHARED = "payment_of_several_orders"
LOST = "payment_not_here"

PATIENCE: Mapping[str, float] = {UNPLACED: 900.0, UNAPPROVED: 900.0, SPARE: 900.0}
"""Seconds that pass before it is one: a shopper who has just paid is about to place the order, whoever captured it by
hand is about to approve it, and what is spare is about to be let go.
"""

DO: Mapping[str, str] = {
    UNPLACED: "place the order, or give the money back: void its authorizations, refund its captures",
    UNAPPROVED: "approve the order, if it was approved before a restore or was captured by hand; else give the money "
    "back: refund its captures",
    SURPLUS: "refund what was taken beside what the order costs, by its captures",
    SPARE: "void the authorization that the order does not need: the gateway refused that it be let go",
    GONE: "have the order paid anew, or cancel it, as it may have been before a restore: nothing holds the money any "
    "more",
    UNCAPTURED: "capture it before it ends, or have the order paid anew: it could not be captured by itself",
    EARLY: "send the goods, or give the money back: it was taken by itself, since the authorization was about to end",
    REFUND_FAILED: "refund it again or another way: the customer was not given the money back",
    BROKEN: "run `paydesk reconcile`, which tells what does not follow, and settle it with the customer",
    EXPIRING: "capture it in time, or cancel the order",
    LOST: "make its order again, or give the money back",
    SHARED: "run `paydesk reconcile`, which tells the orders; cancel none before it is known whose money it is",
}

KINDS = tuple(DO)

MOST = 10_000
"""How many orders are looked through at most."""


@dataclass(frozen=True)
class Matter:
    """One thing that a person should look at.

    kind          see `DO`
    amount_cents  how much money it is about, in minor units; None where it is about no amount
    since         since when; of an authorization that ends soon, when it ends
    do            what to do about it
    """

    kind: str
    tenant: str
    order: str
    number: str | None
    amount_cents: int | None
    currency_code: str
    since: str
    do: str

    def line(self, where: str, now: float) -> str:
        """`where` is its organization and mode."""
        amount = f" {formatted(self.amount_cents, self.currency_code)}" if self.amount_cents is not None else ""
        age = span(now - seconds(self.since))
        when = f"ends in {age}" if self.kind == EXPIRING else f"for {age}"
        said = self.kind.replace("_", " ")
        do = f"{self.do[0].upper()}{self.do[1:]}"
        return f"{where} order {self.number or self.order}: {said}{amount}, {when}. {do}."


def matters(
    now: str, payments: Iterable[type[PaymentSource]], tenants: list[str] | None = None
) -> Generator[Any, Any, list[Matter]]:
    """Everything that needs attention now, the longest first; a transaction that reads.

    payments  the types of payment sources whose authorizations end
    tenants   None for all
    """
    found: list[Matter] = []
    rows = yield from attention.orders_waiting(Order, now, tenants, MOST)
    for row in rows:
        for kind, (since, cents) in (row.attention or {}).items():
            if since <= later(now, -PATIENCE.get(kind, 0.0)) or since > later(now, SKEW_SECONDS):
                amount = None if kind == BROKEN else cents
                found.append(Matter(kind, row.tenant, row.id, row.number, amount, row.currency, since, DO[kind]))
    for type_ in payments:
        ending: list[watch.Expiring] = yield from watch.expiring(
            type_, type_.named_by, Order, Authorization, tenants, later(now, NOTICE)
        )
        for one in (one for one in ending if one.placed_at is not None):
            amount, before = one.left_cents, one.capture_before
            found.append(
                Matter(EXPIRING, one.tenant, one.order, one.number, amount, one.currency, before, DO[EXPIRING])
            )
    for shared in (yield from accounts.shared(PaymentGateway, StripePayment, Order, tenants, MOST)):
        amount, since = shared.cents, shared.created_at
        found.append(
            Matter(SHARED, shared.tenant, shared.order, shared.number, amount, shared.currency, since, DO[SHARED])
        )
    for gone in (yield from lost.still_lost(Order, StripePayment, tenants, MOST)):
        do = _lost(gone.payment_id, gone.email, gone.is_here)
        found.append(Matter(LOST, gone.tenant, gone.order, gone.number, gone.cents, gone.currency, gone.found_at, do))
    found.sort(key=lambda one: (one.since, one.order))
    return found


def _lost(payment: str, email: str | None, is_here: bool) -> str:
    paid = f"{payment} of {email or 'an unknown shopper'} holds it at the gateway"
    if is_here:
        return f"{paid}, and the order here is another by now: have it pay that order, or give the money back there"
    again = f"run `paydesk payments make-order {payment}`, which makes it again, with --give-back to refund it at once"
    return f"{paid}, and the order is not here: {again}"


def counted(found: Iterable[Matter]) -> dict[str, int]:
    """How many there are of each kind, the kinds without any included."""
    counts = Counter(one.kind for one in found)
    return {kind: counts[kind] for kind in KINDS}


def span(length: float) -> str:
    """A length of time in its greatest unit: 3 d, 5 h, 16 min."""
    length = abs(length)
    for unit, name in ((86400, "d"), (3600, "h"), (60, "min")):
        if length >= unit:
            return f"{int(length // unit)} {name}"
    return f"{int(length)} s"
