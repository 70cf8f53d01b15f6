"""price_tiers: prices of a sku that hold up to a limit; each kind of limit has a type of its own in the same table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from paydesk.commerce.limits import MOST_CENTS, MOST_PIECES, must_be_payable
from paydesk.declare import FIND, READ_ACTIONS, WRITE, Rule, integer, money, number, string, to_one
from paydesk.rules.asking import Change, Load
from paydesk.rules.resource import Resource
from paydesk.rules.work import Work

KINDS = ("price_volume_tiers", "price_frequency_tiers")

MOST_TIERS = 100
"""The tiers of one price: every refresh of a cart with its sku reads them all."""

DAYS = {
    "hourly": 1,
    "daily": 1,
    "weekly": 7,
    "monthly": 30,
    "two-month": 60,
    "three-month": 90,
    "four-month": 120,
    "six-month": 180,
    "yearly": 365,
}
"""How many days pass between two deliveries of a frequency. Source: Commerce Layer, "Subscription models"."""


class PriceTier(Resource):
    """What all price tiers share. A tier belongs to a price, which notes when one of its tiers changed."""

    root = "price"
    loads = ("price",)

    name = string(WRITE | FIND, required=True, example="six pack", doc="What people call it.")
    type = string(FIND, required=True, enum=KINDS, example="price_volume_tiers", doc="Which type it is of.")
    up_to = integer(
        WRITE | FIND,
        minimum=1,
        maximum=MOST_PIECES,
        example=15,
        doc="The most that it holds for: pieces, or days between deliveries; null: beyond all others.",
    )
    price_amount = money(
        WRITE | FIND,
        required=True,
        minimum=0,
        maximum=MOST_CENTS,
        currency="price.currency_code",
        example=1000,
        doc="What one costs then.",
    )
    price = to_one("prices", WRITE | FIND, required=True)

    @classmethod
    def creating(cls, change: Change, work: Work) -> Rule:
        price = change.related["price"]
        yield from join(price, 1, work)
        must_be_payable(change.values, price.currency_code, work)
        work.check()
        return work.create(cls, **{**change.values, "type": cls.shape.type})

    def updating(self, change: Change, work: Work) -> Rule:
        """A tier that moves is missed by the price that it leaves."""
        price = change.related.get("price") or self.price
        must_be_payable({"price_amount_cents": self.price_amount_cents, **change.values}, price.currency_code, work)
        work.check()
        if price.id != self.price.id:
            yield from leave(self.price, (self,), work)
            yield from join(price, 1, work)
        else:
            work.change(price, tiers_changed_at=work.now)
        work.change(self, **change.values)

    def deleting(self, work: Work) -> Rule:
        yield from leave(self.price, (self,), work)
        work.delete(self)


class AnyPriceTier(PriceTier, type="price_tiers", singular="price_tier", actions=READ_ACTIONS):
    """Any price tier, read as what it shares with the others. Source: Commerce Layer, "Price tiers"."""

    up_to = number(WRITE | FIND, example=15, doc="The most that it holds for; null: beyond all others.")


def join(price: Any, more: int, work: Work) -> Rule:
    """Have a price note that it comes to have so many tiers more."""
    held = 0
    if price.tiers_changed_at is not None:
        yield Load(price, ("price_tiers",))
        held = len(price.price_tiers)
    if held + more > MOST_TIERS:
        work.invalid("price", "too_long", f"has more than {MOST_TIERS} tiers", count=MOST_TIERS)
        work.check()
    work.change(price, tiers_changed_at=work.now)


def leave(price: Any, tiers: Iterable[PriceTier], work: Work) -> Rule:
    """Have a price note that these tiers are no longer its own. One without any is read without looking for them."""
    yield Load(price, ("price_tiers",))
    gone = {one.id for one in tiers}
    price.price_tiers = [one for one in price.price_tiers if one.id not in gone]
    work.change(price, tiers_changed_at=work.now if price.price_tiers else None)


def amount_of(amount_cents: int, tiers: Iterable[PriceTier], quantity: int, frequency: str | None) -> int:
    """What one piece costs where so many are bought: what the tier says that the quantity falls within, otherwise the
    price itself. The same holds for the days between deliveries; where both kinds have a tier the cheaper one counts.

    source   Commerce Layer, "Price volume tiers", "Price frequency tiers"
    """
    own = list(tiers)
    if not own:
        return amount_cents
    days = DAYS.get(frequency or "")
    said = (("price_volume_tiers", quantity), ("price_frequency_tiers", days))
    found = [
        cents
        for kind, measure in said
        if measure is not None and (cents := _within([one for one in own if one.type == kind], measure)) is not None
    ]
    return min(found, default=amount_cents)


def _within(tiers: list[PriceTier], measure: int) -> int | None:
    """The amount of the tier that a measure falls within: the one with the lowest limit that is not below it, of equal
    ones the cheapest.
    """
    fitting = [one for one in tiers if one.up_to is None or one.up_to >= measure]
    first = min(fitting, key=lambda one: (one.up_to is None, one.up_to or 0, one.price_amount_cents), default=None)
    return first.price_amount_cents if first is not None else None
