"""Finding an order and its payment by what a customer can say."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from paydesk.base.tenants import mode_of, tenant_of
from paydesk.commerce.accounts.customers import Customer
from paydesk.commerce.accounts.emails import email_key
from paydesk.commerce.orders.orders import Order
from paydesk.commerce.payments.disputes import Dispute
from paydesk.commerce.payments.stripe_payments import StripePayment
from paydesk.commerce.payments.transactions import AnyTransaction
from paydesk.commerce.payments.wire_transfers import WireTransfer
from paydesk.operations.names import Unknown
from paydesk.operations.parts import Parts
from paydesk.operations.told.clues import Clue
from paydesk.store import organizations as stored_organizations
from paydesk.store.sql.ask import Asks
from paydesk.store.upkeep import found
from paydesk.store.upkeep.lost import Lost

MOST = 25
"""So many orders are listed where several match."""

_AMOUNTS: tuple[tuple[Any, tuple[str, str]], ...] = (
    (StripePayment, ("intended_cents", "intended_currency")),
    (AnyTransaction, ("amount_cents", "currency_code")),
)
"""What keeps amounts, and in which columns."""

Question = tuple[str, Callable[[], Asks]]


@dataclass(frozen=True)
class Match:
    """An order that a clue may mean.

    by   what of it the clue is: "number", "card", ...
    """

    tenant: str
    slug: str
    order: str
    at: str
    by: tuple[str, ...]

    @property
    def mode(self) -> str:
        return mode_of(self.tenant)


@dataclass(frozen=True)
class Matches:
    """Orders, the newest first; `lost`: payments whose order is not here. `more`: there are more than are told."""

    orders: list[Match]
    lost: list[Lost]
    more: bool = False


async def tenants_of(parts: Parts, slug: str | None, mode: str | None) -> dict[str, str]:
    """The tenants that are looked in, each with its organization's slug. Raises Unknown."""
    organizations = await parts.database.read(lambda: stored_organizations.organizations(slug))
    if slug is not None and not organizations:
        raise Unknown(f"There is no organization {slug}.")
    return {
        tenant_of(organization_id, live): its_slug
        for organization_id, its_slug in organizations
        for live in (False, True)
        if mode is None or live == (mode == "live")
    }


async def find(parts: Parts, clue: Clue, slugs: dict[str, str]) -> Matches:
    """The orders that a clue may mean, in these tenants."""
    by: dict[tuple[str, str], tuple[str, list[str]]] = {}
    more = False
    for what, question in _questions(clue, list(slugs)):
        places: list[found.Place] = await parts.database.read(question)
        more = more or len(places) > MOST
        for place in places:
            at, said = by.setdefault((place.tenant, place.order), (place.at, []))
            by[place.tenant, place.order] = max(at, place.at), [*said, what]
    orders = [
        Match(tenant, slugs[tenant], order, at, tuple(dict.fromkeys(said)))
        for (tenant, order), (at, said) in by.items()
    ]
    orders.sort(key=lambda one: (one.at, one.order), reverse=True)
    lost: list[Lost] = await parts.database.read(lambda: found.lost_named(list(slugs), clue.text))
    here = {(one.tenant, one.order) for one in orders}
    gone = [one for one in lost if (one.tenant, one.order) not in here]
    return Matches(orders[:MOST], gone, more or len(orders) > MOST)


def _questions(clue: Clue, tenants: Sequence[str]) -> Iterator[Question]:
    """What is asked of the store; one more of each than is told, so that it is known whether there are more."""
    most = MOST + 1

    def column(what: str, type_: Any, name: str, value: str, *, many: bool = False) -> Question:
        order = "id" if type_ is Order else "order_id"
        return what, partial(found.by_column, type_, name, order, tenants, value, most, many=many)

    if clue.number:
        yield column("number", Order, "number", clue.number)
    if clue.id:
        for type_ in (Order, StripePayment, WireTransfer, AnyTransaction):
            yield column("id", type_, "id", clue.id)
    if clue.email:
        yield column("e-mail", Order, "customer_email", clue.email)
        yield "e-mail", lambda: found.by_customer(Order, Customer, tenants, email_key(clue.email), most)
    if clue.digits:
        yield column("card", StripePayment, "card_last_digits", clue.digits, many=True)
    for cents, currencies in clue.amounts.items():
        for type_, columns in _AMOUNTS:
            yield "amount", partial(found.by_amount, type_, columns, tenants, cents, sorted(currencies), most)
    if clue.at_stripe == "payment":
        yield column("payment", StripePayment, "stripe_id", clue.text)
    elif clue.at_stripe == "charge":
        yield column("charge", StripePayment, "charge_id", clue.text)
        yield "charge", lambda: found.by_object(AnyTransaction, "authorizations", tenants, clue.text, most)
    elif clue.at_stripe == "refund":
        yield "refund", lambda: found.by_object(AnyTransaction, "refunds", tenants, clue.text, most)
    elif clue.at_stripe == "dispute":
        yield "dispute", lambda: found.by_dispute(Dispute, StripePayment, tenants, clue.text, most)
