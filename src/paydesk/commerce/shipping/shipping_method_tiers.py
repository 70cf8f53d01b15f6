"""shipping_method_tiers: what a shipment costs up to some measure; each kind has a type of its own in one table."""

from __future__ import annotations

from typing import Any

from paydesk.commerce.limits import MOST_CENTS, must_be_payable
from paydesk.commerce.shipping.shipping_methods import MOST_TIERS
from paydesk.declare import FILTER, FIND, READ_ACTIONS, WRITE, Rule, eq, money, number, string, to_one
from paydesk.rules.asking import Change, Find
from paydesk.rules.resource import Resource
from paydesk.rules.work import Work


class Tier(Resource):
    """What all tiers share. One changes with its method, which has a hundred at most."""

    root = "shipping_method"
    loads = ("shipping_method",)

    name = string(WRITE | FIND, required=True, example="Light shipping under 3kg", doc="What your team calls it.")
    type = string(
        FIND,
        required=True,
        enum=("shipping_weight_tiers",),
        example="shipping_weight_tiers",
        doc="Which type it is of.",
    )
    up_to = number(
        WRITE | FIND,
        minimum=0,
        example=20.5,
        doc="Up to which measure, inclusive, in the method's unit; of several the lowest that reaches; null: any.",
    )
    price_amount = money(
        WRITE | FIND,
        currency="shipping_method.currency_code",
        required=True,
        minimum=0,
        maximum=MOST_CENTS,
        example=1000,
        doc="What sending one shipment costs.",
    )
    shipping_method = to_one("shipping_methods", WRITE | FILTER, required=True)

    @classmethod
    def creating(cls, change: Change, work: Work) -> Rule:
        method = change.related["shipping_method"]
        yield from _join(method, work)
        must_be_payable(change.values, method.currency_code, work)
        work.check()
        return work.create(cls, **{**change.values, "type": cls.shape.type})

    def updating(self, change: Change, work: Work) -> Rule:
        method: Any = change.related.get("shipping_method") or self.shipping_method
        if method is not self.shipping_method:
            yield from _join(method, work)
        amount = change.values.get("price_amount_cents", self.price_amount_cents)
        must_be_payable({"price_amount_cents": amount}, method.currency_code, work)
        work.check()
        self.shipping_method.touch(work)
        work.change(self, **change.values)

    def deleting(self, work: Work) -> None:
        self.shipping_method.touch(work)
        work.delete(self)


def _join(method: Any, work: Work) -> Rule:
    """Join a method that has room for one more."""
    others = yield Find("shipping_method_tiers", eq("shipping_method_id", method.id), many=True)
    if len(others) >= MOST_TIERS:
        work.invalid("shipping_method", "too_long", f"has {MOST_TIERS} tiers already", count=MOST_TIERS)
        work.check()
    method.touch(work)


class ShippingMethodTier(Tier, type="shipping_method_tiers", singular="shipping_method_tier", actions=READ_ACTIONS):
    """Any tier, read as what it shares with the others. Source: Commerce Layer, "Shipping method tiers"."""
