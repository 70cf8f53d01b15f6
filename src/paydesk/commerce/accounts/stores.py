"""stores: places of a market where people buy, each with its own orders and ways to pay."""

from __future__ import annotations

from paydesk.base.errors import Locked
from paydesk.commerce.entering import OF_OPEN
from paydesk.declare import (
    FILTER,
    FIND,
    NONE,
    WRITE,
    Access,
    Caller,
    Rule,
    both,
    either,
    eq,
    null,
    string,
    to_many,
    to_one,
    within,
)
from paydesk.rules.asking import Find
from paydesk.rules.resource import Resource
from paydesk.rules.work import Work

_ENTERED = both(null("market.disabled_at"), OF_OPEN)


class Store(
    Resource,
    type="stores",
    singular="store",
    unique=(("code",),),
    access=Access(
        guest="S",
        customer="S",
        guest_sees=_ENTERED,
        customer_sees=_ENTERED,
        scope=either(within("id", Caller("store_ids")), within("market_id", Caller("market_ids"))),
    ),
):
    """A shop, a till, or whatever sells for a market beside others. Orders that are made with `store:id:{id}` or
    `store:code:{code}` in the token's scope are its own, and so are those that such a token reads. Source: Commerce
    Layer, "Stores".
    """

    name = string(WRITE | FIND, required=True, example="Rome Shop", doc="What people call it.")
    code = string(WRITE | FIND, example="europe1", doc="Your own code; `store:code:{code}` in token scopes.")
    market = to_one("markets", WRITE | FIND, required=True)
    merchant = to_one("merchants", WRITE | FILTER)
    stock_location = to_one("stock_locations", WRITE | FIND)
    orders = to_many("orders", by="store", flags=NONE)
    payment_methods = to_many("payment_methods", by="store", flags=NONE)

    def deleting(self, work: Work) -> Rule:
        """A store that has sold something stays."""
        if (yield Find("orders", eq("store_id", self.id), first=True)) is not None:
            raise Locked("orders still refer to it")
        work.delete(self)
